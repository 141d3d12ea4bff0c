package catalog

import (
	"slices"
	"strings"
)

// The annotations that speak of redundancy.
const (
	factGroup  = "redundancy-group"
	factMin    = "redundancy-min"
	factWithin = "redundancy-within"
)

// claims gathers what members say about the redundancy groups. What one says the
// others may leave out, but nobody may contradict.
type claims struct {
	byName map[string]*claim
	order  []*claim
}

// claim is what is said about one group.
type claim struct {
	name    string
	members []*source
	inner   []*claim // groups that are members

	mustRun int // 0 where nobody has said it
	minBy   *source
	minFact string

	around   *claim // nil: it is the outermost
	by       *source
	disputed bool // members do not agree on what is around it
	// left is set when nothing can be said about the group, so that it is left out.
	left   bool
	judged bool
}

// redundancy holds the members of each redundancy group against each other. A group
// that cannot be right is left out, so that its members pass outages on; and what
// cannot be right about the group around it, so that it is the outermost.
func (l *linker) redundancy() {
	c := claims{byName: map[string]*claim{}}
	for _, s := range l.sources {
		c.hear(s)
	}
	c.unwind()
	for _, g := range c.order {
		g.judge()
	}
	for _, g := range c.order {
		for _, s := range g.members {
			g.settle(&s.entity)
		}
	}
}

func (c *claims) group(name string) *claim {
	g := c.byName[name]
	if g == nil {
		g = &claim{name: name}
		c.byName[name] = g
		c.order = append(c.order, g)
	}
	return g
}

func (c *claims) hear(s *source) {
	e := &s.entity
	if e.Group == "" {
		if e.MustRun > 0 {
			s.failFact(factMin, "is given without %s%s", ours, factGroup)
		}
		if len(e.Within) > 0 {
			s.failFact(factWithin, "is given without %s%s", ours, factGroup)
		}
		e.MustRun, e.Within = 0, nil
		return
	}
	g := c.group(e.Group)
	g.members = append(g.members, s)
	if e.MustRun > 0 {
		g.must(e.MustRun, s, factMin)
	}
	for _, o := range e.Within {
		around := c.group(o.Group)
		around.must(o.MustRun, s, factWithin)
		g.lies(around, s)
		g = around
	}
}

func (g *claim) must(n int, s *source, fact string) {
	switch {
	case g.mustRun == 0:
		g.mustRun, g.minBy, g.minFact = n, s, fact
	case n != g.mustRun && fact == factMin:
		s.failFact(fact, "is %d, but the redundancy group %s has %d at %s; the members must agree", n, g.name, g.mustRun, g.minBy.where())
		g.left = true
	case n != g.mustRun:
		s.failFact(fact, "says %s=%d, but that group has %d at %s; the members must agree", g.name, n, g.mustRun, g.minBy.where())
		g.left = true
	}
}

func (g *claim) lies(around *claim, s *source) {
	switch {
	case g.disputed:
	case g.around == nil:
		g.around, g.by = around, s
		around.inner = append(around.inner, g)
	case g.around != around:
		s.failFact(factWithin, "puts the redundancy group %s into %s, but at %s it lies in %s; the members must agree", g.name, around.name, g.by.where(), g.around.name)
		g.leave()
		g.disputed = true
	}
}

// leave takes a group out of the one around it.
func (g *claim) leave() {
	g.around.inner = slices.DeleteFunc(g.around.inner, func(i *claim) bool { return i == g })
	g.around = nil
}

// unwind takes groups apart that lie within themselves, or too deep.
func (c *claims) unwind() {
	var f forest
	for n, g := range c.order {
		if g.around != nil {
			f.add(g.name, g.around.name, n)
		}
	}
	for _, round := range f.cycles() {
		g := c.order[round.edge]
		g.by.failFact(factWithin, "closes a cycle of redundancy groups: %s", strings.Join(round.way, " -> "))
		g.leave()
	}
	for _, g := range c.order {
		depth := 0
		for o := g.around; o != nil && depth <= deepest; o = o.around {
			depth++
		}
		if depth > deepest {
			g.by.failFact(factWithin, "puts the redundancy group %s within more than %d groups, one around the other", g.name, deepest)
			g.leave()
		}
	}
}

// judge finds out whether a group can be kept, after those within it.
func (g *claim) judge() {
	if g.judged {
		return
	}
	g.judged = true
	size := len(g.members)
	for _, i := range g.inner {
		if i.judge(); !i.left {
			size++
		}
	}
	switch {
	case g.left:
	case g.mustRun == 0:
		g.left = true
		g.members[0].failFact(factGroup, "no member of the group %s says how many must stay up; add %s%s", g.name, ours, factMin)
	case g.mustRun > size:
		g.left = true
		g.minBy.failFact(g.minFact, "is %d, but the redundancy group %s has %d member(s)", g.mustRun, g.name, size)
	}
}

// settle writes into a member what all have agreed on.
func (g *claim) settle(e *Entity) {
	e.Group, e.MustRun, e.Within = "", 0, nil
	if g.left {
		return
	}
	e.Group, e.MustRun = g.name, g.mustRun
	for o := g.around; o != nil && !o.left; o = o.around {
		e.Within = append(e.Within, Outer{o.name, o.mustRun})
	}
}
