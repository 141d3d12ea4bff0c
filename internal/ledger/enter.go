package ledger

import (
	"context"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
)

// Enter moves a change to another status: every transition but those of Submit,
// Revise, Reserve and Start. What may not follow is a Conflict. The same key again
// returns the change as it stands; with another status it is a Conflict.
//
// Entering Held keeps t.Hold, numbered by the ledger unless it is already; leaving
// Held clears it. A final status gives up reservations and claim, but Failed keeps the claim.
func (l *Ledger) Enter(ctx context.Context, tr change.Transition) (change.Record, error) {
	var rec change.Record
	err := l.write(ctx, "move "+string(tr.Change)+" to "+string(tr.To), func(t *tx) error {
		if to, seen, err := t.happened(ctx, tr.Change, tr.Key); err != nil {
			return err
		} else if seen && to != tr.To {
			return change.Conflict("the transition %q of %s was to %s, not to %s", tr.Key, tr.Change, to, tr.To)
		}
		s, seen, err := t.turn(ctx, tr.Change, tr.Revision, tr.Key)
		if err != nil {
			return err
		}
		if seen {
			return t.nothing(ctx, s, &rec)
		}
		if err := enterable(s, tr); err != nil {
			return err
		}
		if err := t.hold(&s, tr); err != nil {
			return err
		}
		if err := t.move(ctx, &s, tr); err != nil {
			return err
		}
		return t.settle(ctx, s, &rec)
	})
	return rec, err
}

// enterable refuses the two short cuts: into the calendar without a reservation,
// and into running without a claim.
func enterable(s standing, tr change.Transition) error {
	switch {
	case tr.To == change.Running && s.Status != change.Held && s.Status.MayFollow(tr.To):
		return change.Conflict("%s has no claim on its systems and cannot run", s.ID).WithHint("it must be started")
	case s.Status == change.Submitted && (tr.To == change.AwaitingApproval || tr.To == change.Scheduled):
		return change.Conflict("%s has no reservation and cannot be %s", s.ID, tr.To).WithHint("it must be checked and reserved")
	}
	return nil
}

// hold sets or clears what the change is held for.
func (t *tx) hold(s *standing, tr change.Transition) error {
	if tr.To != change.Held {
		if s.Status == change.Held {
			s.Hold = nil
		}
		return nil
	}
	if tr.Hold == nil {
		return change.Invalid("%s cannot be held without saying why and what a person can decide", s.ID)
	}
	h := *tr.Hold
	if h.Number == 0 {
		h.Number = s.holds + 1
	}
	if h.Since.IsZero() {
		h.Since = t.now
	}
	s.Hold, s.holds = &h, max(s.holds, h.Number)
	return nil
}

// entryAbout returns an entry about s that rests on its plan.
func entryAbout(s standing, kind string, who change.Ref, what, why string) audit.Entry {
	return audit.Entry{
		Kind: kind, Who: who, What: what, Why: why,
		Systems: s.Plan.Footprint.Touch, Digests: map[string]string{"plan": s.Digest},
	}
}
