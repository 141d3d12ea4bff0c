package ledger

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
)

func results(is []change.Imported) []string {
	var out []string
	for _, i := range is {
		out = append(out, string(i.Declaration.ID)+" "+i.Result)
	}
	return out
}

func TestADeclaredMaintenanceIsMovedAndWithdrawn(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		ctx := t.Context()
		d := declare(t, l, maintenance("Fibre works", window(1), "resource:lan"))[0].Declaration
		if d.ID != "MNT-1" || d.Revision != 1 || d.DeclaredBy != "user:ann" || d.At.IsZero() {
			t.Fatalf("declared as %+v", d)
		}
		moved := d
		moved.Window, moved.Holds = window(5), []change.Hand{{System: "resource:b", Mode: change.Touch}}
		moved.Reason = "rain"
		got := declare(t, l, moved)
		if diff := cmp.Diff([]string{"MNT-1 changed"}, results(got)); diff != "" {
			t.Error(diff)
		}
		if h := holders(t, l, "resource:lan"); len(h) != 0 {
			t.Errorf("the old place is held by %v", h)
		}
		if h := holders(t, l, "resource:b"); !slices.Equal(h, []change.ID{"MNT-1"}) {
			t.Errorf("the new place is held by %v", h)
		}
		unwritten(t, l, func() {
			if got := declare(t, l, got[0].Declaration); got[0].Result != "unchanged" || got[0].Declaration.Revision != 2 {
				t.Errorf("the same again: %+v", got)
			}
			_, err := l.Declare(ctx, "user:ann", "", []change.Declaration{d}) // revision 1 is not the newest any more
			want(t, err, change.KindConflict)
		})
		gone := withdraw(t, l, got[0].Declaration)
		if gone.Revision != 3 || len(holders(t, l, "resource:b")) != 0 {
			t.Errorf("withdrawn as %+v, held by %v", gone, holders(t, l, "resource:b"))
		}
		read, err := l.Declaration(ctx, "MNT-1")
		if diff := cmp.Diff(gone, read); diff != "" || err != nil {
			t.Error(diff, err)
		}
		history, err := l.DeclarationHistory(ctx, "MNT-1")
		if diff := cmp.Diff([]change.Declaration{d, got[0].Declaration, gone}, history); diff != "" || err != nil {
			t.Error(diff, err)
		}
		wantKinds := []string{"maintenance.declared", "maintenance.changed", "maintenance.withdrawn"}
		if diff := cmp.Diff(wantKinds, kinds(t, l, EntryFilter{Change: "MNT-1"})); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(wantKinds[:2], kinds(t, l, EntryFilter{System: "resource:lan", Until: gone.At})); diff != "" {
			t.Errorf("in the log of its system: %s", diff)
		}
		for _, err := range []error{
			second(l.Declaration(ctx, "MNT-9")), second(l.Declaration(ctx, "CHG-1")), second(l.DeclarationHistory(ctx, "MNT-9")), second(l.Change(ctx, "MNT-1")),
		} {
			want(t, err, change.KindNotFound)
		}
		verified(t, l)
	})
}

func second[T any](_ T, err error) error { return err }

func TestAMaintenanceThatEndsEarlyHoldsNothing(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		d := declare(t, l, maintenance("Fibre works", window(1), "resource:lan"))[0].Declaration
		d.State = change.Ended
		if got := declare(t, l, d); got[0].Result != "changed" || len(holders(t, l, "resource:lan")) != 0 {
			t.Errorf("ended: %+v, held by %v", got, holders(t, l, "resource:lan"))
		}
		if diff := cmp.Diff([]string{"maintenance.declared", "maintenance.ended"}, kinds(t, l, EntryFilter{Change: d.ID})); diff != "" {
			t.Error(diff)
		}
	})
}

