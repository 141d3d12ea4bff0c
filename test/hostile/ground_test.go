package hostile_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/test/ghfake"
)

const (
	validate = "changectl/validate"
	plan     = "changectl/plan"
	approval = "changectl/approval: main"
)

const layoutText = `apiVersion: changectl.dev/v1
kind: Repository
spec:
  instance: dev
  runbooks: [runbooks]
  changes: [changes]
  owners: group:change-managers
`

// runbookText is a runbook of an owner that says a word.
func runbookText(name, owner, word string) string {
	return fmt.Sprintf(`apiVersion: changectl.dev/v1
kind: Runbook
metadata: {name: %[1]s, title: Say a word, owner: %[2]q}
spec:
  parameters:
    host: {type: system, role: touch}
  steps:
    - name: say
      phase: patch
      title: Say it
      uses: command
      with: {argv: [echo, '%[3]s on ${{ parameters.host }}']}
      undo: {uses: command, with: {argv: [echo, unsaid]}}
      timeout: 10s
      expected: 1s
`, name, owner, word)
}

// layoutOnly is a repository with its layout and one runbook of the database team.
func layoutOnly() map[string]string {
	return map[string]string{".changectl.yaml": layoutText, "runbooks/h.yaml": runbookText("h", "group:dba", "hello")}
}

// opensFor is when the window of a system opens: after the campaign. Each system has a window of
// its own, so that nobody is needed at two places at once.
func opensFor(system string) time.Time {
	n := 0
	_, _ = fmt.Sscanf(system, "resource:h-%d", &n)
	return opens.Add(time.Duration(n) * 2 * time.Hour)
}

var opens = time.Now().Add(48 * time.Hour).UTC().Truncate(time.Hour)

func changeText(system, runbook, reason string) string {
	return fmt.Sprintf(`apiVersion: changectl.dev/v1
kind: Change
metadata: {title: A word for %[1]s}
spec:
  type: normal
  reason: %[3]q
  runbook: %[2]s
  parameters: {host: %[1]s}
  window: {start: '%[4]s', duration: 30m}
`, system, runbook, reason, opensFor(system).Format(time.RFC3339))
}

// changeFile is the file of the case's change.
func (g *ground) changeFile(reason string) map[string]string {
	return map[string]string{"changes/c.yaml": changeText(g.system, "h", reason)}
}

func (g *ground) who(name string) *ghfake.User {
	if slices.Contains([]string{"alice", "bob", "carol", "dave", "erin", "frank"}, name) {
		return g.f.Person(name)
	}
	return g.f.User(name)
}

func (g *ground) commit(branch string, files map[string]string, o ghfake.CommitOptions) string {
	g.Helper()
	if o.Pusher == nil {
		o.Pusher = g.who("alice")
	}
	sha, err := g.repo.Commit(branch, files, o)
	must(g.T, err)
	return sha
}

func (g *ground) open(branch, author string) *ghfake.Pull {
	g.Helper()
	p, err := g.repo.OpenPull(g.who(author), ghfake.PullOptions{Head: branch, Title: "A word"})
	must(g.T, err)
	return p
}

// proposed is a valid change of Alice's, planned and not approved.
func (g *ground) proposed() *ghfake.Pull {
	g.Helper()
	return g.proposedBy("alice")
}

func (g *ground) proposedBy(author string) *ghfake.Pull {
	g.Helper()
	g.commit("b", g.changeFile("because"), ghfake.CommitOptions{Pusher: g.who(author)})
	p := g.open("b", author)
	g.check(p, plan, "success")
	g.check(p, approval, "action_required")
	return p
}

// approved is a change of Alice's that Bob has approved.
func (g *ground) approved() *ghfake.Pull {
	g.Helper()
	p := g.proposed()
	p.Review(g.who("bob"), ghfake.Approved, "")
	g.check(p, approval, "success")
	return p
}

// run returns the newest check run of a name on a commit.
func (g *ground) run(sha, name string) (last ghfake.CheckRun) {
	for _, r := range g.repo.Checks(sha) {
		if r.Name == name {
			last = r
		}
	}
	return last
}

func (g *ground) check(p *ghfake.Pull, name, conclusion string) ghfake.CheckRun {
	g.Helper()
	return g.checkOn(p.State().HeadSHA, name, conclusion)
}

func (g *ground) checkOn(sha, name, conclusion string) ghfake.CheckRun {
	g.Helper()
	var last ghfake.CheckRun
	await(g.T, func() (string, bool) {
		last = g.run(sha, name)
		return fmt.Sprintf("%s of %s is %q, want %q: %s\n%s\n%s", name, sha, last.Conclusion, conclusion, last.Title, last.Summary, last.Text), last.Conclusion == conclusion
	})
	return last
}

// succeeded reports whether a check on the head would let a merge through.
func (g *ground) succeeded(p *ghfake.Pull) bool { return g.letsThrough(p.State().HeadSHA, approval) }

func (g *ground) letsThrough(sha, name string) bool {
	return slices.Contains([]string{"success", "neutral", "skipped"}, g.run(sha, name).Conclusion)
}

