package ledger

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
)

func TestADeliveryIsTakenOnceAndToldUntilItIsHandled(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		ctx := t.Context()
		d := change.Delivery{GUID: "g-1", Event: "pull_request", Action: "opened", RepositoryID: 7, Name: "n/o", Pulls: []int{3}, Branch: "main", Commit: "abc"}
		for i, want := range []bool{true, false, false} {
			if fresh, err := l.Accept(ctx, d); err != nil || fresh != want {
				t.Fatalf("the %d. time: fresh %v, %v", i+1, fresh, err)
			}
		}
		if _, err := l.Accept(ctx, change.Delivery{}); change.KindOf(err) != change.KindInvalid {
			t.Errorf("a delivery without a number: %v", err)
		}
		got, err := l.Accepted(ctx, 10)
		if err != nil || len(got) != 1 {
			t.Fatalf("accepted: %v, %v", got, err)
		}
		d.ReceivedAt = got[0].ReceivedAt
		if diff := cmp.Diff([]change.Delivery{d}, got); diff != "" {
			t.Error(diff)
		}
		if err := l.Handled(ctx, got); err != nil {
			t.Fatal(err)
		}
		if left, err := l.Accepted(ctx, 10); err != nil || len(left) != 0 {
			t.Errorf("after it was handled: %v, %v", left, err)
		}
		if fresh, err := l.Accept(ctx, d); err != nil || fresh {
			t.Errorf("sent again after it was handled: fresh %v, %v", fresh, err)
		}
		verified(t, l)
	})
}

func TestTheCommitsOfAMergeQueue(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		for _, d := range []change.Delivery{
			{GUID: "1", Event: "merge_group", Action: "checks_requested", RepositoryID: 7, Pulls: []int{3}, Commit: "a"},
			{GUID: "2", Event: "merge_group", Action: "destroyed", RepositoryID: 7, Pulls: []int{3}, Commit: "b"},
			{GUID: "3", Event: "merge_group", Action: "checks_requested", RepositoryID: 7, Pulls: []int{4}, Commit: "c"},
			{GUID: "4", Event: "merge_group", Action: "checks_requested", RepositoryID: 8, Pulls: []int{3}, Commit: "d"},
			{GUID: "5", Event: "pull_request", Action: "checks_requested", RepositoryID: 7, Pulls: []int{3}, Commit: "e"},
		} {
			if _, err := l.Accept(t.Context(), d); err != nil {
				t.Fatal(err)
			}
		}
		got, err := l.DeliveriesAbout(t.Context(), change.PullKey{RepositoryID: 7, Number: 3}, "merge_group", "checks_requested", epoch)
		if err != nil || len(got) != 1 || got[0].Commit != "a" {
			t.Errorf("got %v, %v; want commit a alone", got, err)
		}
		if got, err = l.DeliveriesAbout(t.Context(), change.PullKey{RepositoryID: 7, Number: 3}, "merge_group", "checks_requested", epoch.Add(time.Hour)); err != nil || len(got) != 0 {
			t.Errorf("later than all: %v, %v", got, err)
		}
	})
}

func TestWhatIsKeptOfAPullRequestIsReplacedByWhoeverSawItLast(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		ctx, k := t.Context(), change.PullKey{RepositoryID: 7, Number: 3}
		none, err := l.Pull(ctx, k)
		if err != nil || none.Version != 0 || none.PullKey != k {
			t.Fatalf("before anything was kept: %+v, %v", none, err)
		}
		s := change.PullState{PullKey: k, Open: true, Head: "abc", Base: "main@123", UpdatedAt: epoch, State: []byte(`{"a":1}`)}
		if err := l.KeepPull(ctx, s, audit.Entry{Kind: "command.followed", What: "follows", Who: "user:bob"}); err != nil {
			t.Fatal(err)
		}
		want(t, l.KeepPull(ctx, s, audit.Entry{Kind: "command.followed", What: "again"}), change.KindConflict)
		got, err := l.Pull(ctx, k)
		if err != nil || got.Version != 1 || got.SeenAt.IsZero() {
			t.Fatalf("got %+v, %v", got, err)
		}
		s.Version, s.SeenAt = 1, got.SeenAt
		if diff := cmp.Diff(s, got); diff != "" {
			t.Error(diff)
		}
		s.Open = false
		if err := l.KeepPull(ctx, s); err != nil {
			t.Fatal(err)
		}
		if err := l.KeepPull(ctx, change.PullState{PullKey: change.PullKey{RepositoryID: 7}, State: []byte("{}")}); err != nil {
			t.Fatal(err)
		}
		list, err := l.Pulls(ctx, 7)
		if err != nil || len(list) != 1 || list[0].Open || list[0].Version != 2 || list[0].State != nil {
			t.Errorf("list: %+v, %v", list, err)
		}
		if n := slices.Index(kinds(t, l, EntryFilter{}), "command.followed"); n < 0 || len(kinds(t, l, EntryFilter{From: int64(n) + 1})) != 0 {
			t.Error("the entry is not there once, or something was written with the refusal")
		}
		verified(t, l)
	})
}

// fromPull is a plan that comes from a pull request.
func fromPull(title, commit string, number int, touch change.Ref) change.Plan {
	p := plan(title, window(4), touch)
	p.Origin = &change.Origin{RepositoryID: 7, Repository: "nordwind/ops", Number: number, Base: "main", Head: "h1", Commit: commit, Path: "changes/" + title + ".yaml", Content: "sha256:ee"}
	return p
}

