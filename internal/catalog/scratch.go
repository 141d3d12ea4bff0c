package catalog

// scratch is the memory in which one question is worked out. It is used again, so
// that asking costs what is looked at and not what there is.
type scratch struct {
	touched walk // what is named and its parts
	way     walk // what these are operated through
	impact  walk
	sight   walk // what is named and what the way in leads to, with all that they need
	needed  walk // the part of sight that the way in leads to
	access  *walk
	out     outage
	cut     outage // with what can no longer be reached
	atlas   atlas
	order   []int32
	err     error // the first that has happened
}

func (g *graph) newScratch() *scratch {
	nodes := len(g.names)
	s := &scratch{atlas: atlas{names: g.names, row: make([]int32, nodes)}}
	for i := range s.atlas.row {
		s.atlas.row[i] = noRow
	}
	for _, w := range s.walks() {
		w.size(nodes)
	}
	s.out.size(g)
	s.cut.size(g)
	return s
}

func (s *scratch) walks() []*walk {
	return []*walk{&s.touched, &s.way, &s.impact, &s.sight, &s.needed}
}

// borrow returns clean memory; who is done with it calls giveBack.
func (c *Catalog) borrow() *scratch {
	if s, ok := c.spare.Get().(*scratch); ok {
		return s
	}
	return c.graph.newScratch()
}

func (c *Catalog) giveBack(s *scratch) {
	for _, w := range s.walks() {
		w.reset()
	}
	s.err = nil
	s.out.reset()
	s.cut.reset()
	c.spare.Put(s)
}
