package pullrequest

import (
	"context"
	"fmt"
	"slices"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/desk"
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
		return l.revise(ctx, who, pin.Change, d)
	}
	rec, err := l.Desk.SubmitDraft(ctx, who, d)
	if rec.ID != "" && change.KindOf(err) == change.KindConflict {
		// It is recorded and refused: that, too, is what came of it.
		id, _ := l.entered(rec, nil)
		return id, nil
	}
	return l.entered(rec, err)
}

// revise makes a revision of a change, unless a look before this one made it and was cut
// short then.
func (l *lookAt) revise(ctx context.Context, who change.Person, id change.ID, d desk.Draft) (change.ID, error) {
	rec, err := l.Ledger.Change(ctx, id)
	if err != nil {
		return "", err
	}
	if is, want := rec.Plan.Origin, d.Origin; is != nil && is.Number == want.Number && is.Commit == want.Commit &&
		is.Base == want.Base && is.Head == want.Head && is.Content == want.Content {
		return l.entered(rec, nil)
	}
	rec, err = l.Desk.ReviseDraft(ctx, who, id, d)
	return l.entered(rec, err)
}

// reviseEarly keeps what was submitted before the merge as the pull request has it now:
// revised, or withdrawn where its file is gone. Files with problems leave it as it was.
func (l *lookAt) reviseEarly(ctx context.Context, c *content) error {
	author, withheld := l.author()
	for _, p := range slices.Clone(l.pins) {
		if p.Commit != "" || p.Status.Final() || c.digest == "" || withheld != "" {
			continue
		}
		i := slices.IndexFunc(c.checked.Requests, func(r proposal.ProposedChange) bool { return r.Path == p.Path })
		if i < 0 {
			if err := l.cancel(ctx, p.Change, p.Path+" is no longer part of "+l.name()); err != nil {
				return err
			}
			continue
		}
		_, err := l.enter(ctx, c, c.checked.Requests[i], author, "")
		if kind := change.KindOf(err); err != nil && kind != change.KindConflict && kind != change.KindInvalid && kind != change.KindDenied {
			return err
		}
		if err != nil {
			l.view.Notes = append(l.view.Notes, fmt.Sprintf("%s stays as it was submitted: %s", p.Change, err))
		}
	}
	return nil
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
