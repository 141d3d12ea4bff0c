package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/schedule"
)

// neighbourGroups are the groups of neighbours, as a person reads them.
var neighbourGroups = []struct {
	state change.NeighbourState
	title string
}{
	{change.NeighbourOverrunning, "OVERRUNNING: at work after the end of its window"},
	{change.NeighbourRunning, "RUNNING"},
	{change.NeighbourEnded, "JUST ENDED: within the last 2 hours"},
	{change.NeighbourNext, "NEXT: begins within 24 hours"},
}

// Sandbox writes who else is playing, those first whom a person asks about first. Times
// are in loc and in UTC.
func Sandbox(s change.Sandbox, loc *time.Location) string {
	nobody, around := "nobody is playing", ""
	if s.Of != "" {
		nobody, around = "nobody else is playing", " around "+s.Of
	}
	at := momentIn(s.At.Truncate(time.Second), loc)
	if len(s.Neighbours) == 0 {
		return wrapped("", nobody+around+": nothing runs, ended within 2 hours or begins within 24 hours") + "looked at " + at + "\n"
	}
	return wrapped("", "Who "+strings.TrimPrefix(nobody, "nobody ")+around) + at + "\n\n" + Neighbours(s.Neighbours, s.At, loc)
}

// playedWith is who else was playing when a change was held.
func playedWith(list []change.Neighbour, now time.Time, loc *time.Location) string {
	return "Who else was playing when it was held\n" + indent(Neighbours(list, now, loc))
}

// Neighbours writes neighbours in groups: overrunning, running, just ended, next. Each
// is told with what it has to do with the question, when, whose and whom to call.
func Neighbours(list []change.Neighbour, now time.Time, loc *time.Location) string {
	var blocks []string
	for _, g := range neighbourGroups {
		text := ""
		for _, n := range list {
			if n.State == g.state {
				text += neighbour(n, now, loc)
			}
		}
		if text != "" {
			blocks = append(blocks, g.title+"\n"+text)
		}
	}
	return strings.Join(blocks, "\n")
}

func neighbour(n change.Neighbour, now time.Time, loc *time.Location) string {
	s := wrapped(string(n.By)+"  ", fmt.Sprintf("%s (%s)", n.Title, neighbourKind(n)))
	s += wrapped("  ", Relation(n))
	line := func(label, text string) {
		if text != "" {
			s += wrapped(fmt.Sprintf("  %-8s", label), text)
		}
	}
	if len(n.Systems) > 1 && n.Relation != "" {
		line("on", few(n.Systems))
	}
	line("now", timing(n, now))
	line("window", windowIn(n.Window, loc))
	line("whose", whoseWork(n))
	line("contact", n.Contact)
	return s
}

// NeighbourLines writes each neighbour on a line, in the order of the groups, with what
// is wanted first where there is no room for all: who, whom to call, when, and why.
func NeighbourLines(list []change.Neighbour, now time.Time) []string {
	var lines []string
	for _, g := range neighbourGroups {
		for _, n := range list {
			if n.State != g.state {
				continue
			}
			whose := whoseWork(n)
			if n.Contact != "" {
				whose += ", " + n.Contact
			}
			lines = append(lines, OneLine(fmt.Sprintf("%s %s %q (%s): %s; %s", n.State, n.By, n.Title, whose, timing(n, now), Relation(n))))
		}
	}
	return lines
}

// Relation says in a sentence what a neighbour has to do with the question.
func Relation(n change.Neighbour) string {
	if n.Relation != "" {
		return n.Relation
	}
	verb := map[change.Mode]string{change.Touch: "works on", change.Impact: "takes down", change.Observe: "looks at"}[n.Mode]
	if verb == "" {
		verb = "holds"
	}
	s := verb + " " + few(n.Systems)
	if len(n.Path) > 1 {
		s += ", by way of " + Path(n.Path)
	}
	return s
}

func neighbourKind(n change.Neighbour) string {
	if n.By.Declared() {
		return declared(n.Impact)
	}
	return string(n.Status)
}

// whoseWork says whose work it is, and who brought it in where that is somebody else.
func whoseWork(n change.Neighbour) string {
	switch {
	case n.Owner == "" || n.Owner == string(n.Person):
		return string(n.Person)
	case n.Person == "":
		return n.Owner
	case n.By.Declared():
		return fmt.Sprintf("%s (declared by %s)", n.Owner, n.Person)
	}
	return fmt.Sprintf("%s (submitted by %s)", n.Owner, n.Person)
}

// timing says where a neighbour stands in time, as seen at now.
func timing(n change.Neighbour, now time.Time) string {
	end, start := n.Window.End, n.Window.Start
	switch n.State {
	case change.NeighbourEnded:
		if n.Ended.IsZero() {
			return "ended " + away(now, end)
		}
		return "ended " + away(now, n.Ended)
	case change.NeighbourNext:
		if start.After(now) {
			return "begins " + away(now, start)
		}
		return "its window opened " + away(now, start)
	case change.NeighbourOverrunning, change.NeighbourRunning:
	}
	s := "to end " + away(now, end)
	if !end.After(now) {
		s = schedule.Words(now.Sub(end).Round(time.Second)) + " over its window"
	}
	if !n.Since.IsZero() {
		s += ", began " + away(now, n.Since)
	}
	return s
}
