package ledger

import (
	"context"
	"slices"

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
		if err := t.enterable(ctx, s, tr); err != nil {
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

// enterable refuses the short cuts: into the calendar without a reservation, into
// running without a claim, and out of a hold to the other side of the start.
func (t *tx) enterable(ctx context.Context, s standing, tr change.Transition) error {
	if !s.Status.MayFollow(tr.To) {
		return mayNotFollow(s, tr.To)
	}
	switch {
	case tr.To == change.Running && s.Status != change.Held:
		return change.Conflict("%s has no claim on its systems and cannot run", s.ID).WithHint("it must be started")
	case s.Status == change.AwaitingApproval && tr.To == change.Held:
		return mayNotFollow(s, tr.To) // only an emergency does this to it
	case s.Status == change.Held && s.Started() && !slices.Contains(outOfHold, tr.To):
		return change.Conflict("%s is held after its start and cannot become %s", s.ID, tr.To).WithHint("changectl explain %s says what can be decided", s.ID)
	case s.Status == change.Held && !s.Started() && slices.Contains(outOfHold, tr.To):
		return change.Conflict("%s is held before its start and cannot become %s", s.ID, tr.To).WithHint("changectl explain %s says what can be decided", s.ID)
	case s.Status == change.Submitted && (tr.To == change.AwaitingApproval || tr.To == change.Scheduled):
		return change.Conflict("%s has no reservation and cannot be %s", s.ID, tr.To).WithHint("it must be checked and reserved")
	}
	return t.reserved(ctx, s, tr.To)
}

// outOfHold is where a change that has started goes from a hold.
var outOfHold = []change.Status{change.Running, change.BackingOut, change.Failed}

// reserved refuses to schedule, or to take back out of a hold, what holds nothing.
func (t *tx) reserved(ctx context.Context, s standing, to change.Status) error {
	back := s.Status == change.Held && to == change.AwaitingApproval && s.Plan.Type != change.Emergency
	if to != change.Scheduled && to != change.Waiting && !back {
		return nil
	}
	holds, err := t.holdsAnything(ctx, s)
	if err != nil || holds {
		return err
	}
	return change.Conflict("%s holds none of its systems and cannot be %s", s.ID, to).
		WithHint("its systems must be free, or taken as those of an emergency; changectl explain %s says what is in the way", s.ID)
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
	if h.During == "" {
		h.During = s.Status
	}
	if h.BeforeStart() == s.Started() {
		return change.Invalid("%s is %s and cannot be held as one that was %s", s.ID, s.Status, h.During)
	}
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
