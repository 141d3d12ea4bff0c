package ledger

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
)

func TestAFreezeIsAddedOnceAndLifted(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		ctx := t.Context()
		f := change.Freeze{
			Title: "Quarter end", Reason: "books", Owner: "group:finance", By: "user:eve", Window: window(1), Exception: "group:cab",
			Scope: change.Scope{Systems: []change.Ref{"resource:a"}}, LiftedBy: "user:forged", LiftedAt: epoch,
		}
		added, err := l.AddFreeze(ctx, f, "n1")
		if err != nil || added.ID != "FRZ-1" || added.At.IsZero() || added.LiftedBy != "" || !added.LiftedAt.IsZero() {
			t.Fatalf("%+v, %v", added, err)
		}
		unwritten(t, l, func() {
			again, err := l.AddFreeze(ctx, f, "n1")
			if diff := cmp.Diff(added, again); diff != "" || err != nil {
				t.Error(diff, err)
			}
			f.Title = "Other"
			_, err = l.AddFreeze(ctx, f, "n1")
			want(t, err, change.KindDenied)
			f.Window.End = f.Window.Start
			_, err = l.AddFreeze(ctx, f, "n2")
			want(t, err, change.KindInvalid)
		})
		lifted, err := l.LiftFreeze(ctx, "FRZ-1", "user:bob", "the books are closed")
		if err != nil || lifted.LiftedBy != "user:bob" || lifted.LiftedAt.IsZero() || lifted.LiftedFor != "the books are closed" {
			t.Fatalf("%+v, %v", lifted, err)
		}
		unwritten(t, l, func() {
			again, err := l.LiftFreeze(ctx, "FRZ-1", "user:dan", "x")
			if diff := cmp.Diff(lifted, again); diff != "" || err != nil {
				t.Error(diff, err)
			}
			_, err = l.LiftFreeze(ctx, "FRZ-2", "user:dan", "x")
			want(t, err, change.KindNotFound)
		})
		read, err := l.Freeze(ctx, "FRZ-1")
		if diff := cmp.Diff(lifted, read); diff != "" || err != nil {
			t.Error(diff, err)
		}
		want(t, second(l.Freeze(ctx, "CHG-1")), change.KindNotFound)
		if got, err := l.Review(ctx, plan("Asks", window(1), "resource:a"), ""); err != nil || len(got.Freezes) != 0 {
			t.Errorf("a lifted freeze is among the facts: %v, %v", got.Freezes, err)
		}
		if diff := cmp.Diff([]string{"freeze.added", "freeze.lifted"}, kinds(t, l, EntryFilter{System: "resource:a"})); diff != "" {
			t.Error(diff)
		}
		verified(t, l)
	})
}

func TestFreezesAreSelected(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		for title, w := range map[string]change.Window{"over": window(-5), "now": window(0), "later": window(5), "lifted": window(6)} {
			f, err := l.AddFreeze(t.Context(), change.Freeze{Title: title, By: "user:eve", Window: w}, "")
			if err != nil {
				t.Fatal(err)
			}
			if title == "lifted" {
				if _, err := l.LiftFreeze(t.Context(), f.ID, "user:eve", ""); err != nil {
					t.Fatal(err)
				}
			}
		}
		var none change.Window
		for _, tc := range []struct {
			bounds change.Window
			all    bool
			want   []string
		}{
			{none, false, []string{"now", "later"}},
			{none, true, []string{"over", "now", "later", "lifted"}},
			{window(5), false, []string{"later"}},
			{change.Window{Start: window(-5).Start, End: window(1).Start}, true, []string{"over", "now"}},
			{change.Window{End: window(5).Start}, false, []string{"now"}},
			{change.Window{Start: window(5).End}, true, []string{"lifted"}},
		} {
			fs, err := l.Freezes(t.Context(), tc.bounds.Start, tc.bounds.End, tc.all)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range fs {
				got = append(got, f.Title)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%v, all %v: %s", tc.bounds, tc.all, diff)
			}
		}
	})
}

func TestAFreezeAsksForTheChangesInItsBounds(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		inside := scheduled(t, l, plan("Inside", window(1), "resource:a"))
		waits := submit(t, l, plan("Waits for approval", window(2), "resource:b"))
		if _, err := l.Reserve(t.Context(), waits.ID, 1, "k", change.AwaitingApproval, free); err != nil {
			t.Fatal(err)
		}
		running(t, l, plan("Has begun", window(1), "resource:c"))
		scheduled(t, l, plan("After", window(3), "resource:a"))
		enter(t, l, scheduled(t, l, plan("Over", window(1), "resource:d")), change.Cancelled)
		none := func(change.Facts) change.Verdict { return change.Verdict{} }
		w := window(1)
		w.End = window(2).End
		f, err := l.AddFreeze(t.Context(), change.Freeze{Title: "x", By: "user:eve", Window: w}, "")
		if err != nil {
			t.Fatal(err)
		}
		wanted := []change.ID{inside.ID, waits.ID}
		if diff := cmp.Diff(wanted, queued(t, l, none)); diff != "" {
			t.Errorf("added: %s", diff)
		}
		if _, err := l.LiftFreeze(t.Context(), f.ID, "user:eve", "x"); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(wanted, queued(t, l, none)); diff != "" {
			t.Errorf("lifted: %s", diff)
		}
	})
}
