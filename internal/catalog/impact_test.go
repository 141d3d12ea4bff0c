package catalog_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
)

// drawn gathers systems, so that files stay within what is read.
type drawn struct {
	files []string
	text  strings.Builder
}

func (d *drawn) system(name, facts string, needs ...string) {
	for i, n := range needs {
		needs[i] = "'resource:" + n + "'"
	}
	d.text.WriteString(entity("Resource", "name: "+name+", annotations: {x: y"+facts+"}", "owner: team, dependsOn: ["+strings.Join(needs, ", ")+"]"))
	if d.text.Len() > 100_000 {
		d.close()
	}
}

func (d *drawn) close() []string {
	d.files = append(d.files, fmt.Sprintf("%d.yaml", len(d.files)), d.text.String())
	d.text.Reset()
	return d.files
}

// In this catalog group after group breaks, and each time everything comes nearer once
// more.
func TestGroupsThatBreakOneAfterTheOtherDoNotChangeTheResult(t *testing.T) {
	const groups, layers, width = 12, 10, 50
	var d drawn
	d.text.WriteString(team)
	d.system("x0", "")
	for n := 1; n <= 5*groups+1; n++ {
		d.system(fmt.Sprintf("x%d", n), "", fmt.Sprintf("x%d", n-1))
	}
	gates := []string{fmt.Sprintf("x%d", 2*groups)} // to the layers: the last to break is the nearest
	for k := 1; k <= groups; k++ {
		facts := fmt.Sprintf(", changectl.dev/redundancy-group: g%d, changectl.dev/redundancy-min: '1'", k)
		d.system(fmt.Sprintf("p%d", k), facts, fmt.Sprintf("x%d", 2*(groups-k)))
		d.system(fmt.Sprintf("q%d", k), facts, fmt.Sprintf("x%d", 2*groups+3*k))
		gates = append(gates, fmt.Sprintf("p%d", k))
	}
	d.system("m0", "", gates...)
	kept := ", changectl.dev/redundancy-group: kept, changectl.dev/redundancy-min: '1'"
	d.system("z1", kept, "x1")
	d.system("z2", kept)
	d.system("z3", "", "z1")
	for l := 1; l <= layers; l++ {
		d.system(fmt.Sprintf("m%d", l), "", fmt.Sprintf("m%d", l-1))
		for w := range width {
			d.system(fmt.Sprintf("w%d-%d", l, w), "", fmt.Sprintf("m%d", l-1))
		}
	}
	c := load(t, d.close()...)
	f, err := c.Footprint(refs("resource:x0"), nil)
	if err != nil {
		t.Fatal(err)
	}
	all, err := c.Reach(refs("resource:x0"))
	if err != nil {
		t.Fatal(err)
	}
	all = slices.DeleteFunc(all, func(h change.Hand) bool { return h.Mode != change.Impact || h.System == "resource:z3" })
	var got []change.Hand
	for _, a := range f.Impact {
		got = append(got, change.Hand{System: a.System, Mode: change.Impact, Path: a.Path})
	}
	degraded := []change.Degraded{{Group: "kept", Members: refs("resource:z1 resource:z2"), Touched: refs("resource:z1"), MustRun: 1}}
	if diff := cmp.Diff(all, got) + cmp.Diff(degraded, f.Degraded); diff != "" || len(got) < layers*width {
		t.Error(len(got), diff)
	}
}

func TestAChainThatIsTooLongToBeToldIsAnError(t *testing.T) {
	var d drawn
	d.text.WriteString(team)
	d.system("c0", "")
	for n := 1; n < 5000; n++ {
		d.system(fmt.Sprintf("c%d", n), "", fmt.Sprintf("c%d", n-1))
	}
	c := load(t, d.close()...)
	_, err := c.Footprint(refs("resource:c0"), nil)
	if change.KindOf(err) != change.KindInvalid || !strings.Contains(err.Error(), "one is 5000 systems long") || !strings.Contains(err.Error(), "resource:c4999") {
		t.Error(err)
	}
	if f, err := c.Footprint(refs("resource:c3000"), nil); err != nil || len(f.Impact) != 1999 {
		t.Error(len(f.Impact), err)
	}
}
