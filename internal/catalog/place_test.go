package catalog_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
)

func located(name, owner, facts string) string {
	return entity("Resource", fmt.Sprintf("name: %s, annotations: {%s}", name, facts), "owner: "+owner)
}

var towns = team + entity("Group", "name: others", "children: []") +
	located("a", "team", "changectl.dev/site: Husum DC-1, changectl.dev/region: north") +
	located("b", "team", "changectl.dev/site: husum.dc_1, changectl.dev/cluster: C1") +
	located("c", "others", "changectl.dev/site: München, changectl.dev/cluster: c1, changectl.dev/region: south") +
	entity("Resource", "name: user", "owner: team, dependsOn: ['resource:a']")

func TestAPlaceStandsForTheSystemsThere(t *testing.T) {
	c := load(t, "a.yaml", towns)
	for target, want := range map[change.Ref]string{
		"site:husum-dc-1": "a b", "site:HUSUM.dc-1": "a b", "site:muenchen": "c", "cluster:c1": "b c", "region:north": "a", "resource:a": "a",
	} {
		got, err := c.Expand(target)
		if err != nil || bare(got) != want {
			t.Errorf("%s: %s, %v", target, bare(got), err)
		}
	}
	f, err := c.Footprint(refs("site:husum-dc-1 resource:b"), refs("region:south"))
	if err != nil {
		t.Fatal(err)
	}
	if got := bare(f.Touch) + "; " + paths(f.Impact) + "; " + paths(f.Observe); got != "a b; user=a>user; c=c" {
		t.Error(got)
	}
	list, err := c.Touched(refs("cluster:c1 site:husum-dc-1"))
	if err != nil || len(list) != 3 || list[0].Ref != "resource:a" || list[2].Owner != "group:others" {
		t.Errorf("%v, %v", list, err)
	}
}

func TestAPlaceIsASystemOfOneOwnerOrNone(t *testing.T) {
	c := load(t, "a.yaml", towns)
	for ref, want := range map[change.Ref]change.System{
		"site:husum-dc-1": {Ref: "site:husum-dc-1", Title: "2 systems of site husum-dc-1", Owner: "group:team"},
		"cluster:c1":      {Ref: "cluster:c1", Title: "2 systems of cluster c1"},
		"region:south":    {Ref: "region:south", Title: "1 system of region south", Owner: "group:others"},
	} {
		got, err := c.System(ref)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Error(diff, err)
		}
	}
}

func TestAPlaceWhereNothingIsIsNotFound(t *testing.T) {
	c := load(t, "a.yaml", towns)
	for ref, hint := range map[change.Ref]string{
		"site:husum-dc-2": "near it are site:husum-dc-1", "site:nowhere-at-all": "there are site:husum-dc-1, site:muenchen",
		"resource:aa": "near it are resource:a", "cluster:c9": "near it are cluster:c1",
	} {
		for what, ask := range map[string]func() error{
			"expand":    func() error { _, err := c.Expand(ref); return err },
			"system":    func() error { _, err := c.System(ref); return err },
			"touch":     func() error { _, err := c.Footprint([]change.Ref{ref}, nil); return err },
			"observe":   func() error { _, err := c.Footprint(nil, []change.Ref{ref}); return err },
			"touched":   func() error { _, err := c.Touched([]change.Ref{ref}); return err },
			"declared":  func() error { _, err := c.Declared([]change.Ref{ref}, change.Outage); return err },
			"reach":     func() error { _, err := c.Reach([]change.Ref{ref}); return err },
			"a refresh": func() error { _, err := c.Refresh(change.Plan{Targets: []change.System{{Ref: ref}}}); return err },
		} {
			err := ask()
			if change.KindOf(err) != change.KindNotFound || !strings.Contains(err.Error(), string(ref)) || !strings.Contains(err.Error(), hint) {
				t.Errorf("%s of %s: %v", what, ref, err)
			}
		}
	}
	_, err := load(t, "a.yaml", team).Expand("region:x")
	if err == nil || !strings.Contains(err.Error(), "annotation changectl.dev/region") {
		t.Error(err)
	}
}
