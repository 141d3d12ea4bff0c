package catalog_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
)

func held(list []change.Hand) string {
	var all []string
	for _, h := range list {
		text := string(h.Mode) + ":" + strings.ReplaceAll(bare(h.Path), " ", ">")
		if h.Access {
			text += "!"
		}
		if h.Path[len(h.Path)-1] != h.System {
			text += "=" + string(h.System)
		}
		all = append(all, text)
	}
	return strings.Join(all, " ")
}

func TestADeclaredMaintenanceHoldsByItsClass(t *testing.T) {
	c := load(t, "a.yaml", plant)
	outage := "touch:whole>a touch:whole>b touch:whole impact:whole>a>pool>web impact:whole>a>pool>loop impact:whole>a>pool"
	tests := map[string]struct {
		targets string
		class   change.ImpactClass
		want    string
	}{
		"an outage":              {"system:whole", change.Outage, outage},
		"degraded service":       {"system:whole", change.DegradedService, outage},
		"an unknown class":       {"system:whole", "PARTIAL", outage},
		"no class":               {"system:whole", "", outage},
		"one of a pair":          {"resource:a", change.Outage, "touch:a"},
		"both of a pair":         {"resource:a resource:b", change.Outage, "touch:a touch:b impact:a>pool>web impact:a>pool>loop impact:a>pool impact:a>whole"},
		"reduced redundancy":     {"system:whole", change.ReducedRedundancy, "touch:whole>a touch:whole>b touch:whole"},
		"no impact":              {"system:whole", change.NoImpact, "observe:whole>a observe:whole>b observe:whole"},
		"an impacted member too": {"resource:rack resource:b", change.Outage, "touch:b touch:rack impact:b>pool>web impact:rack>a impact:rack>jump impact:b>pool>loop impact:b>pool impact:b>whole"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := c.Declared(refs(tt.targets), tt.class)
			if err != nil || held(got) != tt.want {
				t.Errorf("%v\ngot  %s\nwant %s", err, held(got), tt.want)
			}
		})
	}
}

func TestReachTellsEverythingOnceAndPastRedundancy(t *testing.T) {
	c := load(t, "a.yaml", plant)
	tests := map[string]struct{ systems, want string }{
		"one of a pair": {
			"resource:a", "touch:a impact:a>pool>web impact:a>pool>loop impact:a>pool impact:a>whole " +
				"observe:a>jump>router>feed! observe:a>jump! observe:a>rack! observe:a>jump>router!",
		},
		"what is used by much": {"resource:rack", "touch:rack impact:rack>a>pool>web impact:rack>a impact:rack>jump impact:rack>a>pool>loop impact:rack>a>pool impact:rack>a>whole"},
		"a cycle":              {"resource:pool", "touch:pool impact:pool>web impact:pool>loop observe:pool>a observe:pool>b observe:pool>a>rack"},
		"a service":            {"component:web", "touch:web observe:web>pool>a observe:web>pool>b observe:web>pool>loop observe:web>pool observe:web>pool>a>rack"},
		"a whole": {
			"system:whole", "touch:whole>a touch:whole>b touch:whole impact:whole>a>pool>web impact:whole>a>pool>loop impact:whole>a>pool " +
				"observe:whole>a>jump>router>feed! observe:whole>a>jump! observe:whole>a>rack! observe:whole>a>jump>router!",
		},
		"two": {"resource:a resource:jump", "touch:a touch:jump impact:a>pool>web impact:a>pool>loop impact:a>pool impact:a>whole observe:jump>router>feed! observe:a>rack! observe:jump>router!"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := c.Reach(refs(tt.systems))
			if err != nil || held(got) != tt.want {
				t.Errorf("%v\ngot  %s\nwant %s", err, held(got), tt.want)
			}
		})
	}
}

func planOf(t *testing.T, targets string, f change.Footprint) change.Plan {
	t.Helper()
	p := change.Plan{Footprint: f}
	for _, r := range refs(targets) {
		p.Targets = append(p.Targets, change.System{Ref: r})
	}
	return p
}

func TestARefreshFollowsTheCatalog(t *testing.T) {
	before := load(t, "a.yaml", plant)
	f, err := before.Footprint(refs("system:whole"), refs("component:web"))
	if err != nil {
		t.Fatal(err)
	}
	p := planOf(t, "system:whole component:web", f)
	same, err := before.Refresh(p)
	if diff := cmp.Diff(f, same); diff != "" || err != nil {
		t.Error(diff, err)
	}
	after := load(t, "a.yaml", plant+resource("new", ", system: whole, dependsOn: ['resource:feed']"))
	got, err := after.Refresh(p)
	if err != nil || bare(got.Touch) != "a b new whole" || !strings.Contains(paths(got.Observe), "web=web") {
		t.Errorf("%v, %v", got, err)
	}
	apart := load(t, "a.yaml", strings.Replace(plant, "owner: team, system: whole}", "owner: team}", 1))
	if got, err := apart.Refresh(p); err != nil || bare(got.Touch) != "a whole" {
		t.Errorf("what is no longer a part stays touched: %s, %v", bare(got.Touch), err)
	}
	gone := load(t, "a.yaml", strings.Replace(strings.Replace(plant, "name: web", "name: site", 1), "'component:web'", "", 1))
	if _, err := gone.Refresh(p); change.KindOf(err) != change.KindNotFound || !strings.Contains(err.Error(), "component:web") {
		t.Error(err)
	}
}

func TestARefreshOfAPlaceTouchesWhatIsThereToday(t *testing.T) {
	p := planOf(t, "site:husum-dc-1 region:south", change.Footprint{Touch: refs("resource:a resource:b")})
	got, err := load(t, "a.yaml", towns).Refresh(p)
	if err != nil || bare(got.Touch) != "a b" || paths(got.Observe) != "c=c" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestASystemIsFoundByWhatOthersCallIt(t *testing.T) {
	c := load(t, "a.yaml", team+located("a", "team", "changectl.dev/known-as: 'ACME:OC-123, FO-4711'")+located("b", "team", "changectl.dev/known-as: fo-4711"))
	for name, want := range map[string]string{"acme:oc-123": "a", " FO-4711 ": "a b", "FO": "", "": ""} {
		if got := bare(c.KnownAs(name)); got != want {
			t.Errorf("%q: %s", name, got)
		}
	}
	if got := c.KnownAs("x"); got != nil {
		t.Errorf("%v", got)
	}
}
