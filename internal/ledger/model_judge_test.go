package ledger

import (
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/changectl/changectl/internal/change"
)

// shown is what a judge of a must be shown: what others hold of the systems of its
// footprint and of its group, in its window or claimed.
func (w *world) shown(a *actor) (all []line) {
	for _, l := range w.lines() {
		mine := slices.ContainsFunc(a.today.hands, func(h change.Hand) bool { return h.System == l.System }) ||
			slices.Contains(a.today.members, l.System)
		if l.By != a.id && mine && (overlaps(l, a.today) || l.Token > 0) {
			all = append(all, l)
		}
	}
	return all
}

// clash is the table of conflicts between two modes.
func clash(a, b change.Mode) bool {
	return a == change.Touch || b == change.Touch || a == change.Impact && b == change.Observe || a == change.Observe && b == change.Impact
}

// against says what of a line is in the way of a sketch.
func against(s sketch, l line) bool {
	for _, h := range s.hands {
		if h.System == l.System && clash(h.Mode, l.Mode) && overlaps(l, s) {
			return true
		}
	}
	return slices.Contains(s.members, l.System) && l.Mode == change.Touch && overlaps(l, s)
}

// blockers is who stands in the way of a: parties, and freezes.
func (w *world) blockers(a *actor) (by []change.ID) {
	for _, l := range w.shown(a) {
		if against(a.today, l) && !slices.Contains(a.accepted, l.By) {
			by = append(by, l.By)
		}
	}
	return append(by, w.frozen(a)...)
}

func (w *world) frozen(a *actor) (by []change.ID) {
	for _, f := range w.freezes {
		if !f.over && f.sketch.from < a.today.until && a.today.from < f.sketch.until {
			by = append(by, f.id)
		}
	}
	return by
}

// judge is the judge of a, which finds what the model finds, and looks at what it is shown.
func (w *world) judge(a *actor) func(change.Facts) change.Verdict {
	return func(f change.Facts) change.Verdict {
		w.look(a, f)
		return verdictOn(w.blockers(a))
	}
}

// verdictOn blocks with everybody who stands in the way.
func verdictOn(by []change.ID) (v change.Verdict) {
	for _, id := range by {
		f := change.Finding{Rule: "model", Severity: change.Blocks, Message: "blocked by " + string(id)}
		if !strings.HasPrefix(string(id), freezePrefix) {
			f.Other = &change.Holding{By: id}
		}
		v.Findings = append(v.Findings, f)
	}
	return v
}

// look compares what a judge is shown with the model.
func (w *world) look(a *actor, f change.Facts) {
	var freezes []change.ID
	for _, z := range f.Freezes {
		freezes = append(freezes, z.ID)
	}
	slices.Sort(freezes)
	frozen := w.frozen(a)
	slices.Sort(frozen)
	var together, beside []string
	for _, p := range f.Parallel {
		together = append(together, string(p.Person)+string(p.Other.By))
	}
	for _, o := range w.changes {
		for _, p := range o.sketch.people {
			if o != a && !o.ended() && slices.Contains(a.sketch.people, p) && o.sketch.from < a.sketch.until && a.sketch.from < o.sketch.until {
				beside = append(beside, string(p)+string(o.id))
			}
		}
	}
	slices.Sort(together)
	slices.Sort(beside)
	accepted := slices.Sorted(slices.Values(f.Record.Accepted))
	w.wrong += cmp.Diff(slices.Sorted(slices.Values(a.accepted)), accepted)
	w.wrong += cmp.Diff(w.shown(a), w.linesOf(f.Holdings)) + cmp.Diff(frozen, freezes) + cmp.Diff(beside, together)
}

func (a *actor) ended() bool {
	return slices.Contains([]change.Status{
		change.Refused, change.Rejected, change.Completed, change.BackedOut, change.Failed, change.Expired, change.Cancelled, change.ReviewDue, change.Closed,
	}, a.status)
}

// beforeStart reports whether a is held before its start.
func (a *actor) beforeStart() bool { return a.status == change.Held && !a.started }

// leave is the end of a change that gives up what it holds.
func (a *actor) leave(to change.Status) {
	a.status, a.holds, a.token = to, false, 0
}

// one draws a change, most often one with which something can come of it, or nil.
func (w *world) one(t *rapid.T, sensible func(*actor) bool) *actor {
	among := w.changes
	if pick(t, 8) > 0 {
		among = slices.DeleteFunc(slices.Clone(among), func(a *actor) bool { return !sensible(a) })
	}
	if len(among) == 0 {
		return nil
	}
	return among[pick(t, len(among))]
}

// in is a change in one of the statuses.
func in(statuses ...change.Status) func(*actor) bool {
	return func(a *actor) bool { return slices.Contains(statuses, a.status) }
}

// came counts what has come of the actions.
func (w *world) came(of string) { w.done[of]++ }

// expect compares an error with what the model says of it.
func expect(t *rapid.T, what string, err error, refused bool) {
	t.Helper()
	t.Logf("%s: refused %v", what, err != nil)
	if refused != (err != nil) || err != nil && change.KindOf(err) != change.KindConflict {
		t.Fatalf("%s: error %v; the model says refused: %v", what, err, refused)
	}
}
