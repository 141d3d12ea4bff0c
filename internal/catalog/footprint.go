package catalog

import (
	"slices"

	"github.com/changectl/changectl/internal/change"
)

// Footprint returns what a change that works on touch and looks at observe lays
// hold of. All lists are sorted by system, each with a shortest path; paths share
// memory and must not be altered. What is named may be site:NAME, cluster:NAME or
// region:NAME for all systems there.
//
//   - Touch: what is named, and the parts of what is named, at any depth.
//   - Impact: what loses service, without what is touched: all that depends on
//     something that is down, and every whole that a part of is down. A member of
//     redundancy groups passes its outage on only when the outermost of them no
//     longer keeps the members that must run.
//   - Degraded: the outermost groups that lose systems but keep enough. Touched
//     holds the members that are down, be they touched or impacted.
//   - Observe: what is named, what the touched systems are operated through (and
//     that again is operated through), and all that these depend on; without what
//     is touched.
//   - Severed: what the change takes down of its own way in, unless a redundancy
//     group on the way keeps enough.
//
// The error is NotFound for a name that is not a system, and Invalid where chains in
// the catalog are thousands of systems long.
func (c *Catalog) Footprint(touch, observe []change.Ref) (change.Footprint, error) {
	touched, err := c.systems(touch)
	if err != nil {
		return change.Footprint{}, err
	}
	named, err := c.systems(observe)
	if err != nil {
		return change.Footprint{}, err
	}
	s := c.borrow()
	defer c.giveBack(s)
	g := &c.graph
	s.touched.fromRoots(touched, g.parts.of)
	s.loseService(g)
	s.look(g, named)
	f := change.Footprint{
		Touch:    c.refs(s.touched.seen.appendTo(nil)),
		Impact:   s.paths(&s.impact, nil),
		Degraded: c.degraded(&s.out),
		Observe:  s.paths(&s.sight, &s.touched),
	}
	if s.err == nil {
		f.Severed = c.severed(s, touched)
	}
	if s.err != nil {
		return change.Footprint{}, s.err
	}
	return f, nil
}

// systems returns the nodes of systems and places, sorted and each once.
func (c *Catalog) systems(refs []change.Ref) ([]int32, error) {
	list := make([]int32, 0, len(refs))
	for _, ref := range refs {
		these, err := c.nodes(ref)
		if err != nil {
			return nil, err
		}
		list = append(list, these...)
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

// loseService finds what is down, and the shortest paths from what is touched to what
// loses service with it. Mostly every redundancy group keeps enough: so it is taken
// first, and only where one turns out to break, the loss is followed before the paths.
func (s *scratch) loseService(g *graph) {
	s.follow(g, g.inAny)
	if s.out.keeps(s.touched.found, s.impact.found) {
		return
	}
	s.impact.reset()
	s.out.reset()
	s.out.spread(s.touched.found, g.neededBy)
	s.follow(g, s.out.held)
}

// follow finds what needs the touched systems, past all that is not held back.
func (s *scratch) follow(g *graph, held nodeset) {
	for _, i := range s.touched.found {
		s.impact.seen.add(i) // so that it is not found
	}
	s.impact.fromFound(&s.touched, func(i int32) []int32 {
		if held.has(i) {
			return nil
		}
		return g.neededBy.of(i)
	})
	for _, i := range s.touched.found {
		s.impact.seen.remove(i)
	}
}

// look finds the way in, what is observed, and which of it the way in needs.
func (s *scratch) look(g *graph, named []int32) {
	s.way.fromFound(&s.touched, g.through.of)
	s.sight.fromBoth(&s.way, named, g.needs.of)
	s.access = &s.sight
	if len(named) > 0 {
		s.access = &s.needed
		s.needed.fromBoth(&s.way, nil, g.needs.of)
	}
}
