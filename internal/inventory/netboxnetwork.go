package inventory

import (
	"maps"
	"slices"
)

// network follows the cables from all interfaces, and decides which end depends on
// which.
func (n *netbox) network() {
	t := n.newTracer()
	uplinks := map[key]map[key]map[key]bool{} // by device, by LAG
	for _, from := range n.lists[anInterface] {
		device := key{aDevice, int64(from.Device)}
		if n.systems[device] == nil {
			continue
		}
		paths, split := t.trace(from.key)
		if split {
			n.notes.leave("the way of a cable cannot be followed", "%s, interface %s", n.ref(device), nameIn(from))
		}
		for _, p := range paths {
			above, ok := n.lie(from, device, p)
			switch {
			case !ok:
			case from.LAG == 0:
				put(n.alone, device, above)
			default:
				if uplinks[device] == nil {
					uplinks[device] = map[key]map[key]bool{}
				}
				put(uplinks[device], key{anInterface, int64(from.LAG)}, above)
			}
		}
	}
	n.lags(uplinks)
	for _, device := range slices.SortedFunc(maps.Keys(n.alone), compareKeys) {
		if above := slices.SortedFunc(maps.Keys(n.alone[device]), compareKeys); len(above) > 1 {
			n.notes.leave("a device has several uplinks that are no LAG: whether one suffices is not known", "%s: %s", n.ref(device), n.list(above))
		}
	}
	n.circuits()
	n.firstHop()
}

// lie decides what one path comes to for the device where it begins, and returns the
// device above it, if there is one. The device at the other end sees the same path
// from there.
func (n *netbox) lie(from *object, device key, p path) (above key, ok bool) {
	to := n.objects[p.end]
	if to == nil {
		n.out(from, device, upToCircuit(p.hops))
		return key{}, false
	}
	other := key{aDevice, int64(to.Device)}
	if other == device {
		return key{}, false
	}
	if from.Management || to.Management || n.distributes[device] || n.distributes[other] {
		n.manage(from, to)
		return key{}, false
	}
	mine, its := n.rank(device), n.rank(other)
	switch {
	case mine < its:
		for _, hop := range p.hops {
			n.need(device, hop)
		}
		n.need(device, other)
		return other, true
	case mine == its:
		a, b := n.withRole(device), n.withRole(other)
		n.notes.leave("neither of two cabled devices is above the other (--uplink-roles)", "%s and %s", min(a, b), max(a, b))
		for _, hop := range upToCircuit(p.hops) {
			n.need(device, hop)
		}
	}
	return key{}, false
}

// out takes a path that ends at no device: with a circuit, or nowhere.
func (n *netbox) out(from *object, device key, hops []key) {
	if len(hops) == 0 {
		n.notes.leave("a cable leads into a patch panel and no further", "%s, interface %s", n.ref(device), nameIn(from))
	}
	for _, hop := range hops {
		if from.Management || n.distributes[device] {
			n.reach(device, hop)
		} else {
			n.need(device, hop)
		}
	}
}

// upToCircuit returns the hops to the last circuit: what lies behind it is the other
// end's.
func upToCircuit(hops []key) []key {
	for i, hop := range slices.Backward(hops) {
		if hop.model == aCircuit {
			return hops[:i+1]
		}
	}
	return nil
}

// manage notes the way in to a device over an interface that is for that alone.
func (n *netbox) manage(from, to *object) {
	device, other := key{aDevice, int64(from.Device)}, key{aDevice, int64(to.Device)}
	mine, its := from.Management || n.distributes[device], to.Management || n.distributes[other]
	switch {
	case mine && !its:
		n.reach(device, other)
	case mine && its:
		n.notes.leave("both ends of a cable are for management only", "%s and %s", min(n.ref(device), n.ref(other)), max(n.ref(device), n.ref(other)))
	}
}

// rank is how far up a device stands in the network; 0 is below all ranks.
func (n *netbox) rank(device key) int {
	if o := n.objects[device]; o != nil {
		return n.ranks[n.role(o)]
	}
	return 0
}

func (n *netbox) withRole(device key) string {
	if o := n.objects[device]; o != nil {
		return string(n.ref(device)) + " (" + n.role(o) + ")"
	}
	return string(n.ref(device))
}

// lags offers the two ends of a LAG as a redundancy group.
func (n *netbox) lags(uplinks map[key]map[key]map[key]bool) {
	for _, device := range slices.SortedFunc(maps.Keys(uplinks), compareKeys) {
		for _, lag := range slices.SortedFunc(maps.Keys(uplinks[device]), compareKeys) {
			n.secured(device, uplinks[device][lag], byLAG)
		}
	}
}

// circuits says which of them nothing depends on, and who depends on several.
func (n *netbox) circuits() {
	cabled, of := map[key]bool{}, map[key]int{}
	for _, k := range n.order {
		for to := range n.needs[k] {
			if to.model == aCircuit {
				cabled[to] = true
				of[k]++
			}
		}
	}
	for _, k := range n.order {
		if k.model == aCircuit && !cabled[k] {
			n.notes.leave("a circuit is cabled to no device: what depends on it is not known", "%s", n.ref(k))
		}
		if of[k] > 1 {
			n.notes.leave("a device depends on several circuits: whether one suffices is not known", "%s: %d circuits", n.ref(k), of[k])
		}
	}
}

// firstHop offers two devices that share an FHRP group, such as VRRP, as a redundancy
// group.
func (n *netbox) firstHop() {
	members := map[key]map[key]bool{}
	for _, o := range n.lists[anFHRPMember] {
		i := n.get(anInterface, o.Interface)
		if i != nil && o.InterfaceType == anInterface {
			put(members, key{aFHRPGroup, int64(o.Group)}, key{aDevice, int64(i.Device)})
		}
	}
	for _, group := range slices.SortedFunc(maps.Keys(members), compareKeys) {
		used := false
		for _, k := range n.order {
			if n.needsAll(k, members[group]) {
				n.secured(k, members[group], byFirstHop)
				used = true
			}
		}
		if !used {
			all := slices.SortedFunc(maps.Keys(members[group]), compareKeys)
			n.notes.leave("the devices of an FHRP group have nothing that needs them all", "%s", n.list(all))
		}
	}
}

func (n *netbox) needsAll(k key, all map[key]bool) bool {
	for m := range all {
		if !n.needs[k][m] {
			return false
		}
	}
	return true
}
