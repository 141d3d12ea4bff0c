package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/changectl/changectl/internal/change"
)

// wait stands before the window, and in it as long as something is in the way.
// It never starts the change early: the ledger has the last word.
func (c *flow) wait(ctx workflow.Context) error {
	opens := c.outline.Window.Start
	summary := "Window opens at " + opens.UTC().Format(time.RFC3339)
	if err := pause(ctx, opens.Sub(workflow.Now(ctx)), summary, c.disturbed); err != nil {
		return c.enter(ctx, change.Cancelled, product, "cancelled through Temporal before it started")
	}
	if d, ok := c.take(); ok {
		return c.withdraw(ctx, d)
	}
	if c.seen < c.news {
		return c.settle(ctx)
	}
	return c.start(ctx)
}

// start asks for the claim, and waits for whatever is in the way of it.
func (c *flow) start(ctx workflow.Context) error {
	s, err := call[State](ctx, "Start", c.key(ctx, "start"))
	if err != nil {
		return err
	}
	c.adopt(ctx, s)
	switch {
	case s.Early > 0: // the ledger's clock is behind the server's
		return pause(ctx, s.Early.Std(), "Window is not open yet", c.disturbed)
	case c.status == change.Waiting:
		return c.awaitFree(ctx)
	}
	return nil
}

func (c *flow) awaitFree(ctx workflow.Context) error {
	inner, cancel := workflow.WithCancel(ctx)
	defer cancel()
	left := c.outline.LastStart.Sub(workflow.Now(ctx))
	free, failed := false, error(nil)
	workflow.Go(inner, func(ctx workflow.Context) {
		failed = awaitFree(ctx, c.key(ctx, "free"), max(left, 0), "Waits: "+c.note)
		free = true
	})
	if err := workflow.Await(ctx, func() bool { return free || c.disturbed() }); err != nil {
		return nil //nolint:nilerr // the next wait sees the cancellation and records it
	}
	return failed
}
