package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"path/filepath"
	"strings"
	"testing/fstest"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/catalog"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/check"
	"github.com/changectl/changectl/internal/desk"
	"github.com/changectl/changectl/internal/github"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/ledger"
	"github.com/changectl/changectl/internal/pullrequest"
	"github.com/changectl/changectl/internal/runbook"
	"github.com/changectl/changectl/test/ghfake"
	"github.com/changectl/changectl/workflows"
)

// office is the product's back end of a GitHub App within this process: its client, its
// ledger, its desk and its rules as they are. What an App may write in a minute and in an
// hour is lifted, because the built program keeps to it: 1,000 pull requests would
// take it hours to answer for the first time. Nothing is ever submitted, so that the
// desk's engine is a stand-in.
type office struct {
	github  *ghfake.Server
	repo    *ghfake.Repo
	client  *github.Client
	ledger  *ledger.Ledger
	counter *pullrequest.Counter
	wire    *wire // between client and GitHub
	pulls   []*ghfake.Pull
	opens   time.Time
}

const (
	hookSecret = "the secret of the benchmark's webhook"
	author     = "gh-alice"
)

// openOffice brings up a GitHub with so many open pull requests, of which every share-th
// touches what is governed.
func openOffice(ctx context.Context, dir string, pulls, share int) (_ *office, err error) {
	o := &office{opens: time.Now().Add(30 * 24 * time.Hour).Truncate(time.Hour)}
	if o.github, err = ghfake.New(ctx, ghfake.Options{Unchecked: true, RateLimit: math.MaxInt32}); err != nil {
		return nil, err
	}
	if err := o.settle(pulls, share); err != nil {
		return nil, errors.Join(err, o.github.Close())
	}
	if err := o.furnish(ctx, dir, pulls); err != nil {
		return nil, errors.Join(err, o.github.Close())
	}
	return o, nil
}

func (o *office) close() error { return errors.Join(o.ledger.Close(), o.github.Close()) }

// settle makes the repository and opens the pull requests.
func (o *office) settle(pulls, share int) error {
	company := o.github.AddUser(ghfake.User{Login: "boxes", Type: "Organization"})
	by := o.github.AddUser(ghfake.User{Login: author})
	var err error
	if o.repo, err = o.github.CreateRepo("boxes", "operations", ghfake.RepoOptions{Private: true}); err != nil {
		return err
	}
	if _, err := o.repo.Commit("main", officeFiles(), ghfake.CommitOptions{Pusher: by}); err != nil {
		return err
	}
	for i := range pulls {
		branch, file := fmt.Sprintf("box-%d", i), o.file(i, 1, i%share == 0)
		if _, err := o.repo.Commit(branch, file, ghfake.CommitOptions{Pusher: by, From: "main", Quiet: true}); err != nil {
			return err
		}
	}
	if err := o.repo.Sync(by); err != nil {
		return err
	}
	for i := range pulls {
		p, err := o.repo.OpenPull(by, ghfake.PullOptions{Head: fmt.Sprintf("box-%d", i)})
		if err != nil {
			return err
		}
		o.pulls = append(o.pulls, p)
	}
	o.github.Install(company, nil, o.repo)
	return nil
}

// push pushes once more onto a pull request's branch.
func (o *office) push(i, version int, governed bool) (string, error) {
	return o.repo.Commit(fmt.Sprintf("box-%d", i), o.file(i, version, governed), ghfake.CommitOptions{Pusher: o.github.User(author)})
}

func (o *office) file(i, version int, governed bool) map[string]string {
	if !governed {
		return map[string]string{fmt.Sprintf("src/box-%d.txt", i): fmt.Sprintf("Version %d\n", version)}
	}
	return map[string]string{fmt.Sprintf("changes/box-%d.yaml", i): fmt.Sprintf(`apiVersion: changectl.dev/v1
kind: Change
metadata: {title: Look at box %[1]d}
spec:
  type: normal
  reason: Version %[2]d
  runbook: look
  parameters: {box: resource:box-%[1]d}
  window: {start: '%[3]s', duration: 30m}
`, i, version, o.opens.Add(time.Duration(i)*time.Hour).UTC().Format(time.RFC3339))}
}

func officeFiles() map[string]string {
	return map[string]string{
		".changectl.yaml": "apiVersion: changectl.dev/v1\nkind: Repository\nspec: {instance: bench, runbooks: [runbooks], changes: [changes], owners: 'group:owners'}\n",
		"runbooks/look.yaml": `apiVersion: changectl.dev/v1
kind: Runbook
metadata: {name: look, title: Look at a box, owner: group:owners}
spec:
  parameters:
    box: {type: system, role: touch}
  steps:
    - {name: look, title: Look, phase: validate, uses: wait, with: {for: 0s}, timeout: 10s, expected: 0s}
`,
	}
}

