package catalog

import (
	"cmp"
	"slices"

	"github.com/changectl/changectl/internal/change"
)

// graph holds the edges between systems as adjacency arrays: what a footprint
// costs is the walk alone.
type graph struct {
	names    []change.Ref // of the nodes
	needs    adjacency    // what a system depends on, and a whole on its parts
	neededBy adjacency    // the same, the other way
	parts    adjacency    // of a whole
	wholes   adjacency    // of a part
	through  adjacency    // what a system is operated through
	leads    adjacency    // the same, the other way
	redundancy
}

// adjacency holds the neighbours of node i in to[start[i]:start[i+1]], sorted.
type adjacency struct{ start, to []int32 }

func (a adjacency) of(i int32) []int32 { return a.to[a.start[i]:a.start[i+1]] }

// arc is an edge of the graph.
type arc struct{ from, to int32 }

func newAdjacency(nodes int, arcs []arc) adjacency {
	slices.SortFunc(arcs, func(a, b arc) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	arcs = slices.Compact(arcs)
	a := adjacency{start: make([]int32, nodes+1), to: make([]int32, len(arcs))}
	for n, e := range arcs {
		a.start[e.from+1]++
		a.to[n] = e.to
	}
	for i := range nodes {
		a.start[i+1] += a.start[i]
	}
	return a
}

func reversed(arcs []arc) []arc {
	other := make([]arc, len(arcs))
	for n, e := range arcs {
		other[n] = arc{e.to, e.from}
	}
	return other
}

func newGraph(entities []Entity, index map[change.Ref]int32) (graph, error) {
	g := graph{names: make([]change.Ref, len(entities))}
	var needs, parts, through []arc
	for n, e := range entities {
		i := int32(n)
		g.names[i] = e.Ref
		for _, ref := range e.DependsOn {
			needs = append(needs, arc{i, index[ref]})
		}
		for _, ref := range e.PartOf {
			parts = append(parts, arc{index[ref], i})
		}
		for _, ref := range e.ReachedThrough {
			through = append(through, arc{i, index[ref]})
		}
	}
	needs = append(needs, parts...)
	nodes := len(entities)
	g.needs, g.neededBy = newAdjacency(nodes, needs), newAdjacency(nodes, reversed(needs))
	g.parts, g.wholes = newAdjacency(nodes, parts), newAdjacency(nodes, reversed(parts))
	g.through, g.leads = newAdjacency(nodes, through), newAdjacency(nodes, reversed(through))
	var err error
	g.redundancy, err = newRedundancy(entities)
	return g, err
}
