package desk_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/sirupsen/logrus/hooks/test"

	"github.com/changectl/changectl/internal/app"
	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/catalog"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/check"
	"github.com/changectl/changectl/internal/desk"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/ledger"
	"github.com/changectl/changectl/internal/runbook"
	"github.com/changectl/changectl/workflows"
)

var now = time.Date(2027, 3, 6, 12, 0, 0, 0, time.UTC)

const book = `
apiVersion: changectl.dev/v1
kind: Runbook
metadata: {name: touch, title: Touch a system, owner: 'group:dba'}
spec:
  parameters: {target: {type: system, role: touch}}
  steps:
    - {name: wait, phase: patch, uses: wait, with: {for: 0s}, timeout: 10s, expected: 1s}
`

// books is a library of one runbook.
type books struct{}

func (books) Find(string) (*runbook.Runbook, change.Source, []byte, error) {
	b, err := runbook.Parse("touch.yaml", []byte(book))
	return b, change.Source{Name: "touch", Path: "touch.yaml", Owner: "group:dba", Digest: "sha256:1"}, []byte(book), err
}
func (books) List() ([]*runbook.Runbook, []change.Source, error) { return nil, nil, nil }

// records is the real ledger with the desk's words for its types.
type records struct{ *ledger.Ledger }

func (r records) Submit(ctx context.Context, s change.Submission) (change.Record, bool, error) {
	return r.Ledger.Submit(ctx, ledger.Submission(s))
}

func (r records) Revise(ctx context.Context, id change.ID, s change.Submission, judge func(change.Facts) change.Verdict) (change.Record, error) {
	return r.Ledger.Revise(ctx, id, ledger.Submission(s), judge)
}

func (r records) Changes(ctx context.Context, f httpapi.Filter) ([]change.Summary, error) {
	return r.Ledger.Changes(ctx, ledger.Filter{Status: f.Status, System: f.System, Submitter: f.Mine, Open: f.Open, Limit: f.Limit, Origin: f.Origin})
}

func (r records) Declarations(ctx context.Context, f desk.DeclarationFilter) ([]change.Declaration, error) {
	return r.Ledger.Declarations(ctx, ledger.DeclarationFilter(f))
}

func (r records) Entries(ctx context.Context, f httpapi.LogFilter) ([]audit.Record, error) {
	return r.Ledger.Entries(ctx, ledger.EntryFilter(f))
}

// engine stands for Temporal: it checks a submission as the workflow would, and
// keeps what else it is told.
type engine struct {
	ledger  *ledger.Ledger
	catalog *catalog.Catalog
	told    []string
	away    bool
}

func (e *engine) Healthy(context.Context) error {
	if e.away {
		return change.Unavailable("Temporal does not answer")
	}
	return nil
}

func (e *engine) Submit(ctx context.Context, rec change.Record) (workflows.View, error) {
	judge := func(f change.Facts) change.Verdict { return check.Review(f, e.catalog) }
	_, err := e.ledger.Reserve(ctx, rec.ID, rec.Revision, "check", change.AwaitingApproval, judge)
	return workflows.View{}, err
}

func (e *engine) Poke(_ context.Context, _ change.ID, update, _ string, _ workflows.Poke) (workflows.View, error) {
	e.told = append(e.told, update)
	return workflows.View{}, nil
}

type office struct {
	*desk.Desk
	ledger *ledger.Ledger
	engine *engine
	people map[string]change.Person
}

func open(t *testing.T) *office {
	t.Helper()
	files, err := app.Example()
	if err != nil {
		t.Fatal(err)
	}
	cat, _, err := catalog.Load(files, ".", catalog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	key, err := audit.GenerateKey("test")
	if err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return now }
	l, err := ledger.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "ledger.db"), ledger.Options{Clock: clock, Key: key, Instance: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	policy, err := check.StandardPolicy()
	if err != nil {
		t.Fatal(err)
	}
	log, _ := test.NewNullLogger()
	e := &engine{ledger: l, catalog: cat}
	o := &office{ledger: l, engine: e, people: map[string]change.Person{}, Desk: &desk.Desk{
		Ledger: records{l}, Engine: e, Library: books{}, Catalog: func() *catalog.Catalog { return e.catalog }, Policy: policy,
		Verify: signedByName, Attestation: func(a change.Attested) (change.SignedStatement, string, error) {
			signed, err := audit.Attest(key, a)
			return signed, key.Verifier(), err
		}, Instance: "test", Operators: "group:operators", Clock: clock, Logger: logrus.NewEntry(log),
	}}
	for _, p := range cat.People() {
		o.people[p.Ref.Name()] = p
	}
	return o
}

