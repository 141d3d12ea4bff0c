package schedule

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"github.com/teambition/rrule-go"

	"github.com/changectl/changectl/internal/change"
)

// Bounds of the search along a rule.
const (
	// farthest is how many years after its start a rule must have happened for the
	// first time: the longest wait that calendars make, for 29 February on a given
	// day of the week across a year such as 2100.
	farthest = 40
	// cycle is how many years the calendar takes to repeat, to the day of the week.
	cycle = 400
	// mostChecked is how many occurrences are looked at for overlaps.
	mostChecked = 1000
)

// endOfTime is the last year's end that times are written in (RFC 3339).
var endOfTime = time.Date(rrule.MAXYEAR, 12, 31, 0, 0, 0, 0, time.UTC)

// series is the local starts of a recurrence, as wall clocks show them: times that
// are written as if they were UTC, so that no zone disturbs the counting of days.
type series struct {
	// start is what was written: nothing is before it.
	start time.Time
	// clock is the time of day, since midnight.
	clock time.Duration
	// list is the whole series where it is counted out.
	list []time.Time
	// rule makes the series where list is nil.
	rule *rrule.RRule
	// last is behind which there is no start.
	last time.Time
}

// from yields the local starts at or after wall, in order.
func (s series) from(wall time.Time) iter.Seq[time.Time] {
	if s.rule == nil {
		i, _ := slices.BinarySearchFunc(s.list, wall, time.Time.Compare)
		return slices.Values(s.list[i:])
	}
	return func(yield func(time.Time) bool) {
		wall = later(wall, s.start)
		if wall.After(s.last) {
			return
		}
		next := s.expand(wall)
		for at, ok := next(); ok && !at.After(s.last); at, ok = next() {
			if !at.Before(wall) && !yield(at) {
				return
			}
		}
	}
}

// expand asks the library from the beginning of the rule's period that wall is in.
// It would otherwise count its way from the start, and take a week that the start
// cuts for a whole one (BYSETPOS).
func (s series) expand(wall time.Time) rrule.Next {
	rule := *s.rule
	rule.DTStart(s.period(wall))
	return rule.Iterator()
}

// period returns the beginning of the last period of the rule (day, week, month or
// year, in steps of INTERVAL) that begins on the date of wall or before, at the time
// of day of the series.
func (s series) period(wall time.Time) time.Time {
	option := s.rule.OrigOptions
	whole := func(periods int) int { return periods / option.Interval * option.Interval }
	y, m, d := s.start.Date()
	switch option.Freq {
	case rrule.YEARLY:
		y, m, d = y+whole(wall.Year()-y), time.January, 1
	case rrule.MONTHLY:
		months := (wall.Year()-y)*12 + int(wall.Month()-m)
		m, d = m+time.Month(whole(months)), 1
	case rrule.WEEKLY:
		since := (int(s.start.Weekday()) + 6 - option.Wkst.Day()) % 7
		d += 7*whole((days(s.start, wall)+since)/7) - since
	case rrule.DAILY, rrule.HOURLY, rrule.MINUTELY, rrule.SECONDLY: // daily is the finest that parse lets in
		d += whole(days(s.start, wall))
	}
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Add(s.clock)
}

// days counts the midnights between two times.
func days(from, to time.Time) int {
	return int((midnight(to).Unix() - midnight(from).Unix()) / int64(day/time.Second))
}

// earliest returns the first local start of the rule. The library gives up on a rule
// that nothing follows only in the year 9999; so it is asked as near to that as
// leaves time enough, by whole cycles of the calendar.
func (s series) earliest() (time.Time, bool) {
	shift := (rrule.MAXYEAR - farthest - s.start.Year()) / cycle * cycle
	shifted := series{start: s.start.AddDate(shift, 0, 0), clock: s.clock, rule: s.rule, last: endOfTime}
	for at := range shifted.from(shifted.start) {
		at = at.AddDate(-shift, 0, 0)
		return at, at.Before(s.start.AddDate(farthest, 0, 1))
	}
	return time.Time{}, false
}

// follow makes the series of a rule's text from a local start.
func (r *Recurring) follow(text string, start time.Time) error {
	r.series = series{start: start, list: []time.Time{start}}
	if text == "" {
		return nil
	}
	p, err := parse(text)
	if err != nil {
		return err
	}
	r.series = series{start: start, last: cmp.Or(p.last, endOfTime)}
	if r.series.clock, err = p.clock(start); err != nil {
		return err
	}
	if r.series.rule, err = p.rule(start); err != nil {
		return err
	}
	r.until = p.until
	if _, ok := r.series.earliest(); !ok {
		return change.Invalid("%s never happens: no day in the %d years from %s on follows it", text, farthest, start.Format(time.DateOnly)).
			At(recurRule).WithHint("look at which of its parts exclude each other")
	}
	if !r.happens() {
		return change.Invalid("%s never happens: UNTIL is before the first start at or after %s", text, start.Format(localLayouts[0])).
			At(recurRule).WithHint("give a later UNTIL or an earlier start")
	}
	if p.count > 0 {
		r.series.list, r.series.rule = r.series.take(p.count), nil
	}
	return nil
}

func (s series) take(count int) []time.Time {
	list := make([]time.Time, 0, count)
	for at := range s.from(s.start) {
		if list = append(list, at); len(list) == count {
			break
		}
	}
	return list
}

// apart refuses occurrences that would overlap by the clock on the wall. There is
// at most one start a day, so that a day never does.
func (r *Recurring) apart() error {
	if r.length <= day {
		return nil
	}
	var before time.Time
	checked := 0
	for at := range r.series.from(r.series.start) {
		if gap := at.Sub(before); checked > 0 && gap < r.length {
			return change.Invalid("%s is longer than the %s from the start at %s to the next at %s: they would overlap", Words(r.length), Words(gap),
				before.Format(localLayouts[0]), at.Format(localLayouts[0])).
				At(recurDuration).WithHint("give at most %s, or fewer starts", Words(gap))
		}
		before = at
		if checked++; checked == mostChecked {
			break
		}
	}
	return nil
}
