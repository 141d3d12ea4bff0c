package ledger

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
)

func nothing(change.Facts) change.Verdict { return change.Verdict{} }

func blocks(message string) func(change.Facts) change.Verdict {
	return func(change.Facts) change.Verdict {
		return change.Verdict{Findings: []change.Finding{{Rule: "freeze", Severity: change.Blocks, Message: message}}}
	}
}

func TestADeclarationHoldsAScheduledChangeUntilItIsWithdrawn(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		r := scheduled(t, l, plan("Patch", window(1), "resource:a"))
		d := declare(t, l, maintenance("Fibre works", window(1), "resource:a"))[0].Declaration
		if got := queued(t, l, sober); !slices.Equal(got, []change.ID{r.ID}) {
			t.Fatalf("asked for %v", got)
		}
		r = status(t, l, r.ID)
		if r.Status != change.Held || r.Hold.During != change.Scheduled || r.Hold.Number != 1 || !r.Hold.BeforeStart() ||
			!slices.Equal(r.Hold.Choices, []change.Verb{change.Continue, change.Cancel}) || r.Note != "resource:a is held by MNT-1" ||
			len(r.Findings) != 1 || !slices.Equal(holders(t, l, "resource:a"), []change.ID{d.ID, r.ID}) {
			t.Fatalf("%s %+v, %q, held by %v", r.Status, r.Hold, r.Note, holders(t, l, "resource:a"))
		}
		unwritten(t, l, func() {
			if _, moved := recheck(t, l, r.ID, sober); moved {
				t.Error("moved without anything new")
			}
			_, err := l.Start(t.Context(), r.ID, 1, "s", run)
			want(t, err, change.KindConflict)
		})
		withdraw(t, l, d)
		if got := queued(t, l, sober); !slices.Equal(got, []change.ID{r.ID}) {
			t.Fatalf("asked for %v", got)
		}
		if r = status(t, l, r.ID); r.Status != change.Scheduled || r.Hold != nil || len(r.Findings) != 0 || len(queue(t, l)) != 0 {
			t.Errorf("%s %+v %v", r.Status, r.Hold, r.Findings)
		}
		wantKinds := []string{"change.submitted", "change.scheduled", "change.held", "change.scheduled"}
		if diff := cmp.Diff(wantKinds, kinds(t, l, EntryFilter{Change: r.ID})); diff != "" {
			t.Error(diff)
		}
		verified(t, l)
	})
}

func TestAFreezeLeavesNoChoiceToContinue(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		r := scheduled(t, l, plan("Patch", window(1), "resource:a"))
		declare(t, l, maintenance("Fibre works", window(1), "resource:a"))
		mixed := func(f change.Facts) change.Verdict {
			v := blocks("the quarter ends")(f)
			v.Findings = append(v.Findings, free(f).Findings...)
			return v
		}
		r, moved := recheck(t, l, r.ID, mixed)
		if !moved || !slices.Equal(r.Hold.Choices, []change.Verb{change.Cancel}) || r.Hold.Reason != "the quarter ends" {
			t.Errorf("%+v", r.Hold)
		}
		// For another reason it is another hold, in the log too.
		before := size(t, l)
		r, moved = recheck(t, l, r.ID, sober)
		if !moved || r.Hold.Number != 2 || len(r.Hold.Choices) != 2 || r.Note != r.Hold.Reason || size(t, l) != before+1 {
			t.Errorf("%v %+v", moved, r.Hold)
		}
	})
}

