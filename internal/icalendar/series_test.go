package icalendar_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/icalendar"
)

// berlin is a series of one hour in Berlin; month is March to August 2027.
func berlin(start string, lines ...string) string {
	return vevent("s", append([]string{"DTSTART;TZID=Europe/Berlin:" + start, "DURATION:PT1H", "SUMMARY:Updates"}, lines...)...)
}

// starts reads a calendar with a horizon of 60 days and writes when events start.
func starts(t *testing.T, parts ...string) []string {
	t.Helper()
	c, err := icalendar.Read(strings.NewReader(calendar(parts...)), icalendar.Options{Now: now, Horizon: 60 * 24 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	all := []string{}
	for _, e := range c.Events {
		all = append(all, e.Start.Format("01-02 15:04"))
	}
	return all
}

func TestASeriesIsExpandedFromNowToTheHorizon(t *testing.T) {
	tests := map[string]struct {
		part string
		want []string
	}{
		"weekly, over the change of clocks": {berlin("20270313T220000", "RRULE:FREQ=WEEKLY"), []string{
			"03-13 21:00", "03-20 21:00", "03-27 21:00", "04-03 20:00", "04-10 20:00", "04-17 20:00", "04-24 20:00",
		}},
		"from years ago":                          {berlin("20100102T220000", "RRULE:FREQ=MONTHLY;BYDAY=1SA"), []string{"03-06 21:00", "04-03 20:00"}},
		"from before 1970":                        {berlin("19500107T220000", "RRULE:FREQ=MONTHLY;BYDAY=1SA"), []string{"03-06 21:00", "04-03 20:00"}},
		"one that is running":                     {berlin("20270222T003000", "RRULE:FREQ=WEEKLY;COUNT=3"), []string{"02-28 23:30", "03-07 23:30"}},
		"by number":                               {berlin("20270301T220000", "RRULE:FREQ=DAILY;COUNT=3"), []string{"03-01 21:00", "03-02 21:00", "03-03 21:00"}},
		"until a moment that still counts":        {berlin("20270301T220000", "RRULE:FREQ=DAILY;UNTIL=20270303T210000Z"), []string{"03-01 21:00", "03-02 21:00", "03-03 21:00"}},
		"until a moment before the third":         {berlin("20270301T220000", "RRULE:FREQ=DAILY;UNTIL=20270303T205959Z"), []string{"03-01 21:00", "03-02 21:00"}},
		"until a local time":                      {berlin("20270301T220000", "RRULE:FREQ=DAILY;UNTIL=20270303T220000"), []string{"03-01 21:00", "03-02 21:00", "03-03 21:00"}},
		"until a date":                            {berlin("20270301T220000", "RRULE:UNTIL=20270302;FREQ=DAILY;"), []string{"03-01 21:00", "03-02 21:00"}},
		"until before it began":                   {berlin("20270310T220000", "RRULE:FREQ=DAILY;UNTIL=20270309T225959Z"), []string{}},
		"that began off its rule":                 {berlin("20270301T220000", "RRULE:FREQ=WEEKLY;BYDAY=SA;COUNT=1"), []string{"03-01 21:00", "03-06 21:00"}},
		"without some":                            {berlin("20270301T220000", "RRULE:FREQ=DAILY;COUNT=5", "EXDATE;TZID=Europe/Berlin:20270302T220000,20270303T220000", "EXDATE:20270304T210000Z"), []string{"03-01 21:00", "03-05 21:00"}},
		"without the first":                       {berlin("20270301T220000", "RRULE:FREQ=DAILY;COUNT=2", "EXDATE;TZID=Europe/Berlin:20270301T220000"), []string{"03-02 21:00"}},
		"without a day":                           {berlin("20270301T220000", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE;VALUE=DATE:20270302"), []string{"03-01 21:00", "03-03 21:00"}},
		"an exception that fits none":             {berlin("20270301T220000", "RRULE:FREQ=DAILY;COUNT=2", "EXDATE;TZID=Europe/Berlin:20270302T230000"), []string{"03-01 21:00", "03-02 21:00"}},
		"of dates":                                {berlin("20270301T220000", "RDATE;TZID=Europe/Berlin:20270310T120000,20270305T120000", "RDATE:20270307T120000Z"), []string{"03-01 21:00", "03-05 11:00", "03-07 12:00", "03-10 11:00"}},
		"a date that the rule has":                {berlin("20270301T220000", "RRULE:FREQ=DAILY;COUNT=2", "RDATE:20270302T210000Z"), []string{"03-01 21:00", "03-02 21:00"}},
		"two rules":                               {berlin("20270301T220000", "RRULE:FREQ=DAILY;COUNT=2", "RRULE:FREQ=WEEKLY;COUNT=2"), []string{"03-01 21:00", "03-02 21:00", "03-08 21:00"}},
		"at a time that does not come":            {berlin("20270327T023000", "RRULE:FREQ=DAILY;COUNT=3"), []string{"03-27 01:30", "03-28 01:30", "03-29 00:30"}},
		"of whole days":                           {vevent("s", "DTSTART;VALUE=DATE;TZID=Europe/Berlin:20270327", "RRULE:FREQ=DAILY;UNTIL=20270329"), []string{"03-26 23:00", "03-27 23:00", "03-28 22:00"}},
		"of whole days without one":               {vevent("s", "DTSTART;VALUE=DATE;TZID=Europe/Berlin:20270327", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE;VALUE=DATE;TZID=Europe/Berlin:20270328"), []string{"03-26 23:00", "03-28 22:00"}},
		"that is over":                            {berlin("20250301T220000", "RRULE:FREQ=DAILY;COUNT=5"), []string{}},
		"that begins behind the horizon":          {berlin("20270601T220000", "RRULE:FREQ=DAILY"), []string{}},
		"in a zone that only the calendar knows":  {definition("Our Time", euForward, euBack) + "\n" + vevent("s", "DTSTART;TZID=Our Time:20270327T220000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=2"), []string{"03-27 21:00", "03-28 20:00"}},
		"its last one begins before the horizon":  {berlin("20270429T220000", "RRULE:FREQ=DAILY;COUNT=4"), []string{"04-29 20:00"}},
		"one at the horizon is no longer kept":    {vevent("s", "DTSTART:20270429T000000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY"), []string{"04-29 00:00"}},
		"one that ends now is over":               {vevent("s", "DTSTART:20270227T220000Z", "DURATION:PT2H", "RRULE:FREQ=DAILY;COUNT=3"), []string{"03-01 22:00"}},
		"one that is long and still going counts": {vevent("s", "DTSTART:20270101T000000Z", "DURATION:P40D", "RRULE:FREQ=MONTHLY;COUNT=3"), []string{"02-01 00:00", "03-01 00:00"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, starts(t, tt.part)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestADaysLengthIsThatOfTheCalendarAndHoursAreHours(t *testing.T) {
	tests := map[string]struct{ end, want string }{
		"DTEND is elapsed time": {"DTEND;TZID=Europe/Berlin:20270327T120000", "2027-03-26 11:00 to 2027-03-27 11:00, 2027-03-27 11:00 to 2027-03-28 11:00"},
		"a DURATION of a day":   {"DURATION:P1D", "2027-03-26 11:00 to 2027-03-27 11:00, 2027-03-27 11:00 to 2027-03-28 10:00"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := mustRead(t, calendar(vevent("s", "DTSTART;TZID=Europe/Berlin:20270326T120000", tt.end, "RRULE:FREQ=DAILY;COUNT=2")))
			if got := strings.Join(spans(c), ", "); got != tt.want {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestASeriesThatGoesOnIsNoted(t *testing.T) {
	tests := map[string]struct {
		part string
		want bool
	}{
		"for ever":              {berlin("20270301T220000", "RRULE:FREQ=WEEKLY"), true},
		"until the year after":  {berlin("20270301T220000", "RRULE:FREQ=WEEKLY;UNTIL=20281231T000000Z"), true},
		"until next week":       {berlin("20270301T220000", "RRULE:FREQ=WEEKLY;UNTIL=20270310T000000Z"), false},
		"a date far ahead":      {berlin("20270301T220000", "RDATE:20290101T000000Z"), true},
		"counted to the end":    {berlin("20270301T220000", "RRULE:FREQ=WEEKLY;COUNT=5"), false},
		"counted beyond":        {berlin("20270301T220000", "RRULE:FREQ=WEEKLY;COUNT=500"), true},
		"begins behind horizon": {berlin("20290301T220000", "RRULE:FREQ=WEEKLY"), true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := mustRead(t, calendar(tt.part))
			got := strings.Contains(strings.Join(c.Notes, "\n"), "goes on after 2028-04-04T00:00:00Z")
			if got != tt.want {
				t.Errorf("notes %q", c.Notes)
			}
		})
	}
}

func altered(occurrence, start string, lines ...string) string {
	return vevent("s", append([]string{"RECURRENCE-ID;TZID=Europe/Berlin:" + occurrence, "DTSTART;TZID=Europe/Berlin:" + start, "DURATION:PT2H"}, lines...)...)
}

func TestAnAlteredOccurrenceTakesThePlaceOfItsOwn(t *testing.T) {
	series := berlin("20270301T220000", "RRULE:FREQ=DAILY;COUNT=3")
	tests := map[string]struct {
		parts []string
		want  []string
	}{
		"later that night":        {[]string{series, altered("20270302T220000", "20270302T230000")}, []string{"03-01 21:00", "03-02 22:00", "03-03 21:00"}},
		"before its series":       {[]string{altered("20270302T220000", "20270302T230000"), series}, []string{"03-01 21:00", "03-02 22:00", "03-03 21:00"}},
		"named in UTC":            {[]string{series, strings.Replace(altered("20270302T210000Z", "20270302T230000"), ";TZID=Europe/Berlin", "", 1)}, []string{"03-01 21:00", "03-02 22:00", "03-03 21:00"}},
		"beyond the horizon":      {[]string{series, altered("20270302T220000", "20270801T220000")}, []string{"03-01 21:00", "03-03 21:00", "08-01 20:00"}},
		"into the past":           {[]string{series, altered("20270302T220000", "20270201T220000")}, []string{"03-01 21:00", "03-03 21:00"}},
		"one of the past to come": {[]string{berlin("20270220T220000", "RRULE:FREQ=DAILY;COUNT=3"), altered("20270221T220000", "20270305T220000")}, []string{"03-05 21:00"}},
		"one that there is not":   {[]string{series, altered("20270302T224500", "20270302T230000")}, []string{"03-01 21:00", "03-02 21:00", "03-02 22:00", "03-03 21:00"}},
		"one that was taken out":  {[]string{berlin("20270301T220000", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE;TZID=Europe/Berlin:20270302T220000"), altered("20270302T220000", "20270302T230000")}, []string{"03-01 21:00", "03-02 22:00", "03-03 21:00"}},
		"without its series":      {[]string{altered("20270302T220000", "20270302T230000")}, []string{"03-02 22:00"}},
		"of what is no series":    {[]string{berlin("20270302T220000"), altered("20270302T220000", "20270302T230000")}, []string{"03-02 22:00"}},
		"of another series":       {[]string{series, strings.Replace(altered("20270302T220000", "20270302T230000"), "UID:s", "UID:other", 1)}, []string{"03-01 21:00", "03-02 21:00", "03-02 22:00", "03-03 21:00"}},
		"altered twice":           {[]string{series, altered("20270302T220000", "20270302T233000", "SEQUENCE:2"), altered("20270302T220000", "20270302T230000", "SEQUENCE:1")}, []string{"03-01 21:00", "03-02 22:30", "03-03 21:00"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, starts(t, tt.parts...)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAnAlteredOccurrenceKeepsTheNameOfTheOneThatItReplaces(t *testing.T) {
	c := mustRead(t, calendar(berlin("20270301T220000", "RRULE:FREQ=DAILY;COUNT=2"), altered("20270302T220000", "20270302T230000", "STATUS:CANCELLED")))
	var got []string
	for _, e := range c.Events {
		got = append(got, e.UID+" "+e.Recurrence+" "+string(e.State()))
	}
	if diff := cmp.Diff([]string{"s 20270301T210000Z planned", "s 20270302T210000Z withdrawn"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAnAlterationThatItsSeriesDoesNotHaveIsNoted(t *testing.T) {
	series := berlin("20270301T220000", "RRULE:FREQ=DAILY;COUNT=3")
	c := mustRead(t, calendar(series, altered("20270302T224500", "20270302T230000")))
	if len(c.Notes) != 1 || !strings.Contains(c.Notes[0], "20270302T214500Z, which its series does not have") {
		t.Errorf("notes %q", c.Notes)
	}
	if c := mustRead(t, calendar(series, altered("20270302T220000", "20270302T230000"))); len(c.Notes) != 0 {
		t.Errorf("notes %q", c.Notes)
	}
}

func TestASeriesThatCannotBeExpandedIsRefused(t *testing.T) {
	tests := map[string]struct {
		lines string
		say   []string
	}{
		"hourly":                      {"RRULE:FREQ=HOURLY", []string{"line 9", "HOURLY", `"Updates"`}},
		"every second":                {"RRULE:FREQ=SECONDLY;COUNT=1000000000", []string{"line 9", "SECONDLY"}},
		"daily at all hours":          {"RRULE:FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12", []string{"line 9", "BYHOUR"}},
		"a COUNT that does not end":   {"RRULE:FREQ=DAILY;COUNT=999999999", []string{"line 9", "COUNT"}},
		"a COUNT that is no number":   {"RRULE:FREQ=DAILY;COUNT=9223372036854775808", []string{"line 9", "COUNT"}},
		"an INTERVAL of nothing":      {"RRULE:FREQ=DAILY;INTERVAL=0", []string{"line 9", "INTERVAL"}},
		"an INTERVAL of ages":         {"RRULE:FREQ=YEARLY;INTERVAL=2147483647", []string{"line 9", "INTERVAL"}},
		"a day that never comes":      {"RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", []string{"line 9"}},
		"a place that never comes":    {"RRULE:FREQ=MONTHLY;BYMONTHDAY=1;BYSETPOS=366", []string{"line 9"}},
		"the 53rd Monday of a month":  {"RRULE:FREQ=MONTHLY;BYDAY=53MO", []string{"line 9"}},
		"the 9999th":                  {"RRULE:FREQ=YEARLY;BYDAY=-9999MO", []string{"line 9"}},
		"all parts there are":         {"RRULE:FREQ=DAILY;BYYEARDAY=" + strings.Repeat("1,", 5000) + "1", []string{"line 9"}},
		"nothing":                     {"RRULE:", []string{"line 9", "empty"}},
		"no rule":                     {"RRULE:every full moon", []string{"line 9"}},
		"what acts on a terminal":     {"RRULE:FREQ=\x1b[2J", []string{"line 9"}},
		"two ends":                    {"RRULE:FREQ=DAILY;COUNT=2;UNTIL=20270401T000000Z", []string{"line 9", "COUNT"}},
		"an end that is none":         {"RRULE:FREQ=DAILY;UNTIL=tomorrow", []string{"line 9", "UNTIL"}},
		"the end twice":               {"RRULE:FREQ=DAILY;UNTIL=20270401T000000Z;UNTIL=20270402T000000Z", []string{"line 9", "UNTIL"}},
		"periods":                     {"RDATE;VALUE=PERIOD:20270306T220000Z/PT1H", []string{"line 9", "periods"}},
		"days for a series of times":  {"RDATE;VALUE=DATE:20270306", []string{"RDATE"}},
		"an occurrence with a series": {"RRULE:FREQ=DAILY\nRECURRENCE-ID:20270306T220000Z", []string{"RECURRENCE-ID", "RRULE"}},
		"an occurrence and the rest":  {"RECURRENCE-ID;RANGE=THISANDFUTURE:20270306T220000Z", []string{"line 9", "THISANDFUTURE"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			refused(t, calendar(berlin("20270301T220000", tt.lines)), tt.say...)
		})
	}
}

func TestARuleThatIsNotReadIsNoted(t *testing.T) {
	c := mustRead(t, calendar(berlin("20270301T220000", "RRULE:FREQ=DAILY;COUNT=2", "EXRULE:FREQ=DAILY;COUNT=1")))
	if len(c.Events) != 2 || len(c.Notes) != 1 || !strings.Contains(c.Notes[0], "EXRULE") {
		t.Errorf("got %v, notes %q", spans(c), c.Notes)
	}
}
