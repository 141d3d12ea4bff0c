package inventory_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/inventory"
)

type fields = map[string]any

// dump is a NetBox with one site, to which tests add what they are about. Numbers
// of objects are counted through, from 100.
type dump struct {
	objects []fields
	roles   map[string]int
	next    int
}

func newDump() *dump {
	d := &dump{roles: map[string]int{}, next: 99}
	d.put("dcim.region", 1, fields{"name": "Earth", "slug": "earth", "parent": nil})
	d.put("dcim.region", 2, fields{"name": "North", "slug": "north", "parent": 1})
	d.put("dcim.site", 1, fields{"name": "Husum", "slug": "husum", "status": "active", "region": 2})
	return d
}

func (d *dump) put(model string, id int, f fields) int {
	d.objects = append(d.objects, fields{"model": model, "pk": id, "fields": f})
	return id
}

func (d *dump) add(model string, f fields) int {
	d.next++
	return d.put(model, d.next, f)
}

func (d *dump) role(slug string) int {
	if d.roles[slug] == 0 {
		d.roles[slug] = d.add("dcim.devicerole", fields{"name": slug, "slug": slug})
	}
	return d.roles[slug]
}

// device adds a device; more, if there is one, holds further fields.
func (d *dump) device(name, role string, more ...fields) int {
	f := fields{"name": name, "role": d.role(role), "site": 1, "status": "active"}
	for _, m := range more {
		for k, v := range m {
			f[k] = v
		}
	}
	return d.add("dcim.device", f)
}

func (d *dump) port(model string, device int, more ...fields) end {
	f := fields{"device": device, "name": "port"}
	for _, m := range more {
		for k, v := range m {
			f[k] = v
		}
	}
	return end{model, d.add(model, f)}
}

type end struct {
	model string
	id    int
}

func (e end) natural() []string { return strings.Split(e.model, ".") }

func (d *dump) cable(a, b end) int {
	c := d.add("dcim.cable", fields{"status": "connected"})
	d.add("dcim.cabletermination", fields{"cable": c, "cable_end": "A", "termination_type": a.natural(), "termination_id": a.id})
	d.add("dcim.cabletermination", fields{"cable": c, "cable_end": "B", "termination_type": b.natural(), "termination_id": b.id})
	return c
}

// link cables two devices.
func (d *dump) link(a, b int) { d.cable(d.port("dcim.interface", a), d.port("dcim.interface", b)) }

// supply cables a power port of a device to an outlet of another.
func (d *dump) supply(device, from int) {
	d.cable(d.port("dcim.powerport", device), d.port("dcim.poweroutlet", from))
}

