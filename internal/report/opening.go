package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/schedule"
)

// MaintenanceWindows returns the table of maintenance windows.
func MaintenanceWindows(list []change.MaintenanceWindow) Table {
	t := Table{Head: []string{"NAME", "WHEN", "WHAT", "OWNER", "TITLE"}}
	for _, w := range list {
		t.Rows = append(t.Rows, []string{w.Name, recurrence(w.Recurrence), selected(w.Scope), string(w.Owner), w.Title})
	}
	return t
}

// MaintenanceWindow writes a maintenance window with its next occurrences after now.
func MaintenanceWindow(w change.MaintenanceWindow, now time.Time) string {
	var b strings.Builder
	line := func(label, text string) {
		if text != "" {
			b.WriteString(wrapped(fmt.Sprintf("%-7s", label), text))
		}
	}
	b.WriteString(wrapped("", strings.TrimSpace(w.Name+"  "+w.Title)))
	line("Owner", string(w.Owner))
	line("What", selected(w.Scope))
	line("When", recurrence(w.Recurrence))
	next := occurrences(w.Recurrence, now, now.Add(horizon))
	for i, o := range next {
		line(label(i, "Next"), Window(o))
	}
	if len(next) == 0 {
		line("Next", "never again")
	}
	return b.String()
}

// selected is Scope for a maintenance window, where an empty scope is nothing.
func selected(s change.Scope) string {
	if s.Empty() {
		return "the systems that name it"
	}
	return Scope(s)
}

// horizon is how far ahead occurrences are looked for.
const horizon = 5 * 366 * 24 * time.Hour

// shownOccurrences is how many occurrences are shown.
const shownOccurrences = 5

// occurrences returns the first few occurrences that are not over at from and begin
// before to; none where the rule cannot be read.
func occurrences(in change.Recurrence, from, to time.Time) []change.Window {
	r, err := schedule.Recur(in)
	if err != nil {
		return nil
	}
	list := r.Between(from, from.Add(time.Second)) // the one that is on
	for at := from.Add(time.Second); len(list) < shownOccurrences; {
		w, ok := r.Next(at)
		if !ok || !w.Start.Before(to) {
			break
		}
		list = append(list, w)
		at = w.Start.Add(time.Second)
	}
	return list
}

// recurrence says in a line when something comes again.
func recurrence(r change.Recurrence) string {
	s := fmt.Sprintf("%s for %s", r.Start, schedule.Words(r.Duration.Std()))
	if r.Rule == "" {
		s += ", once"
	} else {
		s += ", " + r.Rule
	}
	s += ", " + r.Zone
	if len(r.Except) > 0 {
		s += ", not " + strings.Join(r.Except, ", ")
	}
	return s
}

// Slots returns the table of windows that can be had, or in which work is allowed.
func Slots(list []change.Window, now time.Time) Table {
	t := Table{Head: []string{"#", "WINDOW", "BEGINS"}}
	for i, w := range list {
		begins := away(now, w.Start)
		if !w.Start.After(now) {
			begins = "now"
		}
		t.Rows = append(t.Rows, []string{strconv.Itoa(i + 1), Window(w), begins})
	}
	return t
}
