package catalog_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/changectl/changectl/internal/catalog"
	"github.com/changectl/changectl/internal/change"
)

// drawPlant draws a random plant, small enough to be worked out by brute force.
func drawPlant(t *rapid.T) string {
	n := rapid.IntRange(1, 9).Draw(t, "systems")
	pick := rapid.SliceOfN(rapid.IntRange(0, n-1), 0, 3)
	facts := drawRedundancy(t, n)
	var b strings.Builder
	b.WriteString(team)
	for i := range n {
		metadata := fmt.Sprintf("name: c%d, annotations: {x: y%s", i, facts[i])
		if way := pick.Draw(t, "through"); len(way) > 1 {
			metadata += ", changectl.dev/reached-through: '" + strings.Join(named(way[1:]), ",") + "'"
		}
		if site := rapid.IntRange(0, 2).Draw(t, "site"); site > 0 {
			metadata += fmt.Sprintf(", changectl.dev/site: S%d", site)
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

// drawRedundancy returns what the systems say about groups 0 to 4, of which one may be
// a member of a later one.
func drawRedundancy(t *rapid.T, systems int) []string {
	const groups = 5
	size, of, around := [groups]int{}, make([]int, systems), [groups]int{}
	for i := range systems {
		if of[i] = rapid.IntRange(-4, groups-1).Draw(t, "group"); of[i] >= 0 {
			size[of[i]]++
		}
	}
	for g := range groups {
		if around[g] = rapid.IntRange(g, groups+1).Draw(t, "around"); size[g] == 0 || around[g] == g || around[g] >= groups {
			around[g] = -1
			continue
		}
		size[around[g]]++
	}
	min := [groups]int{}
	for g := range groups {
		if size[g] > 0 {
			min[g] = rapid.IntRange(1, size[g]).Draw(t, "minimum")
		}
	}
	facts := make([]string, systems)
	for i, g := range of {
		if g < 0 {
			continue
		}
		facts[i] = fmt.Sprintf(", changectl.dev/redundancy-group: g%d, changectl.dev/redundancy-min: '%d'", g, min[g])
		var within []string
		for o := around[g]; o >= 0; o = around[o] {
			within = append(within, fmt.Sprintf("g%d=%d", o, min[o]))
		}
		if len(within) > 0 {
			facts[i] += ", changectl.dev/redundancy-within: '" + strings.Join(within, ", ") + "'"
		}
	}
	return facts
}

func named(numbers []int) []string {
	all := make([]string, len(numbers))
	for i, n := range numbers {
		all[i] = fmt.Sprintf("component:c%d", n)
	}
	return all
}

type edges map[[2]change.Ref]bool

func (e edges) add(from, to change.Ref) { e[[2]change.Ref{from, to}] = true }

// only returns the edges that are kept.
func (e edges) only(keep func(from, to change.Ref) bool) edges {
	some := edges{}
	for k := range e {
		if keep(k[0], k[1]) {
			some[k] = true
		}
	}
	return some
}

// lengths holds the length of the shortest path to each system.
type lengths map[change.Ref]int

func (l lengths) has(r change.Ref) bool { _, ok := l[r]; return ok }

func (l lengths) shorten(r change.Ref, d int) bool {
	if old, known := l[r]; known && old <= d {
		return false
	}
	l[r] = d
	return true
}

// closure follows all edges until nothing changes.
func closure(start lengths, along edges) lengths {
	best := maps.Clone(start)
	for changed := true; changed; {
		changed = false
		for e := range along {
			if d, ok := best[e[0]]; ok && best.shorten(e[1], d+1) {
				changed = true
			}
		}
	}
	return best
}

// beyond follows at least one edge.
func beyond(start lengths, along edges) lengths {
	first := lengths{}
	for e := range along {
		if d, ok := start[e[0]]; ok {
			first.shorten(e[1], d+1)
		}
	}
	return closure(first, along)
}

// model works footprints out from the entities alone.
type model struct {
	entities                        map[change.Ref]catalog.Entity
	parts, needs, neededBy, through edges
}

func newModel(c *catalog.Catalog) model {
	m := model{map[change.Ref]catalog.Entity{}, edges{}, edges{}, edges{}, edges{}}
	for _, e := range c.Entities() {
		m.entities[e.Ref] = e
		for _, r := range e.DependsOn {
			m.needs.add(e.Ref, r)
			m.neededBy.add(r, e.Ref)
		}
		for _, r := range e.PartOf {
			m.parts.add(r, e.Ref)
			m.needs.add(r, e.Ref)
			m.neededBy.add(e.Ref, r)
		}
		for _, r := range e.ReachedThrough {
			m.through.add(e.Ref, r)
		}
	}
	return m
}

// keeps reports whether the outermost group of a system keeps enough members.
func (m model) keeps(r change.Ref, down lengths) bool {
	e := m.entities[r]
	if e.Group == "" {
		return false
	}
	outermost := e.Group
	if n := len(e.Within); n > 0 {
		outermost = e.Within[n-1].Group
	}
	return m.up(outermost, down)
}

func (m model) up(group string, down lengths) bool {
	running, mustRun, inner := 0, 0, map[string]bool{}
	for _, e := range m.entities {
		chain := append([]catalog.Outer{{Group: e.Group, MustRun: e.MustRun}}, e.Within...)
		at := slices.IndexFunc(chain, func(o catalog.Outer) bool { return o.Group == group })
		if at < 0 {
			continue
		}
		mustRun = chain[at].MustRun
		switch {
		case at > 0:
			inner[chain[at-1].Group] = true
		case !down.has(e.Ref):
			running++
		}
	}
	for g := range inner {
		if m.up(g, down) {
			running++
		}
	}
	return running >= mustRun
}

// spread follows a loss along edges, past those systems only of which no group keeps enough.
func (m model) spread(down lengths, along edges) lengths {
	for {
		more := closure(down, along.only(func(from, _ change.Ref) bool { return !m.keeps(from, down) }))
		if len(more) == len(down) {
			return more
		}
		for r := range more {
			down = maps.Clone(down)
			down[r] = 1
		}
	}
}

type worked struct {
	touched, impact, sight, access, severed lengths
	degraded                                map[string]bool
}

func (m model) footprint(touch, observe []change.Ref) worked {
	var w worked
	w.touched = closure(at1(touch), m.parts)
	down := m.spread(w.touched, m.neededBy)
	passes := func(r change.Ref) bool { return down.has(r) && !m.keeps(r, down) }
	w.impact = closure(w.touched, m.neededBy.only(func(from, to change.Ref) bool { return passes(from) && !w.touched.has(to) }))
	w.degraded = map[string]bool{}
	for r := range down {
		if e := m.entities[r]; m.keeps(r, down) {
			w.degraded[append([]catalog.Outer{{Group: e.Group}}, e.Within...)[len(e.Within)].Group] = true
		}
	}
	way := beyond(w.touched, m.through)
	w.access = closure(way, m.needs)
	start := at1(observe)
	for r, d := range way {
		start.shorten(r, d)
	}
	w.sight = closure(start, m.needs)
	w.severed = m.severed(touch, down)
	for r := range w.touched {
		delete(w.impact, r)
		delete(w.sight, r)
		delete(w.access, r)
	}
	return w
}

// severed asks for each name alone what is down on its way in.
func (m model) severed(touch []change.Ref, down lengths) lengths {
	cut := m.spread(down, m.reversedThrough())
	way := m.through.only(func(_, to change.Ref) bool { return cut.has(to) && !m.keeps(to, cut) })
	below := m.needs.only(func(_, to change.Ref) bool { return down.has(to) && !m.keeps(to, down) })
	found := lengths{}
	for _, root := range touch {
		own := closure(at1([]change.Ref{root}), m.parts)
		for r, d := range closure(beyond(own, way), below) {
			if down.has(r) && !own.has(r) {
				found.shorten(r, d)
			}
		}
	}
	return found
}

func (m model) reversedThrough() edges {
	back := edges{}
	for e := range m.through {
		back.add(e[1], e[0])
	}
	return back
}

func at1(refs []change.Ref) lengths {
	m := lengths{}
	for _, r := range refs {
		m[r] = 1
	}
	return m
}

func lengthsOf(list []change.Affected) lengths {
	m := lengths{}
	for _, a := range list {
		m[a.System] = len(a.Path)
	}
	return m
}

func accessible(list []change.Affected) lengths {
	m := lengths{}
	for _, a := range list {
		if a.Access {
			m[a.System] = 1
		}
	}
	return m
}

func drawRefs(t *rapid.T, from []change.System, label string) []change.Ref {
	var list []change.Ref
	for _, s := range rapid.SliceOfN(rapid.SampledFrom(from), 0, 3).Draw(t, label) {
		list = append(list, s.Ref)
	}
	return list
}

func TestAFootprintIsWhatBruteForceFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := drawPlant(t)
		c, _, err := catalog.Load(tree("a.yaml", text), ".", catalog.Options{})
		if err != nil {
			t.Fatal(err)
		}
		touch, observe := drawRefs(t, c.Systems(), "touch"), drawRefs(t, c.Systems(), "observe")
		f, err := c.Footprint(touch, observe)
		if err != nil {
			t.Fatal(err)
		}
		want := newModel(c).footprint(touch, observe)
		degraded := map[string]bool{}
		for _, d := range f.Degraded {
			degraded[d.Group] = true
		}
		for what, diff := range map[string]string{
			"touch":    cmp.Diff(slices.Sorted(maps.Keys(want.touched)), f.Touch, equateEmpty),
			"impact":   cmp.Diff(want.impact, lengthsOf(f.Impact)),
			"observe":  cmp.Diff(want.sight, lengthsOf(f.Observe)),
			"access":   cmp.Diff(slices.Sorted(maps.Keys(want.access)), slices.Sorted(maps.Keys(accessible(f.Observe)))),
			"severed":  cmp.Diff(want.severed, lengthsOf(f.Severed)),
			"degraded": cmp.Diff(want.degraded, degraded),
		} {
			if diff != "" {
				t.Fatalf("touch %s, observe %s: %s: %s\n%s", touch, observe, what, diff, text)
			}
		}
		holdPaths(t, newModel(c), append(slices.Clone(touch), observe...), slices.Concat(f.Impact, f.Observe, f.Severed))
		holdDegraded(t, newModel(c), f)
	})
}

