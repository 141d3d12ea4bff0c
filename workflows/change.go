package workflows

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/schedule"
)

// product is who acts when no person does.
const product change.Ref = "system:changectl"

// flow is the memory of one change's workflow.
type flow struct {
	in       Input
	outline  Outline
	status   change.Status
	note     string
	revision int
	digest   string
	token    int64

	next       int // index of the step that comes next
	steps      []progress
	hold       *change.Hold
	holds      int
	overrun    bool // a person decided to go on behind the cutoff
	incomplete bool // some undo was given up
	cancelled  bool // a cancellation through Temporal has been noticed

	inbox   []change.Decision
	news    int // updates that asked to look at the ledger again
	seen    int // of these, those that were looked at
	entries int // calls that move the change so far, for their keys
	moves   int // times that the change has moved, or decided to stay
}

// progress is how far one step has come.
type progress struct {
	do, undo  int  // runs so far in each direction
	begun     bool // something may have been done
	outcome   change.Outcome
	undone    change.Outcome
	continued bool
	began     time.Time
	ended     time.Time
	message   string
}

type phase func(workflow.Context) error

// Change runs one change from its check to its end. Its ID is the change's.
func Change(ctx workflow.Context, in Input) (View, error) {
	c := &flow{in: in, status: change.Submitted}
	if err := c.listen(ctx); err != nil {
		return View{}, err
	}
	if err := c.check(ctx); err != nil {
		return c.view(), err
	}
	for tries := 0; !c.status.Final(); {
		err := c.phase()(ctx)
		if err == nil {
			tries = 0
			continue
		}
		if tries++; !overtaken(err) || tries > resumes {
			return c.view(), err
		}
		if err := c.resume(ctx); err != nil {
			return c.view(), err
		}
	}
	c.show(ctx)
	clean, _ := workflow.NewDisconnectedContext(ctx)
	return c.view(), workflow.Await(clean, func() bool { return workflow.AllHandlersFinished(clean) })
}

// phase returns what is to be done in the status at hand.
func (c *flow) phase() phase {
	switch c.status {
	case change.AwaitingApproval:
		return c.approve
	case change.Scheduled, change.Waiting:
		return c.wait
	case change.Running:
		return c.run
	case change.Held:
		if !c.started() {
			return c.standBefore
		}
		return c.stand
	case change.BackingOut:
		return c.backOut
	case change.Submitted:
		return c.check
	case change.Refused, change.Rejected, change.Completed, change.BackedOut, change.Failed,
		change.Expired, change.Cancelled, change.ReviewDue, change.Closed:
	}
	return func(workflow.Context) error {
		return temporal.NewNonRetryableApplicationError(fmt.Sprintf("a change in status %q has no next phase", c.status), string(change.KindInvalid), nil)
	}
}

// check has the ledger judge the change and learns the outline of its plan.
func (c *flow) check(ctx workflow.Context) error {
	if err := c.resume(ctx); err != nil {
		return err
	}
	if c.status == change.Running || c.status == change.BackingOut {
		return c.holdFor(ctx, "", "the workflow of this change was ended from outside and has been taken up again; look at what runs before you go on", change.RetryIt)
	}
	return nil
}

// resumes is how often in a row a workflow looks where the ledger stands before
// it gives up and leaves the change to the next workflow.
const resumes = 3

// overtaken reports whether the ledger stands elsewhere than the workflow
// believed: a worker died after the ledger had moved and before Temporal knew.
func overtaken(err error) bool {
	var app *temporal.ApplicationError
	return errors.As(err, &app) && app.Type() == string(change.KindConflict)
}

// resume takes up the change where the ledger says that it stands.
func (c *flow) resume(ctx workflow.Context) error {
	clean, _ := workflow.NewDisconnectedContext(ctx)
	s, err := call[State](clean, "Check", c.key(ctx, "check"))
	if err != nil {
		return err
	}
	c.adopt(ctx, s)
	c.recall(s)
	return nil
}

// recall rebuilds the progress of a change from what the ledger has of it.
func (c *flow) recall(s State) {
	c.steps, c.next, c.incomplete = make([]progress, len(c.outline.Steps)), 0, false
	for _, r := range s.Runs {
		if r.Outcome == change.Pending {
			r.Run-- // it is taken up as the run that it is, so that the executor sees what was lost
		}
		p := &c.steps[r.Step]
		if r.Direction == change.Undo {
			p.undo, p.undone = r.Run, r.Outcome
			continue
		}
		p.do, p.outcome, p.began, p.ended = r.Run, r.Outcome, r.IntentAt, r.ResultAt
		p.begun = true
	}
	for _, d := range s.Past {
		c.remember(d, s.Runs)
	}
	for c.next < len(c.steps) && c.steps[c.next].settled() {
		c.next++
	}
}

