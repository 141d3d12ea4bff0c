package ledger

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
)

// surrounded fills a ledger with one of everything around resource:a in hour 1, and returns a
// plan that meets all of it.
func surrounded(t *testing.T, l *Ledger) change.Plan {
	t.Helper()
	other := plan("Other", window(1), "resource:a")
	other.People = []change.Ref{"user:ada", "user:dan"}
	other.Targets[0].Contacts = map[string]string{"on-call": "user:tim"}
	other.Footprint.Observe = []change.Affected{{System: "resource:lan", Path: []change.Ref{"resource:a", "resource:lan"}, Access: true}}
	scheduled(t, l, other)
	d := maintenance("Fibre works", window(1), "resource:lan")
	d.Holds = append(d.Holds, change.Hand{System: "resource:a", Mode: change.Impact, Path: []change.Ref{"resource:lan", "resource:a"}})
	declare(t, l, d)
	for i, w := range []change.Window{window(1), window(2)} {
		f := change.Freeze{Title: "Quarter end", By: "user:eve", Window: w, Scope: change.Scope{Tiers: []int{1 + i}}}
		if _, err := l.AddFreeze(t.Context(), f, ""); err != nil {
			t.Fatal(err)
		}
	}
	p := plan("Asks", window(1), "resource:a")
	p.Footprint.Impact = []change.Affected{{System: "resource:lan"}}
	p.People = []change.Ref{"user:ada"}
	return p
}

func TestFactsTellWhoElseIsPlaying(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		p := surrounded(t, l)
		f, err := l.Review(t.Context(), p, "")
		if err != nil {
			t.Fatal(err)
		}
		chg := change.Holding{
			System: "resource:a", Mode: change.Touch, By: "CHG-1", Title: "Other", Type: change.Normal, Status: change.Scheduled,
			Person: "user:ada", Owner: "group:dba", Whose: "user:ada", Contact: "user:tim", Window: window(1),
		}
		path := []change.Ref{"resource:a", "resource:lan"}
		observes, parallel := chg, chg
		observes.System, observes.Mode, observes.Owner, observes.Access, observes.Path = "resource:lan", change.Observe, "", true, path
		parallel.System, parallel.Mode, parallel.Owner = "", "", ""
		mnt := change.Holding{
			System: "resource:lan", Mode: change.Touch, By: "MNT-1", Title: "Fibre works", Impact: change.Outage, Person: "user:ann",
			Whose: "Example Carrier", Contact: "noc@example.com", Window: window(1),
		}
		impacts := mnt
		impacts.System, impacts.Mode, impacts.Path = "resource:a", change.Impact, []change.Ref{"resource:lan", "resource:a"}
		for i := range f.Holdings {
			f.Holdings[i].Since = chg.Since
		}
		if diff := cmp.Diff([]change.Holding{impacts, mnt, chg, observes}, f.Holdings); diff != "" {
			t.Error(diff)
		}
		if len(f.Freezes) != 1 || f.Freezes[0].ID != "FRZ-1" || f.Freezes[0].Scope.Tiers[0] != 1 {
			t.Errorf("freezes %+v", f.Freezes)
		}
		if diff := cmp.Diff([]change.Parallel{{Person: "user:ada", Other: parallel}}, f.Parallel); diff != "" {
			t.Error(diff)
		}
	})
}

func TestNobodyIsNeededByWhatHasEnded(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		p := surrounded(t, l)
		enter(t, l, status(t, l, "CHG-1"), change.Cancelled)
		if f, err := l.Review(t.Context(), p, ""); err != nil || len(f.Parallel) != 0 {
			t.Errorf("%+v, %v", f.Parallel, err)
		}
	})
}

func TestAPreviewSeesWhatTheTransactionSees(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		p := surrounded(t, l)
		r := submit(t, l, p)
		before, err := l.Review(t.Context(), p, r.ID)
		if err != nil {
			t.Fatal(err)
		}
		_, err = l.Reserve(t.Context(), r.ID, 1, "k", change.Scheduled, func(f change.Facts) change.Verdict {
			f.Now, f.Record = before.Now, before.Record
			if diff := cmp.Diff(before, f); diff != "" {
				t.Error(diff)
			}
			return change.Verdict{}
		})
		if err != nil {
			t.Fatal(err)
		}
		again, err := l.Review(t.Context(), p, r.ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before.Holdings, again.Holdings); diff != "" {
			t.Errorf("a change sees itself: %s", diff)
		}
		unwritten(t, l, func() {
			hs, freezes, err := l.Around(t.Context(), r.ID, []change.Ref{"resource:a", "resource:lan"}, epoch, epoch.AddDate(0, 3, 0))
			if err != nil || len(freezes) != 2 {
				t.Errorf("freezes around: %v, %v", freezes, err)
			}
			if diff := cmp.Diff(before.Holdings, hs); diff != "" {
				t.Error(diff)
			}
		})
	})
}

