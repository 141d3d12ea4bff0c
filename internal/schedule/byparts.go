package schedule

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

// numbers are the parts that list numbers: the largest, whether they can count from
// the end, and the frequencies that they go with (RFC 5545 3.3.10).
var numbers = []struct {
	name    string
	most    int
	fromEnd bool
	with    []string
	field   func(*rrule.ROption) *[]int
}{
	{"BYMONTH", 12, false, []string{"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}, func(o *rrule.ROption) *[]int { return &o.Bymonth }},
	{"BYMONTHDAY", 31, true, []string{"DAILY", "MONTHLY", "YEARLY"}, func(o *rrule.ROption) *[]int { return &o.Bymonthday }},
	{"BYYEARDAY", 366, true, []string{"YEARLY"}, func(o *rrule.ROption) *[]int { return &o.Byyearday }},
	{"BYSETPOS", 366, true, []string{"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}, func(o *rrule.ROption) *[]int { return &o.Bysetpos }},
}

// clocks are the parts that set the time of day, each with its unit and with the
// first number that is too large.
var clocks = []struct {
	name  string
	limit int
	unit  time.Duration
}{{"BYHOUR", 24, time.Hour}, {"BYMINUTE", 60, time.Minute}, {"BYSECOND", 60, time.Second}}

var weekdays = map[string]rrule.Weekday{
	"MO": rrule.MO, "TU": rrule.TU, "WE": rrule.WE, "TH": rrule.TH, "FR": rrule.FR, "SA": rrule.SA, "SU": rrule.SU,
}

func (p *parts) numbers() error {
	for _, part := range numbers {
		name := part.name
		text, given := p.text[name]
		if !given {
			continue
		}
		if !slices.Contains(part.with, p.text["FREQ"]) {
			return bad("%s does not go with FREQ=%s", name, p.text["FREQ"]).WithHint("it goes with %s", strings.Join(part.with, ", "))
		}
		for item := range strings.SplitSeq(text, ",") {
			n, err := strconv.Atoi(item)
			if size := max(n, -n); err != nil || size < 1 || size > part.most || n < 0 && !part.fromEnd {
				return bad("%s=%s: %q is not a number from 1 to %d", name, text, item, part.most).WithHint("%s", orFromEnd(part.fromEnd))
			}
			*part.field(&p.option) = append(*part.field(&p.option), n)
		}
	}
	return nil
}

func orFromEnd(fromEnd bool) string {
	if fromEnd {
		return "a minus counts from the end"
	}
	return "correct it"
}

// days reads BYDAY. Days with and without a number stand for what they say each;
// the library would want both at once, so those without get all numbers.
func (p *parts) days() error {
	text, given := p.text["BYDAY"]
	if !given {
		return nil
	}
	var plain, numbered []rrule.Weekday
	most := p.mostWeeks()
	for item := range strings.SplitSeq(text, ",") {
		weekday, n, err := readDay(item)
		switch size := max(n, -n); {
		case err != nil:
			return bad("BYDAY=%s: %q is not a day of the week", text, item).WithHint("write for example SA, or 2SA for the second and -1SA for the last")
		case size > most && most == 0:
			return bad("BYDAY=%s: a number does not go with FREQ=%s", text, p.text["FREQ"]).WithHint("use FREQ=MONTHLY or YEARLY")
		case size > most:
			return bad("BYDAY=%s: %q counts beyond %d", text, item, most).WithHint("count from 1 to %d, or from -1 to -%d", most, most)
		case n == 0:
			plain = append(plain, weekday)
		default:
			numbered = append(numbered, weekday.Nth(n))
		}
	}
	for _, weekday := range plain {
		for n := 1; n <= most && len(numbered) > 0; n++ {
			numbered = append(numbered, weekday.Nth(n))
		}
	}
	if p.option.Byweekday = numbered; len(numbered) == 0 {
		p.option.Byweekday = plain
	}
	return nil
}

// mostWeeks returns how often a day of the week can come in what BYDAY counts in.
func (p *parts) mostWeeks() int {
	switch _, byMonth := p.text["BYMONTH"]; {
	case p.option.Freq == rrule.MONTHLY, p.option.Freq == rrule.YEARLY && byMonth:
		return 5
	case p.option.Freq == rrule.YEARLY:
		return 53
	}
	return 0
}

func readDay(item string) (rrule.Weekday, int, error) {
	cut := max(len(item)-2, 0)
	weekday, ok := weekdays[item[cut:]]
	if !ok {
		return weekday, 0, fmt.Errorf("%q is not a day", item)
	}
	if cut == 0 {
		return weekday, 0, nil
	}
	n, err := strconv.Atoi(item[:cut])
	if err == nil && n == 0 {
		err = fmt.Errorf("%q counts from 0", item)
	}
	return weekday, n, err
}

func (p *parts) positions() error {
	if o := p.option; len(o.Bysetpos) > 0 && len(o.Bymonth)+len(o.Bymonthday)+len(o.Byyearday)+len(o.Byweekday) == 0 {
		return bad("BYSETPOS needs another BY part to choose from").WithHint("add for example BYDAY=MO,TU,WE,TH,FR")
	}
	return nil
}

// clock returns the time of day: that of the start, but for what the rule sets.
func (p *parts) clock(start time.Time) (time.Duration, error) {
	clock := start.Sub(midnight(start))
	for _, part := range clocks {
		text, given := p.text[part.name]
		if !given {
			continue
		}
		if strings.Contains(text, ",") {
			return 0, bad("%s=%s is more often than daily", part.name, text).WithHint("write one recurrence for each time of day")
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n >= part.limit {
			return 0, bad("%s=%s is not between 0 and %d", part.name, text, part.limit-1)
		}
		said := clock / part.unit % time.Duration(part.limit)
		clock += (time.Duration(n) - said) * part.unit
	}
	return clock, nil
}
