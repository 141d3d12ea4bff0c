package catalog

import "slices"

// outage says what is down and what becomes of the redundancy groups.
type outage struct {
	down   []bool // by system
	lost   []int  // by group: how many members are down
	broken []bool // by group: it keeps too few members
}

// outageOf follows the loss of service to its end. Whether a group breaks does not
// depend on the order in which its members go down, so the walk may take any.
func (g *graph) outageOf(touched []int32) outage {
	out := outage{lost: make([]int, len(g.groups)), broken: make([]bool, len(g.groups))}
	if len(g.groups) == 0 {
		return out
	}
	out.down = make([]bool, len(g.group))
	todo := slices.Clone(touched)
	for _, i := range touched {
		out.down[i] = true
	}
	for len(todo) > 0 {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		n := g.group[i]
		if n < 0 || out.broken[n] {
			todo = out.passOn(g, i, todo)
			continue
		}
		out.lost[n]++
		if len(g.groups[n].members)-out.lost[n] >= g.groups[n].mustRun {
			continue
		}
		// Members that wait in todo pass it on now; when their turn comes, all that
		// needs them is down already.
		out.broken[n] = true
		for _, member := range out.membersOf(g.groups[n]) {
			todo = out.passOn(g, member, todo)
		}
	}
	return out
}

// passOn takes down what needs i and appends it to todo.
func (o *outage) passOn(g *graph, i int32, todo []int32) []int32 {
	for _, next := range g.neededBy.of(i) {
		if !o.down[next] {
			o.down[next] = true
			todo = append(todo, next)
		}
	}
	return todo
}

// membersOf returns the members of a group that are down.
func (o *outage) membersOf(g redundancy) []int32 {
	var list []int32
	for _, m := range g.members {
		if o.down[m] {
			list = append(list, m)
		}
	}
	return list
}
