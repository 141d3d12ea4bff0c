package ledger

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
)

func breakOf(r change.Record, person change.Ref, nonce string) change.Decision {
	return change.Decision{
		Change: r.ID, Revision: r.Revision, Verb: change.BreakClaim, Person: person, Reason: "its worker burnt down", Nonce: nonce,
		Signed: change.SignedStatement{Statement: []byte(nonce), Signature: "sig"},
	}
}

func signs(t testing.TB, l *Ledger, r change.Record, person change.Ref, nonce string) (change.Record, []change.Ref, bool) {
	t.Helper()
	got, by, broken, err := l.Break(t.Context(), r.ID, breakOf(r, person, nonce), allow)
	if err != nil {
		t.Fatal(err)
	}
	return got, by, broken
}

func TestAClaimIsBrokenByTwoPersons(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		ctx := t.Context()
		r := running(t, l, plan("Runs", window(1), "resource:a"))
		held := scheduled(t, l, plan("Held", window(5), "resource:z"))
		recheck(t, l, held.ID, blocks("x"))
		r = enter(t, l, r, change.Held)
		got, by, broken := signs(t, l, r, "user:bob", "n1")
		if broken || got.Token != r.Token || got.Status != change.Held || !slices.Equal(by, []change.Ref{"user:bob"}) {
			t.Fatalf("after one: %v, %v, %s", broken, by, got.Status)
		}
		if _, by, broken = signs(t, l, r, "user:bob", "n2"); broken || len(by) != 1 {
			t.Fatalf("one person twice: %v, %v", broken, by)
		}
		unwritten(t, l, func() {
			if _, by, broken = signs(t, l, r, "user:bob", "n1"); broken || len(by) != 1 {
				t.Errorf("the same again: %v, %v", broken, by)
			}
		})
		got, by, broken = signs(t, l, r, "user:eve", "n3")
		if !broken || got.Token != 0 || got.Status != change.Failed || got.Hold != nil || got.EndedAt.IsZero() || !slices.Equal(by, []change.Ref{"user:bob", "user:eve"}) {
			t.Fatalf("after two: %v, %v, %+v", broken, by, got)
		}
		if diff := cmp.Diff(got, status(t, l, r.ID)); diff != "" {
			t.Error(diff)
		}
		unwritten(t, l, func() {
			if _, by, broken = signs(t, l, r, "user:eve", "n3"); !broken || len(by) != 2 {
				t.Errorf("the same again: %v, %v", broken, by)
			}
			_, _, _, err := l.Break(ctx, r.ID, breakOf(r, "user:dan", "n4"), allow)
			want(t, err, change.KindConflict)
		})
		if len(holders(t, l, "resource:a")) != 0 || !slices.Equal(queue(t, l), []change.ID{held.ID}) {
			t.Errorf("held by %v, asks for %v", holders(t, l, "resource:a"), queue(t, l))
		}
		_, err := l.Begin(ctx, keyOf(r, 0), "w", r.Token, pass)
		want(t, err, change.KindDenied)
		revive(t, l, r.ID, r.Token) // the fence alone keeps a late step out, even before the next claim
		_, err = l.Begin(ctx, keyOf(r, 0), "w", r.Token, pass)
		want(t, err, change.KindDenied)
		revive(t, l, r.ID, 0)
		next := running(t, l, plan("Next", window(2), "resource:a"))
		if next.Token <= r.Token+1 {
			t.Errorf("the next claim has token %d", next.Token)
		}
		entries := kinds(t, l, EntryFilter{Change: r.ID})
		wanted := []string{"claim.break-signed", "claim.break-signed", "claim.break-signed", "claim.broken", "change.failed", "gate.refused", "gate.refused"}
		if diff := cmp.Diff(wanted, entries[len(entries)-len(wanted):]); diff != "" {
			t.Error(diff)
		}
		ds, err := l.Decisions(ctx, r.ID, 1)
		if err != nil || len(ds) != 3 || ds[0].Verb != change.BreakClaim {
			t.Errorf("decisions %+v, %v", ds, err)
		}
		verified(t, l)
	})
}

func TestWhatFailedAlreadyStaysFailedWhenItsClaimIsBroken(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		for i, to := range []change.Status{change.Failed, change.ReviewDue} {
			r := enter(t, l, running(t, l, plan("x", window(i), "resource:a")), change.Failed)
			if to == change.ReviewDue {
				r = enter(t, l, r, to)
			}
			signs(t, l, r, "user:bob", string(r.ID)+"-1")
			got, _, broken := signs(t, l, r, "user:eve", string(r.ID)+"-2")
			if !broken || got.Status != to || got.Token != 0 || len(holders(t, l, "resource:a")) != 0 {
				t.Errorf("%v, %s with token %d", broken, got.Status, got.Token)
			}
		}
	})
}

func TestSignaturesAreForOneClaim(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		ctx := t.Context()
		r := running(t, l, plan("Runs", window(1), "resource:a"))
		signs(t, l, r, "user:bob", "n1")
		enter(t, l, r, change.Completed)
		other := running(t, l, plan("Other", window(1), "resource:a"))
		if _, by, broken := signs(t, l, other, "user:eve", "n2"); broken || len(by) != 1 {
			t.Errorf("a signature for another claim counts: %v, %v", broken, by)
		}
		no := change.Denied("not you")
		_, _, _, err := l.Break(ctx, other.ID, breakOf(other, "user:dan", "n3"), func(f change.Facts) error {
			if f.Record.Token != other.Token || f.Record.Plan.Title != "Other" || f.Now.IsZero() {
				t.Errorf("judged by %+v", f)
			}
			return no
		})
		want(t, err, change.KindDenied)
		_, _, _, err = l.Break(ctx, other.ID, breakOf(other, "user:dan", "n1"), allow)
		want(t, err, change.KindDenied) // the nonce of another
		late := breakOf(other, "user:dan", "n4")
		late.Revision = 2
		_, _, _, err = l.Break(ctx, other.ID, late, allow)
		want(t, err, change.KindDenied)
		if r := status(t, l, other.ID); r.Token != other.Token || r.Status != change.Running {
			t.Errorf("after refusals it is %s with token %d", r.Status, r.Token)
		}
		if got := kinds(t, l, EntryFilter{Change: other.ID, Person: "user:dan"}); !slices.Equal(got, []string{"decision.refused", "decision.refused", "decision.refused"}) {
			t.Errorf("entries %v", got)
		}
		waits := scheduled(t, l, plan("Waits", window(9), "resource:b"))
		unwritten(t, l, func() {
			_, _, _, err := l.Break(ctx, waits.ID, breakOf(waits, "user:dan", "n5"), allow)
			want(t, err, change.KindConflict)
			wrong := breakOf(other, "user:dan", "n6")
			wrong.Verb = change.Cancel
			_, _, _, err = l.Break(ctx, other.ID, wrong, allow)
			want(t, err, change.KindInvalid)
		})
		verified(t, l)
	})
}
