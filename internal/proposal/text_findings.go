package proposal

import (
	"fmt"
	"strings"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/report"
)

// splitFindings parts findings into those that stand in the way and those to know about.
func splitFindings(list []change.Finding) (blocks, warns []change.Finding) {
	for _, f := range list {
		if f.Severity == change.Warns {
			warns = append(warns, f)
		} else {
			blocks = append(blocks, f)
		}
	}
	return blocks, warns
}

// findingsText writes what stands in the way and what people should know: each with the
// system, the way through the catalog, with whom, when, whose, and the next free slot.
func findingsText(list []change.Finding) string {
	var b strings.Builder
	blocks, warns := splitFindings(list)
	for _, f := range blocks[:min(len(blocks), shortRows)] {
		b.WriteString("- **In the way:** " + findingText(f))
	}
	for _, f := range warns[:min(len(warns), shortRows)] {
		b.WriteString("- **To know:** " + findingText(f))
	}
	if n := max(0, len(blocks)-shortRows) + max(0, len(warns)-shortRows); n > 0 {
		b.WriteString("- " + counted(n, "more finding is", "more findings are") + " in the record\n")
	}
	for _, w := range slots(list) {
		b.WriteString("- **Next free slot:** " + w + "\n")
	}
	return b.String()
}

// slots are the free slots that the findings know, each once.
func slots(list []change.Finding) []string {
	var out []string
	seen := map[string]bool{}
	for _, f := range list {
		if f.Next == nil || seen[report.Window(*f.Next)] {
			continue
		}
		seen[report.Window(*f.Next)] = true
		out = append(out, report.Window(*f.Next))
	}
	return out
}

func findingText(f change.Finding) string {
	s := prose(f.Message, sentenceLength) + "\n"
	item := func(label, text string) {
		if text != "" {
			s += "  - " + label + ": " + text + "\n"
		}
	}
	if len(f.Path) < 2 || len(f.Systems) > 1 {
		item("on", codes(f.Systems))
	}
	if len(f.Path) > 1 {
		item("by way of", pathText(f.Path))
	}
	if h := f.Other; h != nil {
		item("with", otherWork(*h))
		item("when", report.Window(h.Window))
		item("whose", whoseWork(*h))
		item("contact", prose(h.Contact, sentenceLength))
	}
	if z := f.Freeze; z != nil {
		item("freeze", code(string(z.ID))+" of "+code(string(z.Owner))+": "+prose(z.Title, titleLength))
		item("because", prose(z.Reason, sentenceLength))
		item("when", report.Window(z.Window)+recurringText(*z))
		item("who can let it through", exceptionText(*z))
	}
	return s
}

// does says how somebody else lays hold of a system.
var does = map[change.Mode]string{change.Touch: "works on", change.Impact: "takes down", change.Observe: "looks at"}

func otherWork(h change.Holding) string {
	s := code(string(h.By))
	if h.By == "" {
		s = "a declared maintenance"
	}
	if h.Title != "" {
		s += ", " + prose(h.Title, titleLength)
	}
	if h.By.Declared() || h.By == "" {
		s += fmt.Sprintf(" (declared maintenance, %s)", prose(string(impactOf(h)), titleLength))
	} else if h.Status != "" {
		s += " (" + prose(string(h.Status), titleLength) + ")"
	}
	if verb := does[h.Mode]; verb != "" && h.System != "" {
		s += ", " + verb + " " + code(string(h.System))
	}
	return s
}

func impactOf(h change.Holding) change.ImpactClass {
	if h.Impact == "" {
		return change.Outage
	}
	return h.Impact
}

func whoseWork(h change.Holding) string {
	s := prose(h.Whose, titleLength)
	if s == "" {
		s = code(string(h.Person))
	}
	if h.Owner != "" {
		s += "; the system belongs to " + code(string(h.Owner))
	}
	return s
}

func recurringText(f change.Freeze) string {
	if f.Recurrence == nil {
		return ""
	}
	return ", each time that " + code(f.Recurrence.Rule) + " says"
}

func exceptionText(f change.Freeze) string {
	if f.Exception == "" {
		return "nobody"
	}
	return code(string(f.Exception)) + ", where the change asks: add " + code("exceptions: ["+string(f.ID)+"]") + " to its spec"
}