func TestALongMaintenanceIsThereAllTheTimeAndOnce(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		long := days(0, 65)
		declare(t, l, maintenance("Rebuilding the hall", long, "resource:a"))
		for _, day := range []int{0, 1, 13, 14, 27, 28, 40, 64} {
			asked := days(day, day+1)
			f, err := l.Review(t.Context(), plan("Asks", asked, "resource:a"), "")
			if err != nil || len(f.Holdings) != 1 || f.Holdings[0].Window != long {
				t.Errorf("on day %d: %+v, %v", day, f.Holdings, err)
			}
		}
		across, err := l.Review(t.Context(), plan("Asks", days(10, 20), "resource:a"), "")
		if err != nil || len(across.Holdings) != 1 {
			t.Errorf("across two pieces: %+v, %v", across.Holdings, err)
		}
		for _, w := range []change.Window{days(-1, 0), days(65, 66)} {
			f, err := l.Review(t.Context(), plan("Asks", w, "resource:a"), "")
			if err != nil || len(f.Holdings) != 0 {
				t.Errorf("outside, %v: %+v, %v", w, f.Holdings, err)
			}
		}
		all, err := l.Calendar(t.Context(), epoch.AddDate(0, 0, 60), epoch.AddDate(0, 0, 61), "")
		if err != nil || len(all) != 1 || all[0].Window != long {
			t.Errorf("calendar %+v, %v", all, err)
		}
	})
}

func TestTheCalendarOfAllIsThatOfEachSystem(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		surrounded(t, l)
		running(t, l, plan("Overruns", window(-9), "resource:b"))
		later := plan("Later", window(30), "resource:c")
		later.Footprint.Impact = []change.Affected{{System: "component:x"}}
		scheduled(t, l, later)
		declare(t, l, maintenance("Month", days(-10, 20), "component:x"))
		systems := []change.Ref{"resource:a", "resource:b", "resource:c", "resource:lan", "component:x"}
		for _, hours := range [][2]int{{-100, 100}, {1, 2}, {2, 3}, {-9, -8}, {-11, -10}, {30, 31}} {
			from, to := window(hours[0]).Start, window(hours[1]).Start
			all, err := l.Calendar(t.Context(), from, to, "")
			if err != nil {
				t.Fatal(err)
			}
			of, err := l.CalendarOf(t.Context(), from, to, systems)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(all, of); diff != "" {
				t.Errorf("hours %v: %s", hours, diff)
			}
			each := 0
			for _, s := range systems {
				hs, err := l.Calendar(t.Context(), from, to, s)
				if err != nil {
					t.Fatal(err)
				}
				each += len(hs)
			}
			if each != len(all) || (hours[0] == 1) != (len(all) == 6) {
				t.Errorf("hours %v: %d in all, %d each", hours, len(all), each)
			}
		}
	})
}

func TestWhatHasJustEndedIsTold(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		done := enter(t, l, running(t, l, plan("Done", window(1), "resource:a")), change.Completed)
		other := enter(t, l, running(t, l, plan("Other", window(1), "resource:b")), change.Completed)
		enter(t, l, scheduled(t, l, plan("Never began", window(1), "resource:a")), change.Cancelled)
		enter(t, l, running(t, l, plan("Stands still", window(1), "resource:a")), change.Failed)
		ids := func(rs []change.Record, err error) (out []change.ID) {
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rs {
				out = append(out, r.ID)
			}
			return out
		}
		if diff := cmp.Diff([]change.ID{other.ID, done.ID}, ids(l.EndedSince(t.Context(), epoch, nil))); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]change.ID{done.ID}, ids(l.EndedSince(t.Context(), epoch, []change.Ref{"resource:a"}))); diff != "" {
			t.Error(diff)
		}
		if got := ids(l.EndedSince(t.Context(), other.EndedAt.Add(1000), nil)); len(got) != 0 {
			t.Errorf("ended later: %v", got)
		}
		rs, err := l.EndedSince(t.Context(), epoch, []change.Ref{"resource:a"})
		if err != nil || len(rs) != 1 || rs[0].Plan.Title != "Done" {
			t.Errorf("%+v, %v", rs, err)
		}
	})
}
