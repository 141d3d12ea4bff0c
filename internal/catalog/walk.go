package catalog

// walk is a breadth first search and the tree of shortest paths that it leaves. It
// may begin where another walk, its base, has come to; paths then go back through
// both. Among paths of the same length the one over the smaller index is kept.
type walk struct {
	base   *walk
	seen   nodeset
	parent []int32 // of what was seen: the node before it on the path, or as below
	found  []int32 // by length of path, then by node
	ends   []int32 // found[ends[d-1]:ends[d]] has paths of d steps
	sorter nodeset
}

// What a node's parent can be besides the index of another node of the same walk. At
// inBase and below it, it is the node inBase-parent of the base.
const (
	asRoot int32 = -1 // the path begins here
	asBase int32 = -2 // the path is that of the base to this node
	inBase int32 = -3
)

// size makes room for the nodes of a graph.
func (w *walk) size(nodes int) {
	w.seen, w.sorter = newNodeset(nodes), newNodeset(nodes)
	w.parent = make([]int32, nodes)
	w.found = make([]int32, 0, nodes+1)
}

// reset forgets what was found.
func (w *walk) reset() {
	clear(w.seen)
	w.found, w.ends, w.base = w.found[:0], w.ends[:0], nil
}

func (w *walk) has(i int32) bool { return w.seen.has(i) }

// level returns what has paths of so many steps, sorted; nothing for a nil walk.
func (w *walk) level(steps int) []int32 {
	if w == nil || steps >= len(w.ends) {
		return nil
	}
	if steps == 0 {
		return w.found[:w.ends[0]]
	}
	return w.found[w.ends[steps-1]:w.ends[steps]]
}

// steps returns the length of all paths together, in nodes.
func (w *walk) steps() int {
	sum := 0
	for d := range w.ends {
		sum += (d + 1) * len(w.level(d))
	}
	return sum
}

// fromRoots searches from nodes along next.
func (w *walk) fromRoots(roots []int32, next func(int32) []int32) {
	w.put(roots, asRoot)
	w.run(nil, nil, next)
}

// fromFound searches along next from where base has come to. What base has found is
// found again only where a path leads back to it.
func (w *walk) fromFound(base *walk, next func(int32) []int32) {
	w.base = base
	w.run(base, nil, next)
}

// fromBoth searches along next from where base has come to, and from roots; all of
// these are found.
func (w *walk) fromBoth(base *walk, roots []int32, next func(int32) []int32) {
	w.base = base
	w.put(roots, asRoot)
	w.run(nil, base, next)
}

// put finds nodes from outside.
func (w *walk) put(nodes []int32, parent int32) {
	known := len(w.found)
	w.found = w.seen.gather(w.found, nodes)
	for _, i := range w.found[known:] {
		w.parent[i] = parent
	}
}

// run goes on step by step. sources are searched from without being found, joined are
// found as they are.
func (w *walk) run(sources, joined *walk, next func(int32) []int32) {
	for steps := 0; ; steps++ {
		start := 0
		if steps > 0 {
			start = int(w.ends[steps-1])
		}
		w.put(joined.level(steps), asBase)
		w.sorter.order(w.found[start:])
		w.ends = append(w.ends, int32(len(w.found)))
		w.spread(w.found[start:], sources.level(steps), next)
		if len(w.found) == int(w.ends[steps]) && sources.spent(steps) && joined.spent(steps) {
			return
		}
	}
}

// spent reports whether nothing was found more than so many steps away.
func (w *walk) spent(steps int) bool { return w == nil || steps+1 >= len(w.ends) }

// spread goes one step on from nodes of this walk and of its base, in the order of
// the nodes, so that what is found first is the path to keep.
func (w *walk) spread(own, base []int32, next func(int32) []int32) {
	for len(own)+len(base) > 0 {
		if len(own) == 0 || (len(base) > 0 && base[0] <= own[0]) {
			w.put(next(base[0]), inBase-base[0])
			base = base[1:]
		} else {
			w.put(next(own[0]), own[0])
			own = own[1:]
		}
	}
}

// before returns the walk and node before a node on its path; not ok where it begins.
func (w *walk) before(i int32) (*walk, int32, bool) {
	for w.parent[i] == asBase {
		w = w.base
	}
	switch p := w.parent[i]; {
	case p == asRoot:
		return nil, 0, false
	case p <= inBase:
		return w.base, inBase - p, true
	default:
		return w, p, true
	}
}
