package ledger

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
)

func keyOf(r change.Record, step int) change.RunKey {
	return change.RunKey{Change: r.ID, Revision: r.Revision, Step: step, Direction: change.Do, Run: 1}
}

func TestALateRetryGetsTheResultAndWritesNothing(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		r := running(t, l, plan("Patch", window(1), "resource:a"))
		k := keyOf(r, 0)
		if _, err := l.Begin(t.Context(), k, "w1", r.Token, pass); err != nil {
			t.Fatal(err)
		}
		second, err := l.Begin(t.Context(), k, "w2", r.Token, pass)
		if err != nil || second.Attempt != 2 || second.Worker != "w2" {
			t.Fatalf("second attempt: %+v, %v", second, err)
		}
		res := change.Result{Outcome: change.FailedRun, Message: "no"}
		want(t, l.Finish(t.Context(), k, 1, res), change.KindConflict) // overtaken
		want(t, l.Finish(t.Context(), k, 3, res), change.KindConflict)
		want(t, l.Finish(t.Context(), keyOf(r, 1), 1, res), change.KindNotFound)
		want(t, l.Finish(t.Context(), k, 2, change.Result{}), change.KindInvalid)
		if err := l.Finish(t.Context(), k, 2, res); err != nil {
			t.Fatal(err)
		}
		unwritten(t, l, func() {
			if err := l.Finish(t.Context(), k, 2, res); err != nil {
				t.Fatalf("the same result again: %v", err)
			}
			want(t, l.Finish(t.Context(), k, 2, change.Result{Outcome: change.Passed}), change.KindConflict)
			got, err := l.Begin(t.Context(), k, "w3", 99, func(change.GateFacts) error { return change.Denied("no") })
			if err != nil || got.Outcome != change.FailedRun || got.Message != "no" || got.Attempt != 2 || got.Worker != "w2" {
				t.Fatalf("a late retry gets %+v, %v", got, err)
			}
		})
		verified(t, l)
	})
}

func TestOutputThatIsNoTextIsKept(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		p := plan("Patch\x00 \xff", window(1), "resource:a")
		p.Reason = "because\x00"
		r := running(t, l, p)
		k := keyOf(r, 0)
		if _, err := l.Begin(t.Context(), k, "w\x00", r.Token, pass); err != nil {
			t.Fatal(err)
		}
		res := change.Result{Outcome: change.Passed, Message: "a\x00b", Output: "\xff\xfe\x00ok", Values: []byte(`{"a":"\u0000"}`)}
		want(t, l.Finish(t.Context(), k, 1, change.Result{Outcome: change.Passed, Values: []byte("{")}), change.KindInvalid)
		for range 2 {
			if err := l.Finish(t.Context(), k, 1, res); err != nil {
				t.Fatal(err)
			}
		}
		got, err := l.Change(t.Context(), r.ID)
		if err != nil || got.Runs[0].Output != "\uFFFD\uFFFDok" || string(got.Runs[0].Values) != string(res.Values) {
			t.Errorf("%+v, %v", got.Runs, err)
		}
		verified(t, l)
	})
}

