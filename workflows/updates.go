package workflows

import (
	"fmt"
	"slices"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/changectl/changectl/internal/change"
)

// listen takes the updates of a change. Validators refuse what cannot apply
// now; such a refusal reaches the caller and leaves no trace in the history.
// Handlers go on when the workflow is cancelled through Temporal: a change that
// has started still has to be brought to its end.
func (c *flow) listen(ctx workflow.Context) error {
	for _, u := range []struct {
		name             string
		handle, validate any
	}{
		{UpdateVerdict, c.onVerdict, func(workflow.Context, Poke) error { return nil }},
		{UpdateApproval, c.onNews, c.beforeStart},
		{UpdateRevision, c.onNews, c.beforeStart},
		{UpdateSurroundings, c.onSurroundings, func(workflow.Context, Poke) error { return nil }},
		{UpdateDecision, c.onDecision, c.mayDecide},
	} {
		err := workflow.SetUpdateHandlerWithOptions(ctx, u.name, u.handle, workflow.UpdateHandlerOptions{Validator: u.validate})
		if err != nil {
			return fmt.Errorf("set handler of update %s: %w", u.name, err)
		}
	}
	return nil
}

func (c *flow) onVerdict(ctx workflow.Context, _ Poke) (View, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	err := workflow.Await(ctx, func() bool { return c.status != change.Submitted })
	return c.view(), err
}

// onNews wakes the change up to look at the ledger again, and answers when it has.
func (c *flow) onNews(ctx workflow.Context, _ Poke) (View, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	c.news++
	mine := c.news
	err := workflow.Await(ctx, func() bool { return c.seen >= mine || c.started() || c.status.Final() })
	return c.view(), err
}

// onSurroundings has a change that has not begun look at the ledger again; one that
// runs shows at once who else is playing, and ends when its claim was broken.
func (c *flow) onSurroundings(ctx workflow.Context, p Poke) (View, error) {
	if !c.started() {
		return c.onNews(ctx, p)
	}
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	s, err := call[State](ctx, "Look", Key{Change: c.in.Change})
	if err != nil || c.status.Final() {
		return c.view(), err
	}
	if s.Outline != nil {
		c.outline.Concurrent = s.Outline.Concurrent
	}
	if s.Status == change.Failed {
		c.moved(ctx, s.Status, s.Note)
	}
	c.show(ctx)
	return c.view(), nil
}

func (c *flow) onDecision(ctx workflow.Context, p Poke) (View, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	d, err := call[change.Decision](ctx, "Decision", DecisionInput{Change: c.in.Change, Nonce: p.Nonce})
	if err != nil {
		return c.view(), err
	}
	if err := c.mayDecide(ctx, Poke{Verb: d.Verb, Hold: d.Hold}); err != nil {
		return c.view(), err
	}
	c.inbox = append(c.inbox, d)
	if c.status == change.Running {
		return View{Status: c.status, Note: "backs out after the step that runs now"}, nil
	}
	before := c.moves
	err = workflow.Await(ctx, func() bool {
		waits := slices.ContainsFunc(c.inbox, func(o change.Decision) bool { return o.Nonce == d.Nonce })
		return !waits && c.moves > before
	})
	return c.view(), err
}

// started reports whether the change has begun: a hold before the start has no claim.
func (c *flow) started() bool {
	before := c.status == change.Held && c.hold != nil && c.hold.BeforeStart()
	return c.status.Active() && !before
}

func (c *flow) beforeStart(_ workflow.Context, _ Poke) error {
	if c.started() || c.status.Final() {
		return refuse("%s is %s; approvals and revisions are taken before it starts", c.in.Change, c.status)
	}
	return nil
}

// mayDecide reports whether a decision can apply in the status at hand.
func (c *flow) mayDecide(_ workflow.Context, p Poke) error {
	switch {
	case c.status.Final():
		return refuse("%s has ended as %s; there is nothing left to decide", c.in.Change, c.status)
	case p.Verb == change.Cancel && !c.started():
		return nil
	case p.Verb == change.Cancel:
		return refuse("%s is %s; it can be backed out (changectl decide %s back-out), not cancelled", c.in.Change, c.status, c.in.Change)
	case p.Verb == change.BackOut && c.status == change.Running && c.reversible():
		return nil
	case c.status != change.Held:
		return refuse("%s is %s, not held; there is nothing to decide", c.in.Change, c.status)
	case p.Hold != 0 && p.Hold != c.hold.Number:
		return refuse("%s is in hold %d; the decision was about hold %d. Look again: changectl show %s", c.in.Change, c.hold.Number, p.Hold, c.in.Change)
	case !slices.Contains(c.hold.Choices, p.Verb):
		return refuse("%q is not a choice in hold %d of %s; the choices are %v", p.Verb, c.hold.Number, c.in.Change, c.hold.Choices)
	}
	return nil
}

func refuse(format string, args ...any) error {
	return temporal.NewNonRetryableApplicationError(fmt.Sprintf(format, args...), string(change.KindConflict), nil)
}

// take removes the first decision from the inbox.
func (c *flow) take() (change.Decision, bool) {
	if len(c.inbox) == 0 {
		return change.Decision{}, false
	}
	d := c.inbox[0]
	c.inbox = c.inbox[1:]
	return d, true
}