func (d *dump) json(t *testing.T) []byte {
	t.Helper()
	b, err := json.Marshal(d.objects)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (d *dump) read(t *testing.T, o inventory.NetBoxOptions) *inventory.Estate {
	t.Helper()
	o.File = "dump.json"
	if o.Owner == "" {
		o.Owner = "group:network"
	}
	e, err := inventory.NetBox(bytes.NewReader(d.json(t)), o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func system(t *testing.T, e *inventory.Estate, ref change.Ref) inventory.System {
	t.Helper()
	for _, s := range e.Systems {
		if s.Ref == ref {
			return s
		}
	}
	t.Fatalf("there is no %s in %v", ref, e.Refs())
	return inventory.System{}
}

func expectNeeds(t *testing.T, e *inventory.Estate, want map[change.Ref][]change.Ref) {
	t.Helper()
	got := map[change.Ref][]change.Ref{}
	for _, s := range e.Systems {
		if len(s.DependsOn) > 0 {
			got[s.Ref] = s.DependsOn
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func expectNote(t *testing.T, notes []inventory.Note, what, of string) {
	t.Helper()
	for _, n := range notes {
		if strings.Contains(n.What, what) && strings.Contains(n.Of, of) {
			return
		}
	}
	t.Errorf("no note %q of %q in %v", what, of, notes)
}

type refs = []change.Ref

func TestADeviceDependsOnWhatFeedsIt(t *testing.T) {
	d := newDump()
	panel := d.add("dcim.powerpanel", fields{"name": "Main", "site": 1})
	feed := end{"dcim.powerfeed", d.add("dcim.powerfeed", fields{"name": "F1", "power_panel": panel, "status": "active"})}
	d.add("dcim.powerfeed", fields{"name": "F2", "power_panel": panel, "status": "planned"})
	pdu, server := d.device("pdu", "pdu"), d.device("srv", "server")
	d.cable(feed, d.port("dcim.powerport", pdu))
	d.supply(server, pdu)
	e := d.read(t, inventory.NetBoxOptions{})
	expectNeeds(t, e, map[change.Ref][]change.Ref{
		"resource:srv": {"resource:pdu"}, "resource:pdu": {"resource:husum-f1"},
		"resource:husum-f1": {"resource:husum-main"}, "resource:husum-f2": {"resource:husum-main"},
	})
	expectNote(t, e.LeftOut, "a power feed is cabled to nothing", "resource:husum-f2")
	if s := system(t, e, "resource:husum-f2"); s.Lifecycle != "planned" || s.Type != "power-feed" || s.Site != "husum" || s.Region != "north" {
		t.Errorf("%+v", s)
	}
}

func TestTwoPowerSourcesAreARedundancyGroupUnlessSomethingNeedsOneAlone(t *testing.T) {
	build := func(single bool) *inventory.Estate {
		d := newDump()
		a, b := d.device("pdu-a", "pdu"), d.device("pdu-b", "pdu")
		for _, name := range []string{"srv-1", "srv-2"} {
			s := d.device(name, "server")
			d.supply(s, a)
			d.supply(s, b)
		}
		if single {
			d.supply(d.device("old", "server"), b)
		}
		return d.read(t, inventory.NetBoxOptions{})
	}
	e := build(false)
	for _, ref := range []change.Ref{"resource:pdu-a", "resource:pdu-b"} {
		if s := system(t, e, ref); s.Group != "power.pdu-a.pdu-b" || s.MustRun != 1 {
			t.Errorf("%s is in the group %q of which %d must run", ref, s.Group, s.MustRun)
		}
	}
	e = build(true)
	if s := system(t, e, "resource:pdu-a"); s.Group != "" {
		t.Errorf("the group %s would hide that old goes down with pdu-b", s.Group)
	}
	expectNote(t, e.LeftOut, "no redundancy group, because others need one of them alone", "because of resource:old")
}

func TestThreePowerSourcesAreNotGuessedAt(t *testing.T) {
	d := newDump()
	s := d.device("srv", "server")
	for _, name := range []string{"a", "b", "c"} {
		d.supply(s, d.device(name, "pdu"))
	}
	e := d.read(t, inventory.NetBoxOptions{})
	if s := system(t, e, "resource:a"); s.Group != "" {
		t.Errorf("group %s", s.Group)
	}
	expectNote(t, e.LeftOut, "more than two for the same purpose (power)", "resource:srv")
}

func TestOfTwoCabledDevicesTheLowerDependsOnTheUpper(t *testing.T) {
	d := newDump()
	router, core, access := d.device("rtr", "router"), d.device("core", "core-switch"), d.device("acc", "access-switch")
	server, nas, twin := d.device("srv", "server"), d.device("nas", "storage"), d.device("acc2", "tor-switch")
	d.link(router, core)
	d.link(access, core)
	d.link(server, access)
	d.link(server, nas)
	d.link(twin, access)
	e := d.read(t, inventory.NetBoxOptions{})
	expectNeeds(t, e, map[change.Ref][]change.Ref{
		"resource:core": {"resource:rtr"}, "resource:acc": {"resource:core"}, "resource:srv": {"resource:acc"},
	})
	expectNote(t, e.LeftOut, "neither of two cabled devices is above", "resource:nas (storage) and resource:srv (server)")
	expectNote(t, e.LeftOut, "neither of two cabled devices is above", "resource:acc (access-switch) and resource:acc2 (tor-switch)")

	e = d.read(t, inventory.NetBoxOptions{Uplinks: [][]string{{"core-switch"}, {"Storage"}, {"access-switch"}}})
	expectNeeds(t, e, map[change.Ref][]change.Ref{
		"resource:rtr": {"resource:core"}, "resource:acc": {"resource:core"},
		"resource:srv": {"resource:acc", "resource:nas"}, "resource:acc2": {"resource:acc"},
	})
}

// A trunk between two panels has two positions; each leads to another switch.
func TestWhatACableLeadsThroughIsNeeded(t *testing.T) {
	d := newDump()
	near, far := d.device("panel-1", "patch-panel"), d.device("panel-2", "patch-panel")
	rear := d.port("dcim.rearport", near, fields{"positions": 2})
	opposite := d.port("dcim.rearport", far, fields{"positions": 2})
	d.cable(rear, opposite)
	front := func(panel int, r end, position int) end {
		return d.port("dcim.frontport", panel, fields{"rear_port": r.id, "rear_port_position": position})
	}
	for i, name := range []string{"one", "two"} {
		lower, upper := d.device("acc-"+name, "access-switch"), d.device("core-"+name, "core-switch")
		d.cable(d.port("dcim.interface", lower), front(near, rear, i+1))
		d.cable(front(far, opposite, i+1), d.port("dcim.interface", upper))
	}
	lost := d.device("lost", "server")
	d.cable(d.port("dcim.interface", lost, fields{"name": "eth7"}), front(near, rear, 7))
	e := d.read(t, inventory.NetBoxOptions{})
	expectNeeds(t, e, map[change.Ref][]change.Ref{
		"resource:acc-one": {"resource:core-one", "resource:panel-1", "resource:panel-2"},
		"resource:acc-two": {"resource:core-two", "resource:panel-1", "resource:panel-2"},
	})
	expectNote(t, e.LeftOut, "into a patch panel and no further", "resource:lost, interface eth7")
}

// circuit adds one, and returns its two ends.
func (d *dump) circuit(cid string, a, z fields) (end, end) {
	if d.roles["carrier"] == 0 {
		d.roles["carrier"] = d.add("circuits.provider", fields{"name": "Acme, Inc.", "slug": "acme"})
	}
	c := d.add("circuits.circuit", fields{"cid": cid, "provider": d.roles["carrier"], "status": "active"})
	a["circuit"], a["term_side"], z["circuit"], z["term_side"] = c, "A", c, "Z"
	return end{"circuits.circuittermination", d.add("circuits.circuittermination", a)}, end{"circuits.circuittermination", d.add("circuits.circuittermination", z)}
}

func TestADeviceDependsOnTheCircuitsThatItIsCabledTo(t *testing.T) {
	d := newDump()
	d.put("dcim.site", 2, fields{"name": "Bredstedt", "slug": "bredstedt", "status": "active", "region": 2})
	one, other := d.device("rtr-1", "router"), d.device("rtr-2", "router", fields{"site": 2})
	branch := d.device("branch", "access-switch", fields{"site": 2})
	_, z := d.circuit("Net-1", fields{"provider_network": 5}, fields{"site": 1})
	d.cable(d.port("dcim.interface", one), z)
	a, z := d.circuit("WAN-1", fields{"site": 1}, fields{"site": 2})
	d.cable(d.port("dcim.interface", one), a)
	d.cable(z, d.port("dcim.interface", other))
	a, z = d.circuit("Down", fields{"site": 1}, fields{"site": 2})
	d.cable(d.port("dcim.interface", one), a)
	d.cable(z, d.port("dcim.interface", branch))
	d.circuit("Spare", fields{"site": 1}, fields{"site": 2})
	e := d.read(t, inventory.NetBoxOptions{})
	expectNeeds(t, e, map[change.Ref][]change.Ref{
		"resource:rtr-1":  {"resource:acme-net-1", "resource:acme-wan-1"},
		"resource:rtr-2":  {"resource:acme-wan-1"},
		"resource:branch": {"resource:acme-down", "resource:rtr-1"},
	})
	expectNote(t, e.LeftOut, "a circuit is cabled to no device", "resource:acme-spare")
	expectNote(t, e.LeftOut, "depends on several circuits", "resource:rtr-1: 2 circuits")
	expectNote(t, e.LeftOut, "neither of two cabled devices", "resource:rtr-1 (router) and resource:rtr-2 (router)")
	net, wan := system(t, e, "resource:acme-net-1"), system(t, e, "resource:acme-wan-1")
	if diff := cmp.Diff([]string{"Acme Inc.:Net-1", "Net-1"}, net.KnownAs); diff != "" {
		t.Error(diff)
	}
	if net.Site != "husum" || wan.Site != "" || wan.Region != "north" {
		t.Errorf("sites %q and %q, region %q", net.Site, wan.Site, wan.Region)
	}
	expectNote(t, e.LeftOut, "a circuit between two sites", "WAN-1: husum and bredstedt")
}

func TestManagementIsAWayInAndNoDependency(t *testing.T) {
	d := newDump()
	sw, server, pdu := d.device("oob", "access-switch"), d.device("srv", "server"), d.device("pdu", "pdu")
	d.cable(d.port("dcim.interface", server, fields{"mgmt_only": true}), d.port("dcim.interface", sw))
	d.cable(d.port("dcim.interface", pdu), d.port("dcim.interface", sw))
	d.supply(server, pdu)
	e := d.read(t, inventory.NetBoxOptions{})
	expectNeeds(t, e, map[change.Ref][]change.Ref{"resource:srv": {"resource:pdu"}})
	for _, ref := range []change.Ref{"resource:srv", "resource:pdu"} {
		if diff := cmp.Diff(refs{"resource:oob"}, system(t, e, ref).ReachedThrough); diff != "" {
			t.Errorf("%s: %s", ref, diff)
		}
	}
}

func nothingMore(*dump, int, int) {}

func TestTheEndsOfALAGAreARedundancyGroup(t *testing.T) {
	build := func(more func(d *dump, server, sw int)) *inventory.Estate {
		d := newDump()
		a, b, server := d.device("sw-a", "access-switch"), d.device("sw-b", "access-switch"), d.device("srv", "server")
		bond := d.port("dcim.interface", server, fields{"name": "bond0"})
		for _, sw := range []int{a, b} {
			d.cable(d.port("dcim.interface", server, fields{"lag": bond.id}), d.port("dcim.interface", sw))
		}
		more(d, server, a)
		return d.read(t, inventory.NetBoxOptions{})
	}
	if s := system(t, build(nothingMore), "resource:sw-b"); s.Group != "uplink.sw-a.sw-b" || s.MustRun != 1 {
		t.Errorf("%+v", s)
	}
	e := build(func(d *dump, server, sw int) { d.link(server, sw) })
	if s := system(t, e, "resource:sw-b"); s.Group != "" {
		t.Errorf("srv has a cable to sw-a outside the LAG too, and yet there is the group %s", s.Group)
	}
	expectNote(t, e.LeftOut, "because others need one of them alone", "because of resource:srv")
}

func TestAnFHRPGroupIsARedundancyGroupForWhatNeedsAllOfIt(t *testing.T) {
	d := newDump()
	a, b, sw := d.device("gw-a", "router"), d.device("gw-b", "router"), d.device("sw", "core-switch")
	group := d.add("ipam.fhrpgroup", fields{"group_id": 1})
	for _, r := range []int{a, b} {
		vlan := d.port("dcim.interface", r)
		d.add("ipam.fhrpgroupassignment", fields{"interface_type": []string{"dcim", "interface"}, "interface_id": vlan.id, "group": group, "priority": 100})
	}
	d.link(sw, a)
	d.link(sw, b)
	e := d.read(t, inventory.NetBoxOptions{})
	if s := system(t, e, "resource:gw-b"); s.Group != "first-hop.gw-a.gw-b" || s.MustRun != 1 {
		t.Errorf("%+v", s)
	}
	d.link(d.device("lone", "server"), a)
	e = d.read(t, inventory.NetBoxOptions{})
	expectNote(t, e.LeftOut, "(first-hop) are no redundancy group", "resource:gw-a and resource:gw-b")
}

func TestMachinesDependOnTheirClusterWhosePartsAreItsHosts(t *testing.T) {
	d := newDump()
	cluster := d.add("virtualization.cluster", fields{"name": "KVM 1", "status": "active", "site": 1})
	chassis := d.device("enclosure", "chassis")
	for _, name := range []string{"host-1", "host-2"} {
		host := d.device(name, "server", fields{"cluster": cluster})
		d.add("dcim.devicebay", fields{"device": chassis, "installed_device": host, "name": "bay"})
	}
	pinned := d.device("alone", "server")
	ip := d.add("ipam.ipaddress", fields{"address": "10.0.0.7/24"})
	d.add("virtualization.virtualmachine", fields{"name": "web", "cluster": cluster, "status": "offline", "primary_ip4": ip})
	d.add("virtualization.virtualmachine", fields{"name": "db", "cluster": nil, "device": pinned, "status": "active"})
	d.add("virtualization.virtualmachine", fields{"name": "lost", "status": "active"})
	e := d.read(t, inventory.NetBoxOptions{})
	expectNeeds(t, e, map[change.Ref][]change.Ref{
		"resource:web": {"system:kvm-1"}, "resource:db": {"resource:alone"},
		"resource:host-1": {"resource:enclosure"}, "resource:host-2": {"resource:enclosure"},
	})
	web := system(t, e, "resource:web")
	if web.Lifecycle != "offline" || web.Cluster != "kvm-1" || web.Site != "husum" || web.Endpoints["ip"] != "10.0.0.7" {
		t.Errorf("%+v", web)
	}
	if host := system(t, e, "resource:host-1"); host.PartOf != "system:kvm-1" || host.Cluster != "kvm-1" || host.Lifecycle != "production" {
		t.Errorf("%+v", host)
	}
	expectNote(t, e.LeftOut, "the hosts of a cluster", "system:kvm-1: 2 hosts")
	expectNote(t, e.LeftOut, "in no cluster and on no host", "resource:lost")
}

func TestEveryNameIsGivenOnceAndEveryChangeOfOneIsNoted(t *testing.T) {
	d := newDump()
	d.put("dcim.site", 2, fields{"name": "B", "slug": "bredstedt", "status": "active"})
	vc := d.add("dcim.virtualchassis", fields{"name": "Stack 1"})
	d.device("PP:MDF", "panel")
	d.device("pp mdf", "panel", fields{"site": 2})
	last := d.device("pp--mdf", "panel", fields{"site": 2})
	d.device("", "switch", fields{"name": nil, "virtual_chassis": vc, "vc_position": 2})
	nameless := d.device("Ä", "switch", fields{"name": "***"})
	d.device("Zürich", "switch")
	d.device(strings.Repeat("x", 80), "switch")
	e := d.read(t, inventory.NetBoxOptions{})
	want := []string{
		"resource:pp-mdf", "resource:pp-mdf-bredstedt", "resource:pp-mdf-device-" + itoa(last), "resource:stack-1-2",
		"resource:switch-" + itoa(nameless), "resource:" + strings.Repeat("x", 63), "resource:zuerich",
	}
	if diff := cmp.Diff(want, e.Refs()); diff != "" {
		t.Error(diff)
	}
	expectNote(t, e.Altered, "something was appended", "device pp mdf, as device PP:MDF: pp-mdf-bredstedt")
	expectNote(t, e.Altered, "it has no name", "stack-1-2")
	expectNote(t, e.Altered, "characters that references must not have", "device PP:MDF: pp-mdf")
	expectNote(t, e.Altered, "cut to 63", "xxx")
	expectNote(t, e.LeftOut, "members of a virtual chassis", "Stack 1: resource:stack-1-2")
}

func TestTheTenantSaysWhoOwns(t *testing.T) {
	d := newDump()
	acme := d.add("tenancy.tenant", fields{"name": "Acme Corp", "slug": "acme"})
	other := d.add("tenancy.tenant", fields{"name": "Other", "slug": "other"})
	d.device("a", "server", fields{"tenant": acme})
	d.device("b", "server", fields{"tenant": other})
	d.device("c", "server")
	e := d.read(t, inventory.NetBoxOptions{Owners: map[string]change.Ref{"ACME corp": "group:acme-it"}})
	got := refs{system(t, e, "resource:a").Owner, system(t, e, "resource:b").Owner, system(t, e, "resource:c").Owner}
	if diff := cmp.Diff(refs{"group:acme-it", "group:network", "group:network"}, got); diff != "" {
		t.Error(diff)
	}
	expectNote(t, e.LeftOut, "its tenant has no owner of its own", "device b, of Other")

	_, err := inventory.NetBox(bytes.NewReader(d.json(t)), inventory.NetBoxOptions{File: "dump.json"})
	expectError(t, err, "3 systems of dump.json have no owner: 1 of no tenant, 1 of acme, 1 of other", "--owner-map")
	_, err = inventory.NetBox(bytes.NewReader(d.json(t)), inventory.NetBoxOptions{File: "dump.json", Owner: "group:x", Owners: map[string]change.Ref{"acmee": "group:y"}})
	expectError(t, err, `there is no tenant "acmee"`, "near it are acme")
}

func TestOnlyTheChosenSitesAreTaken(t *testing.T) {
	d := newDump()
	d.put("dcim.site", 2, fields{"name": "Bredstedt", "slug": "bredstedt", "status": "active", "region": 1})
	core := d.device("core", "core-switch", fields{"site": 2})
	d.link(d.device("acc", "access-switch"), core)
	e := d.read(t, inventory.NetBoxOptions{Sites: []string{"HUSUM"}})
	if diff := cmp.Diff([]string{"resource:acc"}, e.Refs()); diff != "" {
		t.Error(diff)
	}
	expectNeeds(t, e, map[change.Ref][]change.Ref{})
	expectNote(t, e.LeftOut, "what it depends on is not taken", "resource:acc: dcim.device "+itoa(core))
	_, err := inventory.NetBox(bytes.NewReader(d.json(t)), inventory.NetBoxOptions{File: "dump.json", Owner: "group:x", Sites: []string{"hussum"}})
	expectError(t, err, `no site "hussum"`, "near it are husum")
}

func TestRegionsAreTakenAtTheLevelThatIsAskedFor(t *testing.T) {
	d := newDump()
	d.device("a", "server")
	for level, want := range map[int]string{0: "north", 1: "earth", 2: "north", 9: "north"} {
		if s := system(t, d.read(t, inventory.NetBoxOptions{RegionLevel: level}), "resource:a"); s.Region != want {
			t.Errorf("level %d: %q, want %q", level, s.Region, want)
		}
	}
}

func TestContactsComeFromTheObjectItsSiteAndItsTenant(t *testing.T) {
	d := newDump()
	device := d.device("a", "server")
	who := func(name string) int {
		return d.add("tenancy.contact", fields{"name": name, "phone": "1", "email": name + "@x.example"})
	}
	role := d.add("tenancy.contactrole", fields{"name": "On Call", "slug": "on_call"})
	duty := d.add("tenancy.contactrole", fields{"name": "Duty", "slug": "duty"})
	assign := func(model string, id, contact, role int, priority string) {
		d.add("tenancy.contactassignment", fields{"content_type": strings.Split(model, "."), "object_id": id, "contact": contact, "role": role, "priority": priority})
	}
	assign("dcim.site", 1, who("second"), role, "secondary")
	assign("dcim.site", 1, who("first"), role, "primary")
	assign("dcim.site", 1, who("group:site"), duty, "primary")
	assign("dcim.device", device, who("own"), role, "primary")
	d.device("b", "server")
	e := d.read(t, inventory.NetBoxOptions{})
	want := map[string]string{"on-call": "first, 1, first@x.example", "duty": "group site, 1, group site@x.example"}
	if diff := cmp.Diff(want, system(t, e, "resource:b").Contacts); diff != "" {
		t.Error(diff)
	}
	if got := system(t, e, "resource:a").Contacts["on-call"]; got != "own, 1, own@x.example" {
		t.Error(got)
	}
	expectNote(t, e.LeftOut, "more than one contact for a role", "not second")
}

func TestTheOrderOfTheInputDoesNotMatter(t *testing.T) {
	d := newDump()
	a, b := d.device("pdu-a", "pdu"), d.device("pdu-b", "pdu")
	for _, name := range []string{"x", "X", "x ", "y"} {
		s := d.device(name, "server")
		d.supply(s, a)
		d.supply(s, b)
	}
	want, err := d.read(t, inventory.NetBoxOptions{}).YAML()
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(5) {
		rand.New(rand.NewPCG(seed, 1)).Shuffle(len(d.objects), func(i, j int) { d.objects[i], d.objects[j] = d.objects[j], d.objects[i] })
		got, err := d.read(t, inventory.NetBoxOptions{}).YAML()
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%v\n%s", err, cmp.Diff(string(want), string(got)))
		}
	}
}

func TestPlannedAndLooseCablesAreLeftOut(t *testing.T) {
	d := newDump()
	access, core := d.device("acc", "access-switch"), d.device("core", "core-switch")
	a, b := d.port("dcim.interface", access), d.port("dcim.interface", core)
	d.put("dcim.cable", 7, fields{"status": "planned"})
	for side, e := range map[string]end{"A": a, "B": b} {
		d.add("dcim.cabletermination", fields{"cable": 7, "cable_end": side, "termination_type": e.natural(), "termination_id": e.id})
	}
	d.put("dcim.cable", 8, fields{"status": "connected"})
	e := d.read(t, inventory.NetBoxOptions{})
	expectNeeds(t, e, map[change.Ref][]change.Ref{})
	expectNote(t, e.LeftOut, "a cable is planned only", "cable 7")
	expectNote(t, e.LeftOut, "a cable has nothing at one end", "cable 8")
}