func TestCalendarEntriesAreToldApartBySequenceAndContent(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		first := maintenance("Fibre works", window(1), "resource:lan")
		later := maintenance("Fibre works", window(2), "resource:lan")
		elsewhere := first
		elsewhere.Holds = []change.Hand{{System: "resource:b", Mode: change.Touch}}
		cancelled := later
		cancelled.State = change.Withdrawn
		series := event("u1", 0, first)
		series.Source.Recurrence = "20270306T230000Z"
		for i, tc := range []struct {
			name string
			d    change.Declaration
			want string
			held change.Window
		}{
			{"first seen", event("u1", 3, first), "MNT-1 new", window(1)},
			{"again", event("u1", 3, first), "MNT-1 unchanged", window(1)},
			{"a lower sequence", event("u1", 2, later), "MNT-1 stale", window(1)},
			{"the same sequence with another content", event("u1", 3, later), "MNT-1 changed", window(2)},
			{"a higher sequence", event("u1", 4, first), "MNT-1 changed", window(1)},
			{"the catalog of today says other systems", event("u1", 4, elsewhere), "MNT-1 changed", change.Window{}},
			{"one of a series", series, "MNT-2 new", window(1)},
			{"taken back", event("u1", 5, cancelled), "MNT-1 withdrawn", window(1)},
			{"taken back again", event("u1", 5, cancelled), "MNT-1 unchanged", window(1)},
			{"an old copy after that", event("u1", 4, first), "MNT-1 stale", window(1)},
			{"taken back without having been heard of", event("u2", 1, cancelled), "MNT-3 withdrawn", window(1)},
			{"its old copy", event("u2", 0, first), "MNT-3 stale", window(1)},
		} {
			if got := results(declare(t, l, tc.d)); !slices.Equal(got, []string{tc.want}) {
				t.Errorf("%d %s: %v, want %s", i, tc.name, got, tc.want)
			}
			hs, err := l.Calendar(t.Context(), epoch, epoch.AddDate(0, 0, 1), "resource:lan")
			if err != nil || len(hs) > 1 || (len(hs) == 1 && hs[0].Window != tc.held) || (len(hs) == 0) != (tc.held == change.Window{}) {
				t.Errorf("%d %s: held %+v, %v", i, tc.name, hs, err)
			}
		}
		verified(t, l)
	})
}

func TestWhatAPersonSaysStaysUntilTheCalendarSaysSomethingNew(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		feed := event("u1", 0, maintenance("Fibre works", window(1), "resource:lan"))
		d := declare(t, l, feed)[0].Declaration
		d.State, d.Source = change.Ended, nil
		d = declare(t, l, d)[0].Declaration
		if d.Source == nil || d.Source.UID != "u1" {
			t.Errorf("its calendar entry is %+v", d.Source)
		}
		feed.Holds = []change.Hand{{System: "resource:b", Mode: change.Touch}} // the catalog moves meanwhile
		if got := results(declare(t, l, feed)); !slices.Equal(got, []string{"MNT-1 unchanged"}) {
			t.Errorf("the same notice: %v", got)
		}
		feed.Window = window(4)
		if got := results(declare(t, l, feed)); !slices.Equal(got, []string{"MNT-1 changed"}) {
			t.Errorf("another notice: %v", got)
		}
	})
}

// A calendar that takes an event back need not repeat it: what is known of it is sent with
// the new sequence.
func TestACalendarTakesBackWhatIsKnownByItsID(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		d := declare(t, l, event("u1", 3, maintenance("Fibre works", window(1), "resource:lan")))[0].Declaration
		for _, tc := range []struct {
			sequence int
			want     string
		}{{2, "MNT-1 stale"}, {5, "MNT-1 withdrawn"}, {4, "MNT-1 stale"}} {
			back := d
			back.Revision, back.State = 0, change.Withdrawn
			back.Source = &change.CalendarEntry{Calendar: "carrier", UID: "u1", Sequence: tc.sequence}
			if got := results(declare(t, l, back)); !slices.Equal(got, []string{tc.want}) {
				t.Errorf("sequence %d: %v", tc.sequence, got)
			}
		}
		if got := results(declare(t, l, event("u1", 4, maintenance("Fibre works", window(1), "resource:lan")))); !slices.Equal(got, []string{"MNT-1 stale"}) {
			t.Errorf("an older copy: %v", got)
		}
	})
}

