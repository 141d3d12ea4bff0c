package catalog

// outage says what is lost and what becomes of the redundancy groups.
type outage struct {
	graph  *graph
	down   nodeset
	gone   []int32 // the systems that are down
	held   nodeset // systems whose loss is held back by a group that keeps enough
	lost   []int32 // by group: how many members are down
	broken []bool  // by group: it keeps too few members
	hit    []int32 // outermost groups in which a system is down
	isHit  []bool  // by group
}

func (o *outage) size(g *graph) {
	o.graph = g
	o.down, o.held, o.gone = newNodeset(len(g.names)), newNodeset(len(g.names)), make([]int32, 0, len(g.names)+1)
	o.lost, o.broken, o.isHit = make([]int32, len(g.groups)), make([]bool, len(g.groups)), make([]bool, len(g.groups))
	copy(o.held, g.inAny)
}

func (o *outage) reset() {
	o.gone, o.hit = o.gone[:0], o.hit[:0]
	clear(o.down)
	clear(o.lost)
	clear(o.broken)
	clear(o.isHit)
	copy(o.held, o.graph.inAny)
}

// spread takes down nodes and follows the loss to its end along next. A member of
// redundancy groups passes it on only when the outermost of them breaks. Whether it
// does so does not depend on the order in which members go down, so any will do.
func (o *outage) spread(nodes []int32, next adjacency) {
	o.gone = o.down.gather(o.gone, nodes)
	for n := 0; n < len(o.gone); n++ {
		i := o.gone[n]
		switch {
		case !o.held.has(i):
			o.gone = o.down.gather(o.gone, next.of(i))
		case o.lose(i):
			// Members that wait for their turn pass it on now; when that comes, all that
			// needs them is down already.
			for _, m := range o.graph.groups[o.graph.outer[i]].below {
				o.held.remove(m)
				if o.down.has(m) {
					o.gone = o.down.gather(o.gone, next.of(m))
				}
			}
		}
	}
}

// keeps takes down what was found while every group was taken to hold its members' loss
// back. It reports whether that was right: no outermost group breaks.
func (o *outage) keeps(lists ...[]int32) bool {
	for _, nodes := range lists {
		known := len(o.gone)
		o.gone = o.down.gather(o.gone, nodes)
		for _, i := range o.gone[known:] {
			if o.held.has(i) && o.lose(i) {
				return false
			}
		}
	}
	return true
}

// lose takes a system from its group, and that from the one around it where it breaks.
// It reports whether the outermost breaks.
func (o *outage) lose(i int32) bool {
	if outer := o.graph.outer[i]; !o.isHit[outer] {
		o.isHit[outer] = true
		o.hit = append(o.hit, outer)
	}
	for n := o.graph.group[i]; ; {
		g := &o.graph.groups[n]
		o.lost[n]++
		if o.broken[n] || g.size()-int(o.lost[n]) >= g.mustRun {
			return false
		}
		o.broken[n] = true
		if g.within == none {
			return true
		}
		n = g.within
	}
}

// passes reports whether a system is lost and what stands behind it feels that.
func (o *outage) passes(i int32) bool { return o.down.has(i) && !o.held.has(i) }
