package ledger

import (
	"context"
	"fmt"
	"slices"

	"github.com/changectl/changectl/internal/change"
)

// Recheck judges a change again, after others, freezes or the catalog have changed around
// it, and takes it off the queue. fresh is its footprint by the catalog of today: it
// is kept and, by a change that holds anything, held from now on. Judge's findings are
// kept. A scheduled change that is blocked is held for its owner; one that is held
// before its start and blocked no longer goes back to where it was held, once it has
// its reservations again. A change that awaits approval, waits, or has begun stays where
// it is. moved tells that its status or findings are others than before; if nothing is,
// nothing is written to the log.
func (l *Ledger) Recheck(
	ctx context.Context, id change.ID, fresh change.Footprint, judge func(change.Facts) change.Verdict,
) (rec change.Record, moved bool, err error) {
	err = l.write(ctx, "judge "+string(id)+" again", func(t *tx) error {
		moved = false
		s, err := t.planned(ctx, id)
		if err != nil {
			return err
		}
		why, err := t.takeOff(ctx, id)
		if err != nil {
			return err
		}
		if !s.EndedAt.IsZero() || s.Status == change.ReviewDue {
			return t.finish(ctx, s, &rec)
		}
		moved, err = t.recheck(ctx, &s, fresh, why, judge)
		if err != nil {
			return err
		}
		return t.finish(ctx, s, &rec)
	})
	return rec, moved && err == nil, err
}

func (t *tx) recheck(
	ctx context.Context, s *standing, fresh change.Footprint, why string, judge func(change.Facts) change.Verdict,
) (moved bool, err error) {
	kept, altered, err := t.adopt(ctx, s, fresh)
	if err != nil {
		return false, err
	}
	before := s.Findings
	if s.Status != change.Submitted { // it is about to be judged by Reserve
		f, err := t.facts(ctx, *s)
		if err != nil {
			return false, err
		}
		s.Findings = append(judge(f).Findings, kept...)
	}
	if s.Status == change.AwaitingApproval && s.Plan.Type == change.Emergency && s.Note == because(before) {
		s.Note = because(s.Findings)
	}
	moved, err = t.stand(ctx, s)
	if err != nil || moved {
		return moved, err
	}
	moved = !sameFindings(before, s.Findings)
	if !moved && !altered {
		return false, nil
	}
	if err := t.record(s, entryAbout(*s, "change.rechecked", self, "is judged again", why)); err != nil {
		return false, err
	}
	return moved, t.save(ctx, *s)
}

// adopt takes over the footprint of today and holds it. A claim never takes what
// another has claimed: then the old footprint stays, and a finding says so.
func (t *tx) adopt(ctx context.Context, s *standing, fresh change.Footprint) (kept []change.Finding, altered bool, err error) {
	was := *s
	if altered, err = s.adopt(fresh); err != nil || !altered {
		return nil, false, err
	}
	if s.Token > 0 {
		stolen, err := t.claimedByOthers(ctx, *s)
		if err != nil {
			return nil, false, err
		}
		if len(stolen) > 0 {
			*s = was
			return []change.Finding{keepsOldFootprint(stolen)}, false, nil
		}
	}
	var n int
	if err := t.row(ctx, "select count(*) from holdings where party = ?", number(s.ID)).Scan(&n); err != nil {
		return nil, false, fmt.Errorf("count the holdings of %s: %w", s.ID, err)
	}
	if n > 0 {
		if err := t.holdAnew(ctx, *s); err != nil {
			return nil, false, err
		}
	}
	if err := t.exec(ctx, "delete from change_members where change = ?", number(s.ID)); err != nil {
		return nil, false, fmt.Errorf("forget the groups of %s: %w", s.ID, err)
	}
	return nil, true, t.followGroups(ctx, *s)
}

// holdAnew replaces what s holds by its footprint of today, claimed as before.
func (t *tx) holdAnew(ctx context.Context, s standing) error {
	if err := t.release(ctx, s.ID); err != nil {
		return err
	}
	if err := t.reserve(ctx, s); err != nil {
		return err
	}
	if s.Token > 0 {
		if err := t.fence(ctx, distinct(s.Holds().Touch), s.Token); err != nil {
			return fmt.Errorf("raise the fences of %s: %w", s.ID, err)
		}
	}
	return t.wake(ctx, fmt.Sprintf("the footprint of %s has changed", s.ID))
}

// claimedByOthers returns the claims of others on systems that s touches.
func (t *tx) claimedByOthers(ctx context.Context, s standing) ([]change.Holding, error) {
	var f change.Facts
	if err := t.ask(ctx, question{self: s.ID, systems: distinct(s.Holds().Touch), window: s.Plan.Window}, &f); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(f.Holdings, func(h change.Holding) bool { return h.Token == 0 || h.Mode != change.Touch }), nil
}

