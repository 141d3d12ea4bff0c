package pullrequest

import (
	"context"
	"fmt"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/proposal"
)

// enter brings a change request to the ledger: as a revision of the change that stands
// there for the same file, or as a new one. commit is the one on the base branch that
// it is pinned to, or empty before the merge.
func (l *lookAt) enter(ctx context.Context, c *content, r proposal.ProposedChange, who change.Person, commit string) (change.ID, error) {
	d := l.draft(ctx, c, r, commit, l.authors(c))
	at := commit
	if at == "" {
		at = l.pull.Head.SHA
	}
	d.Request.Nonce = change.DigestOf(fmt.Appendf(nil, "github/%d/%d/%s/%s/%s", l.repo.ID, l.key.Number, r.Path, at, c.digest))
	if pin, ok := l.revises(r.Path); ok {
		rec, err := l.Desk.ReviseDraft(ctx, who, pin.Change, d)
		return l.entered(rec, err)
	}
	rec, err := l.Desk.SubmitDraft(ctx, who, d)
	if rec.ID != "" && change.KindOf(err) == change.KindConflict {
		// It is recorded and refused: that, too, is what came of it.
		id, _ := l.entered(rec, nil)
		return id, nil
	}
	return l.entered(rec, err)
}

// entered remembers a change that was just brought to the ledger.
func (l *lookAt) entered(rec change.Record, err error) (change.ID, error) {
	if err != nil {
		return "", err
	}
	pin := change.Pin{Change: rec.ID, PullKey: l.key, Base: l.pull.Base.Ref, Status: rec.Status}
	if o := rec.Plan.Origin; o != nil {
		pin.Path, pin.Commit = o.Path, o.Commit
	}
	l.pins = withPin(l.pins, pin)
	if !rec.Status.Final() {
		l.pending = withPin(l.pending, pin)
	}
	return rec.ID, nil
}

func withPin(list []change.Pin, p change.Pin) []change.Pin {
	for i := range list {
		if list[i].Change == p.Change {
			list[i] = p
			return list
		}
	}
	return append(list, p)
}
