package ledger

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
)

func TestAnEmergencyPushesReservationsAsideAndTheyComeBack(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		ctx := t.Context()
		a := scheduled(t, l, plan("A", window(1), "resource:a", "resource:x"))
		b := submit(t, l, plan("B", window(1), "resource:b"))
		if _, err := l.Reserve(ctx, b.ID, 1, "k", change.AwaitingApproval, free); err != nil {
			t.Fatal(err)
		}
		later := scheduled(t, l, plan("Later", window(2), "resource:a"))
		declare(t, l, maintenance("Fibre works", window(1), "resource:d"))
		e := emergency(t, l, plan("Leak", window(1), "resource:a", "resource:b", "resource:d"))
		if len(holders(t, l, "resource:b")) != 1 || len(e.Findings) != 3 {
			t.Fatalf("an emergency that is not approved holds %v with %v", holders(t, l, "resource:b"), e.Findings)
		}
		_, err := l.Enter(ctx, change.Transition{Change: e.ID, Revision: 1, To: change.Scheduled, Key: "k"})
		want(t, err, change.KindConflict)
		e = seize(t, l, e)
		if e.Status != change.Scheduled || e.Note != "all approvals are given; pushes aside CHG-1, CHG-2" {
			t.Fatalf("%s, %q", e.Status, e.Note)
		}
		if diff := cmp.Diff([]change.ID{e.ID, later.ID}, holders(t, l, "resource:a")); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]change.ID{"MNT-1", e.ID}, holders(t, l, "resource:d")); diff != "" {
			t.Error(diff)
		}
		unwritten(t, l, func() {
			if diff := cmp.Diff(e, seize(t, l, e)); diff != "" {
				t.Error(diff)
			}
		})
		for id, during := range map[change.ID]change.Status{a.ID: change.Scheduled, b.ID: change.AwaitingApproval} {
			r := status(t, l, id)
			if r.Status != change.Held || r.Hold.During != during || r.Hold.Reason != "pushed aside by CHG-4 (emergency: Leak)" ||
				!slices.Equal(r.Hold.Choices, []change.Verb{change.Cancel}) {
				t.Errorf("%s is %s %+v", id, r.Status, r.Hold)
			}
			if r, moved := recheck(t, l, id, sober); r.Hold == nil || r.Hold.Reason != "pushed aside by CHG-4 (emergency: Leak)" || !moved {
				t.Errorf("judged while the emergency lasts: %+v, moved %v", r.Hold, moved)
			}
			_, err := l.Enter(ctx, change.Transition{Change: id, Revision: 1, To: during, Key: "back"})
			want(t, err, change.KindConflict) // it holds nothing
			_, err = l.Resume(ctx, change.Transition{Change: id, Revision: 1, Key: "go-on"}, nil, sober)
			want(t, err, change.KindConflict)
		}
		queued(t, l, sober)
		if _, err := l.Start(ctx, e.ID, 1, "start", run); err != nil {
			t.Fatal(err)
		}
		enter(t, l, e, change.Completed)
		if diff := cmp.Diff([]change.ID{a.ID, b.ID}, queued(t, l, sober)); diff != "" {
			t.Errorf("its end asks for: %s", diff)
		}
		if a, b = status(t, l, a.ID), status(t, l, b.ID); a.Status != change.Scheduled || b.Status != change.AwaitingApproval {
			t.Errorf("they came back as %s and %s", a.Status, b.Status)
		}
		if !slices.Equal(holders(t, l, "resource:x"), []change.ID{a.ID}) || !slices.Equal(holders(t, l, "resource:b"), []change.ID{b.ID}) {
			t.Errorf("they hold x %v, b %v", holders(t, l, "resource:x"), holders(t, l, "resource:b"))
		}
		verified(t, l)
	})
}

// A change that was pushed aside holds nothing by which a declaration could find it.
func TestAChangeStaysAsideUntilEverythingIsFree(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		r := scheduled(t, l, plan("A", window(1), "resource:a"))
		e := seize(t, l, emergency(t, l, plan("Leak", window(1), "resource:a")))
		d := declare(t, l, maintenance("Fibre works", window(1), "resource:a"))[0].Declaration
		enter(t, l, e, change.Cancelled)
		queued(t, l, sober)
		if r = status(t, l, r.ID); r.Status != change.Held || r.Hold.Reason != "resource:a is held by MNT-1" || len(r.Hold.Choices) != 2 {
			t.Fatalf("%s %+v", r.Status, r.Hold)
		}
		withdraw(t, l, d)
		queued(t, l, sober)
		if r = status(t, l, r.ID); r.Status != change.Scheduled || !slices.Equal(holders(t, l, "resource:a"), []change.ID{r.ID}) {
			t.Errorf("%s, held by %v", r.Status, holders(t, l, "resource:a"))
		}
	})
}

