package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/schedule"
)

// run does step after step until all are done or something says otherwise.
func (c *flow) run(ctx workflow.Context) error {
	for c.next < len(c.steps) {
		if stop, err := c.beforeStep(ctx); stop || err != nil {
			return err
		}
		out, err := c.do(ctx, c.next, change.Do)
		if c.status.Final() {
			return nil // its claim was broken meanwhile
		}
		if err != nil {
			return c.holdFor(ctx, c.name(c.next), "the step was not run: "+reason(err))
		}
		if out.Outcome != change.Passed && out.Outcome != change.Skipped {
			return c.trouble(ctx, out)
		}
		c.next++
	}
	return c.enter(ctx, change.Completed, product, fmt.Sprintf("all %d steps done", len(c.steps)))
}

// beforeStep reports whether the change has left the running before its next step.
func (c *flow) beforeStep(ctx workflow.Context) (stop bool, err error) {
	if c.status.Final() {
		return true, nil // its claim was broken
	}
	if d, ok := c.take(); ok {
		return true, c.enter(ctx, change.BackingOut, d.Person, d.Reason)
	}
	if ctx.Err() != nil && !c.cancelled {
		c.cancelled = true
		return true, c.holdFor(ctx, "", "somebody cancelled the workflow through Temporal, which cannot say who; decide whether to go on (retry) or back out", change.RetryIt)
	}
	fits, cutoff := schedule.MayBegin(workflow.Now(ctx), c.outline.Window.End, c.times(), c.next)
	if fits || c.overrun {
		return false, nil
	}
	why := fmt.Sprintf("cutoff: step %q and the way back behind it no longer fit before the window ends at %s (last moment was %s)",
		c.name(c.next), c.outline.Window.End.UTC().Format(time.RFC3339), cutoff.UTC().Format(time.RFC3339))
	if c.outline.AtCutoff == change.CutoffBackOut && c.reversible() {
		return true, c.enter(ctx, change.BackingOut, product, why)
	}
	return true, c.holdFor(ctx, "", why)
}

// do runs one step once, in either direction, on a context that cancellation
// does not reach: what has begun is brought to an end.
func (c *flow) do(ctx workflow.Context, i int, dir change.Direction) (StepOutput, error) {
	p, o := &c.steps[i], c.outline.Steps[i]
	key := change.RunKey{Change: c.in.Change, Revision: c.revision, Step: i, Direction: dir}
	limit, summary := o.Limit, fmt.Sprintf("%d/%d %s: %s", i+1, len(c.steps), o.Phase, o.Title)
	if dir == change.Undo {
		p.undo++
		key.Run, limit, summary = p.undo, o.UndoLimit, "undo "+summary
	} else {
		p.do++
		p.begun = true
		key.Run, p.began, p.ended, p.outcome = p.do, workflow.Now(ctx), time.Time{}, change.Pending
	}
	c.show(ctx)
	clean, _ := workflow.NewDisconnectedContext(ctx)
	out, err := runStep(clean, StepInput{RunKey: key, Token: c.token, Digest: c.digest}, limit.Std(), c.in.Heartbeat.Std(), summary)
	if err != nil {
		out = StepOutput{Outcome: change.Unknown, Message: reason(err)}
	}
	if dir == change.Undo {
		p.undone = out.Outcome
	} else {
		p.outcome, p.ended = out.Outcome, workflow.Now(ctx)
	}
	p.message = out.Message
	c.show(ctx)
	return out, err
}

// trouble decides after a step that did not pass.
func (c *flow) trouble(ctx workflow.Context, out StepOutput) error {
	step := c.outline.Steps[c.next]
	switch {
	case out.Outcome == change.NeedsPerson:
		return c.holdFor(ctx, step.Name, out.Message, change.SignOff)
	case out.Outcome == change.FailedRun && step.OnFailure == change.FailureBackOut && c.reversible():
		return c.enter(ctx, change.BackingOut, product, fmt.Sprintf("step %q failed: %s", step.Name, out.Message))
	case out.Outcome == change.Unknown:
		return c.holdFor(ctx, step.Name, fmt.Sprintf("nobody knows what step %q did: %s", step.Name, out.Message))
	}
	return c.holdFor(ctx, step.Name, fmt.Sprintf("step %q failed: %s", step.Name, out.Message))
}

// reversible reports whether nothing behind a point of no return has begun.
func (c *flow) reversible() bool {
	for i, p := range c.steps {
		if p.begun && c.outline.Steps[i].Irreversible && p.outcome != change.Skipped {
			return false
		}
	}
	return true
}

func (c *flow) name(i int) string { return c.outline.Steps[i].Name }