// signedByName takes the signature for the names of its key, one a comma.
func signedByName(s change.SignedStatement, _ time.Time) (desk.Signer, error) {
	var st change.Statement
	err := json.Unmarshal(s.Statement, &st)
	return desk.Signer{Statement: st, Names: strings.Split(s.Signature, ","), Key: "SHA256:" + s.Signature}, err
}

func request(system, nonce string) change.Request {
	return change.Request{
		Title: "Touch " + system, Type: change.Normal, Reason: "a test", Runbook: "touch", Nonce: nonce,
		Parameters: map[string]any{"target": system}, Window: change.WindowRequest{Start: "2027-03-06T23:00", Duration: "1h", Zone: "Europe/Berlin"},
	}
}

func (o *office) submit(t *testing.T, who, system string) change.Record {
	t.Helper()
	rec, err := o.Submit(t.Context(), o.people[who], request(system, who+system))
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

// sign makes a statement as its signer would, before spoil alters it.
func (o *office) sign(t *testing.T, rec change.Record, by string, spoil func(*change.Statement)) []change.SignedStatement {
	t.Helper()
	s := change.Statement{
		Instance: "test", Change: rec.ID, Revision: rec.Revision, Plan: rec.Digest, Verb: change.Approve, Role: "group:dba",
		Expires: now.Add(time.Hour), Nonce: "nonce-" + by,
	}
	spoil(&s)
	b, err := change.Canonical(s)
	if err != nil {
		t.Fatal(err)
	}
	return []change.SignedStatement{{Statement: b, Signature: by}}
}

func as(*change.Statement) {}

// kinds returns the kinds of the entries about a change.
func (o *office) kinds(t *testing.T, id change.ID) []string {
	t.Helper()
	list, err := o.ledger.Entries(t.Context(), ledger.EntryFilter{Change: id})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range list {
		out = append(out, r.Entry.Kind)
	}
	return out
}

func TestWhoMayApprove(t *testing.T) {
	tests := map[string]struct {
		sender, key string
		spoil       func(*change.Statement)
		want        string // "" for taken
	}{
		"an owner":                       {"bob", "user:bob", as, ""},
		"the submitter":                  {"alice", "user:alice", as, "nobody approves or rejects a change of their own"},
		"somebody who owns nothing":      {"frank", "user:frank", as, "has no approval to give"},
		"with another's key":             {"bob", "user:carol", as, "signed with a key of user:carol, but sent by user:bob"},
		"with a key of several":          {"bob", "user:bob,user:carol", as, "stands for several persons"},
		"for another installation":       {"bob", "user:bob", func(s *change.Statement) { s.Instance = "prod" }, `for the installation "prod"`},
		"for another change":             {"bob", "user:bob", func(s *change.Statement) { s.Change = "CHG-99" }, "for CHG-99, not for CHG-1"},
		"for an older revision":          {"bob", "user:bob", func(s *change.Statement) { s.Revision = 0 }, "revision"},
		"for another plan":               {"bob", "user:bob", func(s *change.Statement) { s.Plan = "sha256:0" }, "plan"},
		"that has expired":               {"bob", "user:bob", func(s *change.Statement) { s.Expires = now }, "expired"},
		"in the name of another's group": {"bob", "user:bob", func(s *change.Statement) { s.Role = "group:platform" }, `cannot speak for "group:platform"`},
		"of something else":              {"bob", "user:bob", func(s *change.Statement) { s.Verb = change.Continue }, "an approval says approve or reject"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			o := open(t)
			rec := o.submit(t, "alice", "resource:orders-db-1")
			_, err := o.Approve(t.Context(), o.people[tt.sender], rec.ID, o.sign(t, rec, tt.key, tt.spoil))
			last := o.kinds(t, rec.ID)
			switch {
			case tt.want == "" && err != nil:
				t.Fatal(err)
			case tt.want == "":
				if !slices.Contains(last, "approval.given") || !slices.Equal(o.engine.told, []string{workflows.UpdateApproval}) {
					t.Errorf("recorded %v, told %v", last, o.engine.told)
				}
			case change.KindOf(err) != change.KindDenied || !strings.Contains(err.Error(), tt.want):
				t.Errorf("answered %v, want %s", err, tt.want)
			case !slices.Contains(last, "approval.refused") || slices.Contains(last, "approval.given") || len(o.engine.told) != 0:
				t.Errorf("a refusal left %v and told %v", last, o.engine.told)
			}
		})
	}
}

