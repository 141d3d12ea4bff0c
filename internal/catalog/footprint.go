package catalog

import (
	"cmp"
	"slices"

	"github.com/changectl/changectl/internal/change"
)

// Footprint returns what a change that works on touch and looks at observe lays
// hold of. All lists are sorted by system, each with a shortest path.
//
//   - Touch: what is named, and the parts of what is named, at any depth.
//   - Impact: what loses service, without what is touched: all that depends on
//     something that is down, and every whole that a part of is down. A member of
//     a redundancy group passes its outage on only when the group no longer keeps
//     the members that must run.
//   - Degraded: the groups that lose members but keep enough. Touched holds the
//     members that are down, be they touched or impacted.
//   - Observe: what is named, what the touched systems are operated through (and
//     that again is operated through), and all that these depend on; without what
//     is touched.
//
// The error is NotFound for a name that is not a system.
func (c *Catalog) Footprint(touch, observe []change.Ref) (change.Footprint, error) {
	touched, err := c.touch(touch)
	if err != nil {
		return change.Footprint{}, err
	}
	named, err := c.systems(observe)
	if err != nil {
		return change.Footprint{}, err
	}
	out := c.graph.outageOf(touched.found())
	f := change.Footprint{Touch: c.refs(slices.Sorted(slices.Values(touched.found())))}
	f.Impact = c.affected(c.impact(touched, out), touched)
	f.Degraded = c.degraded(out)
	f.Observe = c.affected(c.observe(named, c.wayIn(touched)), touched)
	return f, nil
}

// WayIn returns what the touched systems are operated through and all that this
// depends on, with a shortest path. Unlike a footprint's Observe it does not leave
// out what is touched: a change that takes away its own way in finds it here.
func (c *Catalog) WayIn(touch []change.Ref) ([]change.Affected, error) {
	touched, err := c.touch(touch)
	if err != nil {
		return nil, err
	}
	return c.affected(c.observe(nil, c.wayIn(touched)), nil), nil
}

// systems returns the indices of systems, sorted and each once.
func (c *Catalog) systems(refs []change.Ref) ([]int32, error) {
	list := make([]int32, 0, len(refs))
	for _, ref := range refs {
		i, err := c.system(ref)
		if err != nil {
			return nil, err
		}
		list = append(list, i)
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

func (c *Catalog) touch(refs []change.Ref) (*walk, error) {
	named, err := c.systems(refs)
	if err != nil {
		return nil, err
	}
	w := newWalk(len(c.entities), nil)
	w.run([][]seed{seeds(named, isRoot)}, c.graph.parts.of)
	return w, nil
}

func (c *Catalog) impact(touched *walk, out outage) *walk {
	w := newWalk(len(c.entities), touched)
	for _, i := range touched.found() {
		w.parent[i] = isRoot // never found again
	}
	w.run(touched.asSources(), func(i int32) []int32 {
		if g := c.graph.group[i]; g >= 0 && !out.broken[g] {
			return nil
		}
		return c.graph.neededBy.of(i)
	})
	return w
}

func (c *Catalog) wayIn(touched *walk) *walk {
	w := newWalk(len(c.entities), touched)
	w.run(touched.asSources(), c.graph.through.of)
	return w
}

func (c *Catalog) observe(named []int32, way *walk) *walk {
	w := newWalk(len(c.entities), way)
	start := make([][]seed, max(1, len(way.levels)))
	for d, level := range way.levels {
		start[d] = seeds(level, isInBase)
	}
	start[0] = append(start[0], seeds(named, isRoot)...)
	w.run(start, c.graph.needs.of)
	return w
}

func (c *Catalog) affected(w, without *walk) []change.Affected {
	names := c.graph.names
	var list []int32
	for i, p := range w.parent {
		if p != isUnseen && (without == nil || without.parent[i] == isUnseen) {
			list = append(list, int32(i))
		}
	}
	if len(list) == 0 {
		return nil
	}
	out := make([]change.Affected, len(list))
	slab := make([]change.Ref, 0, w.pathLengths())
	var path []int32
	for n, i := range list {
		path = w.path(path[:0], i)
		mine := slab[len(slab) : len(slab)+len(path)]
		slab = slab[:len(slab)+len(path)]
		for back, p := range path {
			mine[len(path)-1-back] = names[p]
		}
		out[n] = change.Affected{System: names[i], Path: slices.Clip(mine)}
	}
	return out
}

func (c *Catalog) degraded(out outage) []change.Degraded {
	var list []change.Degraded
	for n, lost := range out.lost {
		if lost == 0 || out.broken[n] {
			continue
		}
		g := c.graph.groups[n]
		list = append(list, change.Degraded{Group: g.name, Members: c.refs(g.members), Touched: c.refs(out.membersOf(g)), MustRun: g.mustRun})
	}
	slices.SortFunc(list, func(a, b change.Degraded) int { return cmp.Compare(a.Group, b.Group) })
	return list
}
