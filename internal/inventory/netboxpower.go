package inventory

import (
	"cmp"
	"maps"
	"slices"
)

// virtual ties machines to their clusters and hosts, and what is installed in a bay
// to what the bay is in.
func (n *netbox) virtual() {
	hosts := map[link][]*object{}
	for _, o := range n.lists[aDevice] {
		if n.systems[o.key] != nil && o.Cluster != 0 {
			hosts[o.Cluster] = append(hosts[o.Cluster], o)
		}
		if ch := n.get(aChassis, o.Chassis); ch != nil && n.systems[o.key] != nil {
			n.notes.leave("the members of a virtual chassis: how many must stay up is not known", "%s: %s", nameIn(ch), n.ref(o.key))
		}
	}
	for _, o := range n.lists[aCluster] {
		if n.systems[o.key] != nil && len(hosts[link(o.id)]) > 1 {
			n.notes.leave("the hosts of a cluster: how many must stay up is not known", "%s: %d hosts", n.ref(o.key), len(hosts[link(o.id)]))
		}
	}
	for _, o := range n.lists[aMachine] {
		if o.Cluster != 0 {
			n.need(o.key, key{aCluster, int64(o.Cluster)})
		}
		if o.Device != 0 {
			n.need(o.key, key{aDevice, int64(o.Device)})
		}
		if n.systems[o.key] != nil && o.Cluster == 0 && o.Device == 0 {
			n.notes.leave("a virtual machine is in no cluster and on no host: it depends on nothing", "%s", n.ref(o.key))
		}
	}
	for _, o := range n.lists[aDeviceBay] {
		if o.Installed != 0 {
			n.need(key{aDevice, int64(o.Installed)}, key{aDevice, int64(o.Device)})
		}
	}
}

// power follows the power cables. An outlet stands for the device that it is in.
func (n *netbox) power() {
	n.layCables()
	for _, o := range n.lists[aPowerOutlet] {
		n.distributes[key{aDevice, int64(o.Device)}] = true
	}
	for _, o := range n.lists[aPowerFeed] {
		if o.Panel != 0 {
			n.need(o.key, key{aPowerPanel, int64(o.Panel)})
		}
		if n.systems[o.key] != nil && len(n.cables.across(o.key)) == 0 {
			n.notes.leave("a power feed is cabled to nothing: what it feeds is not known", "%s", n.ref(o.key))
		}
	}
	feeds := map[key]map[key]bool{} // by device
	for _, o := range n.lists[aPowerPort] {
		device := key{aDevice, int64(o.Device)}
		for _, end := range n.cables.across(o.key) {
			if to, ok := n.feedingEnd(end); ok && n.systems[device] != nil {
				n.need(device, to)
				put(feeds, device, to)
			}
		}
	}
	for _, device := range slices.SortedFunc(maps.Keys(feeds), compareKeys) {
		n.secured(device, feeds[device], byPower)
	}
}

// feedingEnd returns the system that gives power at an end of a cable.
func (n *netbox) feedingEnd(end key) (key, bool) {
	switch o := n.objects[end]; {
	case o == nil:
		return key{}, false
	case end.model == aPowerFeed:
		return end, true
	case end.model == aPowerOutlet:
		return key{aDevice, int64(o.Device)}, true
	}
	return key{}, false
}

func put(sets map[key]map[key]bool, of, k key) {
	if sets[of] == nil {
		sets[of] = map[key]bool{}
	}
	sets[of][k] = true
}

func compareKeys(a, b key) int { return cmp.Or(cmp.Compare(a.model, b.model), cmp.Compare(a.id, b.id)) }
