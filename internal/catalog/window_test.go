package catalog_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/catalog"
	"github.com/changectl/changectl/internal/change"
)

// window writes one that opens every night; scope is its inner part.
func window(name, scope string) string {
	return weekly(name, scope, "FREQ=DAILY")
}

func weekly(name, scope, rule string) string {
	return fmt.Sprintf("apiVersion: changectl.dev/v1\nkind: MaintenanceWindow\nmetadata: {name: %s}\nspec: {scope: {%s}, start: '2027-01-01T22:00', rule: %s, duration: 4h, zone: Europe/Berlin}\n---\n", name, scope, rule)
}

// estate has systems of all sorts, and a window for each way of selecting.
var estate = team + entity("Group", "name: dba", "parent: team, children: []") + entity("User", "name: ann", "memberOf: [team]") +
	entity("System", "name: whole", "owner: team") + entity("Component", "name: part", "owner: team, system: whole") + entity("Component", "name: inner", "owner: team, subcomponentOf: part") +
	located("named", "team", "changectl.dev/maintenance-window: 'Odd, even', changectl.dev/tier: '1', changectl.dev/site: s") +
	located("sited", "user:ann", "changectl.dev/tier: '1', changectl.dev/site: S, changectl.dev/region: r") +
	located("tiered", "user:ann", "changectl.dev/tier: '1'") + located("paired", "user:ann", "changectl.dev/redundancy-group: pair, changectl.dev/redundancy-min: '1', changectl.dev/redundancy-within: world=1") +
	located("owned", "dba", "changectl.dev/tier: '3'") + located("free", "user:ann", "changectl.dev/tier: '4'") + located("clustered", "user:ann", "changectl.dev/cluster: c, changectl.dev/tier: '4'") +
	window("odd", "") + window("even", "") + window("of-whole", "systems: ['system:whole']") + window("of-site", "sites: [s]") + window("of-region", "regions: [R], tiers: [1, 2]") +
	window("of-tier", "tiers: [1, 3]") + window("of-team", "owners: [dba]") + window("of-world", "redundancy: [world]") + window("of-cluster", "systems: ['cluster:C']")

func TestTheWindowsOfASystemAreThoseMeantMostClosely(t *testing.T) {
	c := load(t, "a.yaml", estate)
	tests := map[change.Ref]string{
		"resource:named":     "even odd", // and not those of its site, nor of its tier
		"resource:sited":     "of-region of-site",
		"resource:tiered":    "of-tier",
		"resource:paired":    "of-world",
		"resource:owned":     "of-team",
		"resource:free":      "",
		"resource:clustered": "of-cluster",
		"system:whole":       "of-whole",
		"component:part":     "of-whole",
		"component:inner":    "of-whole",
	}
	for system, want := range tests {
		list, err := c.WindowsOf(system)
		var names []string
		for _, w := range list {
			names = append(names, w.Name)
		}
		if got := strings.Join(names, " "); err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", system, got, err, want)
		}
	}
	if _, err := c.WindowsOf("resource:fre"); change.KindOf(err) != change.KindNotFound {
		t.Error(err)
	}
	if n := len(c.Windows()); n != 9 {
		t.Errorf("%d windows", n)
	}
}

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

func spans(list []change.Window) string {
	var all []string
	for _, w := range list {
		all = append(all, w.Start.UTC().Format("02T15:04")+"-"+w.End.UTC().Format("02T15:04"))
	}
	return strings.Join(all, " ")
}

func TestOpenIsTheUnionOfTheWindowsOfASystem(t *testing.T) {
	saturday := weekly("saturday", "sites: [s]", "FREQ=WEEKLY;BYDAY=SA")
	late := strings.Replace(weekly("late", "sites: [s]", "FREQ=WEEKLY;BYDAY=SA"), "T22:00", "T23:00", 1)
	next := strings.Replace(weekly("sunday", "sites: [s]", "FREQ=WEEKLY;BYDAY=SU"), "T22:00", "T03:00", 1)
	c := load(t, "a.yaml", team+located("a", "team", "changectl.dev/site: s")+resource("free", "")+saturday+late+next)
	from, to := at("2027-01-08T00:00:00Z"), at("2027-01-18T00:00:00Z") // Friday to Monday of the week after
	open, names, limited := c.Open("resource:a", from, to)
	if got := spans(open); !limited || got != "09T21:00-10T06:00 16T21:00-17T06:00" {
		t.Errorf("%s, %v", got, limited)
	}
	if diff := cmp.Diff([]string{"late", "saturday", "sunday"}, names); diff != "" {
		t.Error(diff)
	}
	if open, names, limited := c.Open("resource:a", at("2027-01-12T00:00:00Z"), at("2027-01-13T00:00:00Z")); len(open) != 0 || !limited || len(names) != 3 {
		t.Errorf("between windows: %v, %v, %v", open, names, limited)
	}
	for _, system := range refs("resource:free resource:gone group:team") {
		if open, names, limited := c.Open(system, from, to); open != nil || names != nil || limited {
			t.Errorf("%s: %v, %v, %v", system, open, names, limited)
		}
	}
}

