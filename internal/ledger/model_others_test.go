package ledger

import (
	"slices"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/changectl/changectl/internal/change"
)

func (w *world) declare(t *rapid.T) bool {
	s := w.draw(t)
	d := change.Declaration{
		State: change.Planned, Title: w.key(), Targets: w.systems[:1], Impact: change.Outage, Window: w.window(s), Owner: "a carrier", Holds: s.hands,
	}
	o := &outsider{sketch: s}
	if n := len(w.declared); n > 2 || n > 0 && pick(t, 2) > 0 {
		o = w.declared[pick(t, len(w.declared))]
		d.ID = o.id
		d.State = oneOf(t, []change.DeclarationState{change.Planned, change.Tentative, change.Withdrawn, change.Ended})
	}
	w.alters(t, "declare", func() {
		got, err := w.l.Declare(t.Context(), "user:eve", w.key(), []change.Declaration{d})
		if err != nil || len(got) != 1 {
			t.Fatalf("declare %+v: %v, %v", d, got, err)
		}
		if d.ID == "" {
			w.declared = append(w.declared, o)
		}
		t.Logf("declare %s %s: %v", got[0].Declaration.ID, d.State, s)
		o.id, o.sketch, o.over = got[0].Declaration.ID, s, d.State == change.Withdrawn || d.State == change.Ended
	})
	return true
}

func (w *world) freeze(t *rapid.T) bool {
	open := slices.DeleteFunc(slices.Clone(w.freezes), func(f *outsider) bool { return f.over })
	if len(open) > 0 { // they are in everybody's way
		f := open[pick(t, len(open))]
		w.alters(t, "lift", func() {
			if _, err := w.l.LiftFreeze(t.Context(), f.id, "user:eve", "it is over"); err != nil {
				t.Fatal(err)
			}
			t.Logf("lift %s", f.id)
			f.over = true
		})
		return true
	}
	f := &outsider{sketch: w.draw(t)}
	f.sketch.until = f.sketch.from + 1
	w.alters(t, "freeze", func() {
		got, err := w.l.AddFreeze(t.Context(), change.Freeze{Title: w.key(), Reason: "year end", Owner: "group:dba", Window: w.window(f.sketch), By: "user:eve"}, w.key())
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("freeze %s: %d to %d", got.ID, f.sketch.from, f.sketch.until)
		f.id = got.ID
		w.freezes = append(w.freezes, f)
	})
	return true
}

// alters asks that every change of which do alters what stands in its way is to be judged
// again: by a declared maintenance those that hold anything, by a freeze those that have
// not begun.
func (w *world) alters(t *rapid.T, what string, do func()) {
	before := map[change.ID][]change.ID{}
	for _, a := range w.changes {
		before[a.id] = w.blockers(a)
	}
	do()
	queue, err := w.l.Rechecks(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range w.changes {
		concerned := a.holds && !a.ended()
		if what != "declare" {
			concerned = !a.started && !a.ended()
		}
		if concerned && !slices.Equal(before[a.id], w.blockers(a)) && !slices.Contains(queue, a.id) {
			t.Fatalf("%s altered what stands in the way of %s (%s) from %v to %v, and it is not judged again", what, a.id, a.status, before[a.id], w.blockers(a))
		}
	}
}

// recheck judges a change again, often with another footprint by the catalog of today.
func (w *world) recheck(t *rapid.T) bool {
	due := func(a *actor) bool {
		blocked := len(w.blockers(a)) > 0
		return a.status == change.Scheduled && blocked || a.beforeStart() && !blocked
	}
	kinds := []func(*actor) bool{due, func(a *actor) bool { return a.token > 0 }, func(a *actor) bool { return !a.ended() }}
	kind := pick(t, len(kinds))
	a := w.one(t, kinds[kind])
	if a == nil {
		return false
	}
	was := a.today
	fresh := a.today
	if kind == 1 || kind == 2 && pick(t, 2) == 0 {
		s := w.draw(t)
		fresh.hands, fresh.members = s.hands, s.members
	}
	if !a.ended() {
		a.today = a.adopted(fresh)
		stolen := slices.ContainsFunc(w.shown(a), func(l line) bool {
			return a.token > 0 && l.Token > 0 && l.Mode == change.Touch && slices.Contains(a.today.footprint().Touch, l.System)
		})
		if stolen {
			a.today = was
			w.came("a footprint that would steal")
		}
	}
	t.Logf("recheck %s (%s) with %v", a.id, a.status, fresh)
	_, _, err := w.l.Recheck(t.Context(), a.id, fresh.footprint(), w.judge(a))
	expect(t, "recheck "+string(a.id), err, false)
	blocked := len(w.blockers(a)) > 0
	switch {
	case a.status == change.Scheduled && blocked:
		a.status, a.during = change.Held, change.Scheduled
		w.came("held by a recheck")
	case a.beforeStart() && !blocked:
		if !a.holds {
			w.came("reserved again")
		}
		a.back()
		w.came("let go by a recheck")
	}
	return true
}

// adopted is the footprint of today, in which what the approved plan works on stays.
func (a *actor) adopted(fresh sketch) sketch {
	out := fresh
	out.hands = slices.Clone(fresh.hands)
	for _, ref := range a.sketch.footprint().Touch {
		if h := (change.Hand{System: ref, Mode: change.Touch}); !slices.ContainsFunc(out.hands, func(o change.Hand) bool { return o.System == h.System && o.Mode == h.Mode }) {
			out.hands = append(out.hands, h)
		}
	}
	return out
}

// back takes a change out of a hold before its start.
func (a *actor) back() {
	a.status = a.during
	a.holds = a.holds || !a.sketch.urgent || a.during != change.AwaitingApproval
}

func (w *world) resume(t *rapid.T) bool {
	a := w.one(t, (*actor).beforeStart)
	if a == nil {
		return false
	}
	was := a.accepted
	var accept []change.ID
	for _, d := range w.declared {
		if pick(t, 4) > 0 {
			accept = append(accept, d.id)
		}
	}
	held := a.beforeStart()
	if held {
		a.accepted = slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(was), accept...))))
	}
	blocked := len(w.blockers(a)) > 0
	_, err := w.l.Resume(t.Context(), change.Transition{Change: a.id, Revision: a.revision, Key: w.key(), Who: "user:ada", Why: "go on"}, accept, w.judge(a))
	expect(t, "resume "+string(a.id), err, !held || blocked)
	if err != nil {
		a.accepted = was
		return true
	}
	a.back()
	w.came("resumed")
	return true
}

