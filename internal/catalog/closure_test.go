package catalog_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/changectl/changectl/internal/catalog"
	"github.com/changectl/changectl/internal/change"
)

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
