package icalendar

import (
	"strconv"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/change"
)

const day = 24 * time.Hour

// moment is a date or a date with time as a calendar writes it (RFC 5545 3.3.4, 3.3.5).
type moment struct {
	wall time.Time // what the clock shows, as if that were UTC
	date bool      // a whole day
	utc  bool
	zone string // TZID, or empty
}

const (
	dateLayout = "20060102"
	wallLayout = "20060102T150405"
	utcLayout  = "20060102T150405Z"
)

// String writes a moment as people do.
func (m *moment) String() string {
	switch {
	case m.date:
		return m.wall.Format(time.DateOnly)
	case m.utc:
		return m.wall.Format(time.DateTime) + " UTC"
	case m.zone != "":
		return m.wall.Format(time.DateTime) + " " + m.zone
	}
	return m.wall.Format(time.DateTime)
}

// moments reads a property that holds a list of moments, of at most so many as are
// left, and takes them off.
func (p property) moments(left *int) ([]moment, error) {
	var list []moment
	for text := range strings.SplitSeq(p.value, ",") {
		if *left--; *left < 0 {
			return nil, change.Invalid("the calendar lists more than %d dates", mostDates).WithHint("ask for a feed of the coming months only")
		}
		m, err := p.readMoment(text)
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, nil
}

// moment reads a property that holds one moment.
func (p property) moment() (*moment, error) {
	m, err := p.readMoment(p.value)
	return &m, err
}

func (p property) readMoment(text string) (moment, error) {
	text = strings.TrimSpace(text)
	m := moment{zone: oneLine(p.parameter("TZID"), mostLabel)}
	kind := strings.ToUpper(p.parameter("VALUE"))
	layout := wallLayout
	switch {
	case kind == "PERIOD":
		return m, change.Invalid("%s holds periods, which are not read", p.name).WithHint("ask the sender for events or dates instead")
	case len(text) == len(dateLayout):
		layout, m.date = dateLayout, true
	case strings.HasSuffix(text, "Z"):
		layout, m.utc, m.zone = utcLayout, true, ""
	}
	var err error
	m.wall, err = time.Parse(layout, text)
	if err != nil || len(text) != len(layout) || (kind == "DATE") && !m.date || (kind == "DATE-TIME") && m.date {
		return m, change.Invalid("%s: %s is not %s", p.name, quoted(text), expected(kind)).
			WithHint("a date is written 20270306, a time 20270306T230000 or, in UTC, 20270306T230000Z")
	}
	return m, nil
}

func expected(kind string) string {
	if kind == "DATE" {
		return "a date"
	}
	return "a date and time"
}

// nominal is a length of so many days of the calendar, which may have 23 or 25
// hours, and of elapsed time behind them (RFC 5545 3.3.6).
type nominal struct {
	days  int
	exact time.Duration
}

// mostDays is far beyond what is taken, and near enough to be reckoned with.
const mostDays = 10_000

// about is the length when every day has 24 hours.
func (n nominal) about() time.Duration { return time.Duration(n.days)*day + n.exact }

// duration reads a DURATION.
func (p property) duration() (*nominal, error) {
	wrong := change.Invalid("%s: %s is not a duration", p.name, quoted(p.value)).WithHint("a duration is written P1D, PT4H or PT1H30M")
	text := strings.ToUpper(strings.TrimSpace(p.value))
	if strings.HasPrefix(text, "-") {
		return nil, change.Invalid("%s: %s is negative", p.name, quoted(p.value)).WithHint("an event ends after it starts")
	}
	text, ok := strings.CutPrefix(strings.TrimPrefix(text, "+"), "P")
	dates, clock, timed := strings.Cut(text, "T")
	if !ok || text == "" || timed && clock == "" {
		return nil, wrong
	}
	weeks, ok1 := take(&dates, "W")
	days, ok2 := take(&dates, "D")
	hours, ok3 := take(&clock, "H")
	minutes, ok4 := take(&clock, "M")
	seconds, ok5 := take(&clock, "S")
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || dates != "" || clock != "" {
		return nil, wrong
	}
	exact := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute + time.Duration(seconds)*time.Second
	return &nominal{days: min(weeks*7+days, mostDays), exact: exact}, nil
}

// take cuts a number with its unit off the beginning of s, if that is there. More
// than six digits are no number: the sum of all has to fit a time.Duration.
func take(s *string, unit string) (int, bool) {
	digits, rest, found := strings.Cut(*s, unit)
	if !found {
		return 0, true
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || len(digits) > 6 {
		return 0, false
	}
	*s = rest
	return int(n), true
}

// offset reads a UTC-OFFSET (RFC 5545 3.3.14), in seconds.
func (p property) offset() (int, error) {
	text := strings.TrimSpace(p.value)
	wrong := change.Invalid("%s: %s is not an offset from UTC", p.name, quoted(text)).WithHint("an offset is written +0100 or -0530")
	if len(text) != 5 && len(text) != 7 || text[0] != '+' && text[0] != '-' {
		return 0, wrong
	}
	seconds := 0
	for i, most := range []int{23, 59, 59}[:len(text)/2] {
		n, err := strconv.ParseUint(text[1+2*i:3+2*i], 10, 8)
		if err != nil || int(n) > most {
			return 0, wrong
		}
		seconds += int(n) * []int{3600, 60, 1}[i]
	}
	if text[0] == '-' {
		seconds = -seconds
	}
	return seconds, nil
}