func keepsOldFootprint(claims []change.Holding) change.Finding {
	c := claims[0]
	f := change.Finding{Rule: "footprint", Severity: change.Warns, Other: &c, Message: fmt.Sprintf(
		"by the catalog of today this change also works on %s, which %s (%q, %s) has claimed; what it holds stays as it was. Speak with %s",
		c.System, c.By, c.Title, c.Status, c.Contact)}
	for _, h := range claims {
		f.Systems = append(f.Systems, h.System)
	}
	f.Systems = distinct(f.Systems)
	return f
}

// stand moves s where its findings lead.
func (t *tx) stand(ctx context.Context, s *standing) (moved bool, err error) {
	blocked := (change.Verdict{Findings: s.Findings}).Blocked()
	switch {
	case s.Status == change.Scheduled && blocked:
		h := change.Hold{During: s.Status, Reason: firstBlock(s.Findings).Message, Choices: choices(s.Findings)}
		return true, t.holdFor(ctx, s, h)
	case s.Status != change.Held || s.Started():
		return false, nil
	case blocked:
		return t.holdOn(ctx, s)
	}
	return true, t.letGo(ctx, s, self, "nothing is in the way any more")
}

// holdFor moves s to Held.
func (t *tx) holdFor(ctx context.Context, s *standing, h change.Hold) error {
	tr := change.Transition{Revision: s.Revision, To: change.Held, Key: t.onceKey("held"), Why: h.Reason, Hold: &h}
	if err := t.hold(s, tr); err != nil {
		return err
	}
	if err := t.move(ctx, s, tr); err != nil {
		return err
	}
	return t.save(ctx, *s)
}

// holdOn keeps s held before its start. For another reason, or with other choices, it is
// another hold: what a person decided about the old one is no answer to it.
func (t *tx) holdOn(ctx context.Context, s *standing) (moved bool, err error) {
	reason, list := firstBlock(s.Findings).Message, choices(s.Findings)
	if o := firstBlock(s.Findings).Other; o != nil && s.Hold.Reason == pushedAsideBy(o.By, o.Title) {
		reason = s.Hold.Reason // it is still the emergency
	}
	if s.Hold.Reason == reason && slices.Equal(s.Hold.Choices, list) {
		return false, nil
	}
	return true, t.rehold(ctx, s, change.Hold{During: s.Hold.During, Since: s.Hold.Since, Reason: reason, Choices: list})
}

// rehold gives a change that is held another hold.
func (t *tx) rehold(ctx context.Context, s *standing, h change.Hold) error {
	if err := t.hold(s, change.Transition{To: change.Held, Hold: &h}); err != nil {
		return err
	}
	s.Note = h.Reason
	if err := t.record(s, entryAbout(*s, "change.held", self, "is still held", h.Reason)); err != nil {
		return err
	}
	return t.save(ctx, *s)
}

// letGo takes s back to where it was held, with its reservations.
func (t *tx) letGo(ctx context.Context, s *standing, who change.Ref, why string) error {
	if err := t.reserveAgain(ctx, *s); err != nil {
		return err
	}
	tr := change.Transition{Revision: s.Revision, To: s.Hold.During, Key: t.onceKey("free"), Who: who, Why: why}
	s.Hold = nil
	if err := t.move(ctx, s, tr); err != nil {
		return err
	}
	return t.save(ctx, *s)
}

// reserveAgain reserves what s was to hold if it holds nothing any more. An emergency
// takes its systems when it is approved.
func (t *tx) reserveAgain(ctx context.Context, s standing) error {
	holds, err := t.holdsAnything(ctx, s)
	if err != nil || holds || (s.Plan.Type == change.Emergency && s.Hold.During == change.AwaitingApproval) {
		return err
	}
	return t.reserve(ctx, s)
}

// onceKey is a key for a transition of the ledger's own, which happens once by itself.
func (t *tx) onceKey(what string) string { return fmt.Sprintf("%s-at-%d", what, t.tree.Size()) }

// firstBlock returns the first finding that blocks, or an empty one.
func firstBlock(findings []change.Finding) change.Finding {
	for _, f := range findings {
		if f.Severity == change.Blocks {
			return f
		}
	}
	return change.Finding{}
}

// choices returns what a person can decide about a change that is held before its start:
// to go on beside a declared maintenance, which cannot be refused, but never beside
// another change or through a freeze.
func choices(findings []change.Finding) []change.Verb {
	for _, f := range findings {
		if f.Severity == change.Blocks && (f.Other == nil || !f.Other.By.Declared()) {
			return []change.Verb{change.Cancel}
		}
	}
	return []change.Verb{change.Continue, change.Cancel}
}