// Where a change stands decides what a recheck does with it.
func TestARecheckMovesOnlyWhatIsScheduled(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		ctx := t.Context()
		awaiting := submit(t, l, plan("Awaits", window(1), "resource:a"))
		if _, err := l.Reserve(ctx, awaiting.ID, 1, "k", change.AwaitingApproval, free); err != nil {
			t.Fatal(err)
		}
		waiting := scheduled(t, l, plan("Waits", window(1), "resource:b"))
		if _, err := l.Start(ctx, waiting.ID, 1, "s", func(change.Facts) change.Ruling { return change.Ruling{To: change.Waiting} }); err != nil {
			t.Fatal(err)
		}
		runs := running(t, l, plan("Runs", window(1), "resource:c"))
		stands := enter(t, l, running(t, l, plan("Stands", window(1), "resource:d")), change.Held)
		for id, want := range map[change.ID]change.Status{
			awaiting.ID: change.AwaitingApproval, waiting.ID: change.Waiting, runs.ID: change.Running, stands.ID: change.Held,
		} {
			r, moved := recheck(t, l, id, blocks("x"))
			if r.Status != want || len(r.Findings) != 1 || !moved {
				t.Errorf("%s is %s with %v, moved %v", id, r.Status, r.Findings, moved)
			}
			unwritten(t, l, func() {
				if _, moved := recheck(t, l, id, blocks("x")); moved {
					t.Errorf("%s moved again", id)
				}
			})
			if r, moved = recheck(t, l, id, nothing); r.Status != want || len(r.Findings) != 0 || !moved {
				t.Errorf("%s is %s with %v, moved %v", id, r.Status, r.Findings, moved)
			}
		}
		ended := enter(t, l, submit(t, l, plan("Ended", window(1), "resource:e")), change.Cancelled)
		fresh := submit(t, l, plan("Fresh", window(1), "resource:f"))
		unwritten(t, l, func() {
			for _, r := range []change.Record{ended, fresh} {
				if got, moved := recheck(t, l, r.ID, blocks("x")); moved || got.Status != r.Status || len(got.Findings) != 0 {
					t.Errorf("%s: %+v", r.ID, got)
				}
			}
			_, _, err := l.Recheck(ctx, "CHG-99", change.Footprint{}, nothing)
			want(t, err, change.KindNotFound)
		})
	})
}

func TestANewCatalogAsksForAllAndIsWrittenDownOnce(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		ctx := t.Context()
		activate := func(digest string) {
			t.Helper()
			if err := l.ActivateCatalog(ctx, digest, []byte(digest)); err != nil {
				t.Fatal(err)
			}
		}
		activate("sha256:c1")
		scheduled(t, l, plan("Scheduled", window(1), "resource:a"))
		running(t, l, plan("Runs", window(1), "resource:b"))
		enter(t, l, enter(t, l, running(t, l, plan("Over", window(1), "resource:c")), change.Completed), change.ReviewDue)
		unwritten(t, l, func() { activate("sha256:c1") })
		if got := queue(t, l); len(got) != 0 {
			t.Errorf("the same catalog asks for %v", got)
		}
		activate("sha256:c2")
		if got := queued(t, l, nothing); !slices.Equal(got, []change.ID{"CHG-1", "CHG-2"}) {
			t.Errorf("another catalog asks for %v", got)
		}
		activate("sha256:c1") // back again: nothing is loaded, yet it is another one
		if got, err := l.Catalog(ctx, "sha256:c2"); err != nil || string(got) != "sha256:c2" {
			t.Errorf("%q, %v", got, err)
		}
		rs, err := l.Entries(ctx, EntryFilter{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range rs {
			if strings.HasPrefix(r.Entry.Kind, "catalog.") {
				got = append(got, r.Entry.Kind+" "+r.Entry.Digests["catalog"])
			}
		}
		wanted := []string{
			"catalog.loaded sha256:c1", "catalog.activated sha256:c1", "catalog.loaded sha256:c2", "catalog.activated sha256:c2",
			"catalog.activated sha256:c1",
		}
		if diff := cmp.Diff(wanted, got); diff != "" {
			t.Error(diff)
		}
		want(t, l.ActivateCatalog(ctx, "", nil), change.KindInvalid)
	})
}

