package workflows_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/workflows"
)

var opens = time.Date(2027, 3, 6, 22, 0, 0, 0, time.UTC)

// world is what the workflow reaches, by hand: it remembers every call and
// answers as the test says.
type world struct {
	mu        sync.Mutex
	state     workflows.State
	outcomes  map[string][]change.Outcome // by "do NAME" or "undo NAME", one for each run; then passed
	errs      map[string]error            // by the same
	starts    []workflows.State           // answers of Start; then running
	decisions map[string]change.Decision
	clock     func() time.Time
	startedAt []time.Time
	log       []string // statuses entered and steps run, in order
	holds     []change.Hold
	ahead     *workflows.State // where the ledger turns out to be
	env       *testsuite.TestWorkflowEnvironment
}

func (w *world) note(format string, args ...any) { w.log = append(w.log, fmt.Sprintf(format, args...)) }

func (w *world) Check(context.Context, workflows.Key) (workflows.State, error) {
	return w.state, nil
}

func (w *world) Settle(context.Context, workflows.Key) (workflows.State, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state, nil
}

func (w *world) Start(context.Context, workflows.Key) (workflows.State, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.startedAt = append(w.startedAt, w.clock())
	if len(w.starts) > 0 {
		s := w.starts[0]
		w.starts = w.starts[1:]
		w.state.Status = s.Status
		return s, nil
	}
	w.state.Status, w.state.Token = change.Running, 7
	w.note("running")
	return w.state, nil
}

func (w *world) AwaitFree(context.Context, workflows.Key) error {
	w.note("freed")
	return nil
}

func (w *world) Enter(_ context.Context, in workflows.EnterInput) (workflows.Entered, error) {
	return workflows.Entered{}, w.enter(in)
}

func (w *world) Look(context.Context, workflows.Key) (workflows.State, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state, nil
}

// Resume goes on as the test has put it into resumes, or back to where it was held.
func (w *world) Resume(_ context.Context, in workflows.DecisionInput) (workflows.State, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.note("resume %s", in.Nonce)
	if err := w.errs["resume"]; err != nil {
		return workflows.State{}, err
	}
	w.state.Status, w.state.Hold = w.state.Hold.During, nil
	return w.state, nil
}

func (w *world) enter(in workflows.EnterInput) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ahead != nil && in.To == w.ahead.Status { // it has moved already; the worker died before it could say so
		w.state.Status, w.state.Hold, w.state.Runs = w.ahead.Status, w.ahead.Hold, w.ahead.Runs
		w.ahead = nil
		return temporal.NewNonRetryableApplicationError("it stands there already", string(change.KindConflict), nil)
	}
	if !w.state.Status.MayFollow(in.To) {
		return temporal.NewNonRetryableApplicationError(fmt.Sprintf("%s to %s", w.state.Status, in.To), "conflict", nil)
	}
	w.state.Status = in.To
	w.note("%s", in.To)
	if in.Hold != nil {
		w.holds = append(w.holds, *in.Hold)
	}
	return nil
}

func (w *world) RunStep(_ context.Context, in workflows.StepInput) (workflows.StepOutput, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	name := fmt.Sprintf("%s %s", in.Direction, w.state.Outline.Steps[in.Step].Name)
	w.note("%s/%d", name, in.Run)
	if err := w.errs[name]; err != nil {
		return workflows.StepOutput{}, err
	}
	out := change.Passed
	if queue := w.outcomes[name]; len(queue) > 0 {
		out, w.outcomes[name] = queue[0], queue[1:]
	}
	return workflows.StepOutput{Outcome: out, Message: "said so"}, nil
}

func (w *world) Decision(_ context.Context, in workflows.DecisionInput) (change.Decision, error) {
	d, ok := w.decisions[in.Nonce]
	if !ok {
		return d, temporal.NewNonRetryableApplicationError("the ledger holds no such decision", string(change.KindDenied), nil)
	}
	return d, nil
}

