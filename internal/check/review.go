package check

import (
	"fmt"
	"slices"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/schedule"
)

// rule is one reason for or against a change.
type rule struct {
	name  string
	judge func(change.Plan, change.Facts) []change.Finding
}

// The order is the order in which a person reads the findings.
var rules = []rule{
	{"fits", fits},
	{"overlap", overlap},
	{"redundancy", redundancy},
}

// Review judges a plan against what others hold at the time of f.
func Review(f change.Facts) change.Verdict {
	var v change.Verdict
	for _, r := range rules {
		for _, found := range r.judge(f.Record.Plan, f) {
			found.Rule = r.name
			v.Findings = append(v.Findings, found)
		}
	}
	slices.SortStableFunc(v.Findings, func(a, b change.Finding) int { return weight(b) - weight(a) })
	return v
}

// weight puts what stands in the way before what is only worth knowing.
func weight(f change.Finding) int {
	if f.Severity == change.Blocks {
		return 1
	}
	return 0
}

// Times returns what the arithmetic of windows needs of a plan.
func Times(p change.Plan) []schedule.Times {
	ts := make([]schedule.Times, len(p.Steps))
	for i, s := range p.Steps {
		ts[i] = schedule.Times{Name: s.Name, Expected: s.Expected.Std(), Irreversible: s.PointOfNoReturn}
		if s.Undo != nil {
			ts[i].Undo = s.Undo.Expected.Std()
		}
	}
	return ts
}

// Needed returns how long a window the plan needs.
func Needed(p change.Plan) time.Duration { return schedule.Needed(Times(p), p.Margin.Std()) }

// fits asks whether the plan and its way back still fit into what is left of the window.
func fits(p change.Plan, f change.Facts) []change.Finding {
	from := p.Window.Start
	if f.Now.After(from) {
		from = f.Now
	}
	need, left := Needed(p), p.Window.End.Sub(from)
	if need <= left {
		return nil
	}
	return []change.Finding{{Severity: change.Blocks, Message: fmt.Sprintf(
		"the plan with its way back needs %s; %s are left of the window until %s. Ask for a longer or later window",
		need, max(left, 0).Round(time.Second), p.Window.End.UTC().Format(time.RFC3339))}}
}

// matrix says what two modes on one system come to; DESIGN: the table of conflicts.
var matrix = map[change.Mode]map[change.Mode]change.Severity{
	change.Touch:   {change.Touch: change.Blocks, change.Impact: change.Blocks, change.Observe: change.Blocks},
	change.Impact:  {change.Touch: change.Blocks, change.Impact: change.Warns, change.Observe: change.Blocks},
	change.Observe: {change.Touch: change.Blocks, change.Impact: change.Blocks},
}

type part struct {
	mode change.Mode
	path []change.Ref
}

// parts returns how a plan lays hold of each system: a system that is touched
// and observed too counts with both.
func parts(p change.Plan) map[change.Ref][]part {
	m := map[change.Ref][]part{}
	for _, r := range p.Footprint.Touch {
		m[r] = append(m[r], part{change.Touch, nil})
	}
	for _, a := range p.Footprint.Impact {
		m[a.System] = append(m[a.System], part{change.Impact, a.Path})
	}
	for _, a := range p.Footprint.Observe {
		m[a.System] = append(m[a.System], part{change.Observe, a.Path})
	}
	return m
}

// strength orders the modes by how much they do to a system.
var strength = map[change.Mode]int{change.Touch: 2, change.Impact: 1}

// overlap lays the conflict matrix over every system that two changes share. For
// each other change and severity the strongest clash is told in words, and the
// systems of all are listed.
func overlap(p change.Plan, f change.Facts) []change.Finding {
	mine := parts(p)
	var found []change.Finding
	for _, c := range clashes(mine, p, f) {
		found = add(found, change.Finding{
			Severity: matrix[c.mode][c.other.Mode], Systems: []change.Ref{c.other.System}, Path: c.path, Other: c.other,
			Message: sentence(c.part, *c.other, f.Now),
		})
	}
	return found
}

// clash is one system that two changes lay hold of.
type clash struct {
	part
	other *change.Holding
}

// clashes returns every clash, the strongest first.
func clashes(mine map[change.Ref][]part, p change.Plan, f change.Facts) []clash {
	var all []clash
	for i := range f.Holdings {
		h := &f.Holdings[i]
		if !meets(p, *h, f.Now) {
			continue
		}
		for _, m := range mine[h.System] {
			if _, bad := matrix[m.mode][h.Mode]; bad {
				all = append(all, clash{m, h})
				break
			}
		}
	}
	slices.SortStableFunc(all, func(a, b clash) int {
		return strength[b.mode] + strength[b.other.Mode] - strength[a.mode] - strength[a.other.Mode]
	})
	return all
}

// meets reports whether a holding is there at the time of the plan: their windows
// overlap, or it is a claim that outlasts its window while ours is open.
func meets(p change.Plan, h change.Holding, now time.Time) bool {
	if h.Window.Overlaps(p.Window) {
		return true
	}
	return h.Token > 0 && !now.Before(h.Window.End) && p.Window.Contains(now)
}

func add(found []change.Finding, f change.Finding) []change.Finding {
	i := slices.IndexFunc(found, func(o change.Finding) bool {
		return o.Other.Change == f.Other.Change && o.Severity == f.Severity
	})
	if i < 0 {
		return append(found, f)
	}
	if !slices.Contains(found[i].Systems, f.Systems[0]) {
		found[i].Systems = append(found[i].Systems, f.Systems[0])
	}
	return found
}

var verbs = map[change.Mode]string{change.Touch: "works on", change.Impact: "takes service from", change.Observe: "validates through"}

func sentence(m part, h change.Holding, now time.Time) string {
	state := "from " + span(h.Window)
	switch {
	case h.Token > 0 && !now.Before(h.Window.End):
		state = "running, and over its window which ended at " + h.Window.End.UTC().Format(time.RFC3339)
	case h.Token > 0:
		state = "running, " + state
	}
	s := fmt.Sprintf("this change %s %s, which %s (%q, submitted by %s) %s, %s",
		verbs[m.mode], h.System, h.Change, h.Title, h.Person, verbs[h.Mode], state)
	if len(m.path) > 1 {
		s += fmt.Sprintf("; the way there is %v", m.path)
	}
	return s
}

func span(w change.Window) string {
	return w.Start.UTC().Format(time.RFC3339) + " to " + w.End.UTC().Format(time.RFC3339)
}

// redundancy counts together the members of a group that all overlapping
// changes touch: one too many is a conflict.
func redundancy(p change.Plan, f change.Facts) []change.Finding {
	var found []change.Finding
	for _, g := range p.Footprint.Degraded {
		down := slices.Clone(g.Touched)
		var last *change.Holding
		for i := range f.Holdings {
			h := &f.Holdings[i]
			member := slices.Contains(g.Members, h.System) && !slices.Contains(down, h.System)
			if member && h.Mode == change.Touch && meets(p, *h, f.Now) {
				down, last = append(down, h.System), h
			}
		}
		if len(g.Members)-len(down) >= g.MustRun || last == nil {
			continue
		}
		found = append(found, change.Finding{
			Severity: change.Blocks, Systems: down, Other: last,
			Message: fmt.Sprintf("redundancy group %s has %d members of which %d must stay up; this change touches %v and %s (%q, submitted by %s) touches %s from %s",
				g.Group, len(g.Members), g.MustRun, g.Touched, last.Change, last.Title, last.Person, last.System, span(last.Window)),
		})
	}
	return found
}
