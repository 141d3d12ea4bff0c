package icalendar

import (
	"slices"
	"time"

	"github.com/changectl/changectl/internal/change"
)

// expand keeps the occurrences of a series that are not over and begin before the horizon.
func (t *timing) expand() error {
	except, err := t.exceptions()
	if err != nil {
		return err
	}
	starts, further, err := t.starts()
	if err != nil {
		return err
	}
	g, kept := t.gathering, false
	for _, wall := range starts {
		made, err := t.occurrence(wall)
		if err != nil {
			return err
		}
		made.Recurrence = made.Start.Format(utcLayout)
		id := identity{made.UID, made.Recurrence}
		switch {
		case !made.Start.Before(g.horizon):
			further = true
		case !made.End.After(g.now) || except[made.Recurrence] || except[wall.Format(dateLayout)]:
		case g.altered[id] != nil:
			g.met[id], kept = true, true
		default:
			kept = true
			if err := t.keep(made, wall); err != nil {
				return err
			}
		}
	}
	switch {
	case further:
		g.notes.add("series that go on", "%s goes on after %s: what comes then is left out", t.entry.label(), g.horizon.UTC().Format(time.RFC3339))
	case !kept:
		g.past++
	}
	return nil
}

// exceptions returns what EXDATE leaves out: starts, and whole days.
func (t *timing) exceptions() (map[string]bool, error) {
	except := map[string]bool{}
	for _, m := range t.entry.except {
		if m.date && !t.entry.start.date {
			except[m.wall.Format(dateLayout)] = true
			continue
		}
		z, err := t.entry.in.zoneOf(m)
		if err != nil {
			return nil, t.entry.about("EXDATE", err)
		}
		at, _ := z.at(m.wall)
		except[at.Format(utcLayout)] = true
	}
	return except, nil
}

// starts returns the local starts around the time that is asked for, and whether
// there are more behind it.
func (t *timing) starts() (starts []time.Time, further bool, err error) {
	e := t.entry
	from := t.gathering.now.UTC().Add(-t.length.about() - reach)
	to := t.gathering.horizon.UTC().Add(reach)
	if !t.stillborn() {
		starts = append(starts, e.start.wall)
	}
	for _, m := range e.dates {
		wall, err := t.local(m)
		if err != nil {
			return nil, false, err
		}
		starts = append(starts, wall)
	}
	for _, r := range e.rules {
		walls, goesOn, err := t.follow(r, from, to)
		if err != nil {
			return nil, false, t.gathering.source.located(e.about("RRULE:", err), r.line)
		}
		starts, further = append(starts, walls...), further || goesOn
	}
	slices.SortFunc(starts, time.Time.Compare)
	return slices.CompactFunc(starts, time.Time.Equal), further, nil
}

// stillborn reports whether a rule ended before the series began. Calendars write it
// so when somebody takes the first occurrence away with all that follow.
func (t *timing) stillborn() bool {
	start := t.entry.start.wall
	at, _ := t.zone.at(start)
	return slices.ContainsFunc(t.entry.rules, func(r rule) bool { return r.over(start, at) })
}

func (t *timing) follow(r rule, from, to time.Time) (walls []time.Time, further bool, err error) {
	if r.until != nil && r.until.wall.Add(slack).Before(from) {
		return nil, false, nil
	}
	if left := &t.gathering.source.rules; *left > 0 {
		*left--
	} else {
		return nil, false, change.Invalid("it is one of more than %d in the calendar that are not over", mostRules).WithHint("ask for a smaller feed")
	}
	c, err := r.from(t.entry.start.wall)
	if err != nil || c == nil {
		return nil, false, err
	}
	for _, wall := range c.between(from, to) {
		if at, _ := t.zone.at(wall); !r.over(wall, at) {
			walls = append(walls, wall)
		}
	}
	if wall, more := c.next(to); more {
		at, _ := t.zone.at(wall)
		further = !r.over(wall, at)
	}
	return walls, further, nil
}

// local returns an RDATE as the clock of the series shows it.
func (t *timing) local(m moment) (time.Time, error) {
	if m.date != t.entry.start.date {
		return time.Time{}, t.entry.wrong("has a date for one of DTSTART and RDATE and a time for the other")
	}
	z, err := t.entry.in.zoneOf(m)
	if err != nil {
		return time.Time{}, t.entry.about("RDATE", err)
	}
	if z == t.zone {
		return m.wall, nil
	}
	at, _ := z.at(m.wall)
	return wallOf(at.In(t.zone.loc)), nil
}

// wallOf returns what the clock shows, as if that were UTC.
func wallOf(at time.Time) time.Time {
	_, offset := at.Zone()
	return at.Add(time.Duration(offset) * time.Second).UTC()
}
