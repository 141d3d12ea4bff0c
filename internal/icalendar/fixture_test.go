package icalendar_test

import (
	"strings"
	"testing"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/icalendar"
)

var now = time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)

// calendar puts parts between the lines that every calendar has.
func calendar(parts ...string) string {
	return "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//EN\n" + strings.Join(parts, "\n") + "\nEND:VCALENDAR\n"
}

// vevent is an event with a UID and the given lines.
func vevent(uid string, lines ...string) string {
	return "BEGIN:VEVENT\nUID:" + uid + "\n" + strings.Join(lines, "\n") + "\nEND:VEVENT"
}

// timed are the lines of an event of two hours.
var timed = []string{"DTSTART:20270306T220000Z", "DTEND:20270307T000000Z"}

func with(lines ...string) []string { return append(append([]string{}, timed...), lines...) }

func read(text string) (icalendar.Calendar, error) {
	return icalendar.Read(strings.NewReader(text), icalendar.Options{Now: now})
}

func mustRead(t *testing.T, text string) icalendar.Calendar {
	t.Helper()
	c, err := read(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// one reads a calendar that comes to one event.
func one(t *testing.T, text string) icalendar.Event {
	t.Helper()
	c := mustRead(t, text)
	if len(c.Events) != 1 {
		t.Fatalf("got %d events, want one: %+v; notes %q", len(c.Events), c.Events, c.Notes)
	}
	return c.Events[0]
}

// spans writes when events take place, for comparison.
func spans(c icalendar.Calendar) []string {
	var all []string
	for _, e := range c.Events {
		all = append(all, span(e))
	}
	return all
}

func span(e icalendar.Event) string {
	return e.Start.Format("2006-01-02 15:04") + " to " + e.End.Format("2006-01-02 15:04")
}

// refused asks for an Invalid error that says all of the given, and for nothing else.
func refused(t *testing.T, text string, say ...string) {
	t.Helper()
	c, err := read(text)
	if err == nil {
		t.Fatalf("was read as %+v", c)
	}
	if kind := change.KindOf(err); kind != change.KindInvalid {
		t.Errorf("the error is of the kind %q: %v", kind, err)
	}
	for _, part := range say {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not say %q:\n%v", part, err)
		}
	}
	if len(c.Events)+len(c.Notes) > 0 || c.Name != "" {
		t.Errorf("something was returned beside the error: %+v", c)
	}
}