var equateEmpty = cmp.Transformer("list", func(l []change.Ref) string { return fmt.Sprint(l) })

// holdPaths follows every path over the edges, after each has been appended to: that
// must not reach the memory of another.
func holdPaths(t *rapid.T, m model, names []change.Ref, list []change.Affected) {
	longest := 0
	for _, a := range list {
		longest = max(longest, len(append(a.Path, "resource:none")))
	}
	for _, a := range list {
		good := len(a.Path) < longest && slices.Contains(names, a.Path[0]) && a.Path[len(a.Path)-1] == a.System
		for i := 1; i < len(a.Path); i++ {
			e := [2]change.Ref{a.Path[i-1], a.Path[i]}
			good = good && (m.parts[e] || m.needs[e] || m.neededBy[e] || m.through[e])
		}
		if !good {
			t.Fatalf("the path %v does not lead from what is named to %s", a.Path, a.System)
		}
	}
}

// holdDegraded takes down one more system of a degraded group after the other: what the
// contract's Breaks says is what the model says.
func holdDegraded(t *rapid.T, m model, f change.Footprint) {
	for _, d := range f.Degraded {
		down := lengths{}
		for _, r := range slices.Concat(f.Touch, slices.Collect(maps.Keys(lengthsOf(f.Impact)))) {
			down[r] = 1
		}
		if len(d.Systems()) == 0 || d.Breaks(down.has) {
			t.Fatalf("%s is degraded and broken: %+v", d.Group, d)
		}
		for _, r := range d.Systems() {
			down[r] = 1
			if d.Breaks(down.has) == m.up(d.Group, down) {
				t.Fatalf("with %v down, %s: %+v", down, d.Group, d)
			}
		}
	}
}
