package check

import (
	"slices"

	"github.com/changectl/changectl/internal/change"
)

// matrix says what two modes on one system come to; DESIGN: the table of conflicts.
var matrix = map[change.Mode]map[change.Mode]change.Severity{
	change.Touch:   {change.Touch: change.Blocks, change.Impact: change.Blocks, change.Observe: change.Blocks},
	change.Impact:  {change.Touch: change.Blocks, change.Impact: change.Warns, change.Observe: change.Blocks},
	change.Observe: {change.Touch: change.Blocks, change.Impact: change.Blocks},
}

// strength orders the modes by how much they do to a system.
var strength = map[change.Mode]int{change.Touch: 2, change.Impact: 1}

// clash is one system that two lay hold of.
type clash struct {
	part
	other *change.Holding
}

func (c clash) strength() int { return strength[c.mode] + strength[c.other.Mode] }

// losesOurs reports whether the other takes down our way in.
func (c clash) losesOurs() bool {
	return c.mode == change.Observe && c.access && takesDown(c.other.Mode)
}

// losesTheirs reports whether we take down the way in of the other.
func (c clash) losesTheirs() bool {
	return c.other.Mode == change.Observe && c.other.Access && takesDown(c.mode)
}

// clashOf returns the worst clash of the plan with what another holds on one system.
func (m *matter) clashOf(h *change.Holding) (worst clash, found bool) {
	for _, p := range m.parts[h.System] {
		c := clash{p, h}
		if matrix[p.mode][h.Mode] == "" {
			continue
		}
		if !found || m.worse(c, worst) {
			worst, found = c, true
		}
	}
	return worst, found
}

func (m *matter) worse(a, b clash) bool {
	if x, y := a.losesOurs() || a.losesTheirs(), b.losesOurs() || b.losesTheirs(); x != y {
		return x
	}
	if x, y := weight(m.severity(a)), weight(m.severity(b)); x != y {
		return x > y
	}
	return a.strength() > b.strength()
}

// ruleOf says which rule tells a clash. Each clash is told once.
func (m *matter) ruleOf(c clash) string {
	switch {
	case c.other.Type == change.Emergency && !m.urgent():
		return byEmergency
	case c.losesOurs(), c.losesTheirs():
		return byAccess
	}
	return byOverlap
}

// severity says what a clash comes to. Where an emergency is at work nobody else
// starts, even where both only take service from a system.
func (m *matter) severity(c clash) change.Severity {
	s := matrix[c.mode][c.other.Mode]
	if m.ruleOf(c) == byEmergency {
		s = change.Blocks
	}
	if s == change.Blocks && m.concession(c.other) != "" {
		return change.Warns
	}
	return s
}

// clashes returns the clashes in what is left of the window that a rule tells, the
// strongest first.
func (m *matter) clashes(name string) []clash {
	var all []clash
	for i := range m.Holdings {
		h := &m.Holdings[i]
		if !m.meets(h) {
			continue
		}
		if c, ok := m.clashOf(h); ok && m.ruleOf(c) == name {
			all = append(all, c)
		}
	}
	slices.SortStableFunc(all, func(a, b clash) int { return b.strength() - a.strength() })
	return all
}

// tell makes findings of clashes: for each other party and severity one, which tells
// the strongest in words and lists the systems of all.
func (m *matter) tell(all []clash, words func(clash) string) []change.Finding {
	var found []change.Finding
	for _, c := range all {
		severity := m.severity(c)
		i := slices.IndexFunc(found, func(f change.Finding) bool { return f.Other.By == c.other.By && f.Severity == severity })
		if i < 0 {
			found = append(found, change.Finding{
				Severity: severity, Systems: []change.Ref{c.other.System}, Path: c.way(), Other: c.other,
				Message: words(c) + m.ending(c),
			})
			continue
		}
		if !slices.Contains(found[i].Systems, c.other.System) {
			found[i].Systems = append(found[i].Systems, c.other.System)
		}
	}
	return found
}

// way returns the path by which the clash comes about: ours, or where we name the
// system ourselves, theirs.
func (c clash) way() []change.Ref {
	if len(c.path) < 2 && len(c.other.Path) > 1 {
		return c.other.Path
	}
	return c.path
}

// ending says by which path, how to reach the other, and why it does not stand in the way.
func (m *matter) ending(c clash) string {
	s := ""
	if len(c.path) > 1 {
		s += "; the way there is " + arrows(c.path)
	}
	if len(c.other.Path) > 1 {
		s += "; theirs is " + arrows(c.other.Path)
	}
	s += reach(c.other)
	if matrix[c.mode][c.other.Mode] == change.Blocks {
		if why := m.concession(c.other); why != "" {
			s += "; " + why
		}
	}
	return s
}
