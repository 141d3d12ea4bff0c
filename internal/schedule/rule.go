package schedule

import (
	"strconv"
	"strings"
	"time"

	"github.com/teambition/rrule-go"

	"github.com/changectl/changectl/internal/change"
)

// mostCounted is the most that COUNT may say: a rule that is counted out is kept as
// the list of its starts.
const mostCounted = 1000

// frequencies are the grains of a rule, with the largest INTERVAL of each: about
// ten years.
var frequencies = map[string]struct {
	freq rrule.Frequency
	most int
}{
	"YEARLY": {rrule.YEARLY, 10}, "MONTHLY": {rrule.MONTHLY, 120}, "WEEKLY": {rrule.WEEKLY, 520}, "DAILY": {rrule.DAILY, 3660},
}

// parts is a rule that has been read.
type parts struct {
	text   map[string]string
	option rrule.ROption
	count  int
	// last and until are UNTIL, of which there is at most one: a local time, and a moment.
	last, until time.Time
}

func bad(format string, args ...any) *change.Error {
	return change.Invalid(format, args...).At(recurRule)
}

// parse reads the value of an RRULE.
func parse(text string) (*parts, error) {
	p := &parts{text: map[string]string{}}
	for part := range strings.SplitSeq(strings.ToUpper(text), ";") {
		name, value, _ := strings.Cut(part, "=")
		if err := known(name); err != nil {
			return nil, err
		}
		if value == "" {
			return nil, bad("%s has no value", name).WithHint("write for example FREQ=WEEKLY;BYDAY=SA")
		}
		if _, twice := p.text[name]; twice {
			return nil, bad("%s stands there twice", name).WithHint("keep one, with a list of values where it takes one")
		}
		p.text[name] = value
	}
	for _, read := range []func() error{p.frequency, p.ending, p.numbers, p.days, p.positions} {
		if err := read(); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func known(name string) error {
	switch name {
	case "FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYDAY", "BYSETPOS", "BYHOUR", "BYMINUTE", "BYSECOND":
		return nil
	case "DTSTART", "TZID":
		return bad("%s does not belong into the rule", name).WithHint("the start and the zone stand in fields of their own")
	case "BYWEEKNO":
		return bad("BYWEEKNO is not supported").WithHint("say it by BYMONTH and BYDAY, or by WEEKLY with an INTERVAL")
	}
	return bad("%q is not a part of a rule", name[:min(len(name), 40)]).
		WithHint("the parts are FREQ, INTERVAL, COUNT, UNTIL, WKST, BYMONTH, BYMONTHDAY, BYYEARDAY, BYDAY and BYSETPOS, with a semicolon between them")
}

func (p *parts) frequency() error {
	f, ok := frequencies[p.text["FREQ"]]
	switch text := p.text["FREQ"]; {
	case text == "":
		return bad("FREQ is missing").WithHint("begin with FREQ=DAILY, WEEKLY, MONTHLY or YEARLY")
	case text == "HOURLY" || text == "MINUTELY" || text == "SECONDLY":
		return bad("FREQ=%s is more often than daily", text).WithHint("give one longer window a day, or several recurrences with FREQ=DAILY")
	case !ok:
		return bad("FREQ=%s is not known", text).WithHint("write DAILY, WEEKLY, MONTHLY or YEARLY")
	}
	p.option.Freq = f.freq
	p.option.Interval = 1
	if text, given := p.text["INTERVAL"]; given {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > f.most {
			return bad("INTERVAL=%s is not between 1 and %d, the most for FREQ=%s", text, f.most, p.text["FREQ"])
		}
		p.option.Interval = n
	}
	if text, given := p.text["WKST"]; given {
		if p.option.Wkst, ok = weekdays[text]; !ok {
			return bad("WKST=%s is not a day of the week", text).WithHint("write MO, TU, WE, TH, FR, SA or SU")
		}
	}
	return nil
}

func (p *parts) ending() error {
	count, counted := p.text["COUNT"]
	until, bounded := p.text["UNTIL"]
	switch {
	case counted && bounded:
		return bad("COUNT and UNTIL stand there together").WithHint("keep one of them (RFC 5545 3.3.10)")
	case counted:
		n, err := strconv.Atoi(count)
		if err != nil || n < 1 || n > mostCounted {
			return bad("COUNT=%s is not between 1 and %d", count, mostCounted).WithHint("end a longer series by UNTIL, or leave its end open")
		}
		p.count = n
	case bounded:
		return p.bound(until)
	}
	return nil
}

func (p *parts) bound(text string) error {
	var err error
	if p.until, err = time.Parse("20060102T150405Z", text); err == nil {
		return nil
	}
	p.until = time.Time{}
	if p.last, err = time.Parse("20060102T150405", text); err == nil {
		return nil
	}
	if p.last, err = time.Parse("20060102", text); err == nil {
		p.last = p.last.Add(day - time.Second)
		return nil
	}
	return bad("UNTIL=%s is not a time", text).
		WithHint("write 20271231T230000Z for UTC, 20271231T230000 for local time, or 20271231 for the whole day")
}

// rule returns the rule for the library, with what the start adds to it said
// outright (RFC 5545 3.3.10).
func (p *parts) rule(start time.Time) (*rrule.RRule, error) {
	o := p.option
	o.Dtstart = start
	switch chosen := len(o.Byyearday)+len(o.Bymonthday)+len(o.Byweekday) > 0; {
	case chosen || o.Freq == rrule.DAILY:
	case o.Freq == rrule.WEEKLY:
		o.Byweekday = []rrule.Weekday{weekdays[strings.ToUpper(start.Weekday().String()[:2])]}
	case o.Freq == rrule.YEARLY && len(o.Bymonth) == 0:
		o.Bymonth, o.Bymonthday = []int{int(start.Month())}, []int{start.Day()}
	default:
		o.Bymonthday = []int{start.Day()}
	}
	made, err := rrule.NewRRule(o)
	if err != nil {
		return nil, bad("%w", err)
	}
	return made, nil
}