func TestTheGateRefusesWhateverTheJudgeSays(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		r := running(t, l, plan("Patch", window(1), "resource:a"))
		first := r.Token
		_, err := l.Begin(t.Context(), keyOf(r, 0), "w", first+1, pass)
		want(t, err, change.KindDenied)
		_, err = l.Begin(t.Context(), keyOf(r, 0), "w", 0, pass)
		want(t, err, change.KindDenied)
		waits := scheduled(t, l, plan("Waits", window(9), "resource:b"))
		_, err = l.Begin(t.Context(), keyOf(waits, 0), "w", 0, pass)
		want(t, err, change.KindDenied)
		old := keyOf(r, 0)
		old.Revision = 7
		_, err = l.Begin(t.Context(), old, "w", first, pass)
		want(t, err, change.KindConflict)
		_, err = l.Begin(t.Context(), keyOf(r, 5), "w", first, pass)
		want(t, err, change.KindNotFound)
		_, err = l.Begin(t.Context(), keyOf(r, 0), "w", first, func(f change.GateFacts) error {
			if f.Record.Status != change.Running || len(f.Record.Plan.Steps) != 1 || f.Record.Token != first {
				t.Errorf("judged by %+v", f.Record)
			}
			return change.Denied("the window is over")
		})
		want(t, err, change.KindDenied)
		got, err := l.Change(t.Context(), r.ID)
		if err != nil || len(got.Runs) != 0 {
			t.Fatalf("runs %v, %v", got.Runs, err)
		}
		entries, err := l.Entries(t.Context(), EntryFilter{Change: r.ID, From: int64(got.Version)})
		if err != nil || len(entries) != 1 || entries[0].Entry.Kind != "gate.refused" || entries[0].Entry.Why != "the window is over" {
			t.Errorf("entries %+v, %v", entries, err)
		}
		// The next claim on the same system outdates the token of the first, even if
		// the first change is made to look as if it still ran.
		enter(t, l, r, change.Completed)
		_, err = l.Begin(t.Context(), keyOf(r, 0), "w", first, pass)
		want(t, err, change.KindDenied) // the claim is given up, though nobody has a later one
		next := running(t, l, plan("Next", window(2), "resource:a"))
		if next.Token <= first {
			t.Fatalf("token %d after %d", next.Token, first)
		}
		revive(t, l, r.ID, first)
		_, err = l.Begin(t.Context(), keyOf(r, 0), "w", first, pass)
		want(t, err, change.KindDenied)
		if _, err = l.Begin(t.Context(), keyOf(next, 0), "w", next.Token, pass); err != nil {
			t.Errorf("the newest claim: %v", err)
		}
	})
}

// revive gives a change that has ended its status and token back, behind the ledger's back.
func revive(t *testing.T, l *Ledger, id change.ID, token int64) {
	t.Helper()
	q := l.d.rebind("update changes set status = 'running', token = ? where number = ?")
	if _, err := l.writer.ExecContext(t.Context(), q, token, number(id)); err != nil {
		t.Fatal(err)
	}
}

func TestTwoClaimsOnOneSystemAreImpossible(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		a := scheduled(t, l, plan("A", window(1), "resource:a", "resource:b"))
		b := scheduled(t, l, plan("B", window(2), "resource:b", "resource:c"))
		var err error
		if a, err = l.Start(t.Context(), a.ID, 1, "s", run); err != nil {
			t.Fatal(err)
		}
		unwritten(t, l, func() {
			_, err = l.Start(t.Context(), b.ID, 1, "s", run)
			want(t, err, change.KindConflict)
			// Not even past the ledger.
			q := l.d.rebind("update holdings set token = 99 where change = ?")
			if _, err := l.writer.ExecContext(t.Context(), q, number(b.ID)); err == nil {
				t.Error("the database lets a second claim stand")
			}
		})
		b, err = l.Start(t.Context(), b.ID, 1, "w1", func(f change.Facts) change.Ruling {
			if len(f.Holdings) != 1 || f.Holdings[0].By != a.ID || f.Holdings[0].Token != a.Token {
				t.Errorf("judged by %+v", f.Holdings)
			}
			return change.Ruling{To: change.Waiting, Why: "A still runs"}
		})
		if err != nil || b.Status != change.Waiting || b.Note != "A still runs" {
			t.Fatalf("%s %q, %v", b.Status, b.Note, err)
		}
		wait := func(why string) func(change.Facts) change.Ruling {
			return func(change.Facts) change.Ruling { return change.Ruling{To: change.Waiting, Why: why} }
		}
		unwritten(t, l, func() {
			if _, err := l.Start(t.Context(), b.ID, 1, "w2", wait("A still runs")); err != nil {
				t.Fatal(err)
			}
		})
		before := size(t, l)
		b, err = l.Start(t.Context(), b.ID, 1, "w3", wait("A is held"))
		if err != nil || b.Note != "A is held" || size(t, l) != before+1 || b.Version != before {
			t.Fatalf("%q version %d, %v", b.Note, b.Version, err)
		}
		enter(t, l, a, change.Completed)
		if b, err = l.Start(t.Context(), b.ID, 1, "w4", run); err != nil || b.Status != change.Running || b.Token != a.Token+1 {
			t.Fatalf("%s with token %d, %v", b.Status, b.Token, err)
		}
		unreserved := submit(t, l, plan("C", window(3), "resource:x"))
		revive(t, l, unreserved.ID, 0)
		_, err = l.Enter(t.Context(), change.Transition{Change: unreserved.ID, Revision: 1, To: change.Scheduled, Key: "k"})
		want(t, err, change.KindConflict)
	})
}

