package inventory_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
	"github.com/changectl/changectl/internal/inventory"
)

func itoa(n int) string { return strconv.Itoa(n) }

func expectError(t *testing.T, err error, wants ...string) {
	t.Helper()
	for _, w := range wants {
		if err == nil || !strings.Contains(err.Error(), w) {
			t.Errorf("no %q in the error %v", w, err)
		}
	}
	if err != nil && change.KindOf(err) == "" && len(document.Problems(err)) == 0 {
		t.Errorf("%v is of no kind", err)
	}
}

// The same two switches as the API shows them, list after list.
const answers = `{"count": 2, "results": [
  {"id": 11, "url": "http://netbox.example/api/dcim/devices/11/", "name": "acc", "status": {"value": "active", "label": "Active"},
   "device_role": {"id": 4, "slug": "access-switch"}, "site": {"id": 1, "slug": "husum"}, "cluster": null, "type": {"value": "x"}},
  {"id": 12, "url": "http://netbox.example/api/dcim/devices/12/", "name": "core", "status": {"value": "offline"},
   "role": {"id": 5, "slug": "core-switch"}, "site": {"id": 1}}]}
{"results": [{"id": 1, "url": "/api/dcim/sites/1/", "name": "Husum", "slug": "husum", "region": null}]}
[{"id": 4, "url": "/api/dcim/device-roles/4/", "slug": "access-switch"}, {"id": 5, "url": "/api/dcim/device-roles/5/", "slug": "core-switch"}]
{"results": [{"id": 21, "url": "/api/dcim/interfaces/21/", "name": "eth0", "device": {"id": 11}, "lag": null, "mgmt_only": false},
  {"id": 22, "url": "/api/dcim/interfaces/22/", "name": "eth0", "device": {"id": 12}}]}
{"results": [{"id": 3, "url": "/api/dcim/cables/3/", "status": {"value": "connected"},
  "a_terminations": [{"object_type": "dcim.interface", "object_id": 21}], "b_terminations": [{"object_type": "dcim.interface", "object_id": 22}]}]}
{"results": [{"id": 9, "url": "/api/plugins/x/things/9/", "name": "passed over"}]}
`

func TestAnswersOfTheAPIAreReadLikeADump(t *testing.T) {
	e, err := inventory.NetBox(strings.NewReader(answers), inventory.NetBoxOptions{File: "api.json", Owner: "group:x"})
	if err != nil {
		t.Fatal(err)
	}
	expectNeeds(t, e, map[change.Ref][]change.Ref{"resource:acc": {"resource:core"}})
	if s := system(t, e, "resource:core"); s.Lifecycle != "offline" || s.Type != "core-switch" || s.Site != "husum" {
		t.Errorf("%+v", s)
	}
}

func TestNumbersOfContentTypesAreResolved(t *testing.T) {
	d := newDump()
	d.put("contenttypes.contenttype", 31, fields{"app_label": "dcim", "model": "interface"})
	access, core := d.device("acc", "access-switch"), d.device("core", "core-switch")
	c := d.add("dcim.cable", fields{"status": "connected"})
	for side, device := range map[string]int{"A": access, "B": core} {
		d.add("dcim.cabletermination", fields{"cable": c, "cable_end": side, "termination_type": 31, "termination_id": d.port("dcim.interface", device).id})
	}
	expectNeeds(t, d.read(t, inventory.NetBoxOptions{}), map[change.Ref][]change.Ref{"resource:acc": {"resource:core"}})
}

func TestAFileThatIsNoNetBoxIsRefused(t *testing.T) {
	device := `{"model": "dcim.device", "pk": 1, "fields": {"name": "a"}}`
	tests := map[string]struct{ in, want string }{
		"syntax":           {"[\n" + device + ",\n{]", "x.json:3:2: is not what NetBox writes"},
		"cut off":          {"[" + device + ",", "x.json: ends in the middle"},
		"empty":            {"", "holds nothing that is read"},
		"an empty list":    {"[]", "holds nothing that is read"},
		"other models":     {`[{"model": "auth.user", "pk": 1, "fields": {}}]`, "holds nothing that is read"},
		"text":             {`"devices"`, "expected a list or an object"},
		"no object":        {"[" + device + ", 3]", "element 2: "},
		"something else":   {`[{"name": "a"}]`, "element 1: it has neither model and fields"},
		"a number of text": {`[{"model": "dcim.device", "pk": "one", "fields": {}}]`, `has the number "\"one\""; expected a whole number`},
		"nothing to take":  {`[{"model": "dcim.site", "pk": 1, "fields": {"name": "a"}}]`, "holds no device, virtual machine, cluster, circuit or power feed"},
		"nested lists":     {strings.Repeat("[", 20_000), "exceeded max depth"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := inventory.NetBox(strings.NewReader(tt.in), inventory.NetBoxOptions{File: "x.json", Owner: "group:x"})
			expectError(t, err, tt.want)
		})
	}
}

// endless never ends.
type endless struct{}

func (endless) Read(b []byte) (int, error) { return copy(b, bytes.Repeat([]byte("x"), len(b))), nil }

