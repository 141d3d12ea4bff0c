package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const smallNetBox = `[
{"model": "dcim.site", "pk": 1, "fields": {"name": "Husum", "slug": "husum"}},
{"model": "dcim.devicerole", "pk": 1, "fields": {"name": "Router", "slug": "router"}},
{"model": "dcim.powerfeed", "pk": 1, "fields": {"name": "A", "status": "active"}},
{"model": "tenancy.tenant", "pk": 1, "fields": {"name": "Acme", "slug": "acme"}},
{"model": "dcim.device", "pk": 1, "fields": {"name": "RTR-1", "role": 1, "site": 1, "status": "active", "tenant": 1}}]`

// offline is a desk without a server.
func offline(t *testing.T) *desk {
	d := newDesk(t)
	d.env = map[string]string{"HOME": t.TempDir()}
	return d
}

func TestAnImportedNetBoxIsACatalog(t *testing.T) {
	d := offline(t)
	file, out := d.file("dump.json", smallNetBox), filepath.Join(t.TempDir(), "netbox")
	args := []string{"catalog", "import", "netbox", file, "--owner", "network", "--owner-map", "acme=group:acme-it"}
	r := d.run(append(args, "--with-groups")...)
	d.expect(r, 0, "name: rtr-1", "owner: group:acme-it", "a power feed is cabled to nothing", "2 systems, 0 dependencies")
	if strings.Contains(r.out, "COUNT") || !strings.Contains(r.err, "device RTR-1: rtr-1") {
		t.Errorf("out: %s\nerr: %s", r.out, r.err)
	}
	d.expect(d.run("catalog", "check", d.file("all.yaml", r.out)), 0, "2 systems, 2 groups")

	d.expect(d.run(append(args, "--with-groups", "--out", out)...), 0, "devices.yaml", "netbox-owners.yaml")
	d.expect(d.run("catalog", "check", out), 0, "2 systems, 2 groups")
	if r := d.run(append(args, "-o", "name")...); r.out != "resource:a\nresource:rtr-1\n" {
		t.Errorf("names: %q", r.out)
	}
	var e struct{ LeftOut []struct{ What string } }
	if err := json.Unmarshal([]byte(d.run(append(args, "-o", "json")...).out), &e); err != nil || len(e.LeftOut) != 1 {
		t.Errorf("%v: %+v", err, e)
	}
	d.in = smallNetBox
	d.expect(d.run("catalog", "import", "netbox", "-", "--owner", "network"), 0, "from standard input")
}

func TestAnImportThatFailsWritesNothing(t *testing.T) {
	d := offline(t)
	file, out := d.file("dump.json", smallNetBox), filepath.Join(t.TempDir(), "out")
	netbox := func(args ...string) ran {
		return d.run(append([]string{"catalog", "import", "netbox", "--out", out}, args...)...)
	}
	d.expect(netbox(file), 2, "1 of acme", "--owner group:NAME")
	d.expect(netbox(file, "--owner", "x", "--strict"), 1, "1 things had to be left out", "a power feed is cabled to nothing")
	d.expect(netbox(file, "--owner", "resource:x"), 2, "--owner", "is not a group or a user")
	d.expect(netbox(file, "--owner", "x", "--owner-map", "acme"), 2, "--owner-map", "NAME=group:OWNER")
	d.expect(netbox(file, "--owner", "x", "--site", "hsum"), 2, "--site", "near it are husum")
	d.expect(netbox("nothere.json", "--owner", "x"), 1, "open nothere.json")
	d.expect(netbox(d.file("x.json", "["), "--owner", "x"), 1, "x.json: ends in the middle")
	d.expect(d.run("catalog", "import", "csv", d.file("t.csv", "name,owner,tier\na,x,9\n"), "--out", out), 1, "t.csv:2:5: tier:")
	if _, err := os.Stat(out); err == nil {
		t.Error("something was written")
	}
}

func TestAnImportReplacesWhatItWroteAndNothingElse(t *testing.T) {
	d := offline(t)
	file, out := d.file("dump.json", smallNetBox), t.TempDir()
	put := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(out, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const head = "# Written by changectl catalog import netbox\n"
	put("devices.yaml", head+"old")
	put("devices-2.yaml", head+"old")
	put("circuits.yaml", "of somebody else\n")
	put("other.yaml", head+"of another name\n")
	d.expect(d.run("catalog", "import", "netbox", file, "--owner", "x", "--out", out), 0, "devices.yaml\n", "devices-2.yaml: removed")
	want := map[string]bool{"devices.yaml": true, "power.yaml": true, "circuits.yaml": false, "other.yaml": false}
	entries, err := os.ReadDir(out)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(out, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		got[e.Name()] = strings.Contains(string(b), "kind: Resource")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	put("power.yaml", "mine\n")
	d.expect(d.run("catalog", "import", "netbox", file, "--owner", "x", "--out", out), 3, "power.yaml is not from an import, and is not replaced")
	single := filepath.Join(out, "circuits.yaml")
	d.expect(d.run("catalog", "import", "netbox", file, "--owner", "x", "--out", single), 3, "circuits.yaml is not from an import")
	d.expect(d.run("catalog", "import", "netbox", file, "--owner", "x", "--out", filepath.Join(out, "devices.yaml")), 0, "devices.yaml")
}

func TestATableIsImportedByItsColumns(t *testing.T) {
	d := offline(t)
	file := d.file("servers.csv", "Hostname;Team;Needs\nWeb;DBA Team;db,component:orders\ndb;dba;\n")
	args := []string{"catalog", "import", "csv", file, "--delimiter", ";", "--columns", "name=Hostname,owner=Team", "--columns", "depends-on=Needs"}
	d.expect(d.run(args...), 1, `servers.csv:2:14: Needs: refers to "component:orders", which is not in this table`)
	r := d.run(append(args, "--lenient", "--with-groups", "--owner-map", "DBA Team=dba")...)
	d.expect(r, 0, "a reference leads to nothing", "- resource:db", "owner: group:dba")
	d.expect(d.run("catalog", "check", d.file("all.yaml", r.out)), 0, "2 systems, 1 groups")

	beside := d.file("orders.yaml", "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: orders}\nspec: {type: service, lifecycle: production, owner: group:dba}\n")
	for _, path := range []string{beside, filepath.Dir(beside)} {
		d.expect(d.run(append(args, "--beside", path)...), 0)
	}
	d.expect(d.run(append(args, "--beside", "nothere")...), 1, "--beside nothere")
	d.expect(d.run(append(slices.Clone(args), "--columns", "nam=x")...), 2, `"nam" is not a field`)
	d.expect(d.run(append(slices.Clone(args), "--columns", "x")...), 2, "FIELD=HEADING")
	d.expect(d.run("catalog", "import", "csv", file, "--delimiter", ";;"), 2, "is not one character")
	d.expect(d.run("catalog", "import", "csv", d.file("t.csv", "name\towner\na\tx\n"), "--delimiter", `\t`), 0, "name: a\n")
	d.expect(d.run("catalog", "import", "xls"), 2, "no command changectl catalog import xls")
}
