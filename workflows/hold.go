package workflows

import (
	"errors"
	"fmt"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/schedule"
)

// holdFor makes the change stand still until a person decides. Without choices
// given, they are retry, continue and, where that is possible, back-out.
func (c *flow) holdFor(ctx workflow.Context, step, why string, choices ...change.Verb) error {
	if len(choices) == 0 {
		choices = []change.Verb{change.RetryIt, change.Continue}
	}
	if c.status == change.Running && c.reversible() {
		choices = append(choices, change.BackOut)
	}
	c.holds++
	c.hold = &change.Hold{
		Number: c.holds, Since: workflow.Now(ctx), Step: step, During: c.status, Reason: why, Choices: choices,
		Cutoff: schedule.Cutoff(c.outline.Window.End, c.times(), c.next),
	}
	return c.enter(ctx, change.Held, product, why)
}

// stand waits for a person's decision and follows it.
func (c *flow) stand(ctx workflow.Context) error {
	clean, _ := workflow.NewDisconnectedContext(ctx)
	decided := func() bool { return len(c.inbox) > 0 || c.status.Final() }
	summary := fmt.Sprintf("Held (%d): waits for a person; then the cutoff passes", c.hold.Number)
	if err := pause(clean, c.hold.Cutoff.Sub(workflow.Now(ctx)), summary, decided); err != nil {
		return err
	}
	if !decided() {
		c.note = "the last moment at which backing out still fitted in the window has passed; " + c.note
		c.show(ctx)
	}
	if err := workflow.Await(clean, decided); err != nil {
		return err
	}
	d, ok := c.take()
	if !ok || c.status.Final() {
		return nil // its claim was broken
	}
	why := fmt.Sprintf("%s decided %s", d.Person, d.Verb)
	if d.Reason != "" {
		why += ": " + d.Reason
	}
	if d.Verb == change.BackOut && !c.reversible() {
		c.note = "a point of no return has been passed since back-out was asked for; decide again"
		c.moves++
		return nil
	}
	if d.Verb == change.BackOut {
		return c.enter(ctx, change.BackingOut, d.Person, why)
	}
	if d.Verb == change.Continue {
		c.goOn()
	}
	return c.enter(ctx, c.hold.During, d.Person, why)
}

// standBefore is the hold of a change that has not begun: something has come up that
// is in the way, and a person decides, or what is in the way goes away again.
func (c *flow) standBefore(ctx workflow.Context) error {
	left := c.outline.LastStart.Sub(workflow.Now(ctx))
	err := pause(ctx, left, "Held before its start: waits for a person until the window can no longer hold the plan", c.disturbed)
	if err != nil {
		return c.enter(ctx, change.Cancelled, product, "cancelled through Temporal before it started")
	}
	d, ok := c.take()
	switch {
	case ok && d.Verb == change.Continue:
		return c.goOnBefore(ctx, d)
	case ok:
		return c.withdraw(ctx, d)
	case c.seen == c.news:
		return c.enter(ctx, change.Expired, product, "the last moment to start passed while it was held: "+c.note)
	}
	return c.settle(ctx)
}

// goOnBefore has the ledger follow a decision to go on all the same. What is still
// in the way keeps the hold, and its note says so.
func (c *flow) goOnBefore(ctx workflow.Context, d change.Decision) error {
	s, err := call[State](ctx, "Resume", DecisionInput{Change: c.in.Change, Nonce: d.Nonce, Key: c.key(ctx, "resume").Key})
	if overtaken(err) {
		c.note = reason(err)
		c.moves++
		c.show(ctx)
		return nil
	}
	if err != nil {
		return err
	}
	c.adopt(ctx, s)
	return nil
}

// goOn leaves behind what the change was held for.
func (c *flow) goOn() {
	switch {
	case c.hold.Step == "":
		c.overrun = true
	case c.hold.During == change.BackingOut:
		c.leaveUndo(c.lastBegun())
	default:
		c.steps[c.next].continued = true
		c.next++
	}
}

// leaveUndo goes on without the undo of a step. Where nobody knew what the undo
// did, the person has said that it was done; where it failed, it is given up.
func (c *flow) leaveUndo(i int) {
	c.incomplete = c.incomplete || c.steps[i].undone != change.Unknown
	c.steps[i].undone = change.Skipped
}

// reason returns what an activity's error says to a person.
func reason(err error) string {
	var app *temporal.ApplicationError
	if errors.As(err, &app) {
		return app.Message()
	}
	var late *temporal.TimeoutError
	if errors.As(err, &late) {
		return "no worker brought it to an end in time (" + late.TimeoutType().String() + ")"
	}
	return err.Error()
}