func TestAFootprintFollowsTheCatalog(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		ctx := t.Context()
		p := plan("Patch", window(1), "resource:a", "resource:b")
		p.Footprint.Impact = []change.Affected{{System: "component:old"}}
		r := scheduled(t, l, p)
		fresh := p.Footprint
		fresh.Touch = []change.Ref{"resource:b"}
		fresh.Impact = []change.Affected{{System: "component:new", Path: []change.Ref{"resource:a", "component:new"}}}
		fresh.Degraded = []change.Degraded{{Group: "g", Members: []change.Ref{"resource:m"}}}
		r, moved, err := l.Recheck(ctx, r.ID, fresh, free)
		if err != nil || moved || r.Footprint == nil {
			t.Fatalf("moved %v, %+v, %v", moved, r.Footprint, err)
		}
		if !slices.Equal(r.Holds().Touch, []change.Ref{"resource:a", "resource:b"}) {
			t.Errorf("what the plan works on is %v", r.Holds().Touch)
		}
		if len(holders(t, l, "component:old")) != 0 || len(holders(t, l, "component:new")) != 1 || len(holders(t, l, "resource:a")) != 1 {
			t.Errorf("held: old %v, new %v", holders(t, l, "component:old"), holders(t, l, "component:new"))
		}
		declare(t, l, maintenance("x", window(1), "resource:m"))
		if got := queued(t, l, nothing); !slices.Equal(got, []change.ID{r.ID}) {
			t.Errorf("a member of its new group asks for %v", got)
		}
		if r = status(t, l, r.ID); r.Footprint != nil || len(holders(t, l, "component:old")) != 1 {
			t.Errorf("back at its plan: %+v", r.Footprint)
		}
		declare(t, l, maintenance("x", window(1), "resource:m"))
		if got := queued(t, l, nothing); len(got) != 0 {
			t.Errorf("a member of a group of the past asks for %v", got)
		}
		// An order is no difference, and nothing of the same is written.
		unwritten(t, l, func() {
			turned := p.Footprint
			turned.Touch = []change.Ref{"resource:b", "resource:a", "resource:b"}
			if r, moved, err = l.Recheck(ctx, r.ID, turned, nothing); err != nil || moved || r.Footprint != nil {
				t.Errorf("%v %+v %v", moved, r.Footprint, err)
			}
		})
		wider := fresh
		wider.Touch = []change.Ref{"resource:c"}
		if r, _, err = l.Recheck(ctx, r.ID, wider, nothing); err != nil {
			t.Fatal(err)
		}
		if r, err = l.Start(ctx, r.ID, 1, "s", run); err != nil || r.Status != change.Running {
			t.Fatalf("%s, %v", r.Status, err)
		}
		var fences int
		if err := l.reader.QueryRowContext(ctx, "select count(*) from fences where token = 1").Scan(&fences); err != nil || fences != 3 {
			t.Errorf("%d fences are raised, %v", fences, err)
		}
		revised := scheduled(t, l, plan("Other", window(5), "resource:q"))
		if revised, _, err = l.Recheck(ctx, revised.ID, fresh, nothing); err != nil || revised.Footprint == nil {
			t.Fatal(err)
		}
		revised, err = l.Revise(ctx, revised.ID, submission1(t, plan("Other", window(6), "resource:q"), ""), nothing)
		if err != nil || revised.Footprint != nil || len(holders(t, l, "component:new")) != 1 {
			t.Errorf("a revision keeps %+v, %v", revised.Footprint, err)
		}
	})
}

