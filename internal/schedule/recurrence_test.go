package schedule_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/schedule"
)

// sample is a recurrence with everything that happens of it before an end.
type sample struct {
	in    change.Recurrence
	loc   *time.Location
	walls []time.Time
	end   time.Time
}

// drawSample draws a recurrence that happens at least once within twelve years.
func drawSample(t *rapid.T) sample {
	happens := func(m model) bool { return len(m.upTo(m.start.AddDate(12, 0, 0))) > 0 }
	m := rapid.Custom(drawModel).Filter(happens).Draw(t, "model")
	s := sample{end: m.start.AddDate(12, 0, 0)}
	s.walls = m.upTo(s.end)
	s.in = change.Recurrence{
		Start:    m.start.Format("2006-01-02T15:04"),
		Duration: change.Duration(time.Duration(rapid.IntRange(1, 24*60).Draw(t, "minutes")) * time.Minute),
		Zone:     rapid.SampledFrom([]string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Casablanca", "UTC"}).Draw(t, "zone"),
	}
	var err error
	if s.loc, err = time.LoadLocation(s.in.Zone); err != nil {
		t.Fatal(err)
	}
	s.in.Rule = m.String() + s.finish(t)
	s.leaveOut(t)
	return s
}

// finish cuts the series off by COUNT or one of the three kinds of UNTIL, and
// returns what the rule says for it.
func (s *sample) finish(t *rapid.T) string {
	n := rapid.IntRange(1, min(len(s.walls), 1000)).Draw(t, "kept")
	last := s.walls[n-1]
	end := rapid.SampledFrom([]string{"", "COUNT", "local UNTIL", "UNTIL the day", "UNTIL in UTC"}).Draw(t, "end")
	if end != "" {
		s.walls = s.walls[:n]
	}
	switch end {
	case "COUNT":
		return ";COUNT=" + strconv.Itoa(n)
	case "local UNTIL":
		return ";UNTIL=" + last.Format("20060102T150405")
	case "UNTIL the day":
		return ";UNTIL=" + last.Format("20060102")
	case "UNTIL in UTC":
		return ";UNTIL=" + s.moment(t, last).Format("20060102T150405Z")
	}
	return ""
}

// leaveOut takes exceptions out, but never all there is.
func (s *sample) leaveOut(t *rapid.T) {
	for range min(rapid.IntRange(0, 3).Draw(t, "exceptions"), len(s.walls)-1) {
		i := rapid.IntRange(0, len(s.walls)-1).Draw(t, "exception")
		layout := rapid.SampledFrom([]string{time.DateOnly, "2006-01-02T15:04:05"}).Draw(t, "layout")
		s.in.Except = append(s.in.Except, s.walls[i].Format(layout))
		s.walls = slices.Delete(s.walls, i, i+1)
	}
}

func (s *sample) moment(t *rapid.T, wall time.Time) time.Time {
	got, _, err := schedule.ResolveLocal(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), s.loc)
	if err != nil {
		t.Fatal(err)
	}
	return got.UTC()
}

func (s *sample) windows(t *rapid.T) []change.Window {
	var all []change.Window
	for _, wall := range s.walls {
		start := s.moment(t, wall)
		if n := len(all); n > 0 && all[n-1].End.After(start) {
			all[n-1].End = start
		}
		all = append(all, change.Window{Start: start, End: start.Add(s.in.Duration.Std()), Zone: s.in.Zone})
	}
	return all
}

