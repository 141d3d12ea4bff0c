package catalog_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/changectl/changectl/internal/catalog"
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

func TestTheWayInIsShownEvenWhereItIsTouched(t *testing.T) {
	got, err := load(t, "a.yaml", plant).WayIn(refs("resource:a resource:jump"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "feed=jump>router>feed jump=a>jump rack=a>jump>rack router=jump>router"; paths(got) != want {
		t.Errorf("got  %s\nwant %s", paths(got), want)
	}
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

// A random plant, small enough to be worked out by brute force.
func drawPlant(t *rapid.T) string {
	n := rapid.IntRange(1, 9).Draw(t, "systems")
	pick := rapid.SliceOfN(rapid.IntRange(0, n-1), 0, 3)
	groups := map[int][]int{}
	for i := range n {
		if g := rapid.IntRange(0, 3).Draw(t, "group"); g > 0 {
			groups[g] = append(groups[g], i)
		}
	}
	minimum := map[int]int{}
	for g := 1; g <= 3; g++ {
		if len(groups[g]) > 0 {
			minimum[g] = rapid.IntRange(1, len(groups[g])).Draw(t, "minimum")
		}
	}
	var b strings.Builder
	b.WriteString(team)
	for i := range n {
		metadata := fmt.Sprintf("name: c%d, annotations: {x: y", i)
		for g, members := range groups {
			for _, m := range members {
				if m == i {
					metadata += fmt.Sprintf(", changectl.dev/redundancy-group: g%d, changectl.dev/redundancy-min: '%d'", g, minimum[g])
				}
			}
		}
		if way := pick.Draw(t, "through"); len(way) > 1 {
			metadata += ", changectl.dev/reached-through: '" + strings.Join(named(way[1:]), ",") + "'"
		}
		spec := "owner: team, dependsOn: ['" + strings.Join(named(pick.Draw(t, "needs")), "','") + "']"
		spec = strings.Replace(spec, "['']", "[]", 1)
		if i > 0 && rapid.Bool().Draw(t, "part") {
			spec += fmt.Sprintf(", subcomponentOf: c%d", rapid.IntRange(0, i-1).Draw(t, "whole"))
		}
		b.WriteString(entity("Component", metadata+"}", spec))
	}
	return b.String()
}

func named(numbers []int) []string {
	all := make([]string, len(numbers))
	for i, n := range numbers {
		all[i] = fmt.Sprintf("component:c%d", n)
	}
	return all
}

// closure returns the length of the shortest path to everything that can be
// reached from start, by relaxing all edges until nothing changes.
func closure(start map[change.Ref]int, edges map[[2]change.Ref]bool) map[change.Ref]int {
	best := map[change.Ref]int{}
	for r, d := range start {
		best[r] = d
	}
	for changed := true; changed; {
		changed = false
		for e := range edges {
			d, ok := best[e[0]]
			if old, known := best[e[1]]; ok && (!known || d+1 < old) {
				best[e[1]], changed = d+1, true
			}
		}
	}
	return best
}

// brute works a footprint out from the entities alone.
func brute(c *catalog.Catalog, touch, observe []change.Ref) (touched, impact, sight map[change.Ref]int, degraded map[string]bool) {
	parts, needs, neededBy, through := map[[2]change.Ref]bool{}, map[[2]change.Ref]bool{}, map[[2]change.Ref]bool{}, map[[2]change.Ref]bool{}
	for _, e := range c.Entities() {
		for _, r := range e.DependsOn {
			needs[[2]change.Ref{e.Ref, r}], neededBy[[2]change.Ref{r, e.Ref}] = true, true
		}
		for _, r := range e.PartOf {
			parts[[2]change.Ref{r, e.Ref}], needs[[2]change.Ref{r, e.Ref}], neededBy[[2]change.Ref{e.Ref, r}] = true, true, true
		}
		for _, r := range e.ReachedThrough {
			through[[2]change.Ref{e.Ref, r}] = true
		}
	}
	touched = closure(at1(touch), parts)
	broken, open := map[string]bool{"": true}, map[[2]change.Ref]bool{}
	for grew := true; grew; {
		for e := range neededBy {
			from, _ := c.Entity(e[0])
			if _, isTouched := touched[e[1]]; broken[from.Group] && !isTouched {
				open[e] = true
			}
		}
		impact, grew, degraded = closure(touched, open), false, map[string]bool{}
		for _, e := range c.Entities() {
			if _, down := impact[e.Ref]; !down || broken[e.Group] {
				continue
			}
			members, mustRun := c.Group(e.Group)
			up := 0
			for _, m := range members {
				if _, down := impact[m]; !down {
					up++
				}
			}
			degraded[e.Group] = true
			if up < mustRun {
				broken[e.Group], grew = true, true
			}
		}
	}
	sight = at1(observe)
	for e := range through { // the first step from what is touched, then on from there
		if d, ok := touched[e[0]]; ok {
			for r, d := range closure(map[change.Ref]int{e[1]: d + 1}, through) {
				if old, ok := sight[r]; !ok || d < old {
					sight[r] = d
				}
			}
		}
	}
	sight = closure(sight, needs)
	for r := range touched {
		delete(impact, r)
		delete(sight, r)
	}
	return touched, impact, sight, degraded
}

func at1(refs []change.Ref) map[change.Ref]int {
	m := map[change.Ref]int{}
	for _, r := range refs {
		m[r] = 1
	}
	return m
}

func lengths(list []change.Affected) map[change.Ref]int {
	m := map[change.Ref]int{}
	for _, a := range list {
		m[a.System] = len(a.Path)
	}
	return m
}

func TestAFootprintIsWhatBruteForceFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := drawPlant(t)
		c, _, err := catalog.Load(tree("a.yaml", text), ".", catalog.Options{})
		if err != nil {
			t.Fatal(err)
		}
		some := rapid.SliceOfN(rapid.SampledFrom(c.Systems()), 0, 3)
		var touch, observe []change.Ref
		for _, s := range some.Draw(t, "touch") {
			touch = append(touch, s.Ref)
		}
		for _, s := range some.Draw(t, "observe") {
			observe = append(observe, s.Ref)
		}
		f, err := c.Footprint(touch, observe)
		if err != nil {
			t.Fatal(err)
		}
		touched, impact, sight, degraded := brute(c, touch, observe)
		got := map[string]bool{}
		for _, d := range f.Degraded {
			got[d.Group] = true
		}
		if len(f.Touch) != len(touched) || cmp.Diff(impact, lengths(f.Impact)) != "" || cmp.Diff(sight, lengths(f.Observe)) != "" || cmp.Diff(degraded, got) != "" {
			t.Fatalf("touch %s, observe %s\ngot  %+v\nwant touch %v, impact %v, observe %v, degraded %v", touch, observe, f, touched, impact, sight, degraded)
		}
		for _, a := range append(f.Impact, f.Observe...) {
			root := a.Path[0]
			if a.Path[len(a.Path)-1] != a.System || !strings.Contains(fmt.Sprint(touch, observe), string(root)) {
				t.Fatalf("the path %v does not lead from what is named to %s", a.Path, a.System)
			}
		}
	})
}

