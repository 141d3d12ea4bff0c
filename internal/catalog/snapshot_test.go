package catalog_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/catalog"
	"github.com/changectl/changectl/internal/change"
)

func roundTrip(t *testing.T, c *catalog.Catalog) {
	t.Helper()
	b, err := c.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	again, err := catalog.FromSnapshot(b)
	if err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	if again.Digest() != c.Digest() || change.DigestOf(b) != c.Digest() {
		t.Errorf("digest %s became %s", c.Digest(), again.Digest())
	}
	if diff := cmp.Diff(c.Entities(), again.Entities()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(c.Windows(), again.Windows()); diff != "" {
		t.Error(diff)
	}
}

func TestASnapshotKeepsTheDigest(t *testing.T) {
	c, _, err := catalog.Load(os.DirFS("../app/example/catalog"), ".", catalog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	roundTrip(t, c)
	b, _ := c.Snapshot()
	again, err := catalog.FromSnapshot(b)
	if err != nil {
		t.Fatal(err)
	}
	touch := []change.Ref{"resource:core-router", "resource:orders-db-1"}
	want, _ := c.Footprint(touch, nil)
	got, _ := again.Footprint(touch, nil)
	if diff := cmp.Diff(want, got); diff != "" || len(got.Impact) == 0 {
		t.Error(diff)
	}
	p, err := again.PersonByPrincipal("github:nordwind-bob")
	if p.Ref != "user:bob" || err != nil {
		t.Errorf("%v, %v", p, err)
	}
}

func TestTheDigestIsOfTheContentAlone(t *testing.T) {
	db, base := resource("db", ", dependsOn: ['resource:b', 'resource:a']"), resource("a", "")+resource("b", "")
	first := load(t, "a.yaml", team+db+base)
	same := load(t, "z/1.yaml", base, "y.yml", entity("Resource", "name: DB", "owner: group:default/team, type: server, dependsOn: ['resource:a', 'resource:b', 'resource:a']"), "2.yaml", "# the team\n"+team)
	e, _ := same.Entity("resource:db")
	if e.Title != "DB" {
		t.Fatal("the title is not the name as written")
	}
	lower := load(t, "z/1.yaml", base, "y.yml", strings.Replace(db, "'resource:b', 'resource:a'", "'resource:a', 'resource:b', 'resource:a'", 1), "2.yaml", "# the team\n"+team)
	if first.Digest() != lower.Digest() {
		t.Error("the order of files and lists changes the digest")
	}
	other := load(t, "a.yaml", team+resource("db", ", dependsOn: ['resource:a']")+base)
	if first.Digest() == other.Digest() || first.Digest() == same.Digest() {
		t.Error("another content has the same digest")
	}
	if !strings.HasPrefix(first.Digest(), "sha256:") {
		t.Error(first.Digest())
	}
}

func TestASnapshotThatIsNotOneIsRefused(t *testing.T) {
	b, err := load(t, "a.yaml", team+resource("db", "")).Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	daily := `{"duration":"4h0m0s","name":"w","rule":"FREQ=DAILY","scope":{},"start":"2027-01-01T22:00","zone":"UTC"}`
	tests := map[string]struct{ in, want string }{
		"not JSON":       {"x", "read catalog snapshot"},
		"unknown key":    {`{"entities":[],"more":1,"version":2}`, "read catalog snapshot"},
		"version":        {`{"entities":[],"version":1}`, "has version 1; this program reads version 2"},
		"dangling":       {`{"entities":[{"ref":"resource:a","dependsOn":["resource:b"]}],"version":2}`, "resource:a refers to resource:b"},
		"twice":          {`{"entities":[{"ref":"resource:a"},{"ref":"resource:a"}],"version":2}`, "holds resource:a twice"},
		"not sorted":     {`{"version":2,"entities":[{"ref":"resource:b"},{"ref":"resource:a"}]}`, "not in its canonical form"},
		"more behind":    {string(bytes.Clone(b)) + "{}", "not in its canonical form"},
		"no such window": {`{"entities":[{"maintenance":["w"],"ref":"resource:a"}],"version":2}`, "resource:a names the maintenance window w, which is not in it"},
		"window twice":   {`{"entities":[],"version":2,"windows":[` + daily + "," + daily + `]}`, "holds the maintenance window w twice"},
		"broken rule":    {`{"entities":[],"version":2,"windows":[` + strings.Replace(daily, "DAILY", "HOURLY", 1) + `]}`, "maintenance window w: rule: "},
		"dangling scope": {`{"entities":[],"version":2,"windows":[` + strings.Replace(daily, "{}", `{"owners":["group:x"]}`, 1) + `]}`, "maintenance window w: scope.owners[0]: group:x is not in the catalog"},
		"groups in a round": {
			`{"entities":[{"group":"a","mustRun":1,"ref":"resource:a","within":[{"group":"b","mustRun":1},{"group":"a","mustRun":1}]}],"version":2}`,
			"resource:a disagrees with others about the redundancy group a",
		},
		"groups disagree": {`{"entities":[{"group":"a","mustRun":1,"ref":"resource:a"},{"group":"a","mustRun":2,"ref":"resource:b"}],"version":2}`, "resource:b disagrees with others about the redundancy group a"},
		"group too small": {`{"entities":[{"group":"a","mustRun":2,"ref":"resource:a"}],"version":2}`, "2 of the 1 members of the redundancy group a must stay up"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := catalog.FromSnapshot([]byte(tt.in)); err == nil || !strings.Contains(err.Error(), tt.want) || change.KindOf(err) != change.KindInvalid {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}
