package catalog

import (
	"math"
	"slices"
)

// What a node's parent can be besides the index of another node of the same walk.
// At isSource and below it, it is the node isSource-parent of the base walk.
const (
	isUnseen int32 = -1
	isRoot   int32 = -2 // the path begins here
	isInBase int32 = -3 // the path goes on in the base walk, at the same node
	isSource int32 = -4
)

// walk is a breadth first search and the tree of shortest paths that it leaves. It
// may begin where another walk, its base, has come to; paths then go back through
// both. Among paths of the same length the one over the smaller index is kept.
type walk struct {
	base   *walk
	parent []int32
	levels [][]int32 // what was found, by length of path
}

func newWalk(nodes int, base *walk) *walk {
	w := &walk{base: base, parent: make([]int32, nodes)}
	for i := range w.parent {
		w.parent[i] = isUnseen
	}
	return w
}

// seed is where a walk begins. With isSource, its neighbours are found but not the
// node itself; otherwise it is found, with this parent.
type seed struct{ node, parent int32 }

func seeds(nodes []int32, parent int32) []seed {
	list := make([]seed, len(nodes))
	for i, n := range nodes {
		list[i] = seed{n, parent}
	}
	return list
}

// asSources returns what the walk found as the beginning of another one.
func (w *walk) asSources() [][]seed {
	list := make([][]seed, len(w.levels))
	for d, level := range w.levels {
		list[d] = seeds(level, isSource)
	}
	return list
}

// run searches from seeds, which are given by the length of the path that leads to
// them, along next.
func (w *walk) run(start [][]seed, next func(int32) []int32) {
	var front, found []entry
	for d := 0; d < len(start) || len(front) > 0; d++ {
		if d < len(start) {
			front = w.join(front, start[d], d)
		}
		slices.Sort(front)
		found = found[:0]
		for _, e := range front {
			node, parent := e.unpack()
			for _, n := range next(node) {
				if w.parent[n] == isUnseen {
					w.parent[n] = parent
					w.note(n, d+1)
					found = append(found, pack(n, n))
				}
			}
		}
		front, found = found, front
	}
}

// entry is a node to go on from with what its neighbours get as their parent, as
// one number: the order of entries is that of their nodes, sources first.
type entry int64

func pack(node, parent int32) entry {
	return entry(int64(node)<<32 + int64(parent) - int64(math.MinInt32))
}

func (e entry) unpack() (node, parent int32) {
	return int32(e >> 32), int32(int64(e)&math.MaxUint32 + math.MinInt32)
}

func (w *walk) join(front []entry, start []seed, depth int) []entry {
	for _, s := range start {
		switch {
		case s.parent == isSource:
			front = append(front, pack(s.node, isSource-s.node))
		case w.parent[s.node] == isUnseen:
			w.parent[s.node] = s.parent
			w.note(s.node, depth)
			front = append(front, pack(s.node, s.node))
		}
	}
	return front
}

func (w *walk) note(n int32, depth int) {
	for len(w.levels) <= depth {
		w.levels = append(w.levels, nil)
	}
	w.levels[depth] = append(w.levels[depth], n)
}

// found returns all that the walk came to, nearest first.
func (w *walk) found() []int32 { return slices.Concat(w.levels...) }

// pathLengths returns the length of all paths together, in nodes.
func (w *walk) pathLengths() int {
	sum := 0
	for d, level := range w.levels {
		sum += (d + 1) * len(level)
	}
	return sum
}

// path appends the way back from i to where it began.
func (w *walk) path(to []int32, i int32) []int32 {
	for {
		p := w.parent[i]
		if p != isInBase {
			to = append(to, i)
		}
		switch {
		case p == isRoot:
			return to
		case p == isInBase:
			w = w.base
		case p <= isSource:
			i, w = isSource-p, w.base
		default:
			i = p
		}
	}
}
