package check

import (
	"cmp"
	"slices"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/schedule"
)

// strain is a redundancy group with everything that takes members of it down.
type strain struct {
	group change.Degraded
	ours  map[change.Ref]bool // members that this change takes down
	loads []load
}

// load is a member that another takes down for some time.
type load struct {
	schedule.Span
	holding *change.Holding
}

// breach is a time in which a group keeps too few members, with those who take them.
type breach struct {
	schedule.Span
	with []*change.Holding
}

// strainOn returns the strain on a group by this change and those of the others whom
// count accepts. A member that we take down ourselves is lost already, whoever else
// works on it.
func (m *matter) strainOn(g change.Degraded, count func(*change.Holding) bool) strain {
	systems := map[change.Ref]bool{}
	for _, r := range g.Systems() {
		systems[r] = true
	}
	s := strain{group: g, ours: map[change.Ref]bool{}}
	take := func(r change.Ref) {
		if systems[r] {
			s.ours[r] = true
		}
	}
	for _, r := range m.foot.Touch {
		take(r)
	}
	for _, a := range m.foot.Impact {
		take(a.System)
	}
	for _, r := range touched(g) {
		take(r)
	}
	for i := range m.Holdings {
		h := &m.Holdings[i]
		if takesDown(h.Mode) && systems[h.System] && !s.ours[h.System] && count(h) {
			s.loads = append(s.loads, load{m.during(h), h})
		}
	}
	return s
}

// touched returns the members of a group, and of all below it, that are down.
func touched(g change.Degraded) []change.Ref {
	all := slices.Clone(g.Touched)
	for _, inner := range g.Groups {
		all = append(all, touched(inner)...)
	}
	return all
}

func (s strain) oursDown() []change.Ref {
	var list []change.Ref
	for _, r := range s.group.Systems() {
		if s.ours[r] && !slices.Contains(list, r) {
			list = append(list, r)
		}
	}
	return list
}

// without leaves out those whom drop says.
func (s strain) without(drop func(*change.Holding) bool) strain {
	kept := make([]load, 0, len(s.loads))
	for _, l := range s.loads {
		if !drop(l.holding) {
			kept = append(kept, l)
		}
	}
	s.loads = kept
	return s
}

// turn is a moment at which a load comes or goes.
type turn struct {
	at    time.Time
	comes bool
	load  *load
	order int // of the load, so that the same facts are always told in the same words
}

// breaches sweeps over the time within a span and returns where the group keeps too few
// members, in order. Loads that are not there at the same moment are not added up. A
// group that breaks by our doing alone has no breaches: what depends on it is impacted.
func (s strain) breaches(within schedule.Span) []breach {
	if len(s.loads) == 0 || s.breaks(nil) {
		return nil
	}
	var found []breach
	down := map[change.Ref]int{}
	var here []*change.Holding
	turns := s.turns(within)
	for i, t := range turns {
		here = t.apply(down, here)
		// Judge behind the last turn of a moment: half-open times that meet do not overlap.
		if i+1 == len(turns) || turns[i+1].at.Equal(t.at) || !s.breaks(down) {
			continue
		}
		found = append(found, breach{schedule.Span{Start: t.at, End: turns[i+1].at}, slices.Clone(here)})
	}
	return found
}

func (s strain) turns(within schedule.Span) []turn {
	turns := make([]turn, 0, 2*len(s.loads))
	for i := range s.loads {
		l := &s.loads[i]
		from, to := l.Start, l.End
		if from.Before(within.Start) {
			from = within.Start
		}
		if to.After(within.End) {
			to = within.End
		}
		if from.Before(to) {
			turns = append(turns, turn{from, true, l, i}, turn{to, false, l, i})
		}
	}
	slices.SortFunc(turns, func(a, b turn) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.order, b.order)) })
	return turns
}

func (t turn) apply(down map[change.Ref]int, here []*change.Holding) []*change.Holding {
	h := t.load.holding
	if t.comes {
		down[h.System]++
		return append(here, h)
	}
	down[h.System]--
	i := slices.Index(here, h)
	return slices.Delete(here, i, i+1)
}

func (s strain) breaks(down map[change.Ref]int) bool {
	return s.group.Breaks(func(r change.Ref) bool { return s.ours[r] || down[r] > 0 })
}