func TestARecurrenceHappensWhenADayByDayReadingOfTheRuleSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSample(t)
		r, err := schedule.Recur(s.in)
		if err != nil {
			t.Fatalf("%+v happens first at %s, but: %v", s.in, s.walls[0], err)
		}
		from := s.walls[0].AddDate(0, 0, rapid.IntRange(-20, 11*365).Draw(t, "from")).Add(time.Duration(rapid.IntRange(0, 86400).Draw(t, "second")) * time.Second)
		to := from.Add(time.Duration(rapid.IntRange(1, 40*86400).Draw(t, "seconds")) * time.Second)
		from, to = earliest(from, s.end.AddDate(0, 0, -60)), earliest(to, s.end.AddDate(0, 0, -20))
		all := s.windows(t)
		want := slices.DeleteFunc(slices.Clone(all), func(w change.Window) bool { return !w.Overlaps(change.Window{Start: from, End: to}) })
		if diff := cmp.Diff(want, r.Between(from, to), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%+v from %s to %s (-want +got):\n%s", s.in, from, to, diff)
		}
		for _, w := range all {
			if !w.Start.Before(from) {
				if got, ok := r.Next(from); !ok || got != w {
					t.Errorf("%+v: the next at or after %s is %v, %v; want %v", s.in, from, got, ok, w)
				}
				break
			}
		}
	})
}

func earliest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func TestARuleThatIsRefusedAsNeverHappeningNeverHappens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t)
		_, err := schedule.Recur(change.Recurrence{Start: m.start.Format("2006-01-02T15:04"), Rule: m.String(), Duration: change.Duration(time.Hour), Zone: "UTC"})
		if walls := m.upTo(m.start.AddDate(15, 0, 0)); err != nil && len(walls) > 0 {
			t.Errorf("%s from %s happens at %s, but: %v", m, m.start, walls[0], err)
		}
	})
}

// Whatever a rule says, it is refused or can be asked.
func TestNoRuleBreaksTheReader(t *testing.T) {
	number := rapid.Map(rapid.IntRange(-400, 400), strconv.Itoa)
	value := rapid.OneOf(number, rapid.StringMatching(`-?[0-9]{1,2}(MO|TU|SA|SU|XX)`), rapid.SampledFrom([]string{"MO", "SU", "20270301", "20270301T000000Z", "", "\x00"}))
	list := rapid.Map(rapid.SliceOfN(value, 1, 4), func(v []string) string { return strings.Join(v, ",") })
	name := rapid.SampledFrom([]string{"INTERVAL", "COUNT", "UNTIL", "WKST", "BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYDAY", "BYSETPOS", "BYHOUR", "BYWEEKNO", "X"})
	rapid.Check(t, func(t *rapid.T) {
		in := saturdays
		in.Rule = "FREQ=" + rapid.SampledFrom([]string{"YEARLY", "MONTHLY", "WEEKLY", "DAILY"}).Draw(t, "freq")
		for range rapid.IntRange(1, 3).Draw(t, "parts") {
			in.Rule += ";" + name.Draw(t, "name") + "=" + list.Draw(t, "list")
		}
		r, err := schedule.Recur(in)
		if err != nil {
			if change.KindOf(err) != change.KindInvalid {
				t.Fatalf("%q: %v is not an error for a person", in.Rule, err)
			}
			return
		}
		w, ok := r.Next(time.Time{})
		if got := r.Between(w.Start, w.End); !ok || len(got) == 0 || got[0] != w {
			t.Fatalf("%q: %v is not what happens first, %v", in.Rule, got, w)
		}
	})
}

var saturdays = change.Recurrence{Start: "2027-01-02T22:00", Rule: "FREQ=WEEKLY;BYDAY=SA", Duration: change.Duration(4 * time.Hour), Zone: "Europe/Berlin"}

// with returns the Saturdays with something altered.
func with(alter func(*change.Recurrence)) change.Recurrence {
	in := saturdays
	alter(&in)
	return in
}

func daily(start, rest, zone string, hours int) change.Recurrence {
	return change.Recurrence{Start: start, Rule: "FREQ=DAILY" + rest, Duration: change.Duration(time.Duration(hours) * time.Hour), Zone: zone}
}

