package check_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/check"
)

// question asks for one window of an hour in the five hours from two hours before ours.
func question(p change.Plan, others ...change.Holding) check.SlotQuestion {
	w := at(-120, 180)
	return check.SlotQuestion{Plan: p, Footprint: p.Footprint, Holdings: others, From: w.Start, To: w.End, Count: 1, Now: w.Start}
}

func TestTheNextFreeSlot(t *testing.T) {
	busy := func(from, to int) change.Holding { return holding("resource:db-1", change.Touch, at(from, to)) }
	tests := map[string]struct {
		others []change.Holding
		spoil  func(*check.SlotQuestion, *estate)
		want   []change.Window
	}{
		"nothing in the way":              {nil, func(*check.SlotQuestion, *estate) {}, []change.Window{at(-120, -60)}},
		"behind what is in the way":       {[]change.Holding{busy(-150, 5)}, func(*check.SlotQuestion, *estate) {}, []change.Window{at(5, 65)}},
		"on the next mark":                {[]change.Holding{busy(-150, 6)}, func(*check.SlotQuestion, *estate) {}, []change.Window{at(10, 70)}},
		"not before now":                  {nil, func(q *check.SlotQuestion, _ *estate) { q.Now = opens.Add(time.Second) }, []change.Window{at(5, 65)}},
		"too short a gap":                 {[]change.Holding{busy(-150, -60), busy(-1, 10)}, func(*check.SlotQuestion, *estate) {}, []change.Window{at(10, 70)}},
		"a gap of just the length":        {[]change.Holding{busy(-150, -60), busy(0, 10)}, func(*check.SlotQuestion, *estate) {}, []change.Window{at(-60, 0)}},
		"as long as asked":                {nil, func(q *check.SlotQuestion, _ *estate) { q.Length = 90 * time.Minute }, []change.Window{at(-120, -30)}},
		"as long as needed":               {nil, func(q *check.SlotQuestion, _ *estate) { q.Length = time.Minute }, []change.Window{at(-120, -105)}},
		"ends in time":                    {[]change.Holding{busy(-150, 121)}, func(*check.SlotQuestion, *estate) {}, []change.Window{}},
		"the first of each gap":           {[]change.Holding{busy(0, 30)}, func(q *check.SlotQuestion, _ *estate) { q.Count = 2 }, []change.Window{at(-120, -60), at(30, 90)}},
		"back to back where gaps are few": {[]change.Holding{busy(0, 30)}, func(q *check.SlotQuestion, _ *estate) { q.Count = 3 }, []change.Window{at(-120, -60), at(-60, 0), at(30, 90)}},
		"no more than there are":          {[]change.Holding{busy(0, 30)}, func(q *check.SlotQuestion, _ *estate) { q.Count = 9 }, []change.Window{at(-120, -60), at(-60, 0), at(30, 90), at(90, 150)}},
		"a claim over its window":         {[]change.Holding{claimed(busy(-200, -130), change.Held)}, func(*check.SlotQuestion, *estate) {}, []change.Window{at(-60, 0)}},
		"accepted":                        {[]change.Holding{declared("resource:db-1", change.Touch, at(-150, 180))}, func(q *check.SlotQuestion, _ *estate) { q.Accepted = []change.ID{"MNT-7"} }, []change.Window{at(-120, -60)}},
		"its own way in": {nil, func(q *check.SlotQuestion, _ *estate) {
			q.Footprint.Severed = []change.Affected{{System: "resource:pool"}}
		}, nil},
		"a freeze": {nil, func(q *check.SlotQuestion, _ *estate) { q.Freezes = []change.Freeze{{Window: at(-600, 1)}} }, []change.Window{at(5, 65)}},
		"a freeze that comes each night": {nil, func(q *check.SlotQuestion, _ *estate) {
			q.Freezes = []change.Freeze{{Window: at(-6000, 6000), Recurrence: &nightly}}
			q.From = opens
		}, []change.Window{at(60, 120)}},
		"a freeze that ends in the middle of a night": {nil, func(q *check.SlotQuestion, _ *estate) {
			q.Freezes = []change.Freeze{{Window: at(-6000, 40), Recurrence: &nightly}}
			q.From = opens
		}, []change.Window{at(40, 100)}},
		"two windows that must both be open": {nil, func(_ *check.SlotQuestion, e *estate) {
			e.open = map[change.Ref][]change.Window{"resource:db-1": {at(-300, 90)}, "resource:pool": {at(20, 400)}}
		}, []change.Window{at(20, 80)}},
		"an emergency heeds neither of these": {nil, func(q *check.SlotQuestion, e *estate) {
			q.Plan.Type, e.open = change.Emergency, map[change.Ref][]change.Window{"resource:pool": nil}
			q.Freezes = []change.Freeze{{Window: at(-600, 1)}}
		}, []change.Window{at(-120, -60)}},
		"both only take service from a system": {[]change.Holding{holding("component:api", change.Impact, at(-150, 180))}, func(*check.SlotQuestion, *estate) {}, []change.Window{at(-120, -60)}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			q, e := question(plan(), tt.others...), estate{}
			tt.spoil(&q, &e)
			if diff := cmp.Diff(tt.want, check.Slots(q, e)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSlotsKeepTheZoneOfThePlan(t *testing.T) {
	p := plan()
	p.Window.Zone = "Europe/Berlin"
	if got := check.Slots(question(p), estate{}); len(got) != 1 || got[0].Zone != "Europe/Berlin" || got[0].Start.Location() != time.UTC {
		t.Errorf("got %+v", got)
	}
}

func TestASlotIsWhereAGroupKeepsItsMembers(t *testing.T) {
	others := []change.Holding{takes("CHG-2", "resource:b", at(-200, 0)), takes("CHG-3", "resource:c", at(-61, 300))}
	if diff := cmp.Diff([]change.Window{at(0, 60)}, check.Slots(question(pool(), others...), estate{})); diff != "" {
		t.Error(diff)
	}
}

// world draws a question with few systems, so that they meet often.
func world(t *rapid.T) (check.SlotQuestion, estate) {
	systems := []change.Ref{"resource:a", "resource:b", "resource:c", "resource:x", "resource:y", "component:api", "resource:vpn"}
	span := rapid.Custom(func(t *rapid.T) change.Window {
		from := rapid.IntRange(-100, 500).Draw(t, "from")
		return at(from, from+rapid.IntRange(1, 150).Draw(t, "minutes"))
	})
	p := sites()
	p.Window = at(0, rapid.IntRange(1, 20).Draw(t, "length")*5)
	p.Steps = p.Steps[:0]
	p.Type = rapid.SampledFrom([]change.Type{change.Normal, change.Normal, change.Emergency}).Draw(t, "type")
	p.Footprint.Impact = []change.Affected{{System: "component:api"}}
	p.Footprint.Observe = []change.Affected{{System: "component:api"}, {System: "resource:vpn", Access: true}}
	p.Exceptions, p.Approvals = []change.ID{"FRZ-3"}, []change.Requirement{{Role: "group:cab", Count: 1, Rule: "exception FRZ-3"}}
	q := question(p)
	q.Now = opens.Add(time.Duration(rapid.IntRange(-30, 200).Draw(t, "now")) * time.Minute)
	q.From, q.To = opens, opens.Add(8*time.Hour)
	q.Count = rapid.IntRange(1, 6).Draw(t, "count")
	q.Accepted = []change.ID{"MNT-1"}
	q.Holdings = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) change.Holding {
		return change.Holding{
			System: rapid.SampledFrom(systems).Draw(t, "system"),
			Mode:   rapid.SampledFrom([]change.Mode{change.Touch, change.Impact, change.Observe}).Draw(t, "mode"),
			By:     rapid.SampledFrom([]change.ID{"CHG-1", "CHG-2", "MNT-1", "MNT-2"}).Draw(t, "by"),
			Type:   rapid.SampledFrom([]change.Type{change.Normal, change.Emergency}).Draw(t, "their type"),
			Access: rapid.Bool().Draw(t, "access"),
			Token:  rapid.Int64Range(0, 1).Draw(t, "token"),
			Window: span.Draw(t, "window"),
		}
	}), 0, 8).Draw(t, "holdings")
	q.Freezes = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) change.Freeze {
		return change.Freeze{
			ID: rapid.SampledFrom([]change.ID{"FRZ-2", "FRZ-3"}).Draw(t, "freeze"), Exception: "group:cab", Window: span.Draw(t, "bounds"),
			Scope:      change.Scope{Systems: []change.Ref{rapid.SampledFrom(systems).Draw(t, "scope")}},
			Recurrence: rapid.SampledFrom([]*change.Recurrence{nil, &nightly}).Draw(t, "recurrence"),
		}
	}), 0, 2).Draw(t, "freezes")
	e := estate{open: map[change.Ref][]change.Window{}}
	if rapid.Bool().Draw(t, "limited") {
		e.open["resource:a"] = []change.Window{at(rapid.IntRange(0, 99).Draw(t, "opens"), 240), at(300, 480)}
	}
	return q, e
}

