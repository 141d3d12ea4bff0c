package catalog

import (
	"slices"

	"github.com/changectl/changectl/internal/change"
)

// Declared returns what a maintenance of a class on targets holds, sorted, each
// system with a shortest path from a target. The parts of a target are held with it.
// An outage or degraded service touches the targets, and whatever loses service with
// them is impacted, as in Footprint. Reduced redundancy touches and takes nothing
// down. No impact is observed only: nobody else may work there or take it down. A
// class that is not known counts as an outage. The errors are those of Footprint.
func (c *Catalog) Declared(targets []change.Ref, class change.ImpactClass) ([]change.Hand, error) {
	named, err := c.systems(targets)
	if err != nil {
		return nil, err
	}
	s := c.borrow()
	defer c.giveBack(s)
	g := &c.graph
	s.touched.fromRoots(named, g.parts.of)
	switch class {
	case change.NoImpact:
		return hands(nil, change.Observe, s.paths(&s.touched, nil)), s.err
	case change.ReducedRedundancy:
		return hands(nil, change.Touch, s.paths(&s.touched, nil)), s.err
	case change.DegradedService, change.Outage:
	}
	s.loseService(g)
	return hands(hands(nil, change.Touch, s.paths(&s.touched, nil)), change.Impact, s.paths(&s.impact, nil)), s.err
}

func hands(to []change.Hand, mode change.Mode, list []change.Affected) []change.Hand {
	for _, a := range list {
		to = append(to, change.Hand{System: a.System, Mode: mode, Access: a.Access, Path: a.Path})
	}
	return to
}

// Reach returns everything that has to do with systems, each once and with a shortest
// path that begins at one of them: what they are and consist of (touch), what needs
// them (impact), and what they depend on and are operated through (observe), in this
// order. Unlike in a footprint redundancy stops nothing: who asks who else is playing
// wants to know of those behind a pair too. The errors are those of Footprint.
func (c *Catalog) Reach(systems []change.Ref) ([]change.Hand, error) {
	named, err := c.systems(systems)
	if err != nil {
		return nil, err
	}
	s := c.borrow()
	defer c.giveBack(s)
	g := &c.graph
	s.touched.fromRoots(named, g.parts.of)
	s.follow(g, newNodeset(len(g.names)))
	s.look(g, named)
	list := hands(nil, change.Touch, s.paths(&s.touched, nil))
	list = hands(list, change.Impact, s.paths(&s.impact, nil))
	seen := hands(nil, change.Observe, s.paths(&s.sight, &s.touched))
	return append(list, slices.DeleteFunc(seen, func(h change.Hand) bool { return s.impact.has(c.index[h.System]) })...), s.err
}

// Refresh returns the footprint of a plan by this catalog. The errors are those of
// Footprint; NotFound names a target that no longer exists.
//
// The footprint is made of the plan's targets again, and not of its touched systems:
// these hold the parts too, of which some may since have been taken out of what they
// were a part of. A target that the plan does not touch is one that it observes.
func (c *Catalog) Refresh(p change.Plan) (change.Footprint, error) {
	touched := make(map[change.Ref]bool, len(p.Footprint.Touch))
	for _, ref := range p.Footprint.Touch {
		touched[ref] = true
	}
	var touch, observe []change.Ref
	for _, t := range p.Targets {
		members, err := c.Expand(t.Ref)
		if err != nil {
			return change.Footprint{}, err
		}
		if touched[t.Ref] || (isPlace(t.Ref) && slices.ContainsFunc(members, func(m change.Ref) bool { return touched[m] })) {
			touch = append(touch, members...)
		} else {
			observe = append(observe, members...)
		}
	}
	return c.Footprint(touch, observe)
}