func TestARecurrenceHappensInItsZone(t *testing.T) {
	tests := map[string]struct {
		in       change.Recurrence
		from, to string
		want     []string // start/end
	}{
		"every Saturday": {saturdays, "2027-03-20T00:00:00Z", "2027-04-04T00:00:00Z", []string{
			"2027-03-20T21:00:00Z/2027-03-21T01:00:00Z", "2027-03-27T21:00:00Z/2027-03-28T01:00:00Z", "2027-04-03T20:00:00Z/2027-04-04T00:00:00Z",
		}},
		"one that has begun":                 {saturdays, "2027-03-21T00:59:59Z", "2027-03-21T12:00:00Z", []string{"2027-03-20T21:00:00Z/2027-03-21T01:00:00Z"}},
		"one that just ended":                {saturdays, "2027-03-21T01:00:00Z", "2027-03-27T21:00:00Z", nil},
		"nothing before the start":           {saturdays, "2026-01-01T00:00:00Z", "2027-01-03T00:00:00Z", []string{"2027-01-02T21:00:00Z/2027-01-03T01:00:00Z"}},
		"once":                               {with(func(r *change.Recurrence) { r.Rule = "" }), "2020-01-01T00:00:00Z", "2040-01-01T00:00:00Z", []string{"2027-01-02T21:00:00Z/2027-01-03T01:00:00Z"}},
		"the start need not follow the rule": {with(func(r *change.Recurrence) { r.Start = "2027-01-01T22:00" }), "2027-01-01T00:00:00Z", "2027-01-09T00:00:00Z", []string{"2027-01-02T21:00:00Z/2027-01-03T01:00:00Z"}},
		"in a gap, the offset before it": {daily("2027-03-27T02:30", "", "Europe/Berlin", 1), "2027-03-27T12:00:00Z", "2027-03-29T12:00:00Z", []string{
			"2027-03-28T01:30:00Z/2027-03-28T02:30:00Z", "2027-03-29T00:30:00Z/2027-03-29T01:30:00Z",
		}},
		"in an overlap, the first of the two": {daily("2027-10-30T02:30", "", "Europe/Berlin", 1), "2027-10-30T12:00:00Z", "2027-11-01T12:00:00Z", []string{
			"2027-10-31T00:30:00Z/2027-10-31T01:30:00Z", "2027-11-01T01:30:00Z/2027-11-01T02:30:00Z",
		}},
		"whole days meet, and the short one is short": {daily("2027-03-27T00:00", "", "Europe/Berlin", 24), "2027-03-27T12:00:00Z", "2027-03-29T12:00:00Z", []string{
			"2027-03-26T23:00:00Z/2027-03-27T23:00:00Z", "2027-03-27T23:00:00Z/2027-03-28T22:00:00Z", "2027-03-28T22:00:00Z/2027-03-29T22:00:00Z",
		}},
		"a day that a zone skipped does not come twice": {daily("2011-12-28T12:00", ";COUNT=4", "Pacific/Apia", 1), "2011-12-29T12:00:00Z", "2012-01-02T00:00:00Z", []string{
			"2011-12-29T22:00:00Z/2011-12-29T23:00:00Z", "2011-12-30T22:00:00Z/2011-12-30T23:00:00Z",
		}},
		"UNTIL in UTC is the moment": {daily("2027-01-01T00:30", ";UNTIL=20270102T233000Z", "Europe/Berlin", 1), "2027-01-01T12:00:00Z", "2027-01-09T00:00:00Z", []string{
			"2027-01-01T23:30:00Z/2027-01-02T00:30:00Z", "2027-01-02T23:30:00Z/2027-01-03T00:30:00Z",
		}},
		"UNTIL in UTC, a second less":    {daily("2027-01-01T00:30", ";UNTIL=20270102T232959Z", "Europe/Berlin", 1), "2027-01-01T12:00:00Z", "2027-01-09T00:00:00Z", []string{"2027-01-01T23:30:00Z/2027-01-02T00:30:00Z"}},
		"UNTIL as a date is local":       {daily("2027-01-01T23:30", ";UNTIL=20270102", "America/New_York", 1), "2027-01-02T12:00:00Z", "2027-01-09T00:00:00Z", []string{"2027-01-03T04:30:00Z/2027-01-03T05:30:00Z"}},
		"exceptions, a start and a date": {with(func(r *change.Recurrence) { r.Except = []string{"2027-03-20", "2027-03-27T22:00"} }), "2027-03-20T00:00:00Z", "2027-04-04T00:00:00Z", []string{"2027-04-03T20:00:00Z/2027-04-04T00:00:00Z"}},
		"a date on which nothing is":     {with(func(r *change.Recurrence) { r.Except = []string{"2027-03-21"} }), "2027-03-20T00:00:00Z", "2027-03-27T00:00:00Z", []string{"2027-03-20T21:00:00Z/2027-03-21T01:00:00Z"}},
		"the hour of the rule":           {with(func(r *change.Recurrence) { r.Rule += ";BYHOUR=1;BYMINUTE=15;BYSECOND=5" }), "2027-01-02T00:00:00Z", "2027-01-10T00:00:00Z", []string{"2027-01-09T00:15:05Z/2027-01-09T04:15:05Z"}},
		"small letters":                  {with(func(r *change.Recurrence) { r.Rule = "freq=weekly;byday=sa" }), "2027-03-20T00:00:00Z", "2027-03-27T00:00:00Z", []string{"2027-03-20T21:00:00Z/2027-03-21T01:00:00Z"}},
		"the last workday of a month": {with(func(r *change.Recurrence) { r.Rule = "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1" }), "2027-01-28T00:00:00Z", "2027-02-27T00:00:00Z", []string{
			"2027-01-29T21:00:00Z/2027-01-30T01:00:00Z", "2027-02-26T21:00:00Z/2027-02-27T01:00:00Z",
		}},
		"Mondays, and the last Friday": {with(func(r *change.Recurrence) { r.Rule = "FREQ=MONTHLY;BYDAY=MO,-1FR" }), "2027-01-20T00:00:00Z", "2027-02-02T00:00:00Z", []string{
			"2027-01-25T21:00:00Z/2027-01-26T01:00:00Z", "2027-01-29T21:00:00Z/2027-01-30T01:00:00Z", "2027-02-01T21:00:00Z/2027-02-02T01:00:00Z",
		}},
		"far from the start": {daily("1970-01-01T00:00", ";INTERVAL=3", "UTC", 1), "2400-02-28T00:00:00Z", "2400-03-03T00:00:00Z", []string{"2400-02-29T00:00:00Z/2400-02-29T01:00:00Z"}},
		"asked backwards":    {saturdays, "2027-04-04T00:00:00Z", "2027-03-20T00:00:00Z", nil},
		"asked for nothing":  {saturdays, "2027-03-20T22:00:00Z", "2027-03-20T22:00:00Z", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r, err := schedule.Recur(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, w := range r.Between(at(t, tt.from), at(t, tt.to)) {
				got = append(got, w.Start.Format(time.RFC3339)+"/"+w.End.Format(time.RFC3339))
				if w.Zone != tt.in.Zone || w.Start.Location() != time.UTC || w.End.Location() != time.UTC {
					t.Errorf("%v is not in UTC with the zone %s", w, tt.in.Zone)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheNextOccurrenceStartsAtTheMomentOrAfter(t *testing.T) {
	tests := map[string]struct {
		in          change.Recurrence
		after, want string // want "": none
	}{
		"at the moment":      {saturdays, "2027-03-20T21:00:00Z", "2027-03-20T21:00:00Z"},
		"a second after":     {saturdays, "2027-03-20T21:00:01Z", "2027-03-27T21:00:00Z"},
		"before the first":   {saturdays, "1999-01-01T00:00:00Z", "2027-01-02T21:00:00Z"},
		"after the last":     {with(func(r *change.Recurrence) { r.Rule += ";COUNT=2" }), "2027-01-09T21:00:01Z", ""},
		"the last":           {with(func(r *change.Recurrence) { r.Rule += ";COUNT=2" }), "2027-01-09T21:00:00Z", "2027-01-09T21:00:00Z"},
		"29 February":        {daily("2027-01-01T00:00", ";BYMONTH=2;BYMONTHDAY=29", "UTC", 1), "2096-03-01T00:00:00Z", "2104-02-29T00:00:00Z"},
		"behind every clock": {saturdays, "9999-12-31T23:00:00Z", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r, err := schedule.Recur(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			got, ok := r.Next(at(t, tt.after))
			if ok != (tt.want != "") || ok && !got.Start.Equal(at(t, tt.want)) {
				t.Errorf("got %v, %v; want %s", got, ok, tt.want)
			}
		})
	}
}

func TestARecurrenceThatCannotBeIsRefused(t *testing.T) {
	rule := func(text string) change.Recurrence { return with(func(r *change.Recurrence) { r.Rule = text }) }
	length := func(d time.Duration, text string) change.Recurrence {
		return with(func(r *change.Recurrence) { r.Duration, r.Rule = change.Duration(d), text })
	}
	except := func(list ...string) change.Recurrence { return with(func(r *change.Recurrence) { r.Except = list }) }
	start := func(text string) change.Recurrence { return with(func(r *change.Recurrence) { r.Start = text }) }
	tests := map[string]struct {
		in          change.Recurrence
		field, want string
	}{
		"no start":                    {start(""), "start", `"" is not a local date and time; write for example 2027-01-02T22:00`},
		"a start with an offset":      {start("2027-01-02T22:00+01:00"), "start", "without an offset"},
		"a slip in the year":          {start("0207-01-02T22:00"), "start", "the year 207 is not between 1970 and 2199"},
		"no zone":                     {with(func(r *change.Recurrence) { r.Zone = "" }), "zone", `"" is not a time zone; write a name of the IANA database`},
		"an unknown zone":             {with(func(r *change.Recurrence) { r.Zone = "Europe/Atlantis" }), "zone", `"Europe/Atlantis" is not a time zone`},
		"no duration":                 {length(0, saturdays.Rule), "duration", "0s is no length of time"},
		"a negative duration":         {length(-time.Hour, saturdays.Rule), "duration", "-1h0m0s is no length of time"},
		"fifteen days":                {length(15*24*time.Hour, ""), "duration", "360h is too long; the longest is 336h (14 days)"},
		"each into the next":          {length(25*time.Hour, "FREQ=DAILY"), "duration", "25h is longer than the 24h from the start at 2027-01-02T22:00 to the next at 2027-01-03T22:00: they would overlap; give at most 24h"},
		"some into the next":          {length(49*time.Hour, "FREQ=WEEKLY;BYDAY=SA,TU,TH"), "duration", "from the start at 2027-01-05T22:00 to the next at 2027-01-07T22:00"},
		"a long rule":                 {rule("FREQ=WEEKLY;BYDAY=" + strings.Repeat("SA,", 400) + "SA"), "rule", "is 1220 bytes long; the most is 1000"},
		"a long start":                {start(strings.Repeat("2", 1001)), "start", "is 1001 bytes long"},
		"a long zone":                 {with(func(r *change.Recurrence) { r.Zone = strings.Repeat("Z", 1001) }), "zone", "is 1001 bytes long"},
		"no FREQ":                     {rule("BYDAY=SA"), "rule", "FREQ is missing"},
		"hourly":                      {rule("FREQ=HOURLY"), "rule", "FREQ=HOURLY is more often than daily"},
		"minutely":                    {rule("FREQ=MINUTELY"), "rule", "more often than daily"},
		"secondly":                    {rule("FREQ=SECONDLY"), "rule", "more often than daily"},
		"another FREQ":                {rule("FREQ=FORTNIGHTLY"), "rule", "FREQ=FORTNIGHTLY is not known; write DAILY, WEEKLY, MONTHLY or YEARLY"},
		"several hours":               {rule("FREQ=DAILY;BYHOUR=2,14"), "rule", "BYHOUR=2,14 is more often than daily; write one recurrence for each"},
		"several minutes":             {rule("FREQ=DAILY;BYMINUTE=0,30"), "rule", "BYMINUTE=0,30 is more often than daily"},
		"several seconds":             {rule("FREQ=DAILY;BYSECOND=0,30"), "rule", "BYSECOND=0,30 is more often than daily"},
		"the hour 24":                 {rule("FREQ=DAILY;BYHOUR=24"), "rule", "BYHOUR=24 is not between 0 and 23"},
		"an unknown part":             {rule("FREQ=DAILY;BYMOON=1"), "rule", `"BYMOON" is not a part of a rule; the parts are FREQ`},
		"Easter":                      {rule("FREQ=YEARLY;BYEASTER=0"), "rule", `"BYEASTER" is not a part of a rule`},
		"the name of the property":    {rule("RRULE:FREQ=DAILY"), "rule", `"RRULE:FREQ" is not a part of a rule`},
		"a semicolon at the end":      {rule("FREQ=DAILY;"), "rule", `"" is not a part of a rule`},
		"two lines":                   {rule("FREQ=DAILY\nDTSTART=20270102T220000"), "rule", "is not known"},
		"a part without a value":      {rule("FREQ=DAILY;BYDAY"), "rule", "BYDAY has no value"},
		"a part twice":                {rule("FREQ=DAILY;FREQ=WEEKLY"), "rule", "FREQ stands there twice"},
		"DTSTART":                     {rule("DTSTART=20270102T220000;FREQ=DAILY"), "rule", "DTSTART does not belong into the rule"},
		"TZID":                        {rule("FREQ=DAILY;TZID=UTC"), "rule", "TZID does not belong into the rule"},
		"weeks of the year":           {rule("FREQ=YEARLY;BYWEEKNO=20"), "rule", "BYWEEKNO is not supported; say it by BYMONTH"},
		"INTERVAL 0":                  {rule("FREQ=DAILY;INTERVAL=0"), "rule", "INTERVAL=0 is not between 1 and 3660, the most for FREQ=DAILY"},
		"INTERVAL enormous":           {rule("FREQ=YEARLY;INTERVAL=11"), "rule", "INTERVAL=11 is not between 1 and 10"},
		"INTERVAL beyond all bounds":  {rule("FREQ=WEEKLY;INTERVAL=99999999999999999999"), "rule", "is not between 1 and 520"},
		"COUNT 0":                     {rule("FREQ=DAILY;COUNT=0"), "rule", "COUNT=0 is not between 1 and 1000; end a longer series by UNTIL"},
		"COUNT without end":           {rule("FREQ=DAILY;COUNT=1000000000"), "rule", "COUNT=1000000000 is not between 1 and 1000"},
		"COUNT and UNTIL":             {rule("FREQ=DAILY;COUNT=3;UNTIL=20280101"), "rule", "COUNT and UNTIL stand there together"},
		"UNTIL in words":              {rule("FREQ=DAILY;UNTIL=CHRISTMAS"), "rule", "UNTIL=CHRISTMAS is not a time; write 20271231T230000Z"},
		"UNTIL before the start":      {rule("FREQ=DAILY;UNTIL=20270101"), "rule", "UNTIL is before the first start"},
		"UNTIL in UTC before it":      {rule("FREQ=DAILY;UNTIL=20270102T205959Z"), "rule", "UNTIL is before the first start"},
		"WKST":                        {rule("FREQ=WEEKLY;WKST=2MO"), "rule", "WKST=2MO is not a day of the week"},
		"a month 13":                  {rule("FREQ=YEARLY;BYMONTH=13"), "rule", `BYMONTH=13: "13" is not a number from 1 to 12; correct it`},
		"a month from the end":        {rule("FREQ=YEARLY;BYMONTH=-1"), "rule", `"-1" is not a number from 1 to 12`},
		"a day 0":                     {rule("FREQ=MONTHLY;BYMONTHDAY=0"), "rule", `"0" is not a number from 1 to 31; a minus counts from the end`},
		"a list that is not one":      {rule("FREQ=MONTHLY;BYMONTHDAY=1,,2"), "rule", `"" is not a number`},
		"month days in weeks":         {rule("FREQ=WEEKLY;BYMONTHDAY=1"), "rule", "BYMONTHDAY does not go with FREQ=WEEKLY; it goes with DAILY, MONTHLY, YEARLY"},
		"year days in months":         {rule("FREQ=MONTHLY;BYYEARDAY=1"), "rule", "BYYEARDAY does not go with FREQ=MONTHLY"},
		"a position of nothing":       {rule("FREQ=MONTHLY;BYSETPOS=1"), "rule", "BYSETPOS needs another BY part"},
		"a day that is none":          {rule("FREQ=WEEKLY;BYDAY=XX"), "rule", `BYDAY=XX: "XX" is not a day of the week`},
		"an empty day":                {rule("FREQ=WEEKLY;BYDAY=SA,"), "rule", `"" is not a day of the week`},
		"a zeroth day":                {rule("FREQ=MONTHLY;BYDAY=0SA"), "rule", `"0SA" is not a day of the week`},
		"a numbered day in weeks":     {rule("FREQ=WEEKLY;BYDAY=2SA"), "rule", "a number does not go with FREQ=WEEKLY"},
		"a sixth day of a month":      {rule("FREQ=MONTHLY;BYDAY=6SA"), "rule", `"6SA" counts beyond 5`},
		"far before a month":          {rule("FREQ=MONTHLY;BYDAY=-53SA"), "rule", `"-53SA" counts beyond 5`},
		"30 February":                 {rule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"), "rule", "never happens: no day in the 40 years from 2027-01-02 on follows it"},
		"30 February, day by day":     {rule("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"), "rule", "never happens"},
		"never in step":               {rule("FREQ=DAILY;INTERVAL=7;BYDAY=SU"), "rule", "never happens"},
		"an odd year is no leap year": {with(func(r *change.Recurrence) { r.Rule = "FREQ=YEARLY;INTERVAL=2;BYMONTH=2;BYMONTHDAY=29" }), "rule", "never happens"},
		"a position too far":          {rule("FREQ=MONTHLY;BYDAY=SA;BYSETPOS=6"), "rule", "never happens"},
		"an exception in words":       {except("Christmas"), "except", `"Christmas" is neither a local date nor a local date and time; write for example 2027-12-25`},
		"an exception with offset":    {except("2027-01-02T22:00+01:00"), "except", "is neither a local date"},
		"an exception that misses":    {except("2027-01-09T23:00"), "except", "nothing starts at 2027-01-09T23:00; the next start is 2027-01-16T22:00"},
		"an exception after the end":  {with(func(r *change.Recurrence) { r.Rule += ";COUNT=1"; r.Except = []string{"2027-01-09T22:00"} }), "except", "nothing starts at 2027-01-09T22:00 or later"},
		"nothing left":                {with(func(r *change.Recurrence) { r.Rule += ";COUNT=2"; r.Except = []string{"2027-01-02", "2027-01-09"} }), "except", "takes out every occurrence"},
		"too many exceptions":         {except(make([]string, 1001)...), "except", "has 1001 entries; the most is 1000"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := schedule.Recur(tt.in)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got  %v\nwant %s", err, tt.want)
			}
			if change.KindOf(err) != change.KindInvalid || !strings.HasPrefix(err.Error(), tt.field+": ") {
				t.Errorf("kind %s, %v; want invalid at %s", change.KindOf(err), err, tt.field)
			}
		})
	}
}
