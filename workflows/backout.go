package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/changectl/changectl/internal/change"
)

// backOut undoes what was done and what may have been done, last first.
func (c *flow) backOut(ctx workflow.Context) error {
	for i := c.lastBegun(); i >= 0; i = c.lastBegun() {
		out, err := c.do(ctx, i, change.Undo)
		if c.status.Final() {
			return nil // its claim was broken meanwhile
		}
		if err != nil {
			return c.holdFor(ctx, c.name(i), "the undo was not run: "+reason(err))
		}
		if out.Outcome != change.Passed && out.Outcome != change.Skipped {
			return c.holdFor(ctx, c.name(i), fmt.Sprintf("undo of step %q: %s", c.name(i), out.Message))
		}
	}
	if c.incomplete {
		return c.enter(ctx, change.Failed, product, "backed out but for what a person decided to leave; look at the log for what stands as it is")
	}
	return c.enter(ctx, change.BackedOut, product, "everything that was done has been undone")
}

// lastBegun returns the last step that was begun and has neither been undone nor
// needs it, or -1.
func (c *flow) lastBegun() int {
	for i := len(c.steps) - 1; i >= 0; i-- {
		p := c.steps[i]
		done := p.undone == change.Passed || p.undone == change.Skipped
		if p.begun && !done && p.outcome != change.Skipped && c.outline.Steps[i].HasUndo {
			return i
		}
	}
	return -1
}
