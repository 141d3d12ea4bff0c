package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/schedule"
)

// zone returns the location of a window, UTC where the name is not known.
func zone(name string) *time.Location {
	if loc, err := time.LoadLocation(name); err == nil && name != "" && name != "Local" {
		return loc
	}
	return time.UTC
}

// Moment writes a time in a window's zone and in UTC, with seconds where there are any.
func Moment(t time.Time, zoneName string) string { return momentIn(t, zone(zoneName)) }

func momentIn(t time.Time, loc *time.Location) string {
	if t.IsZero() {
		return "-"
	}
	s := t.In(loc).Format("Mon 2006-01-02 " + clockFormat(t) + " MST")
	if !isUTC(loc) {
		s += " (" + t.UTC().Format(clockFormat(t)) + " UTC)"
	}
	return s
}

func isUTC(loc *time.Location) bool { return loc.String() == "UTC" }

func clockFormat(times ...time.Time) string {
	for _, t := range times {
		if t.Second() != 0 || t.Nanosecond() != 0 {
			return "15:04:05"
		}
	}
	return "15:04"
}

// Window writes a window in its zone and in UTC.
func Window(w change.Window) string { return windowIn(w, zone(w.Zone)) }

func windowIn(w change.Window, loc *time.Location) string {
	f := clockFormat(w.Start, w.End)
	s := span(w.Start.In(loc), w.End.In(loc), "Mon 2006-01-02 ", f) + " " + w.Start.In(loc).Format("MST")
	if end := w.End.In(loc).Format("MST"); end != w.Start.In(loc).Format("MST") {
		s += "/" + end
	}
	if !isUTC(loc) {
		date := ""
		if w.Start.UTC().Day() != w.Start.In(loc).Day() {
			date = "2006-01-02 "
		}
		s += " (" + span(w.Start.UTC(), w.End.UTC(), date, f) + " UTC)"
	}
	return s + ", " + schedule.Words(w.Length())
}

func span(start, end time.Time, date, clock string) string {
	endDate := ""
	if start.YearDay() != end.YearDay() || start.Year() != end.Year() {
		endDate = "2006-01-02 "
	}
	return start.Format(date+clock) + " to " + end.Format(endDate+clock)
}

// shortWindow is Window for a line of a list.
func shortWindow(w change.Window) string {
	loc := zone(w.Zone)
	return span(w.Start.In(loc), w.End.In(loc), "2006-01-02 ", clockFormat(w.Start, w.End)) + w.Start.In(loc).Format(" MST")
}

// Took writes a short duration to three digits, such as 84ms, 1.25s or 3m10s.
func Took(d time.Duration) string {
	switch {
	case d < 0:
		return "-"
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(10 * time.Millisecond).String()
	}
	return schedule.Words(d.Round(time.Second))
}

func away(now, t time.Time) string {
	d := t.Sub(now)
	if d < 0 {
		return schedule.Words((-d).Round(time.Second)) + " ago"
	}
	return "in " + schedule.Words(d.Round(time.Second))
}

func refs(l []change.Ref) string {
	s := make([]string, len(l))
	for i, r := range l {
		s[i] = string(r)
	}
	return strings.Join(s, ", ")
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
