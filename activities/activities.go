// Package activities gives the workflow of a change its reach: the ledger, the
// executor, the catalog of today. It has no rules of its own. What may happen is
// judged by package check, inside the ledger's transactions, and by the gate of
// package execute.
package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sirupsen/logrus"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/check"
	"github.com/changectl/changectl/workflows"
)

// Ledger is what the activities ask of the ledger.
type Ledger interface {
	Change(ctx context.Context, id change.ID) (change.Record, error)
	Reserve(ctx context.Context, id change.ID, revision int, key string, next change.Status, judge func(change.Facts) change.Verdict) (change.Record, error)
	Start(ctx context.Context, id change.ID, revision int, key string, judge func(change.Facts) change.Ruling) (change.Record, error)
	Enter(ctx context.Context, t change.Transition) (change.Record, error)
	Decision(ctx context.Context, nonce string) (change.Decision, error)
	Decisions(ctx context.Context, id change.ID, revision int) ([]change.Decision, error)
	// Review returns the facts for a judgement about a plan.
	Review(ctx context.Context, plan change.Plan, self change.ID) (change.Facts, error)
	// Seize schedules an emergency and pushes what is only reserved aside.
	Seize(ctx context.Context, id change.ID, revision int, key string, judge func(change.Facts) change.Verdict) (change.Record, error)
	Recheck(ctx context.Context, id change.ID, fresh change.Footprint, judge func(change.Facts) change.Verdict) (rec change.Record, moved bool, err error)
	Resume(ctx context.Context, t change.Transition, accept []change.ID, judge func(change.Facts) change.Verdict) (change.Record, error)
}

// Estate is what the activities ask of the catalog of the moment.
type Estate interface {
	check.Estate
	Refresh(p change.Plan) (change.Footprint, error)
}

// Surroundings finds out who else is playing around a change: around one of its steps,
// where that is named, and what it looks at.
type Surroundings func(ctx context.Context, rec change.Record, step string) ([]change.Neighbour, error)

// Runner runs one step through the gate.
type Runner interface {
	RunStep(ctx context.Context, in workflows.StepInput) (change.Result, error)
}

// Activities implements workflows.Activities.
type Activities struct {
	Ledger Ledger
	Runner Runner
	// Estate returns the catalog of this moment.
	Estate func() Estate
	// Around finds out who else is playing.
	Around Surroundings
	// Verify checks a stored approval's signature and that it says what it is kept for.
	Verify func(change.Approval) error
	Clock  func() time.Time
	Log    *logrus.Entry
}

var _ workflows.Activities = (*Activities)(nil)

// Check reserves the footprint of a submitted change.
func (a *Activities) Check(ctx context.Context, in workflows.Key) (workflows.State, error) {
	if err := a.own(ctx, in.Change); err != nil {
		return workflows.State{}, err
	}
	rec, err := a.Ledger.Change(ctx, in.Change)
	if err != nil {
		return workflows.State{}, a.translate(in.Change, err)
	}
	if rec.Status == change.Submitted {
		next := change.AwaitingApproval
		if len(rec.Plan.Approvals) == 0 {
			next = change.Scheduled
		}
		rec, err = a.Ledger.Reserve(ctx, in.Change, rec.Revision, in.Key, next, a.review())
		if err != nil {
			return workflows.State{}, a.translate(in.Change, err)
		}
	}
	s := a.whole(rec)
	if len(s.Runs) == 0 {
		return s, nil
	}
	s.Past, err = a.Ledger.Decisions(ctx, rec.ID, rec.Revision)
	for i := range s.Past {
		s.Past[i].Signed = change.SignedStatement{} // it stays in the ledger
	}
	return s, a.translate(in.Change, err)
}

// Settle moves a change on when its approvals say so.
func (a *Activities) Settle(ctx context.Context, in workflows.Key) (workflows.State, error) {
	if err := a.own(ctx, in.Change); err != nil {
		return workflows.State{}, err
	}
	rec, err := a.Ledger.Change(ctx, in.Change)
	if err != nil {
		return workflows.State{}, a.translate(in.Change, err)
	}
	to, who, why := check.Standing(rec, a.Estate(), a.Verify, a.Clock())
	if to == change.Scheduled && rec.Status == change.AwaitingApproval && rec.Plan.Type == change.Emergency {
		rec, err = a.Ledger.Seize(ctx, in.Change, rec.Revision, in.Key, a.review())
		return a.whole(rec), a.translate(in.Change, err)
	}
	if (to == change.Scheduled && rec.Status == change.AwaitingApproval) || (to == change.Rejected && rec.Status.MayFollow(to)) {
		rec, err = a.Ledger.Enter(ctx, change.Transition{
			Change: in.Change, Revision: rec.Revision, To: to, Key: in.Key, Who: who, Why: why, At: a.Clock(),
		})
	}
	if err == nil && rec.Status == change.Scheduled {
		rec, err = a.again(ctx, rec, a.Estate()) // what came up while it awaited approval
	}
	return a.whole(rec), a.translate(in.Change, err)
}

