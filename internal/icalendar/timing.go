package icalendar

import (
	"time"
)

// timing finds out when an entry takes place.
type timing struct {
	gathering *gathering
	entry     *entry
	zone      *zone
	withdrawn bool
	length    nominal
}

// measure finds the length: that of DTEND is elapsed time, that of DURATION and of
// whole days is what the calendar says (RFC 5545 3.8.5.3).
func (t *timing) measure() error {
	e := t.entry
	switch {
	case e.end != nil && e.end.date != e.start.date:
		return e.wrong("has a date for one of DTSTART and DTEND and a time for the other")
	case e.end != nil && e.start.date:
		t.length = nominal{days: int(e.end.wall.Sub(e.start.wall) / day)}
	case e.end != nil:
		z, err := e.in.zoneOf(*e.end)
		if err != nil {
			return e.about("DTEND", err)
		}
		start, _ := t.zone.at(e.start.wall)
		end, _ := z.at(e.end.wall)
		t.length = nominal{exact: end.Sub(start)}
	case e.length != nil && e.start.date && e.length.exact != 0:
		return e.wrong("is on whole days, and its DURATION is not")
	case e.length != nil:
		t.length = *e.length
	case e.start.date:
		t.length = nominal{days: 1}
	}
	return t.bounded()
}

func (t *timing) bounded() error {
	e, length := t.entry, t.length.about()
	switch {
	case t.withdrawn:
		// It will not happen: however long it is, that must not keep its end from being heard of.
		if length < 0 || length > Longest {
			t.length = nominal{}
		}
	case length < 0:
		return e.wrong("ends before it starts: %s, %s", e.start, e.end).WithHint("ask the sender when it ends")
	case length == 0:
		return e.wrong("has no length: it starts and ends at %s", e.start).WithHint("ask the sender when it ends (DTEND or DURATION)")
	case length > Longest:
		return e.wrong("is %d days long; the longest that is taken for a maintenance is %d", int(length/day), int(Longest/day)).
			WithHint("declare it by hand if it is meant")
	}
	return nil
}

// single keeps an entry that happens once.
func (t *timing) single() error {
	e := t.entry
	start, _ := t.zone.at(e.start.wall)
	if e.Recurrence == "" {
		// Some calendars alter an event that is no series as if it were one.
		if id := (identity{e.UID, start.Format(utcLayout)}); t.gathering.altered[id] != nil {
			t.gathering.met[id] = true
			return nil
		}
	}
	made, err := t.occurrence(e.start.wall)
	switch {
	case err != nil:
		return err
	case !t.withdrawn && !made.End.After(t.gathering.now):
		t.gathering.past++
		return nil
	case start.After(t.gathering.now.Add(farthest)):
		t.gathering.ahead++
		return nil
	}
	if e.end != nil {
		if err := t.certain("DTEND", *e.end); err != nil {
			return err
		}
	}
	return t.keep(made, e.start.wall)
}

// occurrence places the event at a start.
func (t *timing) occurrence(wall time.Time) (Event, error) {
	made := t.entry.Event
	made.AllDay, made.Zone = t.entry.start.date, t.zone.ourName()
	made.Start, _ = t.zone.at(wall)
	made.End = made.Start
	if t.length.days != 0 {
		made.End, _ = t.zone.at(wall.AddDate(0, 0, t.length.days))
	}
	made.End = made.End.Add(t.length.exact)
	if !t.withdrawn && !made.End.After(made.Start) {
		return made, t.entry.wrong("has no length at %s, where the clocks are set", made.Start.Format(time.RFC3339))
	}
	return made, nil
}

// keep emits an occurrence after making sure of its times.
func (t *timing) keep(made Event, wall time.Time) error {
	start := *t.entry.start
	start.wall = wall
	if err := t.certain("DTSTART", start); err != nil {
		return err
	}
	if t.length.days != 0 {
		start.wall = wall.AddDate(0, 0, t.length.days)
		if err := t.certain("DTEND", start); err != nil {
			return err
		}
	}
	if _, gap := t.zone.at(wall); gap && !made.AllDay {
		t.gathering.notes.add("times that the clocks jump over", "%s starts at %s in %s, which the clocks jump over: %s is taken",
			t.entry.label(), wall.Format(time.DateTime), t.zone.name, made.Start.Format(time.RFC3339))
	}
	return t.gathering.emit(t.entry, made)
}

// certain refuses a time of which the calendar and the tz database say different things.
func (t *timing) certain(property string, m moment) error {
	z, err := t.entry.in.zoneOf(m)
	if err != nil {
		return t.entry.about(property, err)
	}
	if ours, theirs, differ := z.doubt(m.wall); differ && !t.withdrawn {
		return t.entry.wrong("is in doubt: at its %s, %s, the zone %s is %s from UTC in the tz database and %s in the calendar's own definition",
			property, m.wall.Format(time.DateTime), quoted(z.name), ours, theirs).
			WithHint("ask the sender which holds, or for times in UTC")
	}
	return nil
}
