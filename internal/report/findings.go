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
		fmt.Fprintf(&b, "%s: %s [%s]\n", mark, OneLine(f.Message), OneLine(f.Rule))
		if len(f.Systems) > 0 {
			fmt.Fprintf(&b, "    on      %s\n", refs(f.Systems))
		}
		if len(f.Path) > 1 {
			fmt.Fprintf(&b, "    by way  %s\n", Path(f.Path))
		}
		if f.Other != nil {
			b.WriteString(other(*f.Other))
		}
		if f.Freeze != nil {
			b.WriteString(frozen(*f.Freeze))
		}
	}
	return b.String() + next(list)
}

// next writes the free slots that the findings know, each once.
func next(list []change.Finding) string {
	var slots []string
	for _, f := range list {
		if f.Next != nil {
			slots = append(slots, "next free slot: "+Window(*f.Next)+"\n")
		}
	}
	return strings.Join(unique(slots), "")
}

// NextSlot returns the first free slot that the findings know.
func NextSlot(list []change.Finding) (change.Window, bool) {
	for _, f := range list {
		if f.Next != nil {
			return *f.Next, true
		}
	}
	return change.Window{}, false
}

func other(h change.Holding) string {
	name, stands := string(h.By), string(h.Status)
	switch {
	case h.By == "":
		name, stands = "a declared maintenance", string(h.Impact)
	case h.By.Declared():
		stands = declared(h.Impact)
	case h.Type == change.Emergency:
		stands += ", emergency"
	}
	s := fmt.Sprintf("    with    %s %q, %s", name, OneLine(h.Title), stands)
	if h.System != "" {
		s += fmt.Sprintf(", has %s as %s", h.System, h.Mode)
	}
	s += fmt.Sprintf("\n    when    %s\n", Window(h.Window))
	whose := "of " + h.Whose
	if h.Whose == "" {
		whose = "of " + string(h.Person)
	}
	if h.Owner != "" {
		whose += "; the system belongs to " + string(h.Owner)
	}
	s += "    whose   " + OneLine(whose) + "\n"
	if h.Contact != "" {
		s += "    contact " + OneLine(h.Contact) + "\n"
	}
	return s
}

func declared(i change.ImpactClass) string {
	if i == "" {
		i = change.Outage
	}
	return "declared maintenance, " + string(i)
}

func frozen(f change.Freeze) string {
	s := fmt.Sprintf("    freeze  %s %q of %s: %s\n", f.ID, OneLine(f.Title), f.Owner, OneLine(f.Reason))
	s += "    when    " + Window(f.Window) + "\n"
	if f.Recurrence != nil {
		s += "    each    " + OneLine(recurrence(*f.Recurrence)) + "\n"
	}
	if f.Exception == "" {
		return s + "    except  nobody can let a change through\n"
	}
	return s + fmt.Sprintf("    except  %s can let a change through that asks: --exception %s\n", f.Exception, f.ID)
}
