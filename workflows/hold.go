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
	decided := func() bool { return len(c.inbox) > 0 }
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
	d, _ := c.take()
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