func TestTheSizeOfTheInputIsBounded(t *testing.T) {
	_, err := inventory.NetBox(endless{}, inventory.NetBoxOptions{File: "x.json", Owner: "group:x"})
	expectError(t, err, "larger than 104857600 bytes (100 MiB)")
	_, err = inventory.CSV(io.MultiReader(strings.NewReader("name"), failing{}), inventory.CSVOptions{File: "x.csv", Owner: "group:x"})
	expectError(t, err, "read x.csv: disk")
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("disk") }

// References to nothing, to itself and round in circles end.
func TestBrokenDumpsComeToAnEnd(t *testing.T) {
	d := newDump()
	d.put("dcim.region", 2, fields{"name": "Again", "slug": "again"})
	d.put("dcim.region", 3, fields{"name": "Loop", "slug": "loop", "parent": 3})
	d.put("dcim.site", 3, fields{"name": "Loop", "slug": "loop", "region": 3})
	d.device("looped", "server", fields{"site": 3})
	d.put("dcim.location", 5, fields{"name": "Loop", "scope_type": "dcim.location", "scope_id": 5, "location": 5})
	panel := d.device("panel", "patch-panel", fields{"site": nil, "location": 5, "rack": 99, "tenant": 99, "cluster": 99})
	server := d.device("srv", "server")
	rear := d.port("dcim.rearport", panel, fields{"positions": 1})
	front := d.port("dcim.frontport", panel, fields{"rear_port": rear.id, "rear_port_position": 1})
	other := d.port("dcim.frontport", panel, fields{"rear_port": rear.id, "rear_port_position": 2})
	c := d.cable(d.port("dcim.interface", server), front)
	d.add("dcim.cabletermination", fields{"cable": c, "cable_end": "A", "termination_type": []string{"dcim", "rearport"}, "termination_id": rear.id})
	d.cable(rear, other)
	d.cable(end{"dcim.interface", 9999}, d.port("dcim.interface", server))
	d.cable(d.port("dcim.powerport", server), end{"dcim.poweroutlet", 9999})
	d.add("ipam.fhrpgroupassignment", fields{"interface_type": []string{"dcim", "interface"}, "interface_id": 9999, "group": 1})
	d.add("virtualization.virtualmachine", fields{"name": "vm", "cluster": 9999, "status": "active"})
	e := d.read(t, inventory.NetBoxOptions{})
	expectNote(t, e.LeftOut, "the way of a cable cannot be followed", "resource:srv")
	expectNote(t, e.LeftOut, "what it depends on is not taken", "resource:vm")
	expectNote(t, e.LeftOut, "an object is there twice", "dcim.region 2")
	if diff := cmp.Diff([]string{"resource:looped", "resource:panel", "resource:srv", "resource:vm"}, e.Refs()); diff != "" {
		t.Error(diff)
	}
}

// branch is a cable with two ends at each side.
func (d *dump) branch(near, far [2]end) {
	c := d.cable(near[0], far[0])
	for side, e := range map[string]end{"A": near[1], "B": far[1]} {
		d.add("dcim.cabletermination", fields{"cable": c, "cable_end": side, "termination_type": e.natural(), "termination_id": e.id})
	}
}

// Each of forty pairs of panels doubles the number of paths.
func TestCablesThatBranchOverAndOverComeToAnEnd(t *testing.T) {
	d := newDump()
	panels := func(i int) (front, rear [2]end) {
		for n := range 2 {
			p := d.device("panel-"+itoa(2*i+n), "patch-panel")
			rear[n] = d.port("dcim.rearport", p, fields{"positions": 1})
			front[n] = d.port("dcim.frontport", p, fields{"rear_port": rear[n].id, "rear_port_position": 1})
		}
		return front, rear
	}
	last, rear := panels(0)
	d.cable(d.port("dcim.interface", d.device("srv", "server")), last[0])
	last = rear
	for i := range 40 {
		in, out := panels(i + 1)
		d.branch(last, in)
		last = out
	}
	expectNote(t, d.read(t, inventory.NetBoxOptions{}).LeftOut, "the way of a cable cannot be followed", "resource:srv")
}

func TestABranchedCableLeadsToAllItsEnds(t *testing.T) {
	d := newDump()
	from := d.port("dcim.interface", d.device("srv", "server"))
	for i := range 3 { // so that the hops have room for one more, which the two ends must not share
		p := d.device("panel-"+itoa(i), "patch-panel")
		rear := d.port("dcim.rearport", p, fields{"positions": 1})
		d.cable(from, d.port("dcim.frontport", p, fields{"rear_port": rear.id, "rear_port_position": 1}))
		from = rear
	}
	want := refs{"resource:panel-0", "resource:panel-1", "resource:panel-2"}
	var c int
	for i, name := range []string{"a", "b"} {
		sw := d.port("dcim.interface", d.device("sw-"+name, "access-switch"))
		_, z := d.circuit(name, fields{}, fields{})
		peer := end{z.model, z.id - 1}
		d.cable(z, sw)
		want = append(want, change.Ref("resource:acme-"+name), change.Ref("resource:sw-"+name))
		if i == 0 {
			c = d.cable(from, peer)
			continue
		}
		d.add("dcim.cabletermination", fields{"cable": c, "cable_end": "B", "termination_type": peer.natural(), "termination_id": peer.id})
	}
	slices.Sort(want)
	got := system(t, d.read(t, inventory.NetBoxOptions{}), "resource:srv").DependsOn
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
