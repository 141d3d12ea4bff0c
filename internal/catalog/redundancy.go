package catalog

import (
	"cmp"
	"iter"
	"slices"

	"github.com/changectl/changectl/internal/change"
)

// Outer is a redundancy group that another one is a member of, with how many of its
// members must stay up.
type Outer struct {
	Group   string `json:"group"`
	MustRun int    `json:"mustRun"`
}

// redundancy holds the redundancy groups, which form trees.
type redundancy struct {
	group  []int32 // innermost group of a system, or none
	outer  []int32 // outermost group of a system, or none
	inAny  nodeset // the systems that are in a group
	groups []group
	byName map[string]int32
}

// none stands for no group.
const none int32 = -1

// group is one of which mustRun members, systems and groups together, must stay up.
type group struct {
	name    string
	systems []int32 // members, sorted
	groups  []int32 // members, sorted by name
	mustRun int
	within  int32 // group that this one is a member of, or none
	// below holds, of an outermost group, the systems in it and in the groups below it.
	below []int32
}

func (g group) size() int { return len(g.systems) + len(g.groups) }

// newRedundancy makes the groups of normalised entities: each member names all
// groups around it. The error is Invalid where members do not agree.
func newRedundancy(entities []Entity) (redundancy, error) {
	r := redundancy{group: make([]int32, len(entities)), outer: make([]int32, len(entities)), inAny: newNodeset(len(entities)), byName: map[string]int32{}}
	for i, e := range entities {
		r.group[i], r.outer[i] = none, none
		if e.Group == "" {
			continue
		}
		n := none
		for o := range e.groups() {
			joined, ok := r.join(o, n)
			if !ok {
				return r, change.Invalid("catalog snapshot: %s disagrees with others about the redundancy group %s", e.Ref, o.Group)
			}
			n = joined
		}
		outer := r.outermost(n)
		r.groups[n].systems = append(r.groups[n].systems, int32(i))
		r.groups[outer].below = append(r.groups[outer].below, int32(i))
		r.group[i], r.outer[i] = n, outer
		r.inAny.add(int32(i))
	}
	return r, r.sound()
}

// groups yields the redundancy groups that a system lies in, the outermost first.
func (e Entity) groups() iter.Seq[Outer] {
	return func(yield func(Outer) bool) {
		for _, o := range slices.Backward(e.Within) {
			if !yield(o) {
				return
			}
		}
		yield(Outer{e.Group, e.MustRun})
	}
}

// join returns the number of a group, new or known, that lies within around. It is
// not ok where that contradicts what is known.
func (r *redundancy) join(o Outer, around int32) (n int32, ok bool) {
	if n, known := r.byName[o.Group]; known {
		return n, r.groups[n].mustRun == o.MustRun && r.groups[n].within == around
	}
	n = int32(len(r.groups))
	r.byName[o.Group] = n
	r.groups = append(r.groups, group{name: o.Group, mustRun: o.MustRun, within: around})
	if around != none {
		r.groups[around].groups = append(r.groups[around].groups, n)
	}
	return n, true
}

func (r *redundancy) outermost(n int32) int32 {
	for r.groups[n].within != none {
		n = r.groups[n].within
	}
	return n
}

func (r *redundancy) sound() error {
	for _, g := range r.groups {
		if g.mustRun < 1 || g.mustRun > g.size() {
			return change.Invalid("catalog snapshot: %d of the %d members of the redundancy group %s must stay up", g.mustRun, g.size(), g.name)
		}
		slices.SortFunc(g.groups, func(a, b int32) int { return cmp.Compare(r.groups[a].name, r.groups[b].name) })
	}
	return nil
}

// lies reports whether a system is a member of a group or of one below it.
func (r *redundancy) lies(i int32, name string) bool {
	n, known := r.byName[name]
	if !known {
		return false
	}
	for m := r.group[i]; m != none; m = r.groups[m].within {
		if m == n {
			return true
		}
	}
	return false
}

// Group returns the systems that are members of a redundancy group or of a group
// below it, and how many of the group's direct members, be they systems or groups,
// must stay up; no members when there is no such group.
func (c *Catalog) Group(name string) (members []change.Ref, mustRun int) {
	n, ok := c.graph.byName[name]
	if !ok {
		return nil, 0
	}
	for _, i := range c.graph.groups[c.graph.outermost(n)].below {
		if c.graph.lies(i, name) {
			members = append(members, c.graph.names[i])
		}
	}
	return members, c.graph.groups[n].mustRun
}

// degraded returns the outermost groups that lose systems but keep enough, by name.
func (c *Catalog) degraded(out *outage) []change.Degraded {
	var list []change.Degraded
	for _, n := range out.hit {
		if !out.broken[n] {
			list = append(list, c.tree(n, out))
		}
	}
	slices.SortFunc(list, func(a, b change.Degraded) int { return cmp.Compare(a.Group, b.Group) })
	return list
}

// tree returns a group with all groups below it. Those without damage are told too:
// what others take down of them counts together with ours.
func (c *Catalog) tree(n int32, out *outage) change.Degraded {
	g := c.graph.groups[n]
	d := change.Degraded{Group: g.name, MustRun: g.mustRun}
	if len(g.systems) > 0 {
		d.Members = c.refs(g.systems)
	}
	for _, i := range g.systems {
		if out.down.has(i) {
			d.Touched = append(d.Touched, c.graph.names[i])
		}
	}
	for _, m := range g.groups {
		d.Groups = append(d.Groups, c.tree(m, out))
	}
	return d
}
