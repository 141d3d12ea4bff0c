package ledger

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
)

func TestAPersonGoesOnBesideADeclaredMaintenance(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		ctx := t.Context()
		r := scheduled(t, l, plan("Patch", window(1), "resource:a"))
		d := declare(t, l, maintenance("Fibre works", window(1), "resource:a"))[0].Declaration
		recheck(t, l, r.ID, sober)
		tr := change.Transition{Change: r.ID, Revision: 1, Key: "go-on", Who: "user:bob", Why: "the carrier promised"}
		unwritten(t, l, func() {
			_, err := l.Resume(ctx, tr, nil, sober)
			want(t, err, change.KindConflict)
			if !strings.Contains(err.Error(), "resource:a is held by MNT-1") {
				t.Errorf("the reason is not told: %v", err)
			}
			_, err = l.Resume(ctx, tr, []change.ID{"CHG-1"}, sober)
			want(t, err, change.KindInvalid)
		})
		r, err := l.Resume(ctx, tr, []change.ID{d.ID}, sober)
		if err != nil || r.Status != change.Scheduled || r.Hold != nil || !slices.Equal(r.Accepted, []change.ID{d.ID}) {
			t.Fatalf("%s, %v, %v", r.Status, r.Accepted, err)
		}
		unwritten(t, l, func() {
			again, err := l.Resume(ctx, tr, []change.ID{d.ID}, sober)
			if diff := cmp.Diff(r, again); diff != "" || err != nil {
				t.Error(diff, err)
			}
			if _, moved := recheck(t, l, r.ID, sober); moved {
				t.Error("it is held again for what was accepted")
			}
			tr.Key = "go-on-2"
			_, err = l.Resume(ctx, tr, nil, sober)
			want(t, err, change.KindConflict)
		})
		if r, err = l.Revise(ctx, r.ID, submission1(t, plan("Patch 2", window(1), "resource:a"), ""), nothing); err != nil || r.Accepted != nil {
			t.Errorf("a revision still accepts %v, %v", r.Accepted, err)
		}
		started := enter(t, l, running(t, l, plan("Runs", window(9), "resource:b")), change.Held)
		_, err = l.Resume(ctx, change.Transition{Change: started.ID, Revision: 1, Key: "k"}, nil, nothing)
		want(t, err, change.KindConflict)
		verified(t, l)
	})
}

// A hold is left to the side of the start on which it began.
func TestAHoldKeepsToItsSideOfTheStart(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		held := func(i int) change.Record {
			r := scheduled(t, l, plan("x", window(i), "resource:a"))
			r, _ = recheck(t, l, r.ID, blocks("x"))
			return r
		}
		after := []change.Status{change.Running, change.BackingOut, change.Failed}
		before := []change.Status{
			change.AwaitingApproval, change.Scheduled, change.Waiting, change.Rejected, change.Expired, change.Cancelled,
		}
		stands := enter(t, l, running(t, l, plan("Stands", window(1), "resource:d")), change.Held)
		early := held(1)
		unwritten(t, l, func() {
			for _, to := range before {
				_, err := l.Enter(t.Context(), change.Transition{Change: stands.ID, Revision: 1, To: to, Key: "k"})
				want(t, err, change.KindConflict)
			}
			for _, to := range after {
				_, err := l.Enter(t.Context(), change.Transition{Change: early.ID, Revision: 1, To: to, Key: "k"})
				want(t, err, change.KindConflict)
			}
		})
		_, err := l.Begin(t.Context(), keyOf(early, 0), "w", 0, pass)
		want(t, err, change.KindDenied)
		enter(t, l, early, change.Cancelled)
		for i, to := range before {
			if r := enter(t, l, held(i+2), to); r.Status != to || r.Hold != nil || r.Token != 0 {
				t.Errorf("%s %+v", r.Status, r.Hold)
			}
		}
		again := enter(t, l, stands, change.Running)
		bad := change.Transition{
			Change: again.ID, Revision: 1, To: change.Held, Key: "h", Hold: &change.Hold{During: change.Scheduled, Reason: "x"},
		}
		_, err = l.Enter(t.Context(), bad)
		want(t, err, change.KindInvalid)
		revised, err := l.Revise(t.Context(), held(20).ID, submission1(t, plan("y", window(21), "resource:b"), ""), free)
		if err != nil || revised.Status != change.AwaitingApproval || revised.Hold != nil {
			t.Errorf("revised out of a hold: %+v, %v", revised, err)
		}
	})
}