func TestAClaimFollowsTheCatalogWithoutStealing(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		ctx := t.Context()
		r := running(t, l, plan("Runs", window(1), "resource:a"))
		other := running(t, l, plan("Other", window(1), "resource:b"))
		claims := func() map[change.Ref]int64 {
			hs, err := l.Calendar(ctx, epoch, epoch.AddDate(0, 0, 1), "")
			if err != nil {
				t.Fatal(err)
			}
			m := map[change.Ref]int64{}
			for _, h := range hs {
				m[h.System] = h.Token
			}
			return m
		}
		wider := change.Footprint{Touch: []change.Ref{"resource:c"}, Impact: []change.Affected{{System: "component:x"}}}
		r, moved, err := l.Recheck(ctx, r.ID, wider, nothing)
		if err != nil || moved || r.Token != 1 {
			t.Fatalf("moved %v, %+v, %v", moved, r, err)
		}
		wanted := map[change.Ref]int64{"resource:a": 1, "resource:c": 1, "component:x": 1, "resource:b": other.Token}
		if diff := cmp.Diff(wanted, claims()); diff != "" {
			t.Error(diff)
		}
		steal := change.Footprint{Touch: []change.Ref{"resource:a", "resource:b"}}
		r, moved, err = l.Recheck(ctx, r.ID, steal, nothing)
		if err != nil || !moved || len(r.Findings) != 1 || r.Findings[0].Other.By != other.ID || r.Findings[0].Severity != change.Warns {
			t.Fatalf("moved %v, %+v, %v", moved, r.Findings, err)
		}
		if diff := cmp.Diff(wanted, claims()); diff != "" {
			t.Error(diff)
		}
		unwritten(t, l, func() {
			if _, moved, err = l.Recheck(ctx, r.ID, steal, nothing); moved || err != nil {
				t.Errorf("told twice: %v, %v", moved, err)
			}
		})
		if _, err := l.Begin(ctx, keyOf(r, 0), "w", r.Token, pass); err != nil {
			t.Errorf("its steps go on: %v", err)
		}
		// A system that a later claim has been on keeps its higher fence, and the steps still go on.
		enter(t, l, other, change.Completed)
		if r, _, err = l.Recheck(ctx, r.ID, steal, nothing); err != nil || len(r.Findings) != 0 || claims()["resource:b"] != 1 {
			t.Fatalf("%+v, %v, %v", r.Findings, claims(), err)
		}
		var fence int64
		if err := l.reader.QueryRowContext(ctx, "select token from fences where system = 'resource:b'").Scan(&fence); err != nil || fence != other.Token {
			t.Errorf("the fence fell from %d to %d, %v", other.Token, fence, err)
		}
		k := keyOf(r, 0)
		k.Run = 2
		if _, err := l.Begin(ctx, k, "w", r.Token, pass); err != nil {
			t.Errorf("its steps go on: %v", err)
		}
		verified(t, l)
	})
}

func TestWhatIsAskedForAfterTheQueueWasReadStaysOnIt(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		r := scheduled(t, l, plan("Patch", window(1), "resource:a"))
		declare(t, l, maintenance("x", window(1), "resource:a"))
		if got := queue(t, l); !slices.Equal(got, []change.ID{r.ID}) {
			t.Fatal(got)
		}
		if err := l.ActivateCatalog(t.Context(), "sha256:c2", []byte("c2")); err != nil {
			t.Fatal(err)
		}
		recheck(t, l, r.ID, nothing) // by a footprint of the catalog before
		if got := queue(t, l); !slices.Equal(got, []change.ID{r.ID}) {
			t.Errorf("the queue is %v", got)
		}
		recheck(t, l, r.ID, nothing)
		if got := queue(t, l); len(got) != 0 {
			t.Errorf("the queue is %v", got)
		}
	})
}

func TestTheQueueGivesThoseFirstThatWereAskedForFirst(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		for i, ref := range []change.Ref{"resource:a", "resource:b", "resource:c"} {
			scheduled(t, l, plan("x", window(i), ref))
		}
		for _, ref := range []change.Ref{"resource:c", "resource:a", "resource:b"} {
			declare(t, l, maintenance("x", days(-1, 1), ref))
		}
		got, err := l.Rechecks(t.Context(), 2)
		if err != nil || !slices.Equal(got, []change.ID{"CHG-3", "CHG-1"}) {
			t.Errorf("%v, %v", got, err)
		}
	})
}
