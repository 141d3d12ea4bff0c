package catalog_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
)

// node is a database in a pair that lies within groups.
func node(name, pair, within string) string {
	return entity("Resource", fmt.Sprintf("name: %s, annotations: {changectl.dev/redundancy-group: %s, changectl.dev/redundancy-min: '1', changectl.dev/redundancy-within: '%s'}", name, pair, within), "owner: team")
}

// world is a shop on two regions: Europe with two pairs of which one must stay up, and
// America with one pair and a witness.
var world = team +
	node("eu-1a", "eu-1", "eu=1, world=1") + node("eu-1b", "eu-1", "eu=1") + node("eu-2a", "eu-2", "eu=1, world=1") + node("eu-2b", "eu-2", "eu = 1 , world=1") +
	node("us-a", "us", "world=1") + entity("Resource", "name: us-b, annotations: {changectl.dev/redundancy-group: us}", "owner: team") +
	resource("shop", ", dependsOn: ['resource:eu-1a', 'resource:eu-2a', 'resource:us-a']")

func TestAnOutageIsPassedOnWhereTheOutermostGroupBreaks(t *testing.T) {
	c := load(t, "a.yaml", world)
	tests := map[string]struct{ touch, impact, broken string }{
		"a node":         {touch: "resource:eu-1a"},
		"a pair":         {touch: "resource:eu-1a resource:eu-1b", broken: "eu-1"},
		"a region":       {touch: "resource:eu-1a resource:eu-1b resource:eu-2a resource:eu-2b", broken: "eu eu-1 eu-2"},
		"a pair of each": {touch: "resource:eu-1a resource:eu-1b resource:us-a resource:us-b", broken: "eu-1 us"},
		"the world":      {touch: "resource:eu-1a resource:eu-1b resource:eu-2a resource:eu-2b resource:us-a resource:us-b", impact: "shop=eu-1a>shop"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f, err := c.Footprint(refs(tt.touch), nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := paths(f.Impact); got != tt.impact {
				t.Errorf("impact %q, want %q", got, tt.impact)
			}
			if tt.impact != "" {
				if len(f.Degraded) > 0 {
					t.Errorf("degraded: %+v", f.Degraded)
				}
				return
			}
			if len(f.Degraded) != 1 || f.Degraded[0].Group != "world" || len(f.Degraded[0].Systems()) != 6 {
				t.Fatalf("degraded: %+v", f.Degraded)
			}
			if got := brokenBelow(f.Degraded[0]); got != tt.broken {
				t.Errorf("broken %q, want %q", got, tt.broken)
			}
		})
	}
}

// brokenBelow names the groups below one of which the touched members are too many.
func brokenBelow(d change.Degraded) string {
	down := map[change.Ref]bool{}
	var all []change.Ref
	var walk func(change.Degraded, bool)
	walk = func(d change.Degraded, mark bool) {
		for _, r := range d.Touched {
			down[r] = true
		}
		if !mark && d.Breaks(func(r change.Ref) bool { return down[r] }) {
			all = append(all, change.Ref(":"+d.Group))
		}
		for _, g := range d.Groups {
			walk(g, mark)
		}
	}
	walk(d, true)
	walk(d, false)
	return bare(all)
}

func TestTheOutermostGroupIsToldWithAllBelowIt(t *testing.T) {
	f, err := load(t, "a.yaml", world).Footprint(refs("resource:eu-2b"), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []change.Degraded{{Group: "world", MustRun: 1, Groups: []change.Degraded{
		{Group: "eu", MustRun: 1, Groups: []change.Degraded{
			{Group: "eu-1", MustRun: 1, Members: refs("resource:eu-1a resource:eu-1b")},
			{Group: "eu-2", MustRun: 1, Members: refs("resource:eu-2a resource:eu-2b"), Touched: refs("resource:eu-2b")},
		}},
		{Group: "us", MustRun: 1, Members: refs("resource:us-a resource:us-b")},
	}}}
	if diff := cmp.Diff(want, f.Degraded); diff != "" {
		t.Error(diff)
	}
}

func TestAGroupIsAllSystemsBelowIt(t *testing.T) {
	c := load(t, "a.yaml", world)
	for group, want := range map[string]string{"world": "eu-1a eu-1b eu-2a eu-2b us-a us-b", "eu": "eu-1a eu-1b eu-2a eu-2b", "us": "us-a us-b", "none": ""} {
		members, mustRun := c.Group(group)
		if bare(members) != want || (mustRun == 1) != (want != "") {
			t.Errorf("%s: %s, %d", group, bare(members), mustRun)
		}
	}
	if e, _ := c.Entity("resource:us-b"); len(e.Within) != 1 || e.MustRun != 1 {
		t.Errorf("what the others say is not told of %+v", e)
	}
}
