package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/change"
)

// Declarations returns the table of declared maintenances.
func Declarations(list []change.Declaration) Table {
	t := Table{Head: []string{"ID", "STATE", "IMPACT", "WINDOW", "ON", "OWNER", "TITLE"}}
	for _, d := range list {
		t.Rows = append(t.Rows, []string{
			string(d.ID), string(d.State), string(d.Impact), shortWindow(d.Window), few(d.Targets), d.Owner, d.Title,
		})
	}
	return t
}

// Declaration writes a declared maintenance with what follows of it.
func Declaration(d change.Declaration) string {
	var b strings.Builder
	line := func(label, text string) {
		if text != "" {
			b.WriteString(wrapped(fmt.Sprintf("%-10s", label), text))
		}
	}
	b.WriteString(wrapped(string(d.ID)+"  ", d.Title))
	line("State", fmt.Sprintf("%s (revision %d, %s by %s)", d.State, d.Revision, Moment(d.At.Truncate(time.Second), d.Window.Zone), d.DeclaredBy))
	line("Reason", d.Reason)
	line("Impact", string(d.Impact))
	line("On", refs(d.Targets))
	line("Window", Window(d.Window))
	line("Owner", d.Owner)
	line("Contact", d.Contact)
	line("Source", entry(d.Source))
	if len(d.Holds) > 0 {
		b.WriteString("\nHolds\n" + indent(hands(d.Holds).Text()))
	}
	return b.String()
}

func entry(e *change.CalendarEntry) string {
	if e == nil {
		return ""
	}
	s := fmt.Sprintf("%s, event %s, sequence %d", e.Calendar, e.UID, e.Sequence)
	if e.Recurrence != "" {
		s += ", of " + e.Recurrence
	}
	return s
}

func hands(list []change.Hand) Table {
	t := Table{Head: []string{"MODE", "SYSTEM", "BY WAY OF"}}
	for _, h := range list {
		path := ""
		if len(h.Path) > 1 {
			path = Path(h.Path)
		}
		t.Rows = append(t.Rows, []string{string(h.Mode), string(h.System), path})
	}
	return t
}

// Imported returns the table of what came of the events of a calendar.
func Imported(list []change.Imported) Table {
	t := Table{Head: []string{"RESULT", "ID", "STATE", "IMPACT", "WINDOW", "ON", "TITLE"}}
	for _, i := range list {
		d := i.Declaration
		t.Rows = append(t.Rows, []string{
			i.Result, string(d.ID), string(d.State), string(d.Impact), shortWindow(d.Window), few(d.Targets), d.Title,
		})
	}
	return t
}

// Hits says which changes something has to do with, and how they stand now.
func Hits(verb string, list []change.Summary) string {
	switch {
	case len(list) == 0 && strings.HasPrefix(verb, "no longer"):
		return "No change was waiting for that.\n"
	case len(list) == 0:
		return "It " + verb + " no change.\n"
	}
	s := "It " + verb + " " + plural(len(list), "change", "changes") + ":\n"
	for _, c := range list {
		s += wrapped("  "+string(c.ID)+"  ", fmt.Sprintf("is %s: %s (%s)", c.Status, c.Title, c.Submitter))
		if c.Note != "" {
			s += wrapped("    ", c.Note)
		}
		if c.Status == change.Held || c.Status == change.Waiting {
			s += "    changectl explain " + string(c.ID) + "\n"
		}
	}
	return s
}