// newWorld has a change of three steps in a window of an hour, approved, two
// hours before it opens.
func newWorld(t *testing.T) *world {
	t.Helper()
	step := func(name string) workflows.StepOutline {
		return workflows.StepOutline{
			Name: name, Title: name, Phase: change.Patch, Uses: "command",
			Limit: change.Duration(time.Minute), Expected: change.Duration(time.Minute),
			HasUndo: true, UndoLimit: change.Duration(time.Minute), UndoExpected: change.Duration(time.Minute), OnFailure: change.FailureHold,
		}
	}
	var suite testsuite.WorkflowTestSuite
	w := &world{
		env: suite.NewTestWorkflowEnvironment(), outcomes: map[string][]change.Outcome{}, errs: map[string]error{},
		decisions: map[string]change.Decision{},
		state: workflows.State{Status: change.Scheduled, Revision: 1, Digest: "sha256:1", Outline: &workflows.Outline{
			Title: "test", Window: change.Window{Start: opens, End: opens.Add(time.Hour), Zone: "UTC"},
			AtCutoff: change.CutoffBackOut, LastStart: opens.Add(50 * time.Minute),
			Steps: []workflows.StepOutline{step("one"), step("two"), step("three")},
		}},
	}
	w.clock = w.env.Now
	w.env.SetStartTime(opens.Add(-2 * time.Hour))
	w.env.RegisterActivity(w)
	w.env.RegisterWorkflowWithOptions(workflows.Change, workflow.RegisterOptions{Name: workflows.ChangeType})
	w.env.SetTestTimeout(20 * time.Second)
	return w
}

// decide lets a person decide at a time after the start of the test.
func (w *world) decide(t *testing.T, after time.Duration, verb change.Verb, hold int) *answer {
	t.Helper()
	nonce := fmt.Sprintf("%s-%d", verb, len(w.decisions))
	w.decisions[nonce] = change.Decision{Change: "CHG-1", Verb: verb, Hold: hold, Person: "user:bob", Reason: "because", Nonce: nonce}
	return w.update(after, workflows.UpdateDecision, workflows.Poke{Nonce: nonce, Verb: verb, Hold: hold})
}

type answer struct {
	view     workflows.View
	refused  error
	finished bool
}

func (w *world) update(after time.Duration, name string, p workflows.Poke) *answer {
	a := &answer{}
	w.env.RegisterDelayedCallback(func() {
		w.env.UpdateWorkflow(name, fmt.Sprintf("%s-%v", name, after), &testsuite.TestUpdateCallback{
			OnReject: func(err error) { a.refused = err },
			OnAccept: func() {},
			OnComplete: func(v any, err error) {
				a.finished, a.refused = true, err
				if view, ok := v.(workflows.View); ok {
					a.view = view
				}
			},
		}, p)
	}, after)
	return a
}

// run executes the workflow and returns the status in which it ended.
func (w *world) run(t *testing.T) change.Status {
	t.Helper()
	w.env.ExecuteWorkflow(workflows.ChangeType, workflows.Input{Change: "CHG-1", Heartbeat: change.Duration(10 * time.Second)})
	if !w.env.IsWorkflowCompleted() {
		t.Fatalf("the workflow did not end; it did %q", w.log)
	}
	var v workflows.View
	if err := w.env.GetWorkflowError(); err != nil {
		t.Fatalf("the workflow failed: %v; it did %q", err, w.log)
	}
	if err := w.env.GetWorkflowResult(&v); err != nil {
		t.Fatal(err)
	}
	return v.Status
}

// details returns the current details as the Temporal UI asks for them.
func (w *world) details(t *testing.T) string {
	t.Helper()
	v, err := w.env.QueryWorkflow("__temporal_workflow_metadata")
	if err != nil {
		t.Fatal(err)
	}
	var m sdkpb.WorkflowMetadata
	if err := v.Get(&m); err != nil {
		t.Fatal(err)
	}
	return m.GetCurrentDetails()
}