func TestWhereChangesComeFrom(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		ctx, k := t.Context(), change.PullKey{RepositoryID: 7, Number: 3}
		early := scheduled(t, l, fromPull("early", "", 3, "resource:a"))
		merged := scheduled(t, l, fromPull("merged", "c1", 4, "resource:b"))
		submit(t, l, plan("by hand", window(6), "resource:c"))

		pins, err := l.PinsOf(ctx, k)
		if err != nil || len(pins) != 1 || pins[0].Change != early.ID || pins[0].Commit != "" || pins[0].Path != "changes/early.yaml" || pins[0].Status != change.Scheduled {
			t.Errorf("of the pull request: %+v, %v", pins, err)
		}
		if of, err := l.Changes(ctx, Filter{Origin: &k}); err != nil || len(of) != 1 || of[0].ID != early.ID {
			t.Errorf("listed by the pull request: %+v, %v", of, err)
		}
		for repository, want := range map[int64]int{7: 2, 0: 2, 8: 0} {
			if pins, err := l.PinsIn(ctx, repository); err != nil || len(pins) != want {
				t.Errorf("in %d: %+v, %v; want %d", repository, pins, err, want)
			}
		}
		if pins, err := l.PinsAt(ctx, 7); err != nil || len(pins) != 1 || pins[0].Change != merged.ID {
			t.Errorf("pinned: %+v, %v", pins, err)
		}
		// A new revision comes from where its plan says.
		p := fromPull("early", "c2", 3, "resource:a")
		if _, err := l.Revise(ctx, early.ID, submission1(t, p, "n"), func(change.Facts) change.Verdict { return change.Verdict{} }); err != nil {
			t.Fatal(err)
		}
		if pins, err := l.PinsAt(ctx, 7); err != nil || len(pins) != 2 {
			t.Errorf("pinned after the merge: %+v, %v", pins, err)
		}
		verified(t, l)
	})
}

func TestAPullRequestIsToldOfEveryMoveOnce(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		ctx, k := t.Context(), change.PullKey{RepositoryID: 7, Number: 3}
		r := scheduled(t, l, fromPull("x", "c1", 3, "resource:a"))
		untold := func() int {
			t.Helper()
			keys, err := l.Untold(ctx)
			if err != nil {
				t.Fatal(err)
			}
			return len(keys)
		}
		tell := func() {
			t.Helper()
			pins, err := l.PinsOf(ctx, k)
			if err != nil {
				t.Fatal(err)
			}
			if err := l.Told(ctx, pins[0]); err != nil {
				t.Fatal(err)
			}
		}
		if untold() != 1 {
			t.Fatal("a change that was scheduled is not to be told")
		}
		tell()
		if untold() != 0 {
			t.Fatal("what was told is to be told again")
		}
		pins, err := l.PinsOf(ctx, k) // as it stands now
		if err != nil {
			t.Fatal(err)
		}
		if r, err = l.Start(ctx, r.ID, 1, "start", run); err != nil {
			t.Fatal(err)
		}
		if err := l.Told(ctx, pins[0]); err != nil {
			t.Fatal(err)
		}
		if untold() != 1 {
			t.Fatal("that it runs is not to be told, since an older look told of it late")
		}
		tell()
		r = enter(t, l, r, change.Held)
		if untold() != 1 {
			t.Fatal("that it is held is not to be told")
		}
		moves, err := l.Moves(ctx, r.ID, 0)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range moves {
			got = append(got, m.Entry.Kind)
		}
		if diff := cmp.Diff([]string{"change.submitted", "change.scheduled", "change.running", "change.held"}, got); diff != "" {
			t.Error(diff)
		}
		if later, err := l.Moves(ctx, r.ID, moves[2].Number); err != nil || len(later) != 2 {
			t.Errorf("from the third on: %v, %v", later, err)
		}
	})
}

func TestAChangeThatIsDetachedIsJudgedAgain(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		ctx := t.Context()
		r := scheduled(t, l, fromPull("x", "c1", 3, "resource:a"))
		hand := scheduled(t, l, plan("by hand", window(6), "resource:c"))
		unwritten(t, l, func() {
			if err := l.Detach(ctx, hand.ID, "gone"); err != nil {
				t.Fatal(err)
			}
			if err := l.Detach(ctx, r.ID, ""); err != nil {
				t.Fatal(err)
			}
		})
		judge := func(f change.Facts) change.Verdict {
			if f.Record.Detached == "" {
				return change.Verdict{}
			}
			return change.Verdict{Findings: []change.Finding{{Rule: "origin", Severity: change.Blocks, Message: f.Record.Detached}}}
		}
		again := func(why string, want change.Status) {
			t.Helper()
			if err := l.Detach(ctx, r.ID, why); err != nil {
				t.Fatal(err)
			}
			asked, err := l.Rechecks(ctx, 0)
			if err != nil || !slices.Contains(asked, r.ID) {
				t.Fatalf("asked for: %v, %v", asked, err)
			}
			rec, moved, err := l.Recheck(ctx, r.ID, r.Plan.Footprint, judge)
			if err != nil || !moved || rec.Status != want || rec.Detached != why {
				t.Fatalf("judged again: %s, moved %v, detached %q, %v", rec.Status, moved, rec.Detached, err)
			}
		}
		again("the commit c1 is no longer on main", change.Held)
		again("", change.Scheduled)
		verified(t, l)
	})
}