func TestAScopeSelects(t *testing.T) {
	c := load(t, "a.yaml", estate)
	tests := map[string]struct {
		scope change.Scope
		want  string
	}{
		"systems with their parts": {change.Scope{Systems: refs("system:whole resource:free")}, "inner part free whole"},
		"a place":                  {change.Scope{Systems: refs("site:S")}, "named sited"},
		"owners and groups below":  {change.Scope{Owners: refs("group:team")}, "inner part named owned whole"},
		"a user":                   {change.Scope{Owners: refs("user:ann"), Tiers: []int{4}}, "clustered free"},
		"tiers":                    {change.Scope{Tiers: []int{3, 4}}, "clustered free owned"},
		"sites in any case":        {change.Scope{Sites: []string{"nowhere", "S"}}, "named sited"},
		"clusters and regions":     {change.Scope{Clusters: []string{"c"}, Regions: []string{"r"}}, ""},
		"a region":                 {change.Scope{Regions: []string{"R"}}, "sited"},
		"a redundancy group":       {change.Scope{Redundancy: []string{"pair"}}, "paired"},
		"groups around it":         {change.Scope{Redundancy: []string{"world", "x"}}, "paired"},
		"all fields must match":    {change.Scope{Sites: []string{"s"}, Tiers: []int{1}, Owners: refs("user:ann")}, "sited"},
		"what is not there":        {change.Scope{Systems: refs("resource:gone")}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got []change.Ref
			for _, s := range c.Systems() {
				if c.InScope(tt.scope, s.Ref) {
					got = append(got, s.Ref)
				}
			}
			if bare(got) != tt.want {
				t.Errorf("got %s, want %s", bare(got), tt.want)
			}
			if c.InScope(tt.scope, "group:team") || c.InScope(tt.scope, "resource:gone") {
				t.Error("selects what is not a system")
			}
		})
	}
	for _, ref := range refs("resource:free resource:gone") {
		if !c.InScope(change.Scope{}, ref) {
			t.Errorf("the empty scope leaves out %s", ref)
		}
	}
}

func TestAScopeIsKeptInOneForm(t *testing.T) {
	c := load(t, "a.yaml", estate)
	got, err := c.ResolveScope(change.Scope{
		Systems: refs("System:Whole site:S resource:free"), Owners: refs("dba group:default/team"), Tiers: []int{2, 1, 2}, Sites: []string{"S", "s"}, Redundancy: []string{"world"},
	})
	want := change.Scope{Systems: refs("resource:free site:s system:whole"), Owners: refs("group:dba group:team"), Tiers: []int{1, 2}, Sites: []string{"s"}, Redundancy: []string{"world"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestAScopeThatNamesNothingIsAnError(t *testing.T) {
	c := load(t, "a.yaml", estate)
	tests := []struct {
		scope change.Scope
		kind  change.Kind
		want  string
	}{
		{change.Scope{Systems: refs("resource:free resource:fre")}, change.KindNotFound, "scope.systems[1]: resource:fre is not in the catalog; near it are resource:free"},
		{change.Scope{Systems: refs("group:team")}, change.KindNotFound, "scope.systems[0]: group:team is in the catalog, but not a system"},
		{change.Scope{Systems: refs("nonsense")}, change.KindInvalid, `scope.systems[0]: "nonsense" is not a reference`},
		{change.Scope{Owners: refs("dbb")}, change.KindNotFound, "scope.owners[0]: group:dbb is not in the catalog; near it are group:dba"},
		{change.Scope{Owners: refs("resource:free")}, change.KindInvalid, "is not a group or user"},
		{change.Scope{Tiers: []int{5}}, change.KindInvalid, "scope.tiers[0]: is 5; expected a tier from 1"},
		{change.Scope{Sites: []string{"t"}}, change.KindNotFound, "scope.sites[0]: no system of the catalog is at site:t"},
		{change.Scope{Clusters: []string{"--"}}, change.KindInvalid, `scope.clusters[0]: "--" is not the name of a cluster`},
		{change.Scope{Redundancy: []string{"wurld"}}, change.KindNotFound, `scope.redundancy[0]: there is no redundancy group "wurld" in the catalog; near it are world`},
	}
	for _, tt := range tests {
		_, err := c.ResolveScope(tt.scope)
		if err == nil || change.KindOf(err) != tt.kind || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got  %v\nwant %s", err, tt.want)
		}
	}
}

// Read leniently, a window never comes to be for more systems than it was written for.
func TestAWindowWithABrokenScopeIsForThoseThatNameIt(t *testing.T) {
	c, problems, err := catalog.Load(tree("a.yaml", team+located("a", "team", "changectl.dev/tier: '1', changectl.dev/maintenance-window: w")+located("b", "team", "changectl.dev/tier: '1'")+
		window("w", "owners: [gone], tiers: [1]")), ".", catalog.Options{Lenient: true})
	if err != nil || len(problems) != 1 {
		t.Fatal(problems, err)
	}
	for ref, want := range map[change.Ref]int{"resource:a": 1, "resource:b": 0} {
		if list, _ := c.WindowsOf(ref); len(list) != want {
			t.Errorf("%s: %v", ref, list)
		}
	}
	roundTrip(t, c)
}

func TestWindowsAreInTheDigest(t *testing.T) {
	base := team + located("a", "team", "changectl.dev/tier: '1'")
	first := load(t, "a.yaml", base+window("w", "tiers: [2, 1]"))
	roundTrip(t, first)
	if same := load(t, "b.yaml", window("W", "tiers: [1, 2]"), "a.yaml", base); same.Digest() != first.Digest() {
		t.Error("the order of files and lists changes the digest")
	}
	for _, other := range []string{"", window("w", "tiers: [1]"), window("v", "tiers: [1, 2]"), strings.Replace(window("w", "tiers: [1, 2]"), "4h", "5h", 1)} {
		if load(t, "a.yaml", base+other).Digest() == first.Digest() {
			t.Errorf("another content has the same digest: %s", other)
		}
	}
}
