package catalog_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

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
	c := load(t, "a.yaml", team+entity("User", "name: ann", "memberOf: [team]")+`apiVersion: backstage.io/v1beta1
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
    changectl.dev/maintenance-window: Saturdays
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
	if e.Cluster != "c1" || e.Region != "north" || e.Availability != "99.95%" || e.Maintenance != "Saturdays" || e.MustRun != 1 {
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

func annotated(annotations string) string {
	return team + "apiVersion: backstage.io/v1alpha1\nkind: Resource\nmetadata:\n  name: db\n  annotations:\n    " + annotations + "\nspec: {owner: team}\n"
}

var broken = map[string]struct {
	in   []string
	want string
}{
	"not yaml":            {[]string{"a.yaml", "kind: [x\n"}, "a.yaml:1:1: is not valid YAML"},
	"not an entity":       {[]string{"a.yaml", "openapi: 3.0.0\n"}, "a.yaml:1:1: is not an entity of Backstage; expected apiVersion"},
	"a list":              {[]string{"a.yaml", "- 1\n"}, "a.yaml:1:1: is not an entity"},
	"foreign version":     {[]string{"a.yaml", "apiVersion: v1\nkind: User\nmetadata: {name: x}\n"}, `a.yaml:1:13: apiVersion: is "v1"; expected backstage.io/v1alpha1`},
	"unknown kind":        {[]string{"a.yaml", "apiVersion: backstage.io/v1alpha1\nkind: Resouce\nmetadata: {name: x}\n"}, `a.yaml:2:7: kind: is "Resouce"; expected one of API, Component, Domain, Group, Location, Resource, System, User`},
	"unknown key":         {[]string{"a.yaml", "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {name: x}\nspecs: {}\n"}, "a.yaml:4:1: specs: is not a key here; expected one of apiVersion, kind, metadata, relations, spec, status"},
	"no name":             {[]string{"a.yaml", "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {title: x}\n"}, "a.yaml:3:11: metadata.name: is missing"},
	"bad name":            {[]string{"a.yaml", entity("User", "name: a b", "")}, `a.yaml:3:18: metadata.name: is "a b"; expected letters and digits`},
	"long name":           {[]string{"a.yaml", entity("User", "name: "+strings.Repeat("a", 64), "")}, "metadata.name: is"},
	"name with slash":     {[]string{"a.yaml", entity("User", "name: a/b", "")}, `metadata.name: is "a/b"`},
	"bad namespace":       {[]string{"a.yaml", entity("User", "name: a, namespace: A_B", "")}, `a.yaml:3:32: metadata.namespace: is "A_B"; expected small letters`},
	"metadata a list":     {[]string{"a.yaml", "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: [x]\n"}, "a.yaml:3:11: metadata.name: is missing"},
	"duplicate":           {[]string{"a.yaml", team, "b.yaml", entity("Group", "name: TEAM", "")}, "b.yaml:3:18: metadata.name: group:team is already defined at a.yaml:3"},
	"duplicate key":       {[]string{"a.yaml", "kind: User\nkind: Group\n"}, "a.yaml:2:1: kind: is given twice"},
	"too large":           {[]string{"a.yaml", "x: " + strings.Repeat("x", document.MaxBytes)}, "a.yaml: is 262147 bytes"},
	"no owner":            {[]string{"a.yaml", entity("Resource", "name: db", "type: x")}, "a.yaml:4:7: spec.owner: is missing; name the group or user that answers for resource:db"},
	"empty owner":         {[]string{"a.yaml", entity("Resource", "name: db", "owner: ")}, "a.yaml:4:7: spec.owner: is missing"},
	"owner not there":     {[]string{"a.yaml", team + entity("Resource", "name: db", "owner: teem")}, "a.yaml:9:15: spec.owner: refers to group:teem, which is not in the catalog; near it are group:team"},
	"owner of other kind": {[]string{"a.yaml", entity("Resource", "name: db", "owner: 'resource:db'")}, "a.yaml:4:15: spec.owner: is resource:db, of the kind resource; expected one of the kind group, user"},
	"owner a list":        {[]string{"a.yaml", team + entity("Resource", "name: db", "owner: [team]")}, "a.yaml:9:15: spec.owner: is a list; expected a reference such as group:name"},
	"nothing there":       {[]string{"a.yaml", team + resource("db", ", dependsOn: ['resource:rack']")}, "a.yaml:9:47: spec.dependsOn[0]: refers to resource:rack, which is not in the catalog"},
	"no kind":             {[]string{"a.yaml", team + resource("db", ", dependsOn: [rack]")}, `a.yaml:9:47: spec.dependsOn[0]: "rack" is not a reference; write for example component:name`},
	"not a list":          {[]string{"a.yaml", team + resource("db", ", dependsOn: 'resource:rack'")}, `a.yaml:9:46: spec.dependsOn: is the text "resource:rack"; expected a list`},
	"another namespace":   {[]string{"a.yaml", team + entity("Resource", "name: db, namespace: x", "owner: team")}, "a.yaml:9:15: spec.owner: refers to group:x/team, which is not in the catalog"},
	"misspelt relation":   {[]string{"a.yaml", team + resource("db", ", depends-on: []")}, "a.yaml:9:35: spec.depends-on: is not a key of Backstage; write dependsOn"},
	"cycle of groups":     {[]string{"a.yaml", entity("Group", "name: a", "parent: b") + entity("Group", "name: b", "children: [], parent: a")}, "a.yaml:9:30: spec.parent: closes a cycle: group:b -> group:a -> group:b"},
	"own child":           {[]string{"a.yaml", entity("Group", "name: a", "children: [a]")}, "a.yaml:4:19: spec.children[0]: closes a cycle: group:a -> group:a"},
	"cycle of parts":      {[]string{"a.yaml", team + entity("Component", "name: a", "owner: team, subcomponentOf: b") + entity("Component", "name: b", "owner: team, subcomponentOf: a")}, "a.yaml:14:37: spec.subcomponentOf: closes a cycle: component:b -> component:a -> component:b"},
	"member not there":    {[]string{"a.yaml", entity("Group", "name: a", "children: [], members: [x]")}, "a.yaml:4:32: spec.members[0]: refers to user:x"},

	"unknown fact":        {[]string{"a.yaml", annotated(`changectl.dev/teir: "1"`)}, "a.yaml:11:5: metadata.annotations.changectl.dev/teir: is not known; known are changectl.dev/availability-target, changectl.dev/cluster, changectl.dev/contact.NAME,"},
	"contact of nobody":   {[]string{"a.yaml", annotated(`changectl.dev/contact.: x`)}, "changectl.dev/contact.: is not known"},
	"fact on other kind":  {[]string{"a.yaml", entity("User", "name: a, annotations: {changectl.dev/tier: '1'}", "")}, "says nothing on a user; it belongs on component, resource"},
	"fact twice":          {[]string{"a.yaml", team + entity("Resource", "name: db, annotations: {changectl.dev/site: a}, labels: {changectl.dev/site: a}", "owner: team")}, "metadata.labels.changectl.dev/site: is given as an annotation too"},
	"fact a list":         {[]string{"a.yaml", annotated(`changectl.dev/site: [a]`)}, "a.yaml:11:25: metadata.annotations.changectl.dev/site: is a list; expected text"},
	"tier":                {[]string{"a.yaml", annotated(`changectl.dev/tier: "5"`)}, `a.yaml:11:25: metadata.annotations.changectl.dev/tier: is "5"; expected a tier from "1"`},
	"availability":        {[]string{"a.yaml", annotated(`changectl.dev/availability-target: high`)}, `is "high"; expected a share of time such as "99.9%"`},
	"availability NaN":    {[]string{"a.yaml", annotated(`changectl.dev/availability-target: NaN%`)}, `is "NaN%"; expected a share`},
	"group name":          {[]string{"a.yaml", annotated(`changectl.dev/redundancy-group: a b`)}, `is "a b"; expected a name`},
	"minimum":             {[]string{"a.yaml", annotated("changectl.dev/redundancy-group: g\n    changectl.dev/redundancy-min: \"0\"")}, `is "0"; expected how many members must stay up`},
	"minimum alone":       {[]string{"a.yaml", annotated(`changectl.dev/redundancy-min: "1"`)}, "a.yaml:11:35: metadata.annotations.changectl.dev/redundancy-min: is given without changectl.dev/redundancy-group"},
	"no minimum":          {[]string{"a.yaml", annotated(`changectl.dev/redundancy-group: g`)}, "a.yaml:11:37: metadata.annotations.changectl.dev/redundancy-group: no member of the group g says how many must stay up"},
	"minimum too large":   {[]string{"a.yaml", annotated("changectl.dev/redundancy-group: g\n    changectl.dev/redundancy-min: \"2\"")}, "a.yaml:12:35: metadata.annotations.changectl.dev/redundancy-min: is 2, but the redundancy group g has 1 member(s)"},
	"minimum differs":     {[]string{"a.yaml", team + member("a", 1) + member("b", 2)}, "redundancy-min: is 2, but the redundancy group g has 1 at a.yaml:8; the members must agree"},
	"way in not there":    {[]string{"a.yaml", annotated(`changectl.dev/reached-through: resource:db, resource:vpn`)}, "a.yaml:11:36: metadata.annotations.changectl.dev/reached-through: refers to resource:vpn"},
	"contact not there":   {[]string{"a.yaml", annotated(`changectl.dev/contact.on-call: user:tim`)}, "a.yaml:11:36: metadata.annotations.changectl.dev/contact.on-call: refers to user:tim"},
	"password in a URL":   {[]string{"a.yaml", annotated(`changectl.dev/endpoint.sql: postgres://u:hush@db/x`)}, "a.yaml:11:33: metadata.annotations.changectl.dev/endpoint.sql: holds a password; write the address alone"},
	"password in a DSN":   {[]string{"a.yaml", annotated(`changectl.dev/endpoint.sql: host=db password=hush`)}, "holds a password"},
	"password in a query": {[]string{"a.yaml", annotated(`changectl.dev/endpoint.sql: postgres://db/x?a=b&password=hush`)}, "holds a password"},
	"password, no scheme": {[]string{"a.yaml", annotated(`changectl.dev/endpoint.sql: //u:hush@db/x`)}, "holds a password"},
	"password, a slash":   {[]string{"a.yaml", annotated(`changectl.dev/endpoint.sql: postgres://u:hu/sh@db/x`)}, "holds a password"},
	"name of two":         {[]string{"a.yaml", entity("User", "name: ann", "profile: {email: a@x}") + entity("User", "name: bob", "profile: {email: A@x}")}, `a.yaml:9:25: user:bob goes by "a@x", and so does user:ann at a.yaml:3`},
	"name of another":     {[]string{"a.yaml", entity("User", "name: ann, annotations: {changectl.dev/principals: 'x, user:default/bob'}", "") + entity("User", "name: bob", "")}, `a.yaml:8:18: user:bob goes by "user:bob", and so does user:ann`},

	"URL":              {[]string{"a.yaml", location("['https://example.com/a.yaml']")}, `a.yaml:4:18: spec.targets[0]: is the URL "https://example.com/a.yaml"; only files are read`},
	"type url":         {[]string{"a.yaml", entity("Location", "name: x", "type: url, target: b.yaml")}, `a.yaml:4:14: spec.type: is "url"; only file is read`},
	"no such file":     {[]string{"x/a.yaml", location("[./b.yaml]")}, `x/a.yaml:4:18: spec.targets[0]: "./b.yaml" is not a file of the catalog; paths are relative to x`},
	"a folder":         {[]string{"x/a.yaml", location("[../x]")}, `"../x" is not a file of the catalog`},
	"outside":          {[]string{"a.yaml", location("[../b.yaml]")}, `a.yaml:4:18: spec.targets[0]: "../b.yaml" lies outside the catalog`},
	"absolute":         {[]string{"a.yaml", location("[/etc/passwd]")}, `"/etc/passwd" lies outside the catalog`},
	"nothing matches":  {[]string{"a.yaml", location("['*/b*.yaml']")}, `"*/b*.yaml" matches no *.yaml or *.yml`},
	"not a pattern":    {[]string{"a.yaml", location("['[.yaml']")}, `"[.yaml" is not a pattern`},
	"targets no list":  {[]string{"a.yaml", location("b.yaml")}, `a.yaml:4:17: spec.targets: is the text "b.yaml"; expected a list`},
	"leads to itself":  {[]string{"a.yaml", location("[./a.yaml]")}, "a.yaml:4:18: spec.targets[0]: leads back to itself: a.yaml -> a.yaml"},
	"leads in a round": {[]string{"a.yaml", entity("Location", "name: a", "target: ./b.yaml"), "b.yaml", entity("Location", "name: b", "target: a.yaml")}, "b.yaml:4:16: spec.target: leads back to itself: b.yaml -> a.yaml -> b.yaml"},
}

func TestEveryProblemNamesItsPlace(t *testing.T) {
	for name, tt := range broken {
		t.Run(name, func(t *testing.T) {
			c, _, err := catalog.Load(tree(tt.in...), ".", catalog.Options{})
			if err == nil || c != nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got  %v\nwant %s", err, tt.want)
			}
			if change.KindOf(err) != change.KindInvalid || len(document.Problems(err)) == 0 {
				t.Errorf("kind %q with %d problems; want invalid, with the problems in it", change.KindOf(err), len(document.Problems(err)))
			}
			if strings.Contains(err.Error(), "hush") {
				t.Error("the error shows the secret")
			}
			c, problems, err := catalog.Load(tree(tt.in...), ".", catalog.Options{Lenient: true})
			if err != nil || len(problems) == 0 || c == nil {
				t.Fatalf("lenient: %d problems, %v", len(problems), err)
			}
			roundTrip(t, c)
		})
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
			{System: "resource:core-router", Path: []change.Ref{"resource:orders-db-1", "resource:jump-host", "resource:core-router"}},
			{System: "resource:jump-host", Path: []change.Ref{"resource:orders-db-1", "resource:jump-host"}},
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
}
