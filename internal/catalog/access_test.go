package catalog_test

import (
	"testing"

	"github.com/changectl/changectl/internal/change"
)

// way is a server that two jump hosts lead to, of which one must stay up; each has a
// router of its own. The firewall is operated through itself, the rack through a part.
var way = team +
	entity("Resource", "name: server, annotations: {changectl.dev/reached-through: 'resource:jump-1, resource:jump-2'}", "owner: team") +
	entity("Resource", "name: lone, annotations: {changectl.dev/reached-through: 'resource:jump-1'}", "owner: team") +
	jump("1") + jump("2") + resource("router-1", ", dependsOn: ['resource:feed']") + resource("router-2", "") + resource("feed", "") +
	entity("Resource", "name: firewall, annotations: {changectl.dev/reached-through: 'resource:firewall'}", "owner: team") +
	entity("Component", "name: rack, annotations: {changectl.dev/reached-through: 'component:card'}", "owner: team") +
	entity("Component", "name: card", "owner: team, subcomponentOf: rack") +
	entity("Component", "name: blade, annotations: {changectl.dev/reached-through: 'component:card'}", "owner: team, subcomponentOf: rack")

func jump(n string) string {
	return entity("Resource", "name: jump-"+n+", annotations: {changectl.dev/redundancy-group: jump, changectl.dev/redundancy-min: '1', changectl.dev/reached-through: 'resource:router-"+n+"'}", "owner: team")
}

func TestAChangeThatCutsItsOwnWayInIsSevered(t *testing.T) {
	tests := map[string]struct{ touch, want string }{
		"nothing of the way is touched":             {touch: "resource:server"},
		"one jump host of two":                      {touch: "resource:server resource:jump-1"},
		"both jump hosts":                           {touch: "resource:server resource:jump-1 resource:jump-2", want: "jump-1=server>jump-1 jump-2=server>jump-2"},
		"one jump host and the other's router":      {touch: "resource:server resource:jump-1 resource:router-2", want: "jump-1=server>jump-1 router-2=server>jump-2>router-2"},
		"the routers of both":                       {touch: "resource:server resource:router-1 resource:router-2", want: "router-1=server>jump-1>router-1 router-2=server>jump-2>router-2"},
		"the router of one":                         {touch: "resource:server resource:router-1"},
		"what a router needs":                       {touch: "resource:jump-1 resource:feed", want: "feed=jump-1>router-1>feed router-1=jump-1>router-1"},
		"one jump host, of which the other is kept": {touch: "resource:lone resource:jump-1"},
		"its own way in":                            {touch: "resource:firewall"},
		"a whole with the way in to it":             {touch: "component:rack"},
		"a part with the way in to it":              {touch: "component:blade component:card", want: "card=blade>card"},
		"a whole, and by name the part behind":      {touch: "component:rack component:blade", want: "card=blade>card"},
	}
	c := load(t, "a.yaml", way)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f, err := c.Footprint(refs(tt.touch), nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := paths(f.Severed); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestAccessMarksTheWayInAndNotWhatIsOnlyObserved(t *testing.T) {
	f, err := load(t, "a.yaml", plant).Footprint(refs("resource:a"), refs("resource:pool resource:feed"))
	if err != nil {
		t.Fatal(err)
	}
	var access []change.Ref
	for _, a := range f.Observe {
		if a.Access {
			access = append(access, a.System)
		}
	}
	if got, want := bare(access), "feed jump rack router"; got != want {
		t.Errorf("got  %s of %s\nwant %s", got, paths(f.Observe), want)
	}
}
