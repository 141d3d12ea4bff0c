package catalog_test

import (
	"strings"
	"testing"

	"github.com/changectl/changectl/internal/catalog"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
)

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

	"unknown fact":            {[]string{"a.yaml", annotated(`changectl.dev/teir: "1"`)}, "a.yaml:11:5: metadata.annotations.changectl.dev/teir: is not known; known are changectl.dev/availability-target, changectl.dev/cluster, changectl.dev/contact.NAME,"},
	"contact of nobody":       {[]string{"a.yaml", annotated(`changectl.dev/contact.: x`)}, "changectl.dev/contact.: is not known"},
	"fact on other kind":      {[]string{"a.yaml", entity("User", "name: a, annotations: {changectl.dev/tier: '1'}", "")}, "says nothing on a user; it belongs on component, resource"},
	"fact twice":              {[]string{"a.yaml", team + entity("Resource", "name: db, annotations: {changectl.dev/site: a}, labels: {changectl.dev/site: a}", "owner: team")}, "metadata.labels.changectl.dev/site: is given as an annotation too"},
	"fact a list":             {[]string{"a.yaml", annotated(`changectl.dev/site: [a]`)}, "a.yaml:11:25: metadata.annotations.changectl.dev/site: is a list; expected text"},
	"tier":                    {[]string{"a.yaml", annotated(`changectl.dev/tier: "5"`)}, `a.yaml:11:25: metadata.annotations.changectl.dev/tier: is "5"; expected a tier from "1"`},
	"availability":            {[]string{"a.yaml", annotated(`changectl.dev/availability-target: high`)}, `is "high"; expected a share of time such as "99.9%"`},
	"availability NaN":        {[]string{"a.yaml", annotated(`changectl.dev/availability-target: NaN%`)}, `is "NaN%"; expected a share`},
	"group name":              {[]string{"a.yaml", annotated(`changectl.dev/redundancy-group: a b`)}, `is "a b"; expected a name`},
	"minimum":                 {[]string{"a.yaml", annotated("changectl.dev/redundancy-group: g\n    changectl.dev/redundancy-min: \"0\"")}, `is "0"; expected how many members must stay up`},
	"minimum alone":           {[]string{"a.yaml", annotated(`changectl.dev/redundancy-min: "1"`)}, "a.yaml:11:35: metadata.annotations.changectl.dev/redundancy-min: is given without changectl.dev/redundancy-group"},
	"no minimum":              {[]string{"a.yaml", annotated(`changectl.dev/redundancy-group: g`)}, "a.yaml:11:37: metadata.annotations.changectl.dev/redundancy-group: no member of the group g says how many must stay up"},
	"minimum too large":       {[]string{"a.yaml", annotated("changectl.dev/redundancy-group: g\n    changectl.dev/redundancy-min: \"2\"")}, "a.yaml:12:35: metadata.annotations.changectl.dev/redundancy-min: is 2, but the redundancy group g has 1 member(s)"},
	"minimum differs":         {[]string{"a.yaml", team + member("a", 1) + member("b", 2)}, "redundancy-min: is 2, but the redundancy group g has 1 at a.yaml:8; the members must agree"},
	"way in not there":        {[]string{"a.yaml", annotated(`changectl.dev/reached-through: resource:db, resource:vpn`)}, "a.yaml:11:36: metadata.annotations.changectl.dev/reached-through: refers to resource:vpn"},
	"contact not there":       {[]string{"a.yaml", annotated(`changectl.dev/contact.on-call: user:tim`)}, "a.yaml:11:36: metadata.annotations.changectl.dev/contact.on-call: refers to user:tim"},
	"password in a URL":       {[]string{"a.yaml", annotated(`changectl.dev/endpoint.sql: postgres://u:hush@db/x`)}, "a.yaml:11:33: metadata.annotations.changectl.dev/endpoint.sql: holds a password; write the address alone"},
	"password in a DSN":       {[]string{"a.yaml", annotated(`changectl.dev/endpoint.sql: host=db password=hush`)}, "holds a password"},
	"password in a query":     {[]string{"a.yaml", annotated(`changectl.dev/endpoint.sql: postgres://db/x?a=b&password=hush`)}, "holds a password"},
	"password, no scheme":     {[]string{"a.yaml", annotated(`changectl.dev/endpoint.sql: //u:hush@db/x`)}, "holds a password"},
	"password, a slash":       {[]string{"a.yaml", annotated(`changectl.dev/endpoint.sql: postgres://u:hu/sh@db/x`)}, "holds a password"},
	"within alone":            {[]string{"a.yaml", annotated(`changectl.dev/redundancy-within: eu=1`)}, "a.yaml:11:38: metadata.annotations.changectl.dev/redundancy-within: is given without changectl.dev/redundancy-group"},
	"within nothing":          {[]string{"a.yaml", team + node("a", "g", "eu")}, `redundancy-within: holds "eu"; expected the group around this one`},
	"within none of it":       {[]string{"a.yaml", team + node("a", "g", "eu=0")}, `holds "eu=0"; expected`},
	"within a bad name":       {[]string{"a.yaml", team + node("a", "g", "e u=1")}, `holds "e u=1"; expected`},
	"within two":              {[]string{"a.yaml", team + node("a", "g", "eu=1") + node("b", "g", "us=1")}, "puts the redundancy group g into us, but at a.yaml:8 it lies in eu; the members must agree"},
	"within differs":          {[]string{"a.yaml", team + node("a", "g", "eu=1") + node("b", "h", "eu=2")}, "redundancy-within: says eu=2, but that group has 1 at a.yaml:8; the members must agree"},
	"within itself":           {[]string{"a.yaml", team + node("a", "g", "g=1")}, "closes a cycle of redundancy groups: g -> g"},
	"groups in a round":       {[]string{"a.yaml", team + node("a", "g", "eu=1, w=1") + node("b", "h", "w=1, eu=1")}, "a.yaml:13:"},
	"round of groups":         {[]string{"a.yaml", team + node("a", "g", "eu=1, w=1") + node("b", "h", "w=1, eu=1")}, "redundancy-within: closes a cycle of redundancy groups: w -> eu -> w"},
	"outer too large":         {[]string{"a.yaml", team + node("a", "g", "eu=2")}, "redundancy-within: is 2, but the redundancy group eu has 1 member(s)"},
	"outer left with too few": {[]string{"a.yaml", team + node("a", "g", "eu=2") + member("x", 2) + node("c", "h", "eu=2")}, "redundancy-min: is 2, but the redundancy group g has 1 at a.yaml:8"},
	"too many around":         {[]string{"a.yaml", team + node("a", "g", "a=1, b=1, c=1, d=1, e=1, f=1, h=1, i=1, j=1")}, "names more than 8 groups, one around the other"},
	"too deep together":       {[]string{"a.yaml", team + node("a", "g", "a=1, b=1, c=1, d=1, e=1, f=1") + node("b", "f", "h=1, i=1, j=1")}, "puts the redundancy group g within more than 8 groups"},
	"name of two":             {[]string{"a.yaml", entity("User", "name: ann", "profile: {email: a@x}") + entity("User", "name: bob", "profile: {email: A@x}")}, `a.yaml:9:25: user:bob goes by "a@x", and so does user:ann at a.yaml:3`},
	"name of another":         {[]string{"a.yaml", entity("User", "name: ann, annotations: {changectl.dev/principals: 'x, user:default/bob'}", "") + entity("User", "name: bob", "")}, `a.yaml:8:18: user:bob goes by "user:bob", and so does user:ann`},

	"window not there":   {[]string{"a.yaml", annotated(`changectl.dev/maintenance-window: Saturdays 22:00 to 02:00`)}, "a.yaml:11:39: metadata.annotations.changectl.dev/maintenance-window: names the maintenance window saturdays 22:00 to 02:00, which is not in the catalog; write a document of the kind MaintenanceWindow"},
	"window twice":       {[]string{"a.yaml", team + window("w", ""), "b.yaml", window("W", "")}, "b.yaml:3:18: metadata.name: the maintenance window w is already defined at a.yaml:8"},
	"window rule":        {[]string{"a.yaml", team + weekly("w", "", "FREQ=HOURLY")}, "a.yaml:9:"},
	"window rule's path": {[]string{"a.yaml", team + weekly("w", "", "FREQ=HOURLY")}, ": spec.rule: "},
	"window zone":        {[]string{"a.yaml", team + strings.Replace(window("w", ""), "Berlin", "Husum", 1)}, `a.yaml:9:84: spec.zone: "Europe/Husum" is not a time zone`},
	"window duration":    {[]string{"a.yaml", team + strings.Replace(window("w", ""), "4h", "never", 1)}, `a.yaml:9:74: spec.duration: "never" is not a duration`},
	"window start":       {[]string{"a.yaml", team + strings.Replace(window("w", ""), "start:", "begin:", 1)}, "a.yaml:9:19: spec.begin: is not a key here; expected one of duration, except, owner, rule, scope, start, zone"},
	"window exception":   {[]string{"a.yaml", team + strings.Replace(window("w", ""), "zone:", "except: [Xmas], zone:", 1)}, "spec.except"},
	"window name":        {[]string{"a.yaml", team + window("a b", "")}, `a.yaml:8:18: metadata.name: is "a b"; expected letters and digits`},
	"window version":     {[]string{"a.yaml", team + strings.Replace(window("w", ""), "dev/v1", "dev/v2", 1)}, `a.yaml:6:13: apiVersion: is "changectl.dev/v2"; expected changectl.dev/v1`},
	"another of ours":    {[]string{"a.yaml", team + strings.Replace(window("w", ""), "MaintenanceWindow", "Runbook", 1)}, `a.yaml:7:7: kind: is "Runbook"; of changectl.dev/v1, a catalog holds the kind MaintenanceWindow`},
	"window owner":       {[]string{"a.yaml", team + strings.Replace(window("w", ""), "{scope", "{owner: teem, scope", 1)}, "a.yaml:9:15: spec.owner: refers to group:teem, which is not in the catalog; near it are group:team"},
	"window owned by":    {[]string{"a.yaml", team + strings.Replace(window("w", ""), "{scope", "{owner: 'resource:x', scope", 1)}, `a.yaml:9:15: spec.owner: is "resource:x"; expected a group or user`},
	"window for nothing": {[]string{"a.yaml", team + window("w", "tiers: [1], systems: ['resource:x']")}, "a.yaml:9:38: spec.scope.systems[0]: resource:x is not in the catalog"},
	"window for no tier": {[]string{"a.yaml", team + window("w", "tiers: [0]")}, "a.yaml:9:24: spec.scope.tiers[0]: is 0; expected a tier from 1"},
	"window for a word":  {[]string{"a.yaml", team + window("w", "tiers: high")}, "spec.scope.tiers: is the text \"high\"; expected a list"},

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
