package catalog_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/changectl/changectl/internal/catalog"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
)

// tree makes files out of name and content, one after the other.
func tree(files ...string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		fsys[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return fsys
}

func load(t *testing.T, files ...string) *catalog.Catalog {
	t.Helper()
	c, _, err := catalog.Load(tree(files...), ".", catalog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// entity writes one in a line of flow YAML: metadata and spec are its inner parts.
func entity(kind, metadata, spec string) string {
	return fmt.Sprintf("apiVersion: backstage.io/v1alpha1\nkind: %s\nmetadata: {%s}\nspec: {%s}\n---\n", kind, metadata, spec)
}

// team owns everything in these tests.
var team = entity("Group", "name: team", "type: team, children: []")

func resource(name, more string) string {
	return entity("Resource", "name: "+name, "type: server, owner: team"+more)
}

func TestRelationsAreNormalised(t *testing.T) {
	c := load(t, "a.yaml", team+
		entity("Domain", "name: shop", "owner: team")+
		entity("System", "name: orders, title: Orders", "owner: team, domain: shop")+
		entity("Component", "name: web, namespace: apps", "type: website, owner: 'group:default/team', dependsOn: ['resource:default/db'], consumesApis: [pay]")+
		entity("API", "name: Pay, namespace: apps", "type: openapi, lifecycle: production, owner: user:default/ann, definition: {$text: ./pay.yaml}")+
		entity("Component", "name: payer", "type: service, owner: team, system: orders, providesApis: ['api:apps/pay']")+
		entity("Component", "name: payer-cache", "type: service, owner: team, subcomponentOf: payer")+
		entity("Resource", "name: db, labels: {changectl.dev/site: husum, tier: gold}, annotations: {changectl.dev/reached-through: 'resource:jump, component:payer'}", "type: database, owner: team, dependencyOf: ['component:payer']")+
		resource("jump", "")+
		entity("User", "name: Ann, annotations: {github.com/user-login: AnnOfTheHub, changectl.dev/principals: 'ann@laptop, build-7'}", "profile: {displayName: Ann B, email: Ann@example.com}, memberOf: [team]"),
		"pay.yaml", "openapi: 3.0.0\npaths: &x {}\n", ".hidden.yaml", "nonsense: [", ".git/config.yaml", "nonsense: [")
	want := map[change.Ref]catalog.Entity{
		"domain:shop":           {Title: "shop", Owner: "group:team"},
		"system:orders":         {Title: "Orders", Owner: "group:team", PartOf: []change.Ref{"domain:shop"}},
		"component:apps/web":    {Title: "web", Type: "website", Owner: "group:team", DependsOn: []change.Ref{"api:apps/pay", "resource:db"}},
		"api:apps/pay":          {Title: "Pay", Type: "openapi", Lifecycle: "production", Owner: "user:ann", DependsOn: []change.Ref{"component:payer"}},
		"component:payer":       {Title: "payer", Type: "service", Owner: "group:team", DependsOn: []change.Ref{"resource:db"}, PartOf: []change.Ref{"system:orders"}},
		"component:payer-cache": {Title: "payer-cache", Type: "service", Owner: "group:team", PartOf: []change.Ref{"component:payer"}},
		"resource:db":           {Title: "db", Type: "database", Owner: "group:team", Site: "husum", ReachedThrough: []change.Ref{"component:payer", "resource:jump"}},
		"user:ann":              {Title: "Ann B", Email: "Ann@example.com", GitHub: "AnnOfTheHub", Principals: []string{"ann@laptop", "build-7"}, MemberOf: []change.Ref{"group:team"}},
	}
	for ref, w := range want {
		w.Ref = ref
		got, err := c.Entity(ref)
		if err != nil {
			t.Error(err)
			continue
		}
		if diff := cmp.Diff(w, got); diff != "" {
			t.Errorf("%s: %s", ref, diff)
		}
	}
	if n := len(c.Entities()); n != len(want)+2 {
		t.Errorf("%d entities, want %d", n, len(want)+2)
	}
}

func TestFactsBecomeASystem(t *testing.T) {
	c := load(t, "w.yaml", window("nights", "")+window("Saturdays", ""), "a.yaml", team+entity("User", "name: ann", "memberOf: [team]")+`apiVersion: backstage.io/v1beta1
kind: Resource
metadata:
  name: db
  annotations:
    changectl.dev/tier: "2"
    changectl.dev/redundancy-group: pair
    changectl.dev/redundancy-min: "1"
    changectl.dev/contact.on-call: USER:default/Ann
    changectl.dev/contact.communications: "press@example.com, phone 12"
    changectl.dev/endpoint.postgresql: postgres://admin@db:5432/postgres
    changectl.dev/endpoint.http: https://db:8443/status@night?passive=1
    changectl.dev/endpoint.sql: host=db user=admin
    changectl.dev/cluster: c1
    changectl.dev/region: north
    changectl.dev/availability-target: "99.95%"
    changectl.dev/maintenance-window: Nights, saturdays
    changectl.dev/known-as: "ACME:OC-123, FO-4711, ACME:OC-123"
    backstage.io/techdocs-ref: dir:.
spec: {owner: team, note: anything}
`)
	got, err := c.System("resource:db")
	if err != nil {
		t.Fatal(err)
	}
	want := change.System{
		Ref: "resource:db", Title: "db", Owner: "group:team", Tier: 2, Group: "pair",
		Contacts: map[string]string{"on-call": "user:ann", "communications": "press@example.com, phone 12"},
		Endpoints: map[string]string{
			"postgresql": "postgres://admin@db:5432/postgres", "http": "https://db:8443/status@night?passive=1", "sql": "host=db user=admin",
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	e, _ := c.Entity("resource:db")
	if e.Cluster != "c1" || e.Region != "north" || e.Availability != "99.95%" || cmp.Diff([]string{"nights", "saturdays"}, e.Maintenance) != "" || cmp.Diff([]string{"ACME:OC-123", "FO-4711"}, e.KnownAs) != "" || e.MustRun != 1 {
		t.Errorf("facts are lost: %+v", e)
	}
	if members, mustRun := c.Group("pair"); mustRun != 1 || len(members) != 1 {
		t.Errorf("group: %v, %d", members, mustRun)
	}
}

func location(targets string) string { return entity("Location", "name: here", "targets: "+targets) }

func TestLocationsAreFollowed(t *testing.T) {
	fsys := tree("top/all.yaml", location("[./teams.yaml, './a*.yaml', '../more/**/*.yml', '*/one-[ab].yaml']"),
		"top/teams.yaml", team, "top/also.yaml", resource("d", ""), "top/x/one-a.yaml", resource("a", ""), "top/x/one-c.yaml", "nonsense: [",
		"more/b.yml", resource("b", ""), "more/deep/er/c.yml", resource("c", ""), "more/d.yaml", "nonsense: [")
	c, _, err := catalog.Load(fsys, "top/all.yaml", catalog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []change.Ref
	for _, s := range c.Systems() {
		got = append(got, s.Ref)
	}
	if diff := cmp.Diff([]change.Ref{"resource:a", "resource:b", "resource:c", "resource:d"}, got); diff != "" {
		t.Error(diff)
	}
}

func member(name string, mustRun int) string {
	return entity("Resource", fmt.Sprintf("name: %s, annotations: {changectl.dev/redundancy-group: g, changectl.dev/redundancy-min: '%d'}", name, mustRun), "owner: team")
}

func TestAllProblemsAreReportedInOrder(t *testing.T) {
	_, _, err := catalog.Load(tree("b.yaml", resource("x", ""), "a.yaml", "kind: Nix\n---\nfoo: bar\n"), ".", catalog.Options{})
	var got []string
	for _, p := range document.Problems(err) {
		got = append(got, fmt.Sprintf("%s:%d", p.File, p.Line))
	}
	if diff := cmp.Diff([]string{"a.yaml:1", "a.yaml:1", "a.yaml:3", "b.yaml:4"}, got); diff != "" {
		t.Error(diff, err)
	}
}

func TestLenientLeavesOutOnlyWhatIsBroken(t *testing.T) {
	c, problems, err := catalog.Load(tree("a.yaml", team+
		resource("good", ", dependsOn: ['resource:gone', 'resource:base']")+resource("base", "")+
		entity("Resource", "name: lost, annotations: {changectl.dev/tier: '9', changectl.dev/site: s}", "owner: nobody")+
		member("a", 1)+member("b", 2)+entity("Template", "name: t", ""), "b.yaml", "not: [yaml"), ".", catalog.Options{Lenient: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(problems) != 6 {
		t.Errorf("%d problems, want 6: %v", len(problems), problems)
	}
	good, _ := c.Entity("resource:good")
	if diff := cmp.Diff([]change.Ref{"resource:base"}, good.DependsOn); diff != "" {
		t.Error(diff)
	}
	lost, _ := c.Entity("resource:lost")
	if lost.Owner != "" || lost.Tier != 0 || lost.Site != "s" {
		t.Errorf("lost: %+v", lost)
	}
	if members, _ := c.Group("g"); members != nil {
		t.Errorf("the group in dispute is kept: %v", members)
	}
}

// Whatever stands in a file, a lenient load ends with a catalog that is sound.
func TestLenientSurvivesAnything(t *testing.T) {
	words := strings.Fields(plant + company)
	words = append(words, "\n", "\n---\n", "[", "]", "{", "}", "kind:", "spec:", "metadata:", "null", "&a", "*a", "'", "user:bob", "resource:db")
	rapid.Check(t, func(t *rapid.T) {
		files := tree()
		for i, text := range strings.SplitAfter(plant+company, "---\n") {
			files[fmt.Sprintf("%d.yaml", i)] = &fstest.MapFile{Data: []byte(text)}
		}
		for range rapid.IntRange(1, 6).Draw(t, "edits") {
			file := files[fmt.Sprintf("%d.yaml", rapid.IntRange(0, len(files)-1).Draw(t, "file"))]
			from := rapid.IntRange(0, len(file.Data)).Draw(t, "from")
			to := min(len(file.Data), from+rapid.IntRange(0, 20).Draw(t, "length"))
			file.Data = []byte(string(file.Data[:from]) + rapid.SampledFrom(words).Draw(t, "word") + string(file.Data[to:]))
		}
		c, _, err := catalog.Load(files, ".", catalog.Options{Lenient: true})
		if err != nil {
			t.Fatal(err)
		}
		b, err := c.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := catalog.FromSnapshot(b); err != nil {
			t.Fatal(err)
		}
		for _, s := range c.Systems() {
			if _, err := c.Footprint([]change.Ref{s.Ref}, []change.Ref{s.Ref}); err != nil {
				t.Fatal(err)
			}
		}
		for _, p := range c.People() {
			c.IsMember(p.Ref, "group:all")
		}
	})
}

func TestARootThatIsNotThereIsAnError(t *testing.T) {
	for _, root := range []string{"nowhere", "empty", "../x"} {
		if _, _, err := catalog.Load(tree("empty/readme.md", "x"), root, catalog.Options{Lenient: true}); change.KindOf(err) != change.KindNotFound {
			t.Errorf("%s: %v", root, err)
		}
	}
}

func TestTheExampleCompanyLoads(t *testing.T) {
	c, _, err := catalog.Load(os.DirFS("../app/example/catalog"), ".", catalog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := c.Footprint([]change.Ref{"resource:orders-db-1", "resource:orders-db-2", "resource:orders-pool"}, []change.Ref{"component:orders-api"})
	if err != nil {
		t.Fatal(err)
	}
	want := change.Footprint{
		Touch: []change.Ref{"resource:orders-db-1", "resource:orders-db-2", "resource:orders-pool"},
		Impact: []change.Affected{
			{System: "component:orders-api", Path: []change.Ref{"resource:orders-pool", "component:orders-api"}},
			{System: "component:reporting", Path: []change.Ref{"resource:orders-db-2", "component:reporting"}},
			{System: "component:web-shop", Path: []change.Ref{"resource:orders-pool", "component:orders-api", "component:web-shop"}},
			{System: "domain:shop", Path: []change.Ref{"resource:orders-db-1", "system:orders", "domain:shop"}},
			{System: "system:orders", Path: []change.Ref{"resource:orders-db-1", "system:orders"}},
		},
		Observe: []change.Affected{
			{System: "component:orders-api", Path: []change.Ref{"component:orders-api"}},
			{System: "resource:core-router", Path: []change.Ref{"resource:orders-db-1", "resource:jump-host", "resource:core-router"}, Access: true},
			{System: "resource:jump-host", Path: []change.Ref{"resource:orders-db-1", "resource:jump-host"}, Access: true},
		},
	}
	if diff := cmp.Diff(want, f); diff != "" {
		t.Error(diff)
	}
	f, err = c.Footprint([]change.Ref{"resource:orders-db-2"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	degraded := []change.Degraded{{Group: "orders-db", Members: []change.Ref{"resource:orders-db-1", "resource:orders-db-2"}, Touched: []change.Ref{"resource:orders-db-2"}, MustRun: 1}}
	if diff := cmp.Diff(degraded, f.Degraded); diff != "" || f.Impact != nil {
		t.Error(diff, f.Impact)
	}
	from := time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)
	if _, _, limited := c.Open("resource:orders-db-1", from, from.AddDate(0, 1, 0)); limited {
		t.Error("the databases have a maintenance window, which the walk-through does not keep to")
	}
	if open, _, limited := c.Open("resource:jump-host", from, from.AddDate(0, 0, 7)); !limited || len(open) != 2 {
		t.Errorf("the jump host may be worked on in %v, limited %v", open, limited)
	}
}
