package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/changectl/changectl/internal/change"
)

// approve waits until the approvals are complete, somebody says no, or it is too
// late to start.
func (c *flow) approve(ctx workflow.Context) error {
	left := c.outline.LastStart.Sub(workflow.Now(ctx))
	err := pause(ctx, left, "Waits for approvals until the window can no longer hold the plan", c.disturbed)
	if err != nil {
		return c.enter(ctx, change.Cancelled, product, "cancelled through Temporal before it started")
	}
	if d, ok := c.take(); ok {
		return c.withdraw(ctx, d)
	}
	if c.seen == c.news {
		return c.enter(ctx, change.Expired, product, "the last moment to start passed without the approvals it needs")
	}
	return c.settle(ctx)
}

// settle looks at the ledger again, after news.
func (c *flow) settle(ctx workflow.Context) error {
	news := c.news
	s, err := call[State](ctx, "Settle", c.key(ctx, "settle"))
	if err != nil {
		return err
	}
	c.adopt(ctx, s)
	c.seen = news
	return nil
}

// withdraw follows a decision to cancel. Any other was meant for a hold that is over.
func (c *flow) withdraw(ctx workflow.Context, d change.Decision) error {
	if d.Verb == change.Cancel {
		return c.enter(ctx, change.Cancelled, d.Person, d.Reason)
	}
	c.moves++ // whoever sent it hears where the change stands
	return nil
}

// disturbed reports whether there is something to look at before the start.
func (c *flow) disturbed() bool { return c.seen < c.news || len(c.inbox) > 0 }
