// Package schedule is the arithmetic of time: what people write as local times
// becomes a window in UTC, and the window is held against the steps that shall
// fit into it together with their way back.
//
// It is pure: it never looks at a clock, so that rules and workflows can use it
// alike, and it knows nothing of calendars, changes of status or databases. The
// time zone database is the program's business (import time/tzdata in cmd).
package schedule

import (
	"time"

	"github.com/changectl/changectl/internal/change"
)

// reach is farther than any zone's offset from UTC, in either direction, even
// across a day that a zone skipped.
const reach = 50 * time.Hour

// placement is where a wall clock's time falls in a zone.
type placement struct {
	at  time.Time
	gap bool
	// turn is the moment at which the clocks jump over the time, when gap is set.
	turn time.Time
	// before and after are the offsets from UTC on both sides of turn, in seconds.
	before, after int
}

// place finds the first moment at which the clocks of loc show wall, which is
// given as if it were UTC. It walks the zone's periods in order of time, because
// time.Date picks sides of gaps and overlaps as it likes.
func place(wall time.Time, loc *time.Location) placement {
	period := wall.Add(-reach).In(loc)
	previous := 0
	for first := true; ; first = false {
		_, offset := period.Zone()
		start, end := bounds(period)
		at := wall.Add(-time.Duration(offset) * time.Second)
		if !first && at.Before(start) {
			before := wall.Add(-time.Duration(previous) * time.Second)
			return placement{at: before.In(loc), gap: true, turn: start, before: previous, after: offset}
		}
		if end.IsZero() || at.Before(end) {
			return placement{at: at.In(loc)}
		}
		previous, period = offset, end.In(loc)
	}
}

// bounds returns the zone's period that t is in. On the last day of a leap year, in
// a zone that has daylight saving by rule, the library ends the period a day early,
// before t (go.dev/issue/81583): whoever walks on from there never arrives.
func bounds(t time.Time) (start, end time.Time) {
	start, end = t.ZoneBounds()
	if !end.IsZero() && !end.After(t) {
		end = end.Add(day)
	}
	return start, end
}

// ResolveLocal returns the moment at which the clocks of loc show the given date
// and time. A time that the clocks jump over is reported as a gap and taken with
// the offset before the jump; one that they show twice is its first occurrence
// (RFC 5545 3.3.5). A date or time that no calendar has is an Invalid error.
func ResolveLocal(year int, month time.Month, day, hour, minute, second int, loc *time.Location) (time.Time, bool, error) {
	wall := time.Date(year, month, day, hour, minute, second, 0, time.UTC)
	y, m, d := wall.Date()
	if y != year || m != month || d != day || wall.Hour() != hour || wall.Minute() != minute || wall.Second() != second {
		return time.Time{}, false, change.Invalid("%04d-%02d-%02d %02d:%02d:%02d is not in the calendar", year, int(month), day, hour, minute, second)
	}
	p := place(wall, loc)
	return p.at, p.gap, nil
}