// kept is what the product keeps of a pull request, as far as it is looked at.
type kept struct {
	Version int64
	Handled map[string]bool `json:"handled"`
	Whole   bool            // the last look came to its end
	Tip     string          `json:"tip"`
}

func (g *ground) kept(number int) (k kept) {
	var version, updated int64
	var text string
	if err := g.f.ledger.QueryRow("select version, updated_at, state from github_pulls where repository = ? and number = ?", g.repo.ID, number).Scan(&version, &updated, &text); err != nil {
		return k
	}
	_ = json.Unmarshal([]byte(text), &k)
	k.Version, k.Whole = version, updated > 0
	return k
}

// settled says something harmless and waits until a whole look that heard it is over:
// what came before has been looked at too.
func (g *ground) settled(p *ghfake.Pull) {
	g.Helper()
	g.heard(p, p.Comment(g.who("erin"), "/change status", false))
}

func (g *ground) heard(p *ghfake.Pull, c *ghfake.Comment) {
	g.Helper()
	await(g.T, func() (string, bool) {
		k := g.kept(p.Number)
		return fmt.Sprintf("comment %d of #%d not heard: %+v", c.ID, p.Number, k), k.Handled[fmt.Sprint(c.ID)] && k.Whole
	})
}

// looked waits until a pull request that is not listened to was looked at from now on.
func (g *ground) looked(p *ghfake.Pull, before kept) {
	g.Helper()
	await(g.T, func() (string, bool) {
		k := g.kept(p.Number)
		return fmt.Sprintf("#%d is at version %d, before at %d", p.Number, k.Version, before.Version), k.Version >= before.Version+2 && k.Whole
	})
}

// tip waits until the look at the repository has taken the branch as it is.
func (g *ground) tip() {
	g.Helper()
	await(g.T, func() (string, bool) {
		k := g.kept(0)
		return fmt.Sprintf("tip %s, want %s", k.Tip, g.repo.Branch("main")), k.Tip == g.repo.Branch("main")
	})
}

// ours returns our comment.
func (g *ground) ours(p *ghfake.Pull) string {
	for _, c := range p.Comments() {
		if strings.HasPrefix(c.Body(), "<!-- changectl") {
			return c.Body()
		}
	}
	return ""
}

// changes returns the changes that came of a pull request, or with 0 of pushes.
func (g *ground) changes(number int) []change.Record {
	g.Helper()
	list, err := g.f.alice.List(g.ctx, httpapi.Filter{System: change.Ref(g.system), Limit: 100})
	must(g.T, err)
	var out []change.Record
	for _, s := range list {
		rec, err := g.f.alice.Get(g.ctx, s.ID)
		must(g.T, err)
		if o := rec.Plan.Origin; o != nil && o.RepositoryID == g.repo.ID && o.Number == number {
			out = append(out, rec)
		}
	}
	return out
}

// change waits for the one change of a pull request to have a status.
func (g *ground) change(number int, status change.Status) change.Record {
	g.Helper()
	var rec change.Record
	await(g.T, func() (string, bool) {
		all := g.changes(number)
		if len(all) != 1 {
			return fmt.Sprintf("there are %d changes of #%d; want one that is %s", len(all), number, status), false
		}
		rec = all[0]
		return fmt.Sprintf("%s of #%d is %s (%s), want %s", rec.ID, number, rec.Status, rec.Note, status), rec.Status == status
	})
	return rec
}

// ready reports whether any change of a pull request would run in its window.
func (g *ground) ready(number int) bool {
	return slices.ContainsFunc(g.changes(number), func(r change.Record) bool {
		return slices.Contains([]change.Status{change.Scheduled, change.Waiting, change.Running, change.Completed}, r.Status)
	})
}

// unapproved waits until the merge was taken up, and counts an attempt: no change of it
// may be on its way.
func (g *ground) unapproved(p *ghfake.Pull, what string) {
	g.Helper()
	g.change(p.Number, change.AwaitingApproval)
	g.settled(p)
	g.attempt(what, g.ready(p.Number))
}

// atOnce keeps deliveries back while something happens, so that it is looked at as one.
func (g *ground) atOnce(act func()) {
	g.f.holding.Lock()
	defer g.f.holding.Unlock()
	g.f.HoldDeliveries()
	defer g.f.ReleaseDeliveries(0)
	act()
}

// git runs real git in the repository.
func (g *ground) git(args ...string) string {
	g.Helper()
	cmd := exec.CommandContext(g.ctx, "git", args...)
	cmd.Dir = g.repo.Path()
	cmd.Env = append(os.Environ(), "GIT_DIR="+g.repo.Path(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=x", "GIT_AUTHOR_EMAIL=x@example.com", "GIT_COMMITTER_NAME=x", "GIT_COMMITTER_EMAIL=x@example.com")
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		g.Fatalf("git %v: %v: %s", args, err, exit.Stderr)
	}
	must(g.T, err)
	return strings.TrimSpace(string(out))
}

// second waits until the clock shows another second than at a moment: edits show then.
func second(g *ground, since time.Time) {
	await(g.T, func() (time.Time, bool) {
		now := time.Now()
		return now, now.Truncate(time.Second).After(since.Truncate(time.Second))
	})
}
