package inventory_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/catalog"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
	"github.com/changectl/changectl/internal/inventory"
)

// load puts the files into a catalog, strictly.
func load(t *testing.T, e *inventory.Estate) *catalog.Catalog {
	t.Helper()
	e.Groups = e.Owners()
	files, err := e.Files()
	if err != nil {
		t.Fatal(err)
	}
	fsys := fstest.MapFS{}
	for _, f := range files {
		if len(f.Text) > document.MaxBytes || fsys[f.Name] != nil || !e.Mine(f.Name) || !e.Wrote(f.Text) {
			t.Errorf("%s: %d bytes, given before: %v, mine: %v", f.Name, len(f.Text), fsys[f.Name] != nil, e.Mine(f.Name))
		}
		fsys[f.Name] = &fstest.MapFile{Data: f.Text}
	}
	c, _, err := catalog.Load(fsys, ".", catalog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestHostileTextsAreTextInTheCatalog(t *testing.T) {
	texts := map[string]string{
		"a: b # c": "a: b # c", "---": "---", "...": "...", "&x *x !!binary": "&x *x !!binary", "{a: [b": "{a: [b", "- x": "- x", "? x": "? x",
		"yes": "yes", "null": "null", "0x10": "0x10", "1_000": "1_000", "2027-01-01": "2027-01-01", "'\"\\": "'\"\\", "%TAG": "%TAG", "@x `y": "@x `y",
		"a\nkind: User\n---\nb": "a kind: User --- b", "tab\there\x00\x1b[31m": "tab here [31m", "bell\x07 \u2028sep\ufeff": "bell sep",
		"\u202eright\u202c to left": "right to left", "naïve ü 世界 🎉": "naïve ü 世界 🎉", strings.Repeat("x", 1000): strings.Repeat("x", 255) + "…",
	}
	d := newDump()
	var names []string
	for text := range texts {
		names = append(names, text)
		d.device("host-"+itoa(len(names)), "server", fields{"rack": d.add("dcim.rack", fields{"name": text, "site": 1})})
		d.device(text, "server")
	}
	e := d.read(t, inventory.NetBoxOptions{File: "dump\nkind: User"})
	got := map[string]bool{}
	for _, s := range load(t, e).Systems() {
		got[s.Title] = true
	}
	for text, want := range texts {
		if !got[want] {
			t.Errorf("%q should be read as %q; there are %v", text, want, got)
		}
	}
}

func TestLargeEstatesAreSplitAndLoad(t *testing.T) {
	var b strings.Builder
	b.WriteString("name,owner,depends-on,title\n")
	const rows = 3000
	for i := range rows {
		fmt.Fprintf(&b, "host-%d,dba,host-%d,%s\n", i, (i+1)%rows, strings.Repeat("long title ", 10))
	}
	e := table(t, b.String(), inventory.CSVOptions{})
	if n := len(load(t, e).Systems()); n != rows {
		t.Errorf("%d systems", n)
	}
	files, err := e.Files()
	if err != nil || len(files) < 4 || files[1].Name != "t.yaml" || files[2].Name != "t-2.yaml" {
		t.Errorf("%d files: %v", len(files), err)
	}
	for name, want := range map[string]bool{"t.yaml": true, "t-12.yaml": true, "t-owners.yaml": true, "t-db.yaml": false, "u.yaml": false, "t.yml": false} {
		if e.Mine(name) != want {
			t.Errorf("%s is mine: %v, want %v", name, !want, want)
		}
	}
	if e.Wrote([]byte("# Written by changectl catalog import netbox\n")) || e.Wrote([]byte("# Written by changectl catalog import csvx\n")) || e.Wrote(nil) {
		t.Error("the file of somebody else is taken for one of ours")
	}
}

func TestWhatIsWrittenIsWhatTheCatalogReads(t *testing.T) {
	text := "name,owner,title,site,region,cluster,tier,system,depends-on,reached-through,group,group-min,known-as,contact.duty,type,lifecycle\n" +
		"a,dba,The A,s,r,c,2,shop,b,b,g,1,\"ACME:1,2\",+49 1,server,production\nb,dba,,,,,,,,,g,1,,,,\n"
	c := load(t, table(t, text, inventory.CSVOptions{}))
	got, err := c.Entity("resource:a")
	if err != nil {
		t.Fatal(err)
	}
	if got.Title != "The A" || got.Type != "server" || got.Lifecycle != "production" || got.Owner != "group:dba" || got.Tier != 2 ||
		got.Group != "g" || got.MustRun != 1 || got.Site != "s" || got.Region != "r" || got.Cluster != "c" || got.Contacts["duty"] != "+49 1" {
		t.Errorf("%+v", got)
	}
	edges := [][]change.Ref{got.DependsOn, got.ReachedThrough, got.PartOf}
	if diff := cmp.Diff([][]change.Ref{{"resource:b"}, {"resource:b"}, {"system:shop"}}, edges); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(refs{"resource:a"}, c.KnownAs("acme:1")); diff != "" {
		t.Error(diff)
	}
}

// CHANGECTL_CATALOGS names a directory with the demonstration data of NetBox 3.6;
// without it a small dump stands in.
func TestARealNetBoxLoadsStrictly(t *testing.T) {
	name, want := filepath.Join("testdata", "netbox.json"), inventory.Count{Systems: 11, DependsOn: 10, ReachedThrough: 1, Groups: 1}
	if dir := os.Getenv("CHANGECTL_CATALOGS"); dir != "" {
		name, want = filepath.Join(dir, "netbox-demo-v3.6.json"), inventory.Count{Systems: 365, DependsOn: 308}
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // it was only read
	e, err := inventory.NetBox(f, inventory.NetBoxOptions{File: filepath.Base(name), Owner: "group:network"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, e.Count()); diff != "" {
		t.Error(diff)
	}
	c := load(t, e)
	if n := len(c.Systems()); n != want.Systems {
		t.Errorf("%d systems in the catalog", n)
	}
	for _, s := range append(inventory.Sorts(e.LeftOut), inventory.Sorts(e.Altered)...) {
		t.Logf("%3d %s: %s", len(s.Of), s.What, s.Of[0])
	}
}