func TestAnApprovalSentTwiceCountsOnce(t *testing.T) {
	o := open(t)
	rec := o.submit(t, "alice", "resource:orders-db-1")
	signed := o.sign(t, rec, "user:bob", as)
	for range 2 {
		if _, err := o.Approve(t.Context(), o.people["bob"], rec.ID, signed); err != nil && !strings.Contains(err.Error(), "have spoken already") {
			t.Fatal(err)
		}
	}
	given := 0
	for _, k := range o.kinds(t, rec.ID) {
		if k == "approval.given" {
			given++
		}
	}
	if given != 1 {
		t.Errorf("the approval is recorded %d times", given)
	}
}

func TestWhatIsRecordedWhileTemporalIsAway(t *testing.T) {
	o := open(t)
	rec := o.submit(t, "alice", "resource:orders-db-1")
	o.engine.away = true
	_, err := o.Approve(t.Context(), o.people["bob"], rec.ID, o.sign(t, rec, "user:bob", as))
	if change.KindOf(err) != change.KindUnavailable || !strings.Contains(err.Error(), "is recorded and will be followed") {
		t.Errorf("answered %v", err)
	}
	if !slices.Contains(o.kinds(t, rec.ID), "approval.given") {
		t.Error("the approval is not recorded")
	}
	if _, err := o.Submit(t.Context(), o.people["alice"], request("resource:orders-pool", "n")); change.KindOf(err) != change.KindUnavailable {
		t.Errorf("a submission was answered with %v", err)
	}
	if _, err := o.Get(t.Context(), "CHG-2"); change.KindOf(err) != change.KindNotFound {
		t.Errorf("a submission that could not be checked was recorded: %v", err)
	}
}

func TestAPreviewWritesNothing(t *testing.T) {
	o := open(t)
	o.submit(t, "alice", "resource:orders-db-1")
	before, _, err := o.ledger.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p, err := o.Preview(t.Context(), o.people["carol"], request("resource:orders-db-1", ""))
	if err != nil || len(p.Findings) == 0 || p.Findings[0].Other.By != "CHG-1" {
		t.Errorf("the conflict is not foreseen: %+v %v", p.Findings, err)
	}
	if after, _, err := o.ledger.Checkpoint(t.Context()); after != before || err != nil {
		t.Errorf("a preview wrote into the log (%v)", err)
	}
}

func TestOnlyTheSubmitterRevises(t *testing.T) {
	o := open(t)
	rec := o.submit(t, "alice", "resource:orders-db-1")
	if _, err := o.Revise(t.Context(), o.people["bob"], rec.ID, request("resource:orders-db-2", "r1")); change.KindOf(err) != change.KindDenied {
		t.Errorf("another person's revision was answered with %v", err)
	}
	rec, err := o.Revise(t.Context(), o.people["alice"], rec.ID, request("resource:orders-db-2", "r2"))
	if err != nil || rec.Revision != 2 || rec.Plan.Footprint.Touch[0] != "resource:orders-db-2" {
		t.Errorf("revision %d of %v (%v)", rec.Revision, rec.Plan.Footprint.Touch, err)
	}
}

func TestMineAreThoseISubmittedAndThoseThatWaitForMe(t *testing.T) {
	o := open(t)
	o.submit(t, "alice", "resource:orders-db-1") // waits for group:dba
	o.submit(t, "bob", "component:reporting")    // waits for its owners
	for person, want := range map[string]int{"alice": 1, "bob": 2, "carol": 1, "frank": 1, "dave": 0} {
		list, err := o.List(t.Context(), httpapi.Filter{Mine: o.people[person].Ref})
		if err != nil || len(list) != want {
			t.Errorf("%s has %d changes (%v), want %d", person, len(list), err, want)
		}
	}
}

func TestNobodyCouldEverApproveIt(t *testing.T) {
	o := open(t)
	req := request("component:orders-api", "x")
	_, err := o.Submit(t.Context(), o.people["frank"], req)
	if change.KindOf(err) != change.KindInvalid || !strings.Contains(err.Error(), "besides the submitter") {
		t.Errorf("a change that only its submitter could approve was answered with %v", err)
	}
}
