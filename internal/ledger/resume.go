package ledger

import (
	"context"
	"slices"

	"github.com/changectl/changectl/internal/change"
)

// Resume takes a change out of a hold before its start, by a person's decision to go on
// beside the declared maintenances in accept: they are kept with the revision, and judge
// finds them accepted in the record. Where nothing is held any more it is reserved again.
// If something still blocks, nothing changes and the error is a Conflict with the reason.
// The change goes back to where it was held, whatever tr.To says; the same key again
// returns it as it stands.
func (l *Ledger) Resume(
	ctx context.Context, tr change.Transition, accept []change.ID, judge func(change.Facts) change.Verdict,
) (change.Record, error) {
	var rec change.Record
	err := l.write(ctx, "resume "+string(tr.Change), func(t *tx) error {
		s, seen, err := t.turn(ctx, tr.Change, tr.Revision, tr.Key)
		if err != nil {
			return err
		}
		if seen {
			return t.nothing(ctx, s, &rec)
		}
		if s.Status != change.Held || s.Started() {
			return change.Conflict("%s is %s and not held before its start", s.ID, s.Status).
				WithHint("look at the change again: changectl explain %s", s.ID)
		}
		if err := s.accept(accept); err != nil {
			return err
		}
		f, err := t.facts(ctx, s)
		if err != nil {
			return err
		}
		verdict := judge(f)
		if verdict.Blocked() {
			return change.Conflict("%s stays held: %s", s.ID, because(verdict.Findings)).
				WithHint("revise it to another window, or cancel it; changectl slots %s shows when it would fit", s.ID)
		}
		s.Findings = verdict.Findings
		if err := t.resume(ctx, &s, tr); err != nil {
			return err
		}
		return t.settle(ctx, s, &rec)
	})
	return rec, err
}

func (t *tx) resume(ctx context.Context, s *standing, tr change.Transition) error {
	if err := t.reserveAgain(ctx, *s); err != nil {
		return err
	}
	tr.To, tr.Hold = s.Hold.During, nil
	s.Hold = nil
	return t.move(ctx, s, tr)
}

// accept adds declared maintenances to those that a person accepted.
func (s *standing) accept(ids []change.ID) error {
	accepted := slices.Clone(s.Accepted)
	for _, id := range ids {
		if numbered(maintenancePrefix, id) == 0 {
			return change.Invalid("%q cannot be accepted; only declared maintenances can", id).
				WithHint("another change or a freeze must be out of the way")
		}
		if !slices.Contains(accepted, id) {
			accepted = append(accepted, id)
		}
	}
	s.Accepted = accepted
	return nil
}