// What clashes is in the table of conflicts, and on the members of groups that are degraded.
func TestAnEmergencyPushesAsideWhatClashesAndNothingElse(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		e := plan("Leak", window(1), "resource:t")
		e.Footprint.Impact = []change.Affected{{System: "component:i"}}
		e.Footprint.Observe = []change.Affected{{System: "component:o"}}
		e.Footprint.Degraded = []change.Degraded{{Group: "g", Members: []change.Ref{"resource:t", "resource:m"}}}
		on := func(ref change.Ref, m change.Mode) change.Plan {
			p := plan(string(m)+" "+string(ref), window(1), change.Ref("resource:own-"+string(m)+"-"+ref.Name()))
			switch m {
			case change.Touch:
				p.Footprint.Touch = append(p.Footprint.Touch, ref)
			case change.Impact:
				p.Footprint.Impact = []change.Affected{{System: ref}}
			case change.Observe:
				p.Footprint.Observe = []change.Affected{{System: ref}}
			}
			return p
		}
		expect := map[change.ID]bool{}
		for _, ref := range []change.Ref{"resource:t", "component:i", "component:o", "resource:m"} {
			for _, m := range []change.Mode{change.Touch, change.Impact, change.Observe} {
				r := submit(t, l, on(ref, m))
				if _, err := l.Reserve(t.Context(), r.ID, 1, "k", change.Scheduled, nothing); err != nil {
					t.Fatal(err)
				}
				same := (ref == "component:i" && m == change.Impact) || (ref == "component:o" && m == change.Observe)
				expect[r.ID] = !same && (ref != "resource:m" || m != change.Impact)
			}
		}
		seize(t, l, emergency(t, l, e))
		for id, pushed := range expect {
			if r := status(t, l, id); (r.Status == change.Held) != pushed {
				t.Errorf("%s (%s) is %s", id, r.Plan.Title, r.Status)
			}
		}
	})
}

func TestAnEmergencyNeverTakesAClaim(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		ctx := t.Context()
		runs := running(t, l, plan("Runs", window(1), "resource:a"))
		e := emergency(t, l, plan("Leak", window(1), "resource:a"))
		if e.Note != "resource:a is held by CHG-1" {
			t.Errorf("its note is %q", e.Note)
		}
		unwritten(t, l, func() {
			if got := seize(t, l, e); got.Status != change.AwaitingApproval {
				t.Fatalf("%s beside a claim", got.Status)
			}
		})
		// Even a judge that lets it pass does not move the claim.
		got, err := l.Seize(ctx, e.ID, 1, "careless", nothing)
		if err != nil || got.Status != change.Scheduled || got.Note != "all approvals are given" {
			t.Fatalf("%s %q, %v", got.Status, got.Note, err)
		}
		if r := status(t, l, runs.ID); r.Status != change.Running || r.Token != 1 {
			t.Errorf("the claim: %s with token %d", r.Status, r.Token)
		}
		_, err = l.Start(ctx, e.ID, 1, "s", run)
		want(t, err, change.KindConflict)
		if _, err := l.Begin(ctx, keyOf(runs, 0), "w", runs.Token, pass); err != nil {
			t.Errorf("its steps go on: %v", err)
		}
	})
}

func TestAnEmergencyThatAwaitsAClaimIsAskedForAtItsEnd(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		runs := running(t, l, plan("Runs", window(1), "resource:a"))
		e := seize(t, l, emergency(t, l, plan("Leak", window(1), "resource:a")))
		if got := queue(t, l); len(got) != 0 {
			t.Fatalf("asked for %v", got)
		}
		enter(t, l, runs, change.Completed)
		if got := queue(t, l); !slices.Equal(got, []change.ID{e.ID}) {
			t.Fatalf("asked for %v", got)
		}
		if r, moved := recheck(t, l, e.ID, sober); !moved || r.Status != change.AwaitingApproval || len(r.Findings) != 0 || r.Note != "" {
			t.Errorf("%s with %v, %q, moved %v", r.Status, r.Findings, r.Note, moved)
		}
		if e = seize(t, l, e); e.Status != change.Scheduled {
			t.Errorf("%s", e.Status)
		}
	})
}

func TestOnlyAnEmergencyThatAwaitsApprovalTakesItsSystems(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		normal := submit(t, l, plan("Normal", window(1), "resource:a"))
		if _, err := l.Reserve(t.Context(), normal.ID, 1, "k", change.AwaitingApproval, free); err != nil {
			t.Fatal(err)
		}
		p := plan("Emergency", window(1), "resource:b")
		p.Type = change.Emergency
		early := submit(t, l, p)
		unwritten(t, l, func() {
			for _, id := range []change.ID{normal.ID, early.ID} {
				_, err := l.Seize(t.Context(), id, 1, "k2", sober)
				want(t, err, change.KindConflict)
			}
			_, err := l.Seize(t.Context(), early.ID, 2, "k2", sober)
			want(t, err, change.KindConflict)
		})
		e := seize(t, l, emergency(t, l, plan("Leak", window(1), "resource:c")))
		next := plan("Leak, more of it", window(1), "resource:c", "resource:a")
		next.Type = change.Emergency
		e, err := l.Revise(t.Context(), e.ID, submission1(t, next, ""), sober)
		if err != nil || e.Status != change.AwaitingApproval || len(holders(t, l, "resource:c")) != 0 {
			t.Fatalf("a revised emergency is %s, and %v holds, %v", e.Status, holders(t, l, "resource:c"), err)
		}
		e, err = l.Seize(t.Context(), e.ID, 2, "seize-2", sober)
		if err != nil || e.Status != change.Scheduled || status(t, l, normal.ID).Status != change.Held {
			t.Errorf("%s, %v", e.Status, err)
		}
	})
}
