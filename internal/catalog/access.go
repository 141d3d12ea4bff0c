package catalog

import (
	"cmp"
	"slices"

	"github.com/changectl/changectl/internal/change"
)

// severed returns what the change takes down of its own way in. named is what it
// names to be touched; s holds its outage and its way in.
//
// A system can no longer be reached when one that it is operated through is down or
// can itself no longer be reached. Where that one is a member of redundancy groups,
// the others lead in, until the outermost group breaks.
//
// What is named and is its own way in, or whose parts are, is not severed by that
// alone: it must be the way in to something else that is named.
func (c *Catalog) severed(s *scratch, named []int32) []change.Affected {
	if !slices.ContainsFunc(s.access.found, func(i int32) bool { return s.out.down.has(i) }) {
		return nil
	}
	s.cut.spread(s.out.gone, c.graph.leads)
	var list []change.Affected
	again := map[string][]change.Affected{} // by the names that a path must not begin with
	for _, a := range c.severedFrom(s, named) {
		own := c.around(c.index[a.System])
		if slices.Contains(own, c.index[a.Path[0]]) {
			a.Path = c.detour(s, named, own, a.System, again)
		}
		if a.Path != nil {
			list = append(list, a)
		}
	}
	return list
}

// severedFrom returns what is down on the way in to some of what is named, by name.
func (c *Catalog) severedFrom(s *scratch, named []int32) []change.Affected {
	var touched, way, sight walk
	for _, w := range []*walk{&touched, &way, &sight} {
		w.size(len(c.entities))
	}
	touched.fromRoots(named, c.graph.parts.of)
	way.fromFound(&touched, picked(c.graph.through, s.cut.passes))
	sight.fromBoth(&way, nil, picked(c.graph.needs, s.out.passes))
	return slices.DeleteFunc(s.paths(&sight, nil), func(a change.Affected) bool {
		return !s.out.down.has(c.index[a.System])
	})
}

// picked returns the neighbours that a walk may go to.
func picked(a adjacency, may func(int32) bool) func(int32) []int32 {
	var some []int32
	return func(i int32) []int32 {
		some = some[:0]
		for _, n := range a.of(i) {
			if may(n) {
				some = append(some, n)
			}
		}
		return some
	}
}

// around returns a system and all that it is a part of, sorted.
func (c *Catalog) around(i int32) []int32 {
	all := []int32{i}
	if len(c.graph.wholes.of(i)) == 0 {
		return all
	}
	seen := map[int32]bool{i: true}
	for n := 0; n < len(all); n++ {
		for _, whole := range c.graph.wholes.of(all[n]) {
			if !seen[whole] {
				seen[whole] = true
				all = append(all, whole)
			}
		}
	}
	slices.Sort(all)
	return all
}

// detour returns a path to a system that is down which begins at none of own, or
// nil. What was worked out for the same names is used again.
func (c *Catalog) detour(s *scratch, named, own []int32, to change.Ref, known map[string][]change.Affected) []change.Ref {
	others := slices.DeleteFunc(slices.Clone(named), func(i int32) bool { return slices.Contains(own, i) })
	excluded := join(c.refs(slices.DeleteFunc(slices.Clone(own), func(i int32) bool { return !slices.Contains(named, i) })))
	list, ok := known[excluded]
	if !ok {
		list = c.severedFrom(s, others)
		known[excluded] = list
	}
	n, found := slices.BinarySearchFunc(list, to, func(a change.Affected, ref change.Ref) int { return cmp.Compare(a.System, ref) })
	if !found {
		return nil
	}
	return list[n].Path
}
