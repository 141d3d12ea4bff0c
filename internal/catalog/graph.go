package catalog

import (
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
	through  adjacency    // what a system is operated through
	group    []int32      // redundancy group of a system, or -1
	groups   []redundancy
}

// redundancy is a group of which mustRun members must stay up.
type redundancy struct {
	name    string
	members []int32
	mustRun int
}

// adjacency holds the neighbours of node i in to[start[i]:start[i+1]], sorted.
type adjacency struct{ start, to []int32 }

func (a adjacency) of(i int32) []int32 { return a.to[a.start[i]:a.start[i+1]] }

func newAdjacency(lists [][]int32) adjacency {
	a := adjacency{start: make([]int32, 1, len(lists)+1)}
	for _, l := range lists {
		slices.Sort(l)
		a.to = append(a.to, slices.Compact(l)...)
		a.start = append(a.start, int32(len(a.to)))
	}
	return a
}

func newGraph(entities []Entity, index map[change.Ref]int32) graph {
	n := len(entities)
	needs, neededBy, parts, through := make([][]int32, n), make([][]int32, n), make([][]int32, n), make([][]int32, n)
	g := graph{names: make([]change.Ref, n), group: make([]int32, n)}
	numbers := map[string]int32{}
	for at, e := range entities {
		i := int32(at)
		for _, ref := range e.DependsOn {
			needs[i] = append(needs[i], index[ref])
			neededBy[index[ref]] = append(neededBy[index[ref]], i)
		}
		for _, ref := range e.PartOf {
			whole := index[ref]
			needs[whole] = append(needs[whole], i)
			neededBy[i] = append(neededBy[i], whole)
			parts[whole] = append(parts[whole], i)
		}
		for _, ref := range e.ReachedThrough {
			through[i] = append(through[i], index[ref])
		}
		g.names[i], g.group[i] = e.Ref, g.join(numbers, e, i)
	}
	g.needs, g.neededBy, g.parts, g.through = newAdjacency(needs), newAdjacency(neededBy), newAdjacency(parts), newAdjacency(through)
	return g
}

// join adds a member to its redundancy group and returns the group's number.
func (g *graph) join(numbers map[string]int32, e Entity, i int32) int32 {
	if e.Group == "" {
		return -1
	}
	n, ok := numbers[e.Group]
	if !ok {
		n = int32(len(g.groups))
		numbers[e.Group] = n
		g.groups = append(g.groups, redundancy{name: e.Group, mustRun: e.MustRun})
	}
	g.groups[n].members = append(g.groups[n].members, i)
	return n
}
