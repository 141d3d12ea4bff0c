package execute

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/ledger/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }

var (
	noon   = time.Date(2027, 3, 6, 12, 0, 0, 0, time.UTC)
	window = change.Window{Start: noon.Add(-time.Hour), End: noon.Add(time.Hour), Zone: "UTC"}
)

// book is a ledger in memory: it keeps intents and results as the real one does,
// for one change.
type book struct {
	mu     sync.Mutex
	facts  change.GateFacts
	clock  func() time.Time
	broken []error // returned by the next calls of Finish
	judged int
}

func (b *book) Begin(_ context.Context, k change.RunKey, worker string, _ int64, judge func(change.GateFacts) error) (change.Run, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.facts.Runs, func(r change.Run) bool { return r.RunKey == k })
	if i >= 0 && b.facts.Runs[i].Outcome != change.Pending {
		return b.facts.Runs[i], nil
	}
	f := b.facts
	f.Now, f.Runs = b.clock(), slices.Clone(f.Runs)
	for i := range f.Runs {
		f.Runs[i].Output = "" // as the ledger does
	}
	b.judged++
	if err := judge(f); err != nil {
		return change.Run{}, err
	}
	if i < 0 {
		b.facts.Runs = append(b.facts.Runs, change.Run{RunKey: k, IntentAt: b.clock()})
		i = len(b.facts.Runs) - 1
	}
	b.facts.Runs[i].Attempt++
	b.facts.Runs[i].Worker = worker
	return b.facts.Runs[i], nil
}

func (b *book) Finish(ctx context.Context, k change.RunKey, attempt int, r change.Result) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if len(b.broken) > 0 {
		err := b.broken[0]
		b.broken = b.broken[1:]
		return err
	}
	i := slices.IndexFunc(b.facts.Runs, func(r change.Run) bool { return r.RunKey == k })
	if i < 0 || b.facts.Runs[i].Attempt != attempt {
		return change.Conflict("attempt %d is not the newest", attempt)
	}
	b.facts.Runs[i].Result, b.facts.Runs[i].ResultAt = r, b.clock()
	return nil
}

func (b *book) Change(context.Context, change.ID) (change.Record, error) {
	r := b.facts.Record
	r.Runs = b.runs()
	return r, nil
}

func (b *book) runs() []change.Run {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.facts.Runs)
}

// world is a running change with the executor that runs its steps.
type world struct {
	*Executor
	book    *book
	secrets map[string]string
	now     time.Time
}

var errForged = errors.New("the signature is forged")

// signed accepts what the tests sign.
func signed(a change.Approval) error {
	if a.Signed.Signature != "genuine" {
		return errForged
	}
	return nil
}

func newWorld(t testing.TB, steps ...change.Step) *world {
	t.Helper()
	w := &world{now: noon, secrets: map[string]string{}}
	w.book = &book{clock: w.clock}
	plan := change.Plan{
		Instance: "test", Title: "A change", Submitter: "user:sam", Window: window, Steps: steps,
		Parameters: map[string]any{"version": "15.20"},
		Approvals:  []change.Requirement{{Role: "group:dba", Count: 1}},
	}
	for i := range plan.Steps {
		if plan.Steps[i].Name == "" {
			plan.Steps[i].Name = "step-" + string(rune('a'+i))
		}
	}
	w.book.facts = change.GateFacts{Record: change.Record{
		ID: "CHG-7", Revision: 1, Status: change.Running, Plan: plan, Token: 5, Submitter: "user:sam",
	}}
	w.seal(t)
	w.Executor = &Executor{
		Ledger: w.book, Clock: w.clock, Verify: signed, Worker: "worker-1", Grace: 200 * time.Millisecond,
		Secrets: func(name string) (string, error) {
			if v, ok := w.secrets[name]; ok {
				return v, nil
			}
			return "", change.NotFound("there is no secret %q", name)
		},
	}
	return w
}

func (w *world) clock() time.Time { return w.now }

// seal gives the record the digest of its plan, and the approval for it.
func (w *world) seal(t testing.TB) {
	t.Helper()
	r := &w.book.facts.Record
	digest, err := r.Plan.Digest()
	if err != nil {
		t.Fatal(err)
	}
	r.Digest = digest
	w.book.facts.Approvals = []change.Approval{approval(*r, "user:ada")}
}

func approval(r change.Record, person change.Ref) change.Approval {
	return change.Approval{
		Statement: change.Statement{
			Instance: r.Plan.Instance, Change: r.ID, Revision: r.Revision, Plan: r.Digest, Verb: change.Approve,
			Role: "group:dba", Expires: noon.Add(24 * time.Hour), Nonce: "n-" + string(person),
		},
		Signed: change.SignedStatement{Signature: "genuine"}, Person: person, At: noon.Add(-2 * time.Hour),
	}
}

// decide adds a decision, signed where it must be.
func (w *world) decide(verb change.Verb, step string, at time.Time) {
	f := &w.book.facts
	f.Decisions = append(f.Decisions, decision(f.Record, verb, step, at))
}

func decision(r change.Record, verb change.Verb, step string, at time.Time) change.Decision {
	s := change.Statement{Instance: r.Plan.Instance, Change: r.ID, Revision: r.Revision, Plan: r.Digest, Verb: verb, Step: step}
	b, _ := json.Marshal(s)
	return change.Decision{
		Change: r.ID, Revision: r.Revision, Verb: verb, Step: step, Person: "user:ada", At: at,
		Signed: change.SignedStatement{Statement: b, Signature: "genuine"},
	}
}

func (w *world) input(step int) Input {
	r := w.book.facts.Record
	return Input{
		RunKey: change.RunKey{Change: r.ID, Revision: r.Revision, Step: step, Direction: change.Do, Run: 1},
		Token:  r.Token, Digest: r.Digest,
	}
}

// do runs a step forward and expects no error.
func (w *world) do(t *testing.T, step int) change.Result {
	t.Helper()
	r, err := w.Run(t.Context(), w.input(step))
	if err != nil {
		t.Fatalf("run step %d: %v", step, err)
	}
	return r
}

// lose leaves an intent without a result, as a worker that died does.
func (w *world) lose(in Input) {
	w.book.facts.Runs = append(w.book.facts.Runs, change.Run{RunKey: in.RunKey, Attempt: 1, Worker: "worker-0", IntentAt: noon.Add(-time.Minute)})
}

// action makes an action of a kind with a timeout of ten seconds.
func action(uses string, with any) change.Action {
	b, err := json.Marshal(with)
	if err != nil {
		panic(err)
	}
	return change.Action{Uses: uses, With: b, Timeout: change.Duration(10 * time.Second)}
}

func step(a change.Action) change.Step { return change.Step{Action: a, OnFailure: change.FailureHold} }

type m = map[string]any

// shell makes a step that runs a script.
func shell(script string) change.Step { return step(action("command", m{"shell": script})) }
