package pullrequest

import (
	"context"
	"errors"
	"fmt"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/proposal"
)

// closed looks at a pull request that was closed without being merged: what was
// submitted of it before is withdrawn.
func (l *lookAt) closed(ctx context.Context) error {
	l.view.Phase = proposal.PhaseClosed
	l.state.Approved = nil
	for _, p := range l.pins {
		if p.Commit != "" || p.Status.Final() {
			continue
		}
		if err := l.cancel(ctx, p.Change, l.name()+" was closed without being merged"); err != nil {
			return err
		}
	}
	return l.after(ctx)
}

// cancel withdraws a change that has not started, as its submitter would. One that has
// started or ended meanwhile goes its own way.
func (l *lookAt) cancel(ctx context.Context, id change.ID, why string) error {
	rec, err := l.Ledger.Change(ctx, id)
	if err != nil || rec.Started() || rec.Status.Final() {
		return err
	}
	who := change.Person{Ref: rec.Submitter}
	_, err = l.Desk.Decide(ctx, who, id, httpapi.DecideRequest{
		Verb: change.Cancel, Reason: why, Nonce: fmt.Sprintf("github-%d-%d-cancel-%s-%d", l.repo.ID, l.key.Number, id, rec.Revision),
	})
	var e *change.Error
	if errors.As(err, &e) && e.Kind == change.KindConflict {
		return nil
	}
	return err
}
