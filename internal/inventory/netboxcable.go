package inventory

import "slices"

// cables are the ends of cables, and what is plugged in at the other side of each.
type cables struct {
	sides map[link][2][]key
	at    map[key]plug
}

// plug is a side of a cable: 0 for A, 1 for B.
type plug struct {
	cable link
	side  int
}

// layCables gathers the ends of all cables that have been laid.
func (n *netbox) layCables() {
	n.cables = cables{sides: map[link][2][]key{}, at: map[key]plug{}}
	planned := map[link]bool{}
	for _, o := range n.lists[aCable] {
		c := link(o.id)
		if o.Status == "planned" {
			planned[c] = true
			n.notes.leave("a cable is planned only", "cable %d", o.id)
			continue
		}
		for side, ends := range [][]far{o.AEnds, o.BEnds} {
			for _, e := range ends {
				n.cables.plug(plug{c, side}, key{string(e.Type), int64(e.ID)})
			}
		}
	}
	for _, o := range n.lists[aTermination] {
		side := 0
		if o.CableEnd == "B" {
			side = 1
		}
		if !planned[o.Cable] {
			n.cables.plug(plug{o.Cable, side}, key{string(o.EndType), int64(o.End)})
		}
	}
	for _, o := range n.lists[aCable] {
		if s := n.cables.sides[link(o.id)]; !planned[link(o.id)] && (len(s[0]) == 0 || len(s[1]) == 0) {
			n.notes.leave("a cable has nothing at one end", "cable %d", o.id)
		}
	}
}

func (c *cables) plug(p plug, end key) {
	sides := c.sides[p.cable]
	if slices.Contains(sides[p.side], end) {
		return
	}
	sides[p.side] = append(sides[p.side], end)
	c.sides[p.cable] = sides
	c.at[end] = p
}

// across returns what is at the other end of the cable that is plugged in somewhere.
func (c *cables) across(end key) []key {
	p, ok := c.at[end]
	if !ok {
		return nil
	}
	return c.sides[p.cable][1-p.side]
}

// path is a way over cables from an interface to another one, or to where it ends.
type path struct {
	hops []key // patch panels (devices) and circuits that it leads over, in order
	end  key   // the interface at the other end; zero: it ends behind the last hop
}

// mostSteps bounds the search from one interface: cables that branch, or lead back to
// themselves, have more paths than can be followed.
const mostSteps = 1000

// tracer follows cables through patch panels and circuits, as light does.
type tracer struct {
	*netbox
	fronts map[key]map[count]key // front ports of a rear port, by position
	found  []path
	steps  int
	split  bool // a way could not be followed any further
}

func (n *netbox) newTracer() *tracer {
	t := &tracer{netbox: n, fronts: map[key]map[count]key{}}
	for _, o := range n.lists[aFrontPort] {
		rear := key{aRearPort, int64(o.RearPort)}
		if t.fronts[rear] == nil {
			t.fronts[rear] = map[count]key{}
		}
		t.fronts[rear][max(1, o.RearPosition)] = o.key
	}
	return t
}

// trace returns all paths from an interface, and whether one was lost on the way.
func (t *tracer) trace(from key) ([]path, bool) {
	t.found, t.steps, t.split = nil, 0, false
	t.cross(from, nil, nil)
	return t.found, t.split
}

// cross goes over the cable at an end. positions are those of the rear ports that
// were entered from the front and not left yet.
func (t *tracer) cross(from key, hops []key, positions []count) {
	next := t.cables.across(from)
	if len(next) == 0 && len(hops) > 0 {
		t.found = append(t.found, path{hops: hops})
	}
	for _, end := range next {
		t.arrive(end, slices.Clip(hops), slices.Clip(positions))
	}
}

func (t *tracer) arrive(end key, hops []key, positions []count) {
	o := t.objects[end]
	if t.steps++; o == nil || t.steps > mostSteps {
		t.split = true
		return
	}
	device := key{aDevice, int64(o.Device)}
	switch end.model {
	case anInterface:
		t.found = append(t.found, path{hops, end})
	case aFrontPort:
		t.cross(key{aRearPort, int64(o.RearPort)}, append(hops, device), append(positions, max(1, o.RearPosition)))
	case aRearPort:
		t.leaveRear(o, append(hops, device), positions)
	case aCircuitEnd:
		t.throughCircuit(o, append(hops, key{aCircuit, int64(o.Circuit)}), positions)
	}
}

// leaveRear comes out of a panel at the front: where the way in was, or at the only
// position that there is.
func (t *tracer) leaveRear(rear *object, hops []key, positions []count) {
	at := count(1)
	switch {
	case len(positions) > 0:
		at, positions = positions[len(positions)-1], positions[:len(positions)-1]
	case rear.Positions > 1:
		t.split = true
		return
	}
	front, ok := t.fronts[rear.key][at]
	if !ok {
		t.found = append(t.found, path{hops: hops})
		return
	}
	t.cross(front, hops, positions)
}

func (t *tracer) throughCircuit(here *object, hops []key, positions []count) {
	for _, there := range t.ends[here.Circuit] {
		if there.Side != here.Side {
			t.cross(there.key, hops, positions)
			return
		}
	}
	t.found = append(t.found, path{hops: hops})
}