func TestABatchIsDeclaredWholeOrNotAtAll(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		ctx := t.Context()
		declare(t, l, event("u1", 1, maintenance("Fibre works", window(1), "resource:lan")))
		foreign := event("u1", 2, maintenance("Fibre works", window(2), "resource:lan"))
		foreign.Source.Calendar = "city"
		back, long := window(1), days(0, 400)
		back.End = back.Start
		good := event("u2", 1, maintenance("Good", window(2), "resource:b"))
		state := good
		state.State = "soon"
		mode := good
		mode.Holds = []change.Hand{{System: "resource:a", Mode: "look"}}
		for name, tc := range map[string]struct {
			bad  change.Declaration
			kind change.Kind
			says string
		}{
			"known from another calendar": {foreign, change.KindConflict, `calendar "city" is known from the calendar "carrier"`},
			"no time":                     {maintenance("x", back), change.KindInvalid, "declarations[1].window.end"},
			"too long":                    {maintenance("x", long), change.KindInvalid, "declare it in parts"},
			"no such state":               {state, change.KindInvalid, "tentative"},
			"no such mode":                {mode, change.KindInvalid, "observe"},
			"no such maintenance":         {change.Declaration{ID: "MNT-77", State: change.Planned, Window: window(1)}, change.KindNotFound, "MNT-77"},
		} {
			unwritten(t, l, func() {
				_, err := l.Declare(ctx, "user:ann", "n", []change.Declaration{good, tc.bad})
				if change.KindOf(err) != tc.kind || !strings.Contains(err.Error(), tc.says) {
					t.Errorf("%s: got %v", name, err)
				}
			})
		}
		if h := holders(t, l, "resource:b"); len(h) != 0 {
			t.Errorf("of refused batches %v is left", h)
		}
		unwritten(t, l, func() {
			is, err := l.WouldDeclare(ctx, "user:ann", []change.Declaration{good})
			if err != nil || !slices.Equal(results(is), []string{"MNT-2 new"}) || len(holders(t, l, "resource:b")) != 0 {
				t.Errorf("a dry run: %v, %v", results(is), err)
			}
		})
	})
}

func TestABatchHappensOnceForOneNonce(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		ctx := t.Context()
		known := declare(t, l, event("u1", 1, maintenance("Known", window(1), "resource:lan")))[0].Declaration
		batch := []change.Declaration{maintenance("New", window(2), "resource:b"), event("u1", 1, maintenance("Known", window(1), "resource:lan"))}
		first, err := l.Declare(ctx, "user:ann", "n1", batch)
		if err != nil || !slices.Equal(results(first), []string{"MNT-2 new", string(known.ID) + " unchanged"}) {
			t.Fatalf("%v, %v", results(first), err)
		}
		unwritten(t, l, func() {
			batch[0].Holds = append(batch[0].Holds, change.Hand{System: "resource:c", Mode: change.Impact})
			again, err := l.Declare(ctx, "user:ann", "n1", batch)
			if diff := cmp.Diff(first, again); diff != "" || err != nil {
				t.Error(diff, err)
			}
			batch[0].Title = "Other"
			_, err = l.Declare(ctx, "user:ann", "n1", batch)
			want(t, err, change.KindDenied)
		})
	})
}