// remember applies an earlier decision to continue.
func (c *flow) remember(d change.Decision, runs []change.Run) {
	i := slices.IndexFunc(c.outline.Steps, func(s StepOutline) bool { return s.Name == d.Step })
	switch {
	case d.Verb != change.Continue:
		return
	case i < 0:
		c.overrun = true
		return
	}
	for _, r := range runs {
		if r.Step == i && r.Direction == change.Undo && !r.IntentAt.After(d.At) {
			c.leaveUndo(i)
			return
		}
	}
	c.steps[i].continued = true
}

func (p progress) settled() bool {
	return p.continued || p.outcome == change.Passed || p.outcome == change.Skipped
}

// adopt takes over what the ledger said.
func (c *flow) adopt(ctx workflow.Context, s State) {
	if s.Outline != nil {
		c.outline = *s.Outline
		if len(c.steps) != len(s.Outline.Steps) || c.revision != s.Revision {
			c.steps = make([]progress, len(s.Outline.Steps))
		}
	}
	c.revision, c.digest = s.Revision, s.Digest
	if s.Token > 0 {
		c.token = s.Token
	}
	if c.hold = s.Hold; s.Hold != nil {
		c.holds = max(c.holds, s.Hold.Number)
	}
	c.moved(ctx, s.Status, s.Note)
}

// enter moves the change to a status, in the ledger first.
func (c *flow) enter(ctx workflow.Context, to change.Status, who change.Ref, why string) error {
	k := c.key(ctx, string(to))
	in := EnterInput{Change: k.Change, Revision: c.revision, To: to, Key: k.Key, Who: who, Why: why}
	if to == change.Held {
		in.Hold = c.hold
	}
	clean, _ := workflow.NewDisconnectedContext(ctx)
	out, err := call[Entered](clean, "Enter", in)
	if err != nil {
		return err
	}
	if len(out.Concurrent) > 0 {
		c.outline.Concurrent = out.Concurrent
	}
	if to != change.Held {
		c.hold = nil
	}
	if to == change.BackingOut {
		c.inbox = nil // whatever else was asked for has been overtaken
	}
	c.moved(ctx, to, why)
	return nil
}

// moved shows the status where people look.
func (c *flow) moved(ctx workflow.Context, to change.Status, note string) {
	if to != c.status {
		_ = workflow.UpsertTypedSearchAttributes(ctx, AttributeStatus.ValueSet(string(to)))
	}
	c.status, c.note = to, note
	c.moves++
	c.show(ctx)
}

// key returns a key for the next call that moves the change: the same on
// replay, another in another run of the workflow.
//
// What it is for is part of it: when a worker dies after the ledger has moved and
// before Temporal knows, the next one may take another way at the same count.
func (c *flow) key(ctx workflow.Context, what string) Key {
	c.entries++
	run := workflow.GetInfo(ctx).WorkflowExecution.RunID
	return Key{Change: c.in.Change, Revision: c.revision, Key: fmt.Sprintf("%s/%d/%s", run, c.entries, what)}
}

func (c *flow) view() View { return View{Status: c.status, Note: c.note} }

func (c *flow) times() []schedule.Times {
	ts := make([]schedule.Times, len(c.outline.Steps))
	for i, s := range c.outline.Steps {
		ts[i] = schedule.Times{Name: s.Name, Expected: s.Expected.Std(), Undo: s.UndoExpected.Std(), Irreversible: s.Irreversible}
	}
	return ts
}

// pause returns when cond holds, when d has passed, or when the workflow is
// cancelled; its timer does not outlive it.
func pause(ctx workflow.Context, d time.Duration, summary string, cond func() bool) error {
	if d <= 0 || cond() {
		return ctx.Err()
	}
	inner, cancel := workflow.WithCancel(ctx)
	defer cancel()
	timer := workflow.NewTimerWithOptions(inner, d, workflow.TimerOptions{Summary: summary})
	return workflow.Await(ctx, func() bool { return cond() || timer.IsReady() })
}