// tried is the answer by trial: every mark is held against Review.
func tried(q check.SlotQuestion, e estate) []change.Window {
	var firsts, later []change.Window
	length := q.Plan.Window.Length()
	previous, run := time.Time{}, time.Time{} // the last free mark, and the last slot
	for s := opens; !s.Add(length).After(q.To); s = s.Add(5 * time.Minute) {
		w := change.Window{Start: s, End: s.Add(length), Zone: "UTC"}
		if s.Before(q.Now) || s.Before(q.From) || check.Review(tomorrow(q, w), e).Blocked() {
			continue
		}
		switch {
		case previous.IsZero() || previous.Add(5*time.Minute).Before(s):
			firsts, run = append(firsts, w), s
		case !s.Before(run.Add(length)):
			later, run = append(later, w), s
		}
		previous = s
	}
	if len(firsts) >= q.Count {
		return firsts[:q.Count]
	}
	all := append(firsts, later[:min(len(later), q.Count-len(firsts))]...)
	slices.SortFunc(all, func(a, b change.Window) int { return a.Start.Compare(b.Start) })
	return all
}

// tomorrow returns the facts for a window, in which claims that are over last another
// hour.
func tomorrow(q check.SlotQuestion, w change.Window) change.Facts {
	f := asked(q, w)
	f.Holdings = slices.Clone(q.Holdings)
	for i, h := range f.Holdings {
		if h.Token > 0 && !h.Window.End.After(q.Now) {
			f.Holdings[i].Window.End = q.Now.Add(time.Hour)
		}
	}
	return f
}

