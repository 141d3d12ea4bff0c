package ledger

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/changectl/changectl/internal/change"
)

// Seize schedules an emergency that is approved. Reservations of other changes that clash
// with its footprint, and those on members of the groups that it degrades, are pushed
// aside: these changes hold nothing any more and stand still until Recheck finds their
// systems free. Claims and declared maintenances stay. If judge finds something that blocks,
// the emergency still awaits, with the reason as its note and the findings; nothing else
// changes, and the same key can be used again. Otherwise the same key again returns
// the change as it stands. What is no emergency awaiting approval is a Conflict.
func (l *Ledger) Seize(
	ctx context.Context, id change.ID, revision int, key string, judge func(change.Facts) change.Verdict,
) (change.Record, error) {
	var rec change.Record
	err := l.write(ctx, "take the systems of "+string(id), func(t *tx) error {
		s, seen, err := t.turn(ctx, id, revision, key)
		if err != nil {
			return err
		}
		if seen {
			return t.nothing(ctx, s, &rec)
		}
		if s.Plan.Type != change.Emergency || s.Status != change.AwaitingApproval {
			return change.Conflict("%s is %s of type %s; only an emergency that awaits approval takes its systems", id, s.Status, s.Plan.Type).
				WithHint("look at the change again: changectl explain %s", id)
		}
		f, err := t.facts(ctx, s)
		if err != nil {
			return err
		}
		verdict := judge(f)
		if verdict.Blocked() {
			return t.awaitOn(ctx, s, verdict.Findings, &rec)
		}
		s.Findings = verdict.Findings
		return t.seize(ctx, s, f, key, &rec)
	})
	return rec, err
}

// awaitOn keeps a change awaiting, and writes only what is new about it.
func (t *tx) awaitOn(ctx context.Context, s standing, findings []change.Finding, rec *change.Record) error {
	why := because(findings)
	if s.Note == why && sameFindings(s.Findings, findings) {
		return t.nothing(ctx, s, rec)
	}
	s.Note, s.Findings = why, findings
	if err := t.record(&s, entryAbout(s, "change.awaiting-approval", self, "still awaits", why)); err != nil {
		return err
	}
	return t.settle(ctx, s, rec)
}

func (t *tx) seize(ctx context.Context, s standing, f change.Facts, key string, rec *change.Record) error {
	aside := inTheWay(s.Holds(), f.Holdings)
	for _, id := range aside {
		if err := t.pushAside(ctx, id, s); err != nil {
			return err
		}
	}
	why := "all approvals are given"
	if len(aside) > 0 {
		why += "; pushes aside " + joined(aside)
	}
	if err := t.release(ctx, s.ID); err != nil { // it may have been scheduled before
		return err
	}
	if err := t.reserve(ctx, s); err != nil {
		return err
	}
	if err := t.move(ctx, &s, change.Transition{Revision: s.Revision, To: change.Scheduled, Key: key, Why: why}); err != nil {
		return err
	}
	return t.settle(ctx, s, rec)
}

// pushAside takes the reservations of a change away and holds it.
func (t *tx) pushAside(ctx context.Context, id change.ID, by standing) error {
	s, err := t.planned(ctx, id)
	if err != nil {
		return err
	}
	if err := t.release(ctx, id); err != nil {
		return err
	}
	if err := t.wake(ctx, fmt.Sprintf("%s is pushed aside", id)); err != nil {
		return err
	}
	h := change.Hold{During: s.Status, Choices: []change.Verb{change.Cancel}, Reason: pushedAsideBy(by.ID, by.Plan.Title)}
	if s.Status != change.Held {
		return t.holdFor(ctx, &s, h)
	}
	h.During, h.Since = s.Hold.During, s.Hold.Since
	return t.rehold(ctx, &s, h)
}

func pushedAsideBy(id change.ID, title string) string {
	return fmt.Sprintf("pushed aside by %s (emergency: %s)", id, title)
}

// inTheWay returns the changes whose reservations clash with a footprint.
func inTheWay(f change.Footprint, holdings []change.Holding) []change.ID {
	mine := map[change.Ref][]change.Mode{}
	for _, h := range f.Hands() {
		mine[h.System] = append(mine[h.System], h.Mode)
	}
	for _, d := range f.Degraded {
		for _, m := range d.Systems() {
			mine[m] = append(mine[m], change.Impact)
		}
	}
	var out []change.ID
	for _, h := range holdings {
		clash := slices.ContainsFunc(mine[h.System], func(m change.Mode) bool { return clashes(m, h.Mode) })
		if h.Token == 0 && !h.By.Declared() && clash && !slices.Contains(out, h.By) {
			out = append(out, h.By)
		}
	}
	slices.SortFunc(out, func(a, b change.ID) int { return cmp.Compare(number(a), number(b)) })
	return out
}

// clashes is the table of conflicts: two may both take service away, or both look.
func clashes(a, b change.Mode) bool { return a != b || a == change.Touch }

func joined(ids []change.ID) string {
	var out []string
	for _, id := range ids {
		out = append(out, string(id))
	}
	return strings.Join(out, ", ")
}
