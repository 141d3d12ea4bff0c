package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/change"
)

// Freezes returns the table of a list of freezes.
func Freezes(list []change.Freeze, now time.Time) Table {
	t := Table{Head: []string{"FREEZE", "STATE", "WINDOW", "OWNER", "TITLE", "WHAT"}}
	for _, f := range list {
		t.Rows = append(t.Rows, []string{
			string(f.ID), freezeState(f, now), shortWindow(f.Window), string(f.Owner), f.Title, Scope(f.Scope),
		})
	}
	return t
}

// freezeState says where a freeze stands at now; one that comes again is on where its
// bounds hold, whatever its rule says of this moment.
func freezeState(f change.Freeze, now time.Time) string {
	switch {
	case !f.LiftedAt.IsZero():
		return "lifted"
	case !now.Before(f.Window.End):
		return "over"
	case now.Before(f.Window.Start):
		return "to come"
	case f.Recurrence != nil:
		return "recurring"
	}
	return "on"
}

// Freeze writes a freeze with all that is known of it.
func Freeze(f change.Freeze, now time.Time) string {
	var b strings.Builder
	line := func(label, text string) { b.WriteString(wrapped(fmt.Sprintf("%-10s", label), text)) }
	b.WriteString(wrapped(string(f.ID)+"  ", f.Title))
	line("State", freezeState(f, now))
	if !f.LiftedAt.IsZero() {
		line("Lifted", fmt.Sprintf("%s by %s: %s", Moment(f.LiftedAt.Truncate(time.Second), f.Window.Zone), f.LiftedBy, f.LiftedFor))
	}
	line("Reason", f.Reason)
	line("Owner", string(f.Owner))
	line("What", Scope(f.Scope))
	line("Window", Window(f.Window))
	if f.Recurrence != nil {
		line("Each", recurrence(*f.Recurrence))
	}
	if f.Recurrence != nil && f.LiftedAt.IsZero() {
		for i, w := range occurrences(*f.Recurrence, later(now, f.Window.Start), f.Window.End) {
			line(label(i, "Next"), Window(w))
		}
	}
	if f.Exception == "" {
		line("Except", "nobody can let a change through")
	} else {
		line("Except", fmt.Sprintf("%s can let a change through that asks: --exception %s", f.Exception, f.ID))
	}
	line("Recorded", fmt.Sprintf("%s by %s", Moment(f.At.Truncate(time.Second), f.Window.Zone), f.By))
	return b.String()
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Scope says in words which systems a scope selects; an empty one is everything.
func Scope(s change.Scope) string {
	var parts []string
	add := func(what string, list []string) {
		if len(list) > 0 {
			parts = append(parts, what+" "+strings.Join(list, " or "))
		}
	}
	tiers := make([]string, len(s.Tiers))
	for i, t := range s.Tiers {
		tiers[i] = strconv.Itoa(t)
	}
	add("", texts(s.Systems))
	add("owned by", texts(s.Owners))
	add("tier", tiers)
	add("site", s.Sites)
	add("cluster", s.Clusters)
	add("region", s.Regions)
	add("redundancy group", s.Redundancy)
	if len(parts) == 0 {
		return "everything"
	}
	return strings.TrimSpace(strings.Join(parts, ", "))
}

func texts(l []change.Ref) []string {
	s := make([]string, len(l))
	for i, r := range l {
		s[i] = string(r)
	}
	return s
}
