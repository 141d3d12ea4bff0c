package check

import (
	"slices"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/schedule"
)

// matter is what the rules judge: a plan, what it lays hold of by the catalog of
// today, and the facts about it.
type matter struct {
	change.Facts
	plan   change.Plan
	foot   change.Footprint
	estate Estate
	// parts is how the plan lays hold of the systems that others hold too.
	parts map[change.Ref][]part
	// left is what is left of the plan's window.
	left schedule.Span
}

func newMatter(f change.Facts, e Estate) *matter {
	m := &matter{Facts: f, plan: f.Record.Plan, foot: f.Record.Holds(), estate: e}
	m.left = schedule.Span{Start: m.plan.Window.Start, End: m.plan.Window.End}
	if m.plan.Window.Contains(f.Now) {
		m.left.Start = f.Now
	}
	m.parts = parts(m.foot, f.Holdings)
	return m
}

// part is one way in which the plan lays hold of a system.
type part struct {
	mode   change.Mode
	path   []change.Ref
	access bool
}

// parts returns how a footprint lays hold of each system that others hold: a system
// that is impacted and observed too counts with both.
func parts(f change.Footprint, others []change.Holding) map[change.Ref][]part {
	m := map[change.Ref][]part{}
	for i := range others {
		m[others[i].System] = nil
	}
	add := func(r change.Ref, p part) {
		if have, shared := m[r]; shared {
			m[r] = append(have, p)
		}
	}
	for _, r := range f.Touch {
		add(r, part{mode: change.Touch})
	}
	for _, a := range f.Impact {
		add(a.System, part{mode: change.Impact, path: a.Path})
	}
	for _, a := range f.Observe {
		add(a.System, part{mode: change.Observe, path: a.Path, access: a.Access})
	}
	return m
}

// overruns reports whether a holding is a claim that outlasts its window.
func overruns(h *change.Holding, now time.Time) bool {
	return h.Token > 0 && !now.Before(h.Window.End)
}

// during returns the time for which another holds a system, as far as it is known: a
// claim that outlasts its window is there for as long as our window is open, because
// nobody knows when it ends.
func (m *matter) during(h *change.Holding) schedule.Span {
	if overruns(h, m.Now) && m.plan.Window.Contains(m.Now) {
		return m.left
	}
	return schedule.Span{Start: h.Window.Start, End: h.Window.End}
}

// meets reports whether another holds a system in what is left of our window.
func (m *matter) meets(h *change.Holding) bool {
	d := m.during(h)
	return d.Start.Before(m.left.End) && m.left.Start.Before(d.End)
}

func (m *matter) urgent() bool { return m.plan.Type == change.Emergency }

// concession says why somebody else does not stand in the way, or is empty.
func (m *matter) concession(h *change.Holding) string {
	switch {
	case slices.Contains(m.Record.Accepted, h.By):
		return "accepted by decision"
	case !m.urgent():
		return ""
	case h.By.Declared():
		return "it cannot be refused and an emergency does not wait for it: call them"
	case h.Token == 0:
		return "its reservation will be pushed aside, and its people are told"
	}
	return ""
}

// takesDown reports whether a mode takes a system out of service.
func takesDown(m change.Mode) bool { return m == change.Touch || m == change.Impact }
