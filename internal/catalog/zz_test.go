package catalog_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/changectl/changectl/internal/catalog"
	"github.com/changectl/changectl/internal/change"
)

func TestZZ(t *testing.T) {
	const n = 100_000
	files := []string{"team.yaml", team}
	var text strings.Builder
	for i := range n {
		spec := "owner: team"
		if i > 0 {
			spec += fmt.Sprintf(", subcomponentOf: c%d, dependsOn: ['component:c%d']", i-1, (i+1)%n)
		}
		meta := fmt.Sprintf("name: c%d, annotations: {changectl.dev/site: s%d, changectl.dev/reached-through: 'component:c%d'", i, i%50, (i+7)%n)
		if i%2 == 0 {
			meta += fmt.Sprintf(", changectl.dev/redundancy-group: g%d, changectl.dev/redundancy-min: '1', changectl.dev/redundancy-within: 'o%d=1, w=1'", i/4, i/100)
		}
		text.WriteString(entity("Component", meta+"}", spec))
		if text.Len() > 100_000 || i == n-1 {
			files = append(files, fmt.Sprintf("%d.yaml", i), text.String())
			text.Reset()
		}
	}
	files = append(files, "l.yaml", location("['*.yaml']"), "w.yaml", window("w", "tiers: [1]"))
	at := time.Now()
	c, _, err := catalog.Load(tree(files...), ".", catalog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Log("load", time.Since(at))
	for _, touch := range []change.Ref{"component:c0", "component:c99999", "component:c50000", "site:s7"} {
		at = time.Now()
		f, err := c.Footprint([]change.Ref{touch}, []change.Ref{"component:c99998"})
		t.Log(touch, time.Since(at), len(f.Touch), len(f.Impact), len(f.Observe), len(f.Degraded), len(f.Severed), err)
	}
	at = time.Now()
	k := 0
	for _, s := range c.Systems()[:1000] {
		if c.InScope(change.Scope{Systems: []change.Ref{"component:c50"}}, s.Ref) {
			k++
		}
	}
	t.Log("inscope", time.Since(at), k)
}
