package icalendar

import (
	"errors"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/schedule"
)

// rule is an RRULE (RFC 5545 3.3.10). Its UNTIL is kept apart, because only the zone
// of what recurs can say where that falls.
type rule struct {
	line  int
	parts string
	until *moment
}

func (p property) rule() (rule, error) {
	r := rule{line: p.line}
	var parts []string
	for part := range strings.SplitSeq(strings.ToUpper(plain(p.value)), ";") {
		part = strings.TrimSpace(part)
		value, found := strings.CutPrefix(part, "UNTIL=")
		switch {
		case part == "": // a semicolon at the end is seen often
		case !found:
			parts = append(parts, part)
		case r.until != nil:
			return r, change.Invalid("%s: UNTIL stands there twice", p.name)
		default:
			until, err := property{name: p.name + ": UNTIL"}.readMoment(value)
			if err != nil {
				return r, err
			}
			r.until = &until
		}
	}
	r.parts = strings.Join(parts, ";")
	if r.parts == "" {
		return r, change.Invalid("%s is empty", p.name)
	}
	return r, nil
}

// over reports whether an occurrence is behind the end of the rule.
func (r rule) over(wall, at time.Time) bool {
	switch {
	case r.until == nil:
		return false
	case r.until.date:
		return !wall.Before(r.until.wall.Add(day))
	case r.until.utc:
		return at.After(r.until.wall)
	}
	return wall.After(r.until.wall)
}

// course is a rule with its start, ready to be asked. All its times are what the
// clock shows, as if that were UTC.
type course struct {
	recurring *schedule.Recurring
	shift     int // years by which recurring is ahead
}

// slack keeps what UNTIL ends, in whatever zone, from being cut off too early.
const slack = 2 * day

// from makes the rule ready. It is nil when UNTIL lies before the start.
func (r rule) from(start time.Time) (*course, error) {
	text := r.parts
	c := &course{shift: shift(start)}
	if r.until != nil {
		if r.until.wall.Add(slack).Before(start) {
			return nil, nil //nolint:nilnil // there is no course, and that is no error
		}
		// Beyond this, UNTIL ends nothing that is asked for.
		if r.until.wall.Year() < 2500 {
			text += ";UNTIL=" + r.until.wall.Add(slack).AddDate(c.shift, 0, 0).Format(utcLayout)
		}
	}
	var err error
	c.recurring, err = schedule.Recur(change.Recurrence{
		Start:    start.AddDate(c.shift, 0, 0).Format("2006-01-02T15:04:05"),
		Rule:     text,
		Duration: change.Duration(time.Second),
		Zone:     "UTC",
	})
	var told *change.Error
	if errors.As(err, &told) {
		return nil, change.Invalid("%s", told.Message).WithHint("%s", told.Hint)
	}
	return c, err
}

// shift returns by how many years a start is moved to come to lie where schedule
// takes it. The calendar repeats itself after 400 years, and between 1901 and 2099
// after 28; zone definitions of Microsoft start in 1601.
func shift(start time.Time) int {
	switch year := start.Year(); {
	case year < 1800:
		return 400
	case year > 1900 && year < 1970:
		return (1970 - year + 27) / 28 * 28
	}
	return 0
}

// between returns the occurrences in [from, to). It asks for a century at a time:
// a rule is not followed for more than 292 years, the longest time.Duration.
func (c *course) between(from, to time.Time) []time.Time {
	var walls []time.Time
	for from.Before(to) {
		end := from.AddDate(100, 0, 0)
		if end.After(to) {
			end = to
		}
		for _, w := range c.recurring.Between(from.AddDate(c.shift, 0, 0), end.AddDate(c.shift, 0, 0)) {
			if start := w.Start.AddDate(-c.shift, 0, 0); !start.Before(from) {
				walls = append(walls, start)
			}
		}
		from = end
	}
	return walls
}

// next returns the first occurrence at or after a time.
func (c *course) next(after time.Time) (time.Time, bool) {
	w, ok := c.recurring.Next(after.AddDate(c.shift, 0, 0))
	return w.Start.AddDate(-c.shift, 0, 0), ok
}