func asked(q check.SlotQuestion, w change.Window) change.Facts {
	p := q.Plan
	p.Window = w
	return change.Facts{
		Now: q.Now, Holdings: q.Holdings, Freezes: q.Freezes,
		Record: change.Record{Plan: p, Footprint: &q.Footprint, Accepted: q.Accepted},
	}
}

func TestSlotsAreWhatTrialOfEveryMarkFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q, e := world(t)
		got, want := check.Slots(q, e), tried(q, e)
		if len(got)+len(want) > 0 && !cmp.Equal(want, got) {
			t.Fatal(cmp.Diff(want, got))
		}
		for _, w := range got {
			if v := check.Review(asked(q, w), e); v.Blocked() {
				t.Fatalf("%v is in the way of a slot: %+v", w, v)
			}
		}
	})
}

// busyYear is a question over 90 days: 20 systems with nightly windows and freezes, and
// 2,000 holdings by others on them and on a redundancy group.
func busyYear() (check.SlotQuestion, estate) {
	p := plan()
	p.Footprint = change.Footprint{}
	q := check.SlotQuestion{Plan: p, Count: 5, Now: opens, From: opens, To: opens.AddDate(0, 0, 90), Length: 4 * time.Hour}
	e := estate{open: map[change.Ref][]change.Window{}}
	group := change.Degraded{Group: "g", MustRun: 6, Members: []change.Ref{"resource:s-0"}, Touched: []change.Ref{"resource:s-0"}}
	for i := range 20 {
		r := change.Ref(fmt.Sprintf("resource:s-%d", i))
		q.Footprint.Touch = append(q.Footprint.Touch, r)
		for d := range 90 {
			e.open[r] = append(e.open[r], at(d*1440+i%3*30, d*1440+480))
		}
	}
	for i := range 9 {
		group.Members = append(group.Members, change.Ref(fmt.Sprintf("resource:m-%d", i)))
	}
	q.Footprint.Degraded = []change.Degraded{group}
	for i := range 2000 {
		r := change.Ref(fmt.Sprintf("resource:s-%d", i%20))
		if i%4 == 0 {
			r = change.Ref(fmt.Sprintf("resource:m-%d", i/4%9))
		}
		from := i * 7919 % (88 * 1440)
		h := holding(r, change.Touch, at(from, from+120))
		h.By = change.ID(fmt.Sprintf("CHG-%d", 10+i))
		q.Holdings = append(q.Holdings, h)
	}
	for i := range 3 {
		q.Freezes = append(q.Freezes, change.Freeze{ID: "FRZ-1", Window: at(i*20000, i*20000+5000)})
	}
	q.Freezes = append(q.Freezes, change.Freeze{ID: "FRZ-2", Window: at(0, 90*1440), Recurrence: &change.Recurrence{
		Start: "2027-01-01T00:00", Rule: "FREQ=WEEKLY;BYDAY=MO", Duration: change.Duration(24 * time.Hour), Zone: "Europe/Berlin",
	}})
	return q, e
}

func BenchmarkSlotsOver90DaysFor20Systems(b *testing.B) {
	q, e := busyYear()
	found := 0
	for b.Loop() {
		found = len(check.Slots(q, e))
	}
	b.ReportMetric(float64(found), "slots")
}

func BenchmarkReviewOf20Systems(b *testing.B) {
	q, e := busyYear()
	f := asked(q, change.Window{Start: opens.AddDate(0, 0, 3), End: opens.AddDate(0, 0, 3).Add(4 * time.Hour)})
	found := 0
	for b.Loop() {
		found = len(check.Review(f, e).Findings)
	}
	b.ReportMetric(float64(found), "findings")
}
