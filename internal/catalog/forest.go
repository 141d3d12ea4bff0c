package catalog

import "slices"

// forest holds edges that must not come back to where they began.
type forest struct {
	nodes map[string]*branch
	order []*branch // as they were first seen
}

type branch struct {
	name   string
	to     []twig
	at     int // of to, how many were followed
	state  state
	behind *branch // from where the search came here
}

type twig struct {
	to   *branch
	edge int // the caller's number
}

type state int

const (
	fresh     state = iota
	onWay           // it is on the way that is being followed
	exhausted       // all that it leads to was followed
)

// cycle is an edge that leads back, with the way that it closes.
type cycle struct {
	edge int
	way  []string
}

func (f *forest) add(from, to string, edge int) {
	b := f.branch(from)
	b.to = append(b.to, twig{f.branch(to), edge})
}

func (f *forest) branch(name string) *branch {
	if b := f.nodes[name]; b != nil {
		return b
	}
	if f.nodes == nil {
		f.nodes = map[string]*branch{}
	}
	b := &branch{name: name}
	f.nodes[name] = b
	f.order = append(f.order, b)
	return b
}

// cycles returns edges without which the rest leads nowhere back. Each edge is
// followed once, however deep the forest.
func (f *forest) cycles() []cycle {
	var found []cycle
	for _, root := range f.order {
		for b := root; b != nil && b.state != exhausted; {
			b.state = onWay
			if b.at == len(b.to) {
				b.state = exhausted
				b = b.behind
				continue
			}
			next := b.to[b.at]
			b.at++
			switch next.to.state {
			case fresh:
				next.to.behind = b
				b = next.to
			case onWay:
				found = append(found, cycle{next.edge, closed(b, next.to)})
			case exhausted:
			}
		}
	}
	return found
}

// closed returns the names on the way from a branch over an edge to one behind it, and
// from there back to the branch.
func closed(from, to *branch) []string {
	way := []string{from.name}
	for b := from; b != to; {
		b = b.behind
		way = append(way, b.name)
	}
	way = append(way, from.name)
	slices.Reverse(way)
	return way
}
