package inventory

import (
	"fmt"
	"strings"

	"github.com/changectl/changectl/internal/change"
)

// makeSystems makes a system of each object that becomes one.
func (n *netbox) makeSystems() {
	for _, kind := range []struct {
		model string
		make  func(*object) (wanted, System)
	}{
		{aCluster, n.cluster}, // before its hosts and machines, which carry its name
		{aDevice, n.device},
		{aMachine, n.machine},
		{aCircuit, n.circuit},
		{aPowerPanel, n.panel},
		{aPowerFeed, n.feed},
	} {
		for _, o := range n.lists[kind.model] {
			if !n.chosen(o) {
				continue
			}
			w, s := kind.make(o)
			w.who = n.call(o)
			s.Ref = n.names.give(w)
			s.Owner, s.Lifecycle = n.owner(o), n.lifecycle(o)
			n.systems[o.key] = &s
			n.order = append(n.order, o.key)
		}
	}
}

// call names an object in notes.
func (n *netbox) call(o *object) string {
	model := strings.TrimPrefix(o.model[strings.Index(o.model, ".")+1:], "virtual")
	name := string(o.Name)
	if o.model == aCircuit {
		name = string(o.CID)
	}
	if name == "" {
		name = fmt.Sprintf("%d", o.id)
	}
	return clean(model + " " + name)
}

// lifecycle is production for what is in use, and otherwise what NetBox calls it.
func (n *netbox) lifecycle(o *object) string {
	switch status := nameOf(string(o.Status)); status {
	case "active":
		return "production"
	case "":
		return "" // panels have none
	default:
		return status
	}
}

// chosen reports whether an object stands at one of the sites that are taken.
func (n *netbox) chosen(o *object) bool {
	if n.sites == nil {
		return true
	}
	for _, site := range n.sitesOf(o) {
		if n.sites[site.key] {
			return true
		}
	}
	return false
}

// sitesOf returns where an object stands: one site, or the two ends of a circuit, or
// none.
func (n *netbox) sitesOf(o *object) []*object {
	var list []*object
	add := func(site *object) {
		if site != nil && (len(list) == 0 || list[0] != site) {
			list = append(list, site)
		}
	}
	switch o.model {
	case aCircuit:
		for _, end := range n.ends[link(o.id)] {
			add(n.siteOf(end))
		}
	case aPowerFeed:
		add(n.siteOf(n.get(aPowerPanel, o.Panel)))
	case aMachine:
		if add(n.siteOf(o)); len(list) == 0 {
			add(n.siteOf(n.get(aCluster, o.Cluster)))
		}
	default:
		add(n.siteOf(o))
	}
	return list
}

// place writes down where a system stands.
func (n *netbox) place(o *object, s *System) {
	sites := n.sitesOf(o)
	if len(sites) > 1 {
		n.notes.leave("a circuit between two sites carries neither (changectl.dev/site names one)", "%s: %s and %s",
			n.call(o), slugOf(sites[0]), slugOf(sites[1]))
		if a, b := n.region(sites[0]), n.region(sites[1]); a == b {
			s.Region = a
		}
		return
	}
	if len(sites) == 1 {
		s.Site, s.Region = slugOf(sites[0]), n.region(sites[0])
	}
}

// region returns the region of a site at the level that was asked for, or the
// innermost one above it.
func (n *netbox) region(site *object) string {
	var way []*object // from the inside out
	for r := n.get(aRegion, site.Region); r != nil && len(way) < 100; r = n.get(aRegion, r.Parent) {
		way = append(way, r)
	}
	if len(way) == 0 {
		return ""
	}
	if n.o.RegionLevel > 0 {
		return slugOf(way[max(0, len(way)-n.o.RegionLevel)])
	}
	return slugOf(way[0])
}

func (n *netbox) device(o *object) (wanted, System) {
	role := n.role(o)
	s := System{File: "devices", Type: role, Title: nameIn(o), Endpoints: n.address(o)}
	n.place(o, &s)
	if c := n.systems[key{aCluster, int64(o.Cluster)}]; c != nil {
		s.PartOf, s.Cluster = c.Ref, c.Ref.Name()
	}
	w := wanted{kind: "resource", text: string(o.Name), instead: fmt.Sprintf("%s-%d", role, o.id)}
	if ch := n.get(aChassis, o.Chassis); ch != nil && nameOf(w.text) == "" && nameOf(string(ch.Name)) != "" {
		w.instead = fmt.Sprintf("%s-%d", nameOf(string(ch.Name)), o.Position) // as NetBox shows it
	}
	w.more = []string{s.Site, fmt.Sprintf("device-%d", o.id)}
	s.Description = n.describe(n.get(aDeviceType, o.DeviceType), o)
	return w, s
}

// role returns the role of a device, as the type of its system.
func (n *netbox) role(o *object) string {
	for _, l := range []link{o.Role, o.DeviceRole} {
		if role := slugOf(n.get(aDeviceRole, l)); role != "" {
			return role
		}
	}
	return "device"
}

