package catalog_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/changectl/changectl/internal/catalog"
	"github.com/changectl/changectl/internal/change"
)

// BenchmarkFootprint touches three systems anywhere in a catalog of 10,000, so that
// on average a quarter of it is impacted or observed.
func BenchmarkFootprint(b *testing.B) {
	c := large(b, 10_000, 50_000)
	random := rand.New(rand.NewPCG(1, 2))
	all := c.Systems()
	touches := make([][]change.Ref, 64)
	for i := range touches {
		for range 3 {
			touches[i] = append(touches[i], all[random.IntN(len(all))].Ref)
		}
	}
	footprints(b, c, touches)
}

// BenchmarkFootprintOfEverything touches what everything needs: the impact set is the
// whole catalog of 10,000 systems and 50,000 edges.
func BenchmarkFootprintOfEverything(b *testing.B) {
	c := large(b, 10_000, 50_000)
	footprints(b, c, [][]change.Ref{{"resource:r0", "resource:r1", "resource:r2"}})
}

func footprints(b *testing.B, c *catalog.Catalog, touches [][]change.Ref) {
	b.Helper()
	impact, observe := 0, 0
	for _, touch := range touches {
		f, err := c.Footprint(touch, touch[:1])
		if err != nil {
			b.Fatal(err)
		}
		impact, observe = impact+len(f.Impact), observe+len(f.Observe)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		touch := touches[i%len(touches)]
		if _, err := c.Footprint(touch, touch[:1]); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(impact)/float64(len(touches)), "impacted/op")
	b.ReportMetric(float64(observe)/float64(len(touches)), "observed/op")
}

// BenchmarkLoad reads 100,000 systems with 500,000 edges strictly, and says what the
// catalog holds of memory afterwards.
func BenchmarkLoad(b *testing.B) {
	fsys := tree(layered(100_000, 500_000)...)
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		c, _, err := catalog.Load(fsys, ".", catalog.Options{})
		if err != nil {
			b.Fatal(err)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, "MB-kept")
		b.ReportMetric(float64(len(c.Systems())), "systems")
	}
}

func large(tb testing.TB, systems, edges int) *catalog.Catalog {
	tb.Helper()
	c, _, err := catalog.Load(tree(layered(systems, edges)...), ".", catalog.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// layered writes a catalog in layers, as companies have them: a system depends on
// some that are further down.
func layered(systems, edges int) []string {
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
	return files
}