func TestAClaimNeedsItsReservations(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		r := scheduled(t, l, plan("Patch", window(1), "resource:a", "resource:b"))
		if _, err := l.writer.ExecContext(t.Context(), "delete from holdings where system = 'resource:b'"); err != nil {
			t.Fatal(err)
		}
		unwritten(t, l, func() {
			_, err := l.Start(t.Context(), r.ID, 1, "s", run)
			want(t, err, change.KindConflict)
		})
	})
}

func TestFactsHoldWhatConcernsTheFootprint(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		p := plan("Impacts", window(1), "resource:a")
		p.Footprint.Impact = []change.Affected{{System: "component:api"}}
		p.Footprint.Observe = []change.Affected{{System: "component:web"}, {System: "resource:a"}}
		scheduled(t, l, p)
		scheduled(t, l, plan("Member", window(1), "resource:m2"))
		scheduled(t, l, plan("Elsewhere", window(1), "resource:zzz"))
		scheduled(t, l, plan("Before", window(0), "component:api"))
		long := window(1)
		long.End = long.Start.Add(LongestWindow)
		scheduled(t, l, plan("Long", long, "resource:long"))
		overrun := running(t, l, plan("Overruns", window(-9), "component:web"))

		q := plan("Asks", window(1), "component:api", "component:web", "resource:a")
		q.Footprint.Degraded = []change.Degraded{{Group: "g", Members: []change.Ref{"resource:m1", "resource:m2"}}}
		q.Footprint.Observe = []change.Affected{{System: "resource:long"}}
		type held struct {
			System change.Ref
			Mode   change.Mode
			Change change.ID
			Token  int64
		}
		var got []held
		r := submit(t, l, q)
		_, err := l.Reserve(t.Context(), r.ID, 1, "k", change.Scheduled, func(f change.Facts) change.Verdict {
			for _, h := range f.Holdings {
				got = append(got, held{h.System, h.Mode, h.By, h.Token})
			}
			return change.Verdict{}
		})
		if err != nil {
			t.Fatal(err)
		}
		wanted := []held{
			{"component:web", change.Touch, overrun.ID, overrun.Token},
			{"component:api", change.Impact, "CHG-1", 0},
			{"component:web", change.Observe, "CHG-1", 0},
			{"resource:a", change.Observe, "CHG-1", 0},
			{"resource:a", change.Touch, "CHG-1", 0},
			{"resource:m2", change.Touch, "CHG-2", 0},
			{"resource:long", change.Touch, "CHG-5", 0},
		}
		if diff := cmp.Diff(wanted, got); diff != "" {
			t.Error(diff)
		}
		last := window(1)
		last.Start, last.End = long.End.Add(-1000), long.End.Add(LongestWindow-1000)
		r = submit(t, l, plan("Touches the end of the long one", last, "resource:long"))
		r, err = l.Reserve(t.Context(), r.ID, 1, "k", change.Scheduled, free)
		if err != nil || r.Status != change.Refused {
			t.Errorf("%s, %v", r.Status, err)
		}
	})
}