// address is the primary address, without its mask.
func (n *netbox) address(o *object) map[string]string {
	for _, l := range []link{o.IP4, o.IP6} {
		if a := n.get(anAddress, l); a != nil {
			ip, _, _ := strings.Cut(string(a.Address), "/")
			return map[string]string{"ip": clean(ip)}
		}
	}
	return nil
}

// describe says in words what an object is and where it stands.
func (n *netbox) describe(what, o *object) string {
	var parts []string
	if what != nil {
		parts = append(parts, clean(string(what.Model+what.Name)))
	}
	if rack := n.get(aRack, o.Rack); rack != nil {
		parts = append(parts, "rack "+nameIn(rack))
	}
	if location := n.get(aLocation, o.Location); location != nil {
		parts = append(parts, nameIn(location))
	}
	for _, site := range n.sitesOf(o) {
		parts = append(parts, nameIn(site))
	}
	return strings.Join(parts, ", ")
}

func (n *netbox) machine(o *object) (wanted, System) {
	s := System{File: "virtual-machines", Type: "virtual-machine", Title: nameIn(o), Endpoints: n.address(o)}
	if role := slugOf(n.get(aDeviceRole, o.Role)); role != "" {
		s.Type = role
	}
	n.place(o, &s)
	cluster := "machine"
	if c := n.systems[key{aCluster, int64(o.Cluster)}]; c != nil {
		s.Cluster = c.Ref.Name()
		cluster = s.Cluster
	}
	return wanted{
		kind: "resource", text: string(o.Name), instead: fmt.Sprintf("machine-%d", o.id),
		more: []string{cluster, fmt.Sprintf("machine-%d", o.id)},
	}, s
}

func (n *netbox) cluster(o *object) (wanted, System) {
	s := System{File: "clusters", Type: "cluster", Title: nameIn(o)}
	n.place(o, &s)
	w := wanted{kind: "system", text: string(o.Name), instead: fmt.Sprintf("cluster-%d", o.id)}
	w.more = []string{s.Site, fmt.Sprintf("cluster-%d", o.id)}
	return w, s
}

func (n *netbox) circuit(o *object) (wanted, System) {
	provider := n.get(aProvider, o.Provider)
	by, cid := nameIn(provider), clean(strings.ReplaceAll(string(o.CID), ",", " "))
	s := System{File: "circuits", Type: "circuit", Title: strings.TrimSpace(by + " " + cid)}
	n.place(o, &s)
	if cid != "" {
		s.KnownAs = []string{cid}
	}
	if by = clean(strings.ReplaceAll(by, ",", " ")); by != "" && cid != "" {
		s.KnownAs = []string{by + ":" + cid, cid}
	}
	var parts []string
	for _, part := range append([]*object{n.get(aCircuitType, o.Type)}, n.sitesOf(o)...) {
		if name := nameIn(part); name != "" {
			parts = append(parts, name)
		}
	}
	s.Description = strings.Join(parts, ", ")
	return wanted{
		kind: "resource", text: slugOf(provider) + "-" + string(o.CID), instead: fmt.Sprintf("circuit-%d", o.id),
		more: []string{fmt.Sprintf("circuit-%d", o.id)},
	}, s
}

func (n *netbox) panel(o *object) (wanted, System) {
	s := System{File: "power", Type: "power-panel", Title: nameIn(o)}
	n.place(o, &s)
	s.Description = n.describe(nil, o)
	return n.atSite(o, s), s
}

func (n *netbox) feed(o *object) (wanted, System) {
	s := System{File: "power", Type: "power-feed", Title: nameIn(o)}
	n.place(o, &s)
	s.Description = n.describe(nil, o)
	return n.atSite(o, s), s
}

// atSite puts the site before names that are unique there only.
func (n *netbox) atSite(o *object, s System) wanted {
	text := string(o.Name)
	if s.Site != "" {
		text = s.Site + "-" + text
	}
	return wanted{
		kind: "resource", text: text, instead: fmt.Sprintf("%s-%d", s.Type, o.id),
		more: []string{fmt.Sprintf("%s-%d", s.Type, o.id)},
	}
}

// need notes that one system depends on another.
func (n *netbox) need(from, to key) { n.edge(n.needs, from, to) }

// reach notes that one system is operated through another.
func (n *netbox) reach(from, to key) { n.edge(n.through, from, to) }

func (n *netbox) edge(edges map[key]map[key]bool, from, to key) {
	switch {
	case from == to || n.systems[from] == nil:
	case n.systems[to] == nil:
		n.notes.leave("what it depends on is not taken (--site), or not there", "%s: %s %d", n.systems[from].Ref, to.model, to.id)
	default:
		if edges[from] == nil {
			edges[from] = map[key]bool{}
		}
		edges[from][to] = true
	}
}

// ref returns the reference of a system, or what it is where it is none.
func (n *netbox) ref(k key) change.Ref {
	if s := n.systems[k]; s != nil {
		return s.Ref
	}
	return change.Ref(fmt.Sprintf("%s %d", k.model, k.id))
}