// Start turns the reservation into a claim, if everything still stands.
func (a *Activities) Start(ctx context.Context, in workflows.Key) (workflows.State, error) {
	if err := a.own(ctx, in.Change); err != nil {
		return workflows.State{}, err
	}
	rec, err := a.Ledger.Change(ctx, in.Change)
	if err != nil {
		return workflows.State{}, a.translate(in.Change, err)
	}
	if early := rec.Plan.Window.Start.Sub(a.Clock()); early > 0 {
		s := state(rec)
		s.Early = change.Duration(early)
		return s, nil
	}
	estate := a.Estate()
	if rec, err = a.refresh(ctx, rec, estate); err != nil {
		return workflows.State{}, a.translate(in.Change, err)
	}
	if rec.Status == change.Held {
		return a.whole(rec), nil
	}
	rec, err = a.Ledger.Start(ctx, in.Change, rec.Revision, in.Key, func(f change.Facts) change.Ruling {
		return check.Start(f, estate, a.Verify)
	})
	return state(rec), a.translate(in.Change, err)
}

// AwaitFree polls until nothing stands in the way, or it is too late.
func (a *Activities) AwaitFree(ctx context.Context, in workflows.Key) error {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		rec, err := a.Ledger.Change(ctx, in.Change)
		if err != nil {
			return a.translate(in.Change, err)
		}
		now := a.Clock()
		free, err := a.free(ctx, rec)
		if err != nil {
			return a.translate(in.Change, err)
		}
		if free || now.After(lastStart(rec.Plan)) || rec.Status != change.Waiting {
			return nil
		}
		activity.RecordHeartbeat(ctx)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func (a *Activities) free(ctx context.Context, rec change.Record) (bool, error) {
	p := rec.Plan
	p.Footprint = rec.Holds()
	f, err := a.Ledger.Review(ctx, p, rec.ID)
	if err != nil {
		return false, err
	}
	f.Record = rec
	return !check.Review(f, a.Estate()).Blocked(), nil
}

// review judges by the catalog of this moment.
func (a *Activities) review() func(change.Facts) change.Verdict {
	estate := a.Estate()
	return func(f change.Facts) change.Verdict { return check.Review(f, estate) }
}

// Enter moves a change to a status. A hold takes along who else is playing: that is
// the first thing to know when a check has failed.
func (a *Activities) Enter(ctx context.Context, in workflows.EnterInput) (workflows.Entered, error) {
	if err := a.own(ctx, in.Change); err != nil {
		return workflows.Entered{}, err
	}
	var out workflows.Entered
	if in.To == change.Held && in.Hold != nil {
		in.Hold.Neighbours = a.neighbours(ctx, in.Change, in.Hold.Step)
		out.Concurrent = inWords(in.Hold.Neighbours)
	}
	_, err := a.Ledger.Enter(ctx, change.Transition{
		Change: in.Change, Revision: in.Revision, To: in.To, Key: in.Key, Who: in.Who, Why: in.Why, Hold: in.Hold, At: a.Clock(),
	})
	if err == nil {
		a.Log.WithFields(logrus.Fields{"change": in.Change, "status": in.To, "why": in.Why}).Info("change moved")
	}
	return out, a.translate(in.Change, err)
}

// RunStep runs one step through the gate.
func (a *Activities) RunStep(ctx context.Context, in workflows.StepInput) (workflows.StepOutput, error) {
	if err := a.own(ctx, in.Change); err != nil {
		return workflows.StepOutput{}, err
	}
	r, err := a.Runner.RunStep(ctx, in)
	if err != nil {
		return workflows.StepOutput{}, a.translate(in.Change, err)
	}
	return workflows.StepOutput{Outcome: r.Outcome, Message: r.Message}, nil
}

// Decision returns a decision that the ledger holds.
func (a *Activities) Decision(ctx context.Context, in workflows.DecisionInput) (change.Decision, error) {
	d, err := a.Ledger.Decision(ctx, in.Nonce)
	if change.KindOf(err) == change.KindNotFound || (err == nil && d.Change != in.Change) {
		err = change.Denied("the ledger holds no decision %q about %s", in.Nonce, in.Change)
	}
	return d, a.translate(in.Change, err)
}

// own refuses a workflow that is not the change's: whoever can write to the
// namespace could start a second one under another ID.
func (a *Activities) own(ctx context.Context, id change.ID) error {
	if w := activity.GetInfo(ctx).WorkflowExecution.ID; w != workflows.WorkflowID(id) {
		return a.translate(id, change.Denied("workflow %q is not that of %s", w, id))
	}
	return nil
}

// translate gives Temporal the kind of an error: those that no repetition heals
// are not retried.
func (a *Activities) translate(id change.ID, err error) error {
	if err == nil {
		return nil
	}
	kind := change.KindOf(err)
	switch kind {
	case change.KindDenied, change.KindInvalid, change.KindConflict, change.KindNotFound:
		return temporal.NewNonRetryableApplicationError(err.Error(), string(kind), err)
	case change.KindAwaiting, change.KindUnavailable, change.KindFailed:
	}
	if !errors.Is(err, context.Canceled) {
		a.Log.WithFields(logrus.Fields{"change": id}).WithError(err).Warn("activity will be tried again")
	}
	return fmt.Errorf("serve change %s: %w", id, err)
}
