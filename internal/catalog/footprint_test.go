package catalog_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
)

// The graph of the table below. a and b are a pair of which one must run.
var plant = team +
	entity("System", "name: whole", "owner: team") +
	resource("rack", "") + resource("router", ", dependsOn: ['resource:feed']") + resource("feed", "") +
	entity("Resource", "name: jump, annotations: {changectl.dev/reached-through: 'resource:router'}", "owner: team, dependsOn: ['resource:rack']") +
	entity("Resource", "name: a, annotations: {changectl.dev/redundancy-group: pair, changectl.dev/redundancy-min: '1', changectl.dev/reached-through: 'resource:jump'}", "owner: team, system: whole, dependsOn: ['resource:rack']") +
	entity("Resource", "name: b, annotations: {changectl.dev/redundancy-group: pair}", "owner: team, system: whole") +
	resource("pool", ", dependsOn: ['resource:a', 'resource:b', 'resource:loop']") +
	resource("loop", ", dependsOn: ['resource:pool']") +
	entity("Component", "name: web", "owner: team, dependsOn: ['resource:pool']")

func TestAFootprint(t *testing.T) {
	tests := map[string]struct {
		touch, observe                  string
		wantTouch                       string
		wantImpact, degraded, wantSight string // paths with > between, in order
	}{
		"nothing":                           {},
		"one of a pair degrades it":         {touch: "resource:a", wantTouch: "a", degraded: "pair a", wantSight: "feed=a>jump>router>feed jump=a>jump rack=a>jump>rack router=a>jump>router"},
		"both of a pair take down":          {touch: "resource:b resource:a resource:b", wantTouch: "a b", wantImpact: "web=a>pool>web loop=a>pool>loop pool=a>pool whole=a>whole", wantSight: "feed=a>jump>router>feed jump=a>jump rack=a>jump>rack router=a>jump>router"},
		"an impacted member counts":         {touch: "resource:b resource:rack", wantTouch: "b rack", wantImpact: "web=b>pool>web a=rack>a jump=rack>jump loop=b>pool>loop pool=b>pool whole=b>whole"},
		"an impacted member alone":          {touch: "resource:rack", wantTouch: "rack", wantImpact: "a=rack>a jump=rack>jump", degraded: "pair a"},
		"a cycle ends":                      {touch: "resource:pool", wantTouch: "pool", wantImpact: "web=pool>web loop=pool>loop"},
		"a whole touches its parts":         {touch: "system:whole", wantTouch: "a b whole", wantImpact: "web=whole>a>pool>web loop=whole>a>pool>loop pool=whole>a>pool", wantSight: "feed=whole>a>jump>router>feed jump=whole>a>jump rack=whole>a>jump>rack router=whole>a>jump>router"},
		"what is observed needs":            {touch: "resource:feed", observe: "component:web", wantTouch: "feed", wantImpact: "router=feed>router", wantSight: "web=web a=web>pool>a b=web>pool>b loop=web>pool>loop pool=web>pool rack=web>pool>a>rack"},
		"observing a whole is its parts":    {observe: "system:whole", wantSight: "a=whole>a b=whole>b rack=whole>a>rack whole=whole"},
		"what is touched is not observed":   {touch: "resource:pool", observe: "component:web resource:pool", wantTouch: "pool", wantImpact: "web=web0 loop=pool>loop", wantSight: "web=web a=pool>a b=pool>b loop=pool>loop rack=pool>a>rack"},
		"a way in that is touched is shown": {touch: "resource:a resource:jump", wantTouch: "a jump", degraded: "pair a", wantSight: "feed=jump>router>feed rack=a>jump>rack router=jump>router"},
	}
	c := load(t, "a.yaml", plant)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f, err := c.Footprint(refs(tt.touch), refs(tt.observe))
			if err != nil {
				t.Fatal(err)
			}
			var degraded []string
			for _, d := range f.Degraded {
				degraded = append(degraded, d.Group+" "+bare(d.Touched))
				if d.MustRun != 1 || bare(d.Members) != "a b" {
					t.Errorf("%+v", d)
				}
			}
			got := []string{bare(f.Touch), paths(f.Impact), strings.Join(degraded, ","), paths(f.Observe)}
			want := []string{tt.wantTouch, strings.Replace(tt.wantImpact, "web=web0", "web=pool>web", 1), tt.degraded, tt.wantSight}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAmongPathsOfOneLengthTheFirstNameIsKept(t *testing.T) {
	c := load(t, "a.yaml", team+resource("p1", "")+resource("p2", "")+resource("z", ", dependsOn: ['resource:p1']")+
		resource("y", ", dependsOn: ['resource:p2']")+resource("x", ", dependsOn: ['resource:z', 'resource:y']"))
	f, err := c.Footprint(refs("resource:p2 resource:p1"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := paths(f.Impact), "x=p2>y>x y=p2>y z=p1>z"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestManyMayAskAtOnce(t *testing.T) {
	c := load(t, "a.yaml", plant)
	all := c.Systems()
	want := make([]change.Footprint, len(all))
	for i, s := range all {
		want[i], _ = c.Footprint([]change.Ref{s.Ref}, []change.Ref{"component:web"})
	}
	var asking sync.WaitGroup
	for range 8 {
		asking.Go(func() {
			for n := range 20 * len(all) {
				i := n % len(all)
				got, err := c.Footprint([]change.Ref{all[i].Ref}, []change.Ref{"component:web"})
				if diff := cmp.Diff(want[i], got); diff != "" || err != nil {
					t.Errorf("%s: %v %s", all[i].Ref, err, diff)
				}
			}
		})
	}
	asking.Wait()
}

func refs(s string) []change.Ref {
	var all []change.Ref
	for f := range strings.FieldsSeq(s) {
		all = append(all, change.Ref(f))
	}
	return all
}

func bare(refs []change.Ref) string {
	names := make([]string, len(refs))
	for i, r := range refs {
		names[i] = r.Name()
	}
	return strings.Join(names, " ")
}

func paths(list []change.Affected) string {
	var all []string
	for _, a := range list {
		all = append(all, a.System.Name()+"="+strings.ReplaceAll(bare(a.Path), " ", ">"))
	}
	return strings.Join(all, " ")
}
