package inventory

import (
	"maps"
	"slices"
	"strings"
)

// Why one of two systems suffices.
const (
	byPower    = "power"
	byLAG      = "uplink"
	byFirstHop = "first-hop"
)

// pair is a set of systems of which one suffices for some that need them.
type pair struct {
	members []key  // two, sorted
	why     string // the beginning of the name of the redundancy group
	secured map[key]bool
}

// secured notes that one of two systems is enough for a device.
func (n *netbox) secured(device key, by map[key]bool, why string) {
	members := slices.SortedFunc(maps.Keys(by), compareKeys)
	members = slices.DeleteFunc(members, func(k key) bool { return n.systems[k] == nil })
	if len(members) < 2 {
		return
	}
	if len(members) > 2 {
		n.notes.leave("more than two for the same purpose ("+why+"): how many must stay up is not known", "%s: %s", n.ref(device), n.list(members))
		return
	}
	i := slices.IndexFunc(n.pairs, func(p pair) bool { return slices.Equal(p.members, members) })
	if i < 0 {
		i = len(n.pairs)
		n.pairs = append(n.pairs, pair{members, why, map[key]bool{}})
	}
	// A cable beside a LAG has a purpose of its own, and is lost with its end.
	beside := why == byLAG && (n.alone[device][members[0]] || n.alone[device][members[1]])
	if !beside {
		n.pairs[i].secured[device] = true
	}
}

// redundancy makes a group of each pair on which everything that needs either of the
// two can rely. Where something needs only one of them, a group would hide that it
// goes down with it: then there is none, and it is noted.
func (n *netbox) redundancy() {
	by := n.neededBy()
	for _, p := range n.pairs {
		if alone := n.unsecured(p, by); len(alone) > 0 {
			n.notes.leave("two that secure each other ("+p.why+") are no redundancy group, because others need one of them alone",
				"%s, because of %s", n.list(p.members), n.list(alone[:1]))
			continue
		}
		name := p.why
		for _, m := range p.members {
			name += "." + n.systems[m].Ref.Name()
		}
		for _, m := range p.members {
			n.systems[m].Group, n.systems[m].MustRun = name, 1
		}
	}
}

// unsecured returns what needs one of a pair and cannot do without it.
func (n *netbox) unsecured(p pair, by map[key][]key) []key {
	var alone []key
	for _, m := range p.members {
		for _, k := range by[m] {
			if !p.secured[k] {
				alone = append(alone, k)
			}
		}
		if n.systems[m].Group != "" || n.systems[m].PartOf != "" {
			alone = append(alone, m)
		}
	}
	return alone
}

func (n *netbox) neededBy() map[key][]key {
	by := map[key][]key{}
	for _, k := range n.order {
		for to := range n.needs[k] {
			by[to] = append(by[to], k)
		}
	}
	return by
}

func (n *netbox) list(keys []key) string {
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = string(n.ref(k))
	}
	return strings.Join(names, " and ")
}
