package report

import (
	"fmt"
	"strings"

	"github.com/changectl/changectl/internal/change"
)

// Findings writes what stands in the way and what people are told about, each
// with the system, the way through the graph, who, when and whose.
func Findings(list []change.Finding) string {
	var b strings.Builder
	for _, f := range list {
		mark := "warning"
		if f.Severity == change.Blocks {
			mark = "in the way"
		}
		fmt.Fprintf(&b, "%s: %s [%s]\n", mark, OneLine(f.Message), f.Rule)
		if len(f.Systems) > 0 {
			fmt.Fprintf(&b, "    on      %s\n", refs(f.Systems))
		}
		if len(f.Path) > 1 {
			fmt.Fprintf(&b, "    by way  %s\n", Path(f.Path))
		}
		if f.Other != nil {
			b.WriteString(other(*f.Other))
		}
	}
	return b.String()
}

func other(h change.Holding) string {
	name := string(h.Change)
	if name == "" {
		name = "a declared maintenance"
	}
	s := fmt.Sprintf("    with    %s %q, %s, has %s as %s\n", name, OneLine(h.Title), h.Status, h.System, h.Mode)
	s += fmt.Sprintf("    when    %s\n", Window(h.Window))
	whose := "of " + string(h.Person)
	if h.Owner != "" {
		whose += "; the system belongs to " + string(h.Owner)
	}
	return s + "    whose   " + whose + "\n"
}
