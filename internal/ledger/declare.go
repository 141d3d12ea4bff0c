package ledger

import (
	"context"
	"fmt"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
)

// What came of one declaration.
const (
	resultNew       = "new"
	resultChanged   = "changed"
	resultWithdrawn = "withdrawn"
	resultUnchanged = "unchanged"
	resultStale     = "stale"
)

// Declare records declared maintenances: all of them or, with an error, none. One with
// an ID is a new revision of that one, and keeps its calendar entry; with a Revision
// above 0 that must be the one that stands. One without an ID is new, or, with a Source,
// the revision of what is known of that calendar entry. Systems held before are
// replaced by Holds, or given up when the state holds nothing. Every change that has not
// ended and has to do with the old or the new place is asked to be judged again.
//
// The ledger sets ID, Revision, DeclaredBy (who) and At. An entry that is known from another
// calendar is a Conflict, and so is one of the wrong revision; what cannot be held is
// Invalid. The same nonce with the same declarations again returns them as they stand;
// without a nonce nothing is remembered, which suits a feed: its entries have identities.
func (l *Ledger) Declare(ctx context.Context, who change.Ref, nonce string, ds []change.Declaration) ([]change.Imported, error) {
	return l.declareAll(ctx, batch{who: who, nonce: nonce, declarations: ds})
}

// WouldDeclare says what Declare would come to and writes nothing; IDs of new ones are
// those that they would get now.
func (l *Ledger) WouldDeclare(ctx context.Context, who change.Ref, ds []change.Declaration) ([]change.Imported, error) {
	return l.declareAll(ctx, batch{who: who, declarations: ds, dry: true})
}

// declareOne records one declaration.
func (t *tx) declareOne(ctx context.Context, who change.Ref, e *entries, d change.Declaration) (change.Imported, error) {
	d.DeclaredBy, d.At, d.Holds = who, t.now, distinctHands(d.Holds)
	if d.ID != "" {
		was, err := t.declaration(ctx, d.ID)
		if err != nil {
			return change.Imported{}, err
		}
		return t.declareAgain(ctx, was, d)
	}
	if d.Source == nil {
		return t.declareNew(ctx, declared{Declaration: d})
	}
	return t.declareEntry(ctx, e, d)
}

// declareNew records what is not known yet.
func (t *tx) declareNew(ctx context.Context, d declared) (change.Imported, error) {
	n, err := t.next(ctx, "maintenance")
	if err != nil {
		return change.Imported{}, err
	}
	d.ID, d.Revision = labelled(maintenancePrefix, n), 1
	result := resultNew
	if d.State == change.Withdrawn {
		result = resultWithdrawn // its calendar takes back what we never heard of; an older copy must not revive it
	}
	return t.keepDeclared(ctx, nil, d, result)
}

// declareAgain records what a person says of one that is known; or, with another sequence,
// what its calendar says.
func (t *tx) declareAgain(ctx context.Context, was declared, d change.Declaration) (change.Imported, error) {
	if d.Revision > 0 && d.Revision != was.Revision {
		return change.Imported{}, change.Conflict("this is for revision %d of %s, which stands at revision %d", d.Revision, was.ID, was.Revision).
			WithHint("look at it again: changectl declare show %s", was.ID)
	}
	next := declared{Declaration: d, fed: was.fed}
	if was.spokenFor(d.Source) {
		if d.Source.Sequence < was.Source.Sequence {
			return change.Imported{Declaration: was.Declaration, Result: resultStale}, nil
		}
		var err error
		if next.fed, err = notice(d); err != nil {
			return change.Imported{}, err
		}
		return t.revised(ctx, was, next)
	}
	next.Source = was.Source
	same, err := sameDeclaration(was.Declaration, d)
	if err != nil || same {
		return change.Imported{Declaration: was.Declaration, Result: resultUnchanged}, err
	}
	return t.revised(ctx, was, next)
}

// spokenFor reports whether an entry is that of the maintenance with another sequence.
func (was declared) spokenFor(e *change.CalendarEntry) bool {
	if e == nil || was.Source == nil || e.Sequence == was.Source.Sequence {
		return false
	}
	same := *e
	same.Sequence = was.Source.Sequence
	return same == *was.Source
}

// revised records a new revision of what is known.
func (t *tx) revised(ctx context.Context, was, d declared) (change.Imported, error) {
	d.ID, d.Revision = was.ID, was.Revision+1
	result := resultChanged
	if d.State == change.Withdrawn && was.State != change.Withdrawn {
		result = resultWithdrawn
	}
	return t.keepDeclared(ctx, &was, d, result)
}

// keepDeclared writes a revision, tells it, and asks for the changes that have to do with it.
func (t *tx) keepDeclared(ctx context.Context, was *declared, d declared, result string) (change.Imported, error) {
	out := change.Imported{Declaration: d.Declaration, Result: result}
	if err := t.declare(ctx, d); err != nil {
		return out, err
	}
	because, err := t.tellDeclared(was, d)
	if err != nil {
		return out, err
	}
	if d.State.Holds() {
		if err := t.askConcerned(ctx, because, heldSystems(d.Holds), d.Window); err != nil {
			return out, err
		}
	}
	if was == nil || !was.State.Holds() {
		return out, nil
	}
	if err := t.askConcerned(ctx, because, heldSystems(was.Holds), was.Window); err != nil {
		return out, err
	}
	return out, t.wake(ctx, because)
}

// tellDeclared writes the entry about a revision and returns what happened in a sentence.
func (t *tx) tellDeclared(was *declared, d declared) (string, error) {
	kind, what := "maintenance.changed", "changes the declared maintenance"
	switch {
	case d.State == change.Withdrawn:
		kind, what = "maintenance.withdrawn", "withdraws the declared maintenance"
	case d.State == change.Ended:
		kind, what = "maintenance.ended", "reports the end of the declared maintenance"
	case was == nil:
		kind, what = "maintenance.declared", "declares the maintenance"
	}
	content, err := change.Canonical(d.Declaration)
	if err != nil {
		return "", err
	}
	systems := append([]change.Ref{}, d.Targets...)
	for _, h := range d.Holds {
		if h.Mode == change.Touch {
			systems = append(systems, h.System)
		}
	}
	_, err = t.tell(audit.Entry{
		Kind: kind, Change: d.ID, Revision: d.Revision, Who: d.DeclaredBy, Why: d.Reason, Systems: distinct(systems),
		What:    fmt.Sprintf("%s %s %q of %s, %s from %s to %s", what, d.ID, d.Title, d.Owner, d.Impact, stamp(d.Window.Start), stamp(d.Window.End)),
		Digests: map[string]string{"declaration": change.DigestOf(content)},
	})
	return fmt.Sprintf("%s %s %q", what, d.ID, d.Title), err
}

func heldSystems(hands []change.Hand) []change.Ref {
	var out []change.Ref
	for _, h := range hands {
		out = append(out, h.System)
	}
	return distinct(out)
}

func distinctHands(hands []change.Hand) []change.Hand {
	seen := map[piece]bool{}
	var out []change.Hand
	for _, h := range hands {
		if p := (piece{system: h.System, mode: h.Mode}); !seen[p] {
			seen[p] = true
			out = append(out, h)
		}
	}
	return out
}