func TestDeclarationsAreSelected(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		declare(t, l, maintenance("Later", window(9), "resource:b"), maintenance("Long", days(-200, 100), "resource:a"),
			event("u1", 1, maintenance("Fibre works", window(1), "resource:lan")))
		withdraw(t, l, declare(t, l, maintenance("Gone", window(1), "resource:a"))[0].Declaration)
		for name, tc := range map[string]struct {
			f    DeclarationFilter
			want []string
		}{
			"those that hold": {DeclarationFilter{}, []string{"Long", "Fibre works", "Later"}},
			"all":             {DeclarationFilter{All: true}, []string{"Long", "Fibre works", "Gone", "Later"}},
			"a time":          {DeclarationFilter{From: window(1).Start, To: window(9).Start}, []string{"Long", "Fibre works"}},
			"from":            {DeclarationFilter{From: window(1).End}, []string{"Long", "Later"}},
			"a system":        {DeclarationFilter{All: true, System: "resource:a"}, []string{"Long", "Gone"}},
			"a calendar":      {DeclarationFilter{Calendar: "carrier"}, []string{"Fibre works"}},
			"no calendar":     {DeclarationFilter{Calendar: "city"}, nil},
		} {
			ds, err := l.Declarations(t.Context(), tc.f)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range ds {
				got = append(got, d.Title)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
	})
}

// A change is to be judged again when a maintenance comes to, or leaves, what it holds or a
// group that it degrades, at its time or while it has a claim.
func TestADeclarationAsksForTheChangesThatItMeets(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		scheduled(t, l, plan("Touches", window(1), "resource:a"))
		observes := plan("Observes", window(1), "resource:b")
		observes.Footprint.Observe = []change.Affected{{System: "resource:lan"}}
		scheduled(t, l, observes)
		degrades := plan("Degrades", window(1), "resource:m1")
		degrades.Footprint.Degraded = []change.Degraded{{Group: "g", MustRun: 1, Groups: []change.Degraded{{Members: []change.Ref{"resource:m1", "resource:m2"}}}}}
		scheduled(t, l, degrades)
		scheduled(t, l, plan("At another time", window(3), "resource:a"))
		overruns := running(t, l, plan("Overruns", window(-9), "resource:c"))
		enter(t, l, scheduled(t, l, plan("Over", window(1), "resource:d")), change.Cancelled)
		none := func(change.Facts) change.Verdict { return change.Verdict{} }
		queued(t, l, none)

		for name, tc := range map[string]struct {
			d    change.Declaration
			want []change.ID
		}{
			"on what is touched":         {maintenance("x", window(1), "resource:a"), []change.ID{"CHG-1"}},
			"on what is observed":        {maintenance("x", window(1), "resource:lan"), []change.ID{"CHG-2"}},
			"on a member of a group":     {maintenance("x", window(1), "resource:m2"), []change.ID{"CHG-3"}},
			"on what is claimed, late":   {maintenance("x", window(40), "resource:c"), []change.ID{overruns.ID}},
			"for long":                   {maintenance("x", days(-100, 100), "resource:a"), []change.ID{"CHG-1", "CHG-4"}},
			"on what has ended":          {maintenance("x", window(1), "resource:d"), nil},
			"elsewhere":                  {maintenance("x", window(1), "resource:z"), nil},
			"on a member, another time":  {maintenance("x", window(7), "resource:m2"), nil},
			"between the two, half-open": {maintenance("x", window(2), "resource:a"), nil},
		} {
			d := declare(t, l, tc.d)[0].Declaration
			if diff := cmp.Diff(tc.want, queued(t, l, none)); diff != "" {
				t.Errorf("declared %s: %s", name, diff)
			}
			d.Window, d.Holds = window(60), nil
			d = declare(t, l, d)[0].Declaration
			if diff := cmp.Diff(tc.want, queued(t, l, none)); diff != "" {
				t.Errorf("moved away, %s: %s", name, diff)
			}
			withdraw(t, l, d)
			if got := queued(t, l, none); len(got) != 0 {
				t.Errorf("withdrawn %s: %v", name, got)
			}
		}
	})
}