func officeCatalog(boxes int) (*catalog.Catalog, error) {
	var b strings.Builder
	b.WriteString("apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: owners}\nspec: {type: team, children: []}\n")
	b.WriteString("---\napiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: makers}\nspec: {type: team, children: []}\n")
	for person, group := range map[string]string{"alice": "makers", "bob": "owners"} {
		fmt.Fprintf(&b, "---\napiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {name: %[1]s, annotations: {github.com/user-login: gh-%[1]s}}\nspec: {memberOf: [%[2]s]}\n", person, group)
	}
	for i := range boxes {
		fmt.Fprintf(&b, "---\napiVersion: backstage.io/v1alpha1\nkind: Resource\nmetadata: {name: box-%d}\nspec: {type: box, owner: 'group:owners'}\n", i)
	}
	c, _, err := catalog.Load(fstest.MapFS{"catalog.yaml": {Data: []byte(b.String())}}, ".", catalog.Options{})
	return c, err
}

// furnish makes the product's part, as internal/app does it.
func (o *office) furnish(ctx context.Context, dir string, boxes int) error {
	key, err := audit.GenerateKey("bench")
	if err != nil {
		return err
	}
	estate, err := officeCatalog(boxes)
	if err != nil {
		return err
	}
	policy, err := check.StandardPolicy()
	if err != nil {
		return err
	}
	o.wire = &wire{next: http.DefaultTransport, approval: map[string]time.Time{}, news: make(chan struct{})}
	o.client, err = github.New(github.Options{
		AppID: o.github.App().ID, Key: o.github.App().Key(), BaseURL: o.github.URL() + "/", WritesPerMinute: -1, WritesPerHour: -1,
		HTTP: &http.Client{Transport: o.wire, Timeout: time.Minute},
	})
	if err != nil {
		return err
	}
	if o.ledger, err = ledger.Open(ctx, "sqlite:"+filepath.Join(dir, "pulls.db"), ledger.Options{Key: key}); err != nil {
		return err
	}
	silence := logrus.New()
	silence.SetOutput(io.Discard)
	log, today := logrus.NewEntry(silence), func() *catalog.Catalog { return estate }
	o.counter = &pullrequest.Counter{
		Forge: o.client, Ledger: o.ledger, Library: noBooks{}, Catalog: today, Policy: policy, Instance: "bench",
		Desk: &desk.Desk{
			Ledger: officeLedger{o.ledger}, Engine: noEngine{}, Library: noBooks{}, Catalog: today, Policy: policy, Instance: "bench",
			Operators: "group:owners", Clock: time.Now, Logger: log,
		},
		Poke:       func(context.Context, change.PullKey) error { return nil },
		RetryAfter: github.RetryAfter, Clock: time.Now, Log: log,
	}
	return nil
}

// dispatcher tells of news with poke.
func (o *office) dispatcher(poke func(context.Context, change.PullKey, string) error) *pullrequest.Dispatcher {
	return pullrequest.NewDispatcher(pullrequest.Dispatcher{
		Forge: o.client, Journal: o.ledger, Poke: poke, Every: 24 * time.Hour, Clock: time.Now, Log: o.counter.Log,
	})
}

// officeLedger is the ledger as the desk asks for it.
type officeLedger struct{ *ledger.Ledger }

func (l officeLedger) Submit(ctx context.Context, s change.Submission) (change.Record, bool, error) {
	return l.Ledger.Submit(ctx, ledger.Submission(s))
}

func (l officeLedger) Revise(ctx context.Context, id change.ID, s change.Submission, judge func(change.Facts) change.Verdict) (change.Record, error) {
	return l.Ledger.Revise(ctx, id, ledger.Submission(s), judge)
}

func (l officeLedger) Changes(ctx context.Context, f httpapi.Filter) ([]change.Summary, error) {
	return l.Ledger.Changes(ctx, ledger.Filter{Open: f.Open, Origin: f.Origin, Limit: f.Limit})
}

func (l officeLedger) Entries(ctx context.Context, f httpapi.LogFilter) ([]audit.Record, error) {
	return l.Ledger.Entries(ctx, ledger.EntryFilter(f))
}

func (l officeLedger) Declarations(ctx context.Context, f desk.DeclarationFilter) ([]change.Declaration, error) {
	return l.Ledger.Declarations(ctx, ledger.DeclarationFilter(f))
}

// noEngine stands where nothing is submitted.
type noEngine struct{}

var errNothingRuns = errors.New("nothing is submitted in this benchmark")

func (noEngine) Healthy(context.Context) error { return errNothingRuns }

func (noEngine) Submit(context.Context, change.Record) (workflows.View, error) {
	return workflows.View{}, errNothingRuns
}

func (noEngine) Poke(context.Context, change.ID, string, string, workflows.Poke) (workflows.View, error) {
	return workflows.View{}, errNothingRuns
}

// noBooks has no runbooks: they are in the repository.
type noBooks struct{}

func (noBooks) Find(name string) (*runbook.Runbook, change.Source, []byte, error) {
	return nil, change.Source{}, nil, change.NotFound("there is no runbook %q", name)
}

func (noBooks) List() ([]*runbook.Runbook, []change.Source, error) { return nil, nil, nil }
