package activities

import (
	"context"
	"fmt"
	"slices"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/check"
	"github.com/changectl/changectl/workflows"
)

// refresh has the ledger hold what the change lays hold of by the catalog of today.
func (a *Activities) refresh(ctx context.Context, rec change.Record, estate Estate) (change.Record, error) {
	fresh, err := estate.Refresh(rec.Plan)
	if err != nil {
		return rec, nil //nolint:nilerr // a system that is gone has no owner any more: the judgement says so
	}
	same, err := change.Same(fresh, rec.Holds())
	if err != nil || same {
		return rec, err
	}
	return a.again(ctx, rec, estate)
}

// again has the ledger judge a change again: one that is scheduled and blocked is held.
func (a *Activities) again(ctx context.Context, rec change.Record, estate Estate) (change.Record, error) {
	fresh, err := estate.Refresh(rec.Plan)
	if err != nil {
		return rec, nil //nolint:nilerr // see refresh
	}
	rec, _, err = a.Ledger.Recheck(ctx, rec.ID, fresh, func(f change.Facts) change.Verdict { return check.Review(f, estate) })
	return rec, err
}

// Resume follows a decision to go on with a change that is held before its start.
func (a *Activities) Resume(ctx context.Context, in workflows.DecisionInput) (workflows.State, error) {
	if err := a.own(ctx, in.Change); err != nil {
		return workflows.State{}, err
	}
	d, err := a.Decision(ctx, in)
	if err != nil {
		return workflows.State{}, err
	}
	rec, err := a.Ledger.Change(ctx, in.Change)
	if err != nil {
		return workflows.State{}, a.translate(in.Change, err)
	}
	t := change.Transition{
		Change: in.Change, Revision: d.Revision, Key: in.Key, Who: d.Person, Why: d.Reason, At: a.Clock(),
	}
	rec, err = a.Ledger.Resume(ctx, t, accepted(rec), a.review())
	return a.whole(rec), a.translate(in.Change, err)
}

// accepted returns the declared maintenances with which whoever goes on all the same
// puts up.
func accepted(rec change.Record) []change.ID {
	var list []change.ID
	for _, f := range rec.Findings {
		if f.Severity == change.Blocks && f.Other != nil && f.Other.By.Declared() && !slices.Contains(list, f.Other.By) {
			list = append(list, f.Other.By)
		}
	}
	return list
}

// Look reads where the change stands and who else is playing.
func (a *Activities) Look(ctx context.Context, in workflows.Key) (workflows.State, error) {
	if err := a.own(ctx, in.Change); err != nil {
		return workflows.State{}, err
	}
	rec, err := a.Ledger.Change(ctx, in.Change)
	if err != nil {
		return workflows.State{}, a.translate(in.Change, err)
	}
	s := a.whole(rec)
	list, err := a.Around(ctx, rec, "")
	s.Outline.Concurrent = inWords(list)
	return s, a.translate(in.Change, err)
}

// neighbours looks who else is playing. Not knowing it must not keep a change from
// being held.
func (a *Activities) neighbours(ctx context.Context, id change.ID, step string) []change.Neighbour {
	rec, err := a.Ledger.Change(ctx, id)
	var list []change.Neighbour
	if err == nil {
		list, err = a.Around(ctx, rec, step)
	}
	if err != nil {
		a.Log.WithField("change", id).WithError(err).Warn("who else is playing could not be found out")
	}
	return list
}

// inWords says who else is playing, a line for each.
func inWords(list []change.Neighbour) []string {
	words := make([]string, len(list))
	for i, n := range list {
		words[i] = fmt.Sprintf("%s: %s %q of %s (%s) %s", n.State, n.By, n.Title, n.Owner, n.Contact, n.Relation)
	}
	return words
}