func (w *world) seize(t *rapid.T) bool {
	a := w.one(t, func(a *actor) bool { return a.sketch.urgent && a.status == change.AwaitingApproval })
	if a == nil {
		return false
	}
	frozen := len(w.frozen(a)) > 0
	_, err := w.l.Seize(t.Context(), a.id, a.revision, w.key(), func(f change.Facts) change.Verdict {
		w.look(a, f)
		return verdictOn(w.frozen(a))
	})
	expect(t, "seize "+string(a.id), err, !a.sketch.urgent || a.status != change.AwaitingApproval)
	if err != nil || frozen {
		return true
	}
	for _, l := range w.shown(a) {
		at := slices.IndexFunc(w.changes, func(o *actor) bool { return o.id == l.By })
		inTheWay := slices.ContainsFunc(a.today.hands, func(h change.Hand) bool { return h.System == l.System && clash(h.Mode, l.Mode) }) ||
			slices.Contains(a.today.members, l.System) && clash(change.Impact, l.Mode)
		if at < 0 || l.Token > 0 || !inTheWay {
			continue
		}
		o := w.changes[at]
		if o.status != change.Held {
			o.during = o.status
		}
		o.status, o.holds, o.aside = change.Held, false, a
		w.came("pushed aside")
	}
	a.status, a.holds = change.Scheduled, true
	w.came("seized")
	return true
}

func (w *world) breakClaim(t *rapid.T) bool {
	a := w.one(t, func(a *actor) bool { return a.token > 0 })
	if a == nil {
		return false
	}
	d := change.Decision{Change: a.id, Revision: a.revision, Verb: change.BreakClaim, Nonce: w.key(), Reason: "it hangs"}
	d.Person = oneOf(t, []change.Ref{"user:bea", "user:cid"})
	_, by, broken, err := w.l.Break(t.Context(), a.id, d, func(change.Facts) error { return nil })
	expect(t, "break the claim of "+string(a.id), err, a.token == 0)
	if err != nil {
		return true
	}
	if !slices.Contains(a.signed, d.Person) {
		a.signed = append(a.signed, d.Person)
	}
	if diff := cmp.Diff(a.signed, by); diff != "" || broken != (len(a.signed) == 2) {
		t.Fatalf("broken: %v; who signed:\n%s", broken, diff)
	}
	if !broken {
		return true
	}
	w.came("broken")
	w.tokens++
	a.holds, a.token = false, 0
	if a.status == change.Running || a.status == change.Held || a.status == change.BackingOut {
		a.status = change.Failed
	}
	return true
}