func TestAForeignCatalogLoads(t *testing.T) {
	dir, want := "testdata", []change.Ref{"api:wiki/pages", "component:wiki/web"}
	if given := os.Getenv("CHANGECTL_CATALOGS"); given != "" {
		dir, want = given, []change.Ref{
			"api:hello-world", "api:hello-world-trpc", "api:petstore", "api:petstore-webhook", "api:spotify", "api:starwars-graphql", "api:streetlights", "api:wayback-archive", "api:wayback-search",
			"component:artist-lookup", "component:petstore", "component:playback-order", "component:playback-sdk", "component:podcast-api", "component:queue-proxy",
			"component:searcher", "component:shuffle-api", "component:wayback-archive", "component:wayback-archive-ingestion", "component:wayback-archive-storage",
			"component:wayback-search", "component:www-artist", "domain:artists", "domain:audio", "domain:playback", "resource:artists-db",
			"system:artist-engagement-portal", "system:audio-playback", "system:podcast",
		}
	}
	c, problems, err := catalog.Load(os.DirFS(dir), "backstage-examples", catalog.Options{Lenient: true})
	if err != nil {
		t.Fatal(err)
	}
	var got []change.Ref
	for _, s := range c.Systems() {
		got = append(got, s.Ref)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, ref := range got {
		if c.Owner(ref) == "" {
			t.Errorf("%s has no owner", ref)
		}
	}
	if len(problems) == 0 || len(c.Groups()) == 0 || len(c.People()) == 0 {
		t.Errorf("%d problems, %d groups, %d people", len(problems), len(c.Groups()), len(c.People()))
	}
	t.Logf("%d problems, %d systems, %d groups, %d people", len(problems), len(got), len(c.Groups()), len(c.People()))
	for _, p := range problems {
		t.Log(p)
	}
	roundTrip(t, c)
}

func BenchmarkFootprint(b *testing.B) {
	c := large(b, 10_000, 50_000)
	random := rand.New(rand.NewPCG(1, 2))
	all := c.Systems()
	touches := make([][]change.Ref, 64)
	impact := 0
	for i := range touches {
		for range 3 {
			touches[i] = append(touches[i], all[random.IntN(len(all))].Ref)
		}
		f, err := c.Footprint(touches[i], touches[i][:1])
		if err != nil {
			b.Fatal(err)
		}
		impact += len(f.Impact) + len(f.Observe)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := c.Footprint(touches[i%len(touches)], touches[i%len(touches)][:1]); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(impact)/float64(len(touches)), "systems/op")
}

// large makes a catalog in layers, as companies have them: a system depends on
// some that are further down.
func large(tb testing.TB, systems, edges int) *catalog.Catalog {
	tb.Helper()
	random := rand.New(rand.NewPCG(3, 4))
	files := []string{"team.yaml", team}
	var text strings.Builder
	for i := range systems {
		var needs []string
		for range min(edges/systems, i) {
			needs = append(needs, fmt.Sprintf("'resource:r%d'", i-1-random.IntN(i)))
		}
		metadata := fmt.Sprintf("name: r%d", i)
		if i%10 < 2 && i > 100 {
			metadata += fmt.Sprintf(", annotations: {changectl.dev/redundancy-group: g%d, changectl.dev/redundancy-min: '1'}", i/10)
		}
		text.WriteString(entity("Resource", metadata, "owner: team, dependsOn: ["+strings.Join(needs, ", ")+"]"))
		if text.Len() > 100_000 || i == systems-1 {
			files = append(files, fmt.Sprintf("%d.yaml", i), text.String())
			text.Reset()
		}
	}
	c, _, err := catalog.Load(tree(files...), ".", catalog.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}
