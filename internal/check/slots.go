package check

import (
	"slices"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/schedule"
)

// mark is on what times slots start, counted in UTC.
const mark = 5 * time.Minute

// patience is for how long a claim that outlasts its window is taken to go on: nobody
// knows, and an hour from now is worth asking again.
const patience = time.Hour

// SlotQuestion asks when a plan could be carried out.
type SlotQuestion struct {
	// Plan is what would be done. Of its window the zone counts, and the length where
	// Length is not given.
	Plan change.Plan
	// Footprint is what the plan lays hold of by the catalog of today.
	Footprint change.Footprint
	// Holdings are those of others on the systems of the footprint and of the groups that
	// it degrades, that overlap [From, To) or are claims.
	Holdings []change.Holding
	// Freezes are those whose bounds overlap [From, To).
	Freezes []change.Freeze
	// From and To bound the windows that are looked for: they start at or after From, and
	// at or after Now, and end by To.
	From, To time.Time
	// Length is that of the windows; 0: that of the plan's window. It is never less than
	// the plan needs.
	Length time.Duration
	// Count is how many windows are wanted; less than 1 asks for one.
	Count int
	Now   time.Time
	// Accepted are the declared maintenances with which a person decided to go on.
	Accepted []change.ID
}

// Slots returns windows, by start, in which Review would find nothing that blocks. They
// start on five-minute marks in UTC and carry the zone of the plan's window. Each time
// that is free gives one, at its beginning; where these are fewer than Count, the
// earliest that follow them back to back are added. A claim that outlasts its window is
// taken to last another hour from Now.
func Slots(q SlotQuestion, e Estate) []change.Window {
	length, count := q.length(), max(q.Count, 1)
	m := q.matter(e)
	if length <= 0 || len(m.foot.Severed) > 0 {
		return nil
	}
	starts := cut(m.free(q.within()), length, count)
	slots := make([]change.Window, len(starts))
	for i, s := range starts {
		slots[i] = change.Window{Start: s, End: s.Add(length), Zone: q.zone()}
	}
	return slots
}

func (q SlotQuestion) length() time.Duration {
	length := q.Length
	if length <= 0 {
		length = q.Plan.Window.Length()
	}
	return max(length, Needed(q.Plan))
}

func (q SlotQuestion) within() schedule.Span {
	from := q.From
	if from.Before(q.Now) {
		from = q.Now
	}
	return schedule.Span{Start: from.UTC(), End: q.To.UTC()}
}

func (q SlotQuestion) zone() string {
	if q.Plan.Window.Zone == "" {
		return "UTC"
	}
	return q.Plan.Window.Zone
}

// matter lays the question out as Review would have it for any window in the time asked
// about.
func (q SlotQuestion) matter(e Estate) *matter {
	w := q.within()
	q.Plan.Window.Start, q.Plan.Window.End = w.Start, w.End
	return newMatter(change.Facts{
		Now:      q.Now,
		Record:   change.Record{Plan: q.Plan, Footprint: &q.Footprint, Accepted: q.Accepted},
		Holdings: patient(q.Holdings, q.Now),
		Freezes:  q.Freezes,
	}, e)
}

// patient gives claims that outlast their window the time that they are taken to go on.
func patient(all []change.Holding, now time.Time) []change.Holding {
	if !slices.ContainsFunc(all, func(h change.Holding) bool { return overruns(&h, now) }) {
		return all
	}
	all = slices.Clone(all)
	for i := range all {
		if overruns(&all[i], now) {
			all[i].Window.End = now.Add(patience)
		}
	}
	return all
}

// free returns the times within a span in which nothing blocks.
func (m *matter) free(within schedule.Span) schedule.Spans {
	allowed := schedule.Merge(within)
	if !m.urgent() {
		for _, l := range m.limits(within) {
			allowed = allowed.Intersect(l.open)
		}
	}
	var busy []schedule.Span
	busy = append(busy, m.clashing()...)
	busy = append(busy, m.breaking(within)...)
	busy = append(busy, m.freezing(within)...)
	return allowed.Subtract(schedule.Merge(busy...))
}

// clashing returns when others hold what stands in the way.
func (m *matter) clashing() []schedule.Span {
	var busy []schedule.Span
	for i := range m.Holdings {
		h := &m.Holdings[i]
		if c, ok := m.clashOf(h); ok && m.severity(c) == change.Blocks {
			busy = append(busy, schedule.Span{Start: h.Window.Start, End: h.Window.End})
		}
	}
	return busy
}

// breaking returns when a redundancy group would keep too few members.
func (m *matter) breaking(within schedule.Span) []schedule.Span {
	var busy []schedule.Span
	for _, g := range m.foot.Degraded {
		hard := m.strainOn(g, func(h *change.Holding) bool { return m.concession(h) == "" })
		for _, b := range hard.breaches(within) {
			busy = append(busy, b.Span)
		}
	}
	return busy
}

// freezing returns when a freeze stands in the way.
func (m *matter) freezing(within schedule.Span) []schedule.Span {
	var busy []schedule.Span
	for i := range m.Freezes {
		fr := &m.Freezes[i]
		if m.freezeSeverity(fr) == change.Blocks && len(m.inScope(fr.Scope)) > 0 {
			times, _ := frozen(fr, within)
			busy = append(busy, times...)
		}
	}
	return busy
}

// cut returns the starts of count slots: the first of each free time, and where these
// are too few, the earliest of those that follow.
func cut(free schedule.Spans, length time.Duration, count int) []time.Time {
	var firsts, later []time.Time
	for _, s := range free {
		start := onMark(s.Start)
		for n := 0; n < count && !start.Add(length).After(s.End); n++ {
			if n == 0 {
				firsts = append(firsts, start)
			} else {
				later = append(later, start)
			}
			start = onMark(start.Add(length))
		}
		if len(firsts) == count {
			return firsts
		}
	}
	missing := min(count-len(firsts), len(later))
	starts := append(firsts, later[:missing]...)
	slices.SortFunc(starts, time.Time.Compare)
	return starts
}

// onMark returns the first mark at or after t.
func onMark(t time.Time) time.Time {
	if at := t.Truncate(mark); at.Equal(t) {
		return at
	}
	return t.Truncate(mark).Add(mark)
}
