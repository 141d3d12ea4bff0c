package icalendar_test

import (
	"strings"
	"testing"

	"github.com/changectl/changectl/internal/icalendar"
)

func TestAnEventTakesPlaceWhenItSays(t *testing.T) {
	tests := map[string]struct{ lines, want string }{
		"in UTC":                        {"DTSTART:20270306T220000Z\nDTEND:20270307T000000Z", "2027-03-06 22:00 to 2027-03-07 00:00"},
		"in a zone":                     {"DTSTART;TZID=Europe/Berlin:20270306T220000\nDTEND;TZID=Europe/Berlin:20270307T000000", "2027-03-06 21:00 to 2027-03-06 23:00"},
		"in two zones":                  {"DTSTART;TZID=Europe/Berlin:20270306T220000\nDTEND;TZID=America/New_York:20270306T190000", "2027-03-06 21:00 to 2027-03-07 00:00"},
		"a zone beside UTC is nothing":  {"DTSTART;TZID=Nowhere:20270306T220000Z\nDURATION:PT2H", "2027-03-06 22:00 to 2027-03-07 00:00"},
		"a duration":                    {"DTSTART:20270306T220000Z\nDURATION:P1DT2H3M4S", "2027-03-06 22:00 to 2027-03-08 00:03"},
		"weeks":                         {"DTSTART:20270306T220000Z\nDURATION:+P2W", "2027-03-06 22:00 to 2027-03-20 22:00"},
		"a day of 23 hours":             {"DTSTART;TZID=Europe/Berlin:20270327T120000\nDURATION:P1D", "2027-03-27 11:00 to 2027-03-28 10:00"},
		"24 hours are no day":           {"DTSTART;TZID=Europe/Berlin:20270327T120000\nDURATION:PT24H", "2027-03-27 11:00 to 2027-03-28 11:00"},
		"over the night of 25 hours":    {"DTSTART;TZID=Europe/Berlin:20271030T220000\nDTEND;TZID=Europe/Berlin:20271031T060000", "2027-10-30 20:00 to 2027-10-31 05:00"},
		"a time that comes twice":       {"DTSTART;TZID=Europe/Berlin:20271031T023000\nDURATION:PT1H", "2027-10-31 00:30 to 2027-10-31 01:30"},
		"a time that does not come":     {"DTSTART;TZID=Europe/Berlin:20270328T023000\nDURATION:PT1H", "2027-03-28 01:30 to 2027-03-28 02:30"},
		"lower case":                    {"dtstart;tzid=\"Europe/Berlin\":20270306T220000\nduration:pt2h", "2027-03-06 21:00 to 2027-03-06 23:00"},
		"a parameter that is not known": {"DTSTART;X-A=\"b;c:d\",e;VALUE=DATE-TIME:20270306T220000Z\nDURATION:PT2H", "2027-03-06 22:00 to 2027-03-07 00:00"},
		"over a jump of the clocks":     {"DTSTART;TZID=Europe/Berlin:20270328T013000\nDTEND;TZID=Europe/Berlin:20270328T033000", "2027-03-28 00:30 to 2027-03-28 01:30"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := span(one(t, calendar(vevent("a", tt.lines)))); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestWholeDaysAreThoseOfTheCalendarsZone(t *testing.T) {
	tests := map[string]struct{ lines, want string }{
		"one":                {"DTSTART;VALUE=DATE:20270306", "2027-03-05 23:00 to 2027-03-06 23:00"},
		"two":                {"DTSTART;VALUE=DATE:20270306\nDTEND;VALUE=DATE:20270308", "2027-03-05 23:00 to 2027-03-07 23:00"},
		"as a duration":      {"DTSTART;VALUE=DATE:20270306\nDURATION:P2D", "2027-03-05 23:00 to 2027-03-07 23:00"},
		"one of 23 hours":    {"DTSTART;VALUE=DATE:20270328", "2027-03-27 23:00 to 2027-03-28 22:00"},
		"said by shape only": {"DTSTART:20270306", "2027-03-05 23:00 to 2027-03-06 23:00"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e := one(t, calendar("X-WR-TIMEZONE:Europe/Berlin", vevent("a", tt.lines)))
			if got := span(e); got != tt.want || !e.AllDay || e.Zone != "Europe/Berlin" {
				t.Errorf("got %s, all day %v, in %s; want %s", got, e.AllDay, e.Zone, tt.want)
			}
		})
	}
}

func TestATimeThatTheClocksJumpOverIsNoted(t *testing.T) {
	c := mustRead(t, calendar(vevent("a", "DTSTART;TZID=Europe/Berlin:20270328T023000\nDURATION:PT1H")))
	if len(c.Notes) != 1 || !strings.Contains(c.Notes[0], "02:30:00 in Europe/Berlin, which the clocks jump over: 2027-03-28T01:30:00Z") {
		t.Errorf("notes %q", c.Notes)
	}
}

func TestAnEventWithoutATimeThatHoldsIsRefused(t *testing.T) {
	tests := map[string]struct {
		lines string
		say   []string
	}{
		"no start":               {"DTEND:20270306T220000Z", []string{"DTSTART"}},
		"no end":                 {"DTSTART:20270306T220000Z", []string{"no length", "DTEND or DURATION"}},
		"ends where it starts":   {"DTSTART:20270306T220000Z\nDTEND:20270306T220000Z", []string{"no length"}},
		"ends before":            {"DTSTART:20270306T220000Z\nDTEND:20270306T210000Z", []string{"ends before it starts", "2027-03-06 22:00:00 UTC"}},
		"days that end before":   {"DTSTART;VALUE=DATE:20270306\nDTEND;VALUE=DATE:20270301", []string{"ends before it starts", "2027-03-01"}},
		"61 days":                {"DTSTART:20270306T220000Z\nDURATION:P61D", []string{"61 days long", "60"}},
		"a million days":         {"DTSTART:20270306T220000Z\nDURATION:P999999W", []string{"days long"}},
		"a day and a time":       {"DTSTART:20270306T220000Z\nDTEND;VALUE=DATE:20270307", []string{"date for one", "DTEND"}},
		"half a whole day":       {"DTSTART;VALUE=DATE:20270306\nDURATION:PT12H", []string{"whole days"}},
		"an end and a duration":  {"DTSTART:20270306T220000Z\nDTEND:20270306T230000Z\nDURATION:PT1H", []string{"DTEND and DURATION"}},
		"a duration backwards":   {"DTSTART:20270306T220000Z\nDURATION:-PT1H", []string{"line 8", "negative"}},
		"no duration":            {"DTSTART:20270306T220000Z\nDURATION:PT", []string{"line 8", `"PT"`}},
		"a duration of rubbish":  {"DTSTART:20270306T220000Z\nDURATION:P1H2D", []string{"line 8"}},
		"30 February":            {"DTSTART:20270230T220000Z\nDURATION:PT1H", []string{"line 7", `"20270230T220000Z"`}},
		"an hour that is none":   {"DTSTART:20270228T240000Z\nDURATION:PT1H", []string{"line 7"}},
		"another format":         {"DTSTART:2027-03-06T22:00:00Z\nDURATION:PT1H", []string{"line 7", "20270306T230000Z"}},
		"a date said to be time": {"DTSTART;VALUE=DATE-TIME:20270306\nDURATION:P1D", []string{"line 7", "date and time"}},
		"a time said to be date": {"DTSTART;VALUE=DATE:20270306T220000Z\nDURATION:P1D", []string{"line 7", "not a date"}},
		"two starts":             {"DTSTART:20270306T220000Z\nDTSTART:20270307T220000Z\nDURATION:PT1H", []string{"line 8", "DTSTART twice"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			refused(t, calendar("X-WR-TIMEZONE:UTC", vevent("work-1", tt.lines, "SUMMARY:Fibre work")), tt.say...)
		})
	}
}

func TestARefusalNamesTheEvent(t *testing.T) {
	refused(t, calendar(vevent("work-1", "DTSTART:20270306T220000Z", "SUMMARY:Fibre work")), "line 4: ", `"Fibre work"`, `"work-1"`)
}

func TestWhatIsOverIsLeftOutUnlessItIsCancelled(t *testing.T) {
	old := "DTSTART:20270227T220000Z\nDTEND:20270301T000000Z"
	running := "DTSTART:20270227T220000Z\nDTEND:20270301T000001Z"
	c := mustRead(t, calendar(vevent("over", old), vevent("running", running), vevent("off", old, "STATUS:CANCELLED"), vevent("long-off", strings.ReplaceAll(old, "2027", "2017"), "STATUS:CANCELLED"), vevent("older", strings.ReplaceAll(old, "2027", "2017"))))
	var uids []string
	for _, e := range c.Events {
		uids = append(uids, e.UID)
	}
	if got := strings.Join(uids, " "); got != "long-off off running" {
		t.Errorf("kept %s", got)
	}
	if len(c.Notes) != 1 || !strings.HasPrefix(c.Notes[0], "2 event(s) that were over") {
		t.Errorf("notes %q", c.Notes)
	}
}

func TestMistakesInWhatIsLongPastHurtNobody(t *testing.T) {
	c := mustRead(t, calendar(vevent("a", "DTSTART;TZID=Old Zone:20170306T220000"), vevent("b", timed...)))
	if len(c.Events) != 1 {
		t.Errorf("got %+v", c.Events)
	}
}

func TestWhatIsBeyondTenYearsIsLeftOutAndNoted(t *testing.T) {
	c := mustRead(t, calendar(vevent("a", "DTSTART:22270306T220000Z\nDURATION:PT1H")))
	if len(c.Events) != 0 || len(c.Notes) != 1 || !strings.Contains(c.Notes[0], "10 years ahead") {
		t.Errorf("got %+v, %q", c.Events, c.Notes)
	}
}

func TestACancellationIsHeardHoweverBadItsTimes(t *testing.T) {
	for _, lines := range []string{"", "DTSTART:20270306T220000Z", "DTSTART:20270306T220000Z\nDTEND:20270306T210000Z", "DTSTART:20270306T220000Z\nDURATION:P99D"} {
		e := one(t, calendar("METHOD:CANCEL", vevent("a", lines)))
		if e.End.Before(e.Start) {
			t.Errorf("%q: ends %s before it starts %s", lines, e.End, e.Start)
		}
	}
}

func TestTheNewestRevisionInAFileHolds(t *testing.T) {
	version := func(sequence, stamp, summary string) string {
		return vevent("a", with("SEQUENCE:"+sequence, "DTSTAMP:"+stamp, "SUMMARY:"+summary)...)
	}
	old := vevent("a", "DTSTART:20270226T220000Z", "DTEND:20270226T230000Z", "SEQUENCE:9")
	tests := map[string]struct {
		parts []string
		want  string
	}{
		"the higher SEQUENCE":           {[]string{version("10", "20270101T000000Z", "ten"), version("9", "20270201T000000Z", "nine")}, "ten"},
		"wherever it stands":            {[]string{version("9", "20270201T000000Z", "nine"), version("10", "20270101T000000Z", "ten")}, "ten"},
		"then the later DTSTAMP":        {[]string{version("1", "20270201T000000Z", "late"), version("1", "20270101T000000Z", "early")}, "late"},
		"then the later line":           {[]string{version("1", "20270201T000000Z", "first"), version("1", "20270201T000000Z", "second")}, "second"},
		"an older one that is not over": {[]string{version("1", "20270201T000000Z", "ahead"), old}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := mustRead(t, calendar(tt.parts...))
			got := ""
			for _, e := range c.Events {
				got += e.Summary
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if notes := strings.Join(c.Notes, "\n"); !strings.Contains(notes, "stands there twice") {
				t.Errorf("notes %q", notes)
			}
		})
	}
}

func TestARevisionThatIsNoNumberIsRefused(t *testing.T) {
	for _, sequence := range []string{"-1", "one", "", "1.5", "99999999999"} {
		refused(t, calendar(vevent("a", with("SEQUENCE:"+sequence)...)), "line 8", "SEQUENCE")
	}
}

func TestAnEventWithoutUIDIsRefused(t *testing.T) {
	refused(t, calendar("BEGIN:VEVENT\n"+strings.Join(timed, "\n")+"\nEND:VEVENT"), "line 7", "no UID")
}

func TestNotesOfOneKindAreCountedWhenThereAreMany(t *testing.T) {
	var parts []string
	for range 100 {
		parts = append(parts, vevent("a", timed...))
	}
	c := mustRead(t, calendar(parts...))
	if last := c.Notes[len(c.Notes)-1]; len(c.Notes) != 6 || last != "events that stand there twice: 94 more" {
		t.Errorf("notes %q", c.Notes)
	}
}

func TestFloatingTimesNeedAZoneFromSomewhere(t *testing.T) {
	floating := vevent("a", "DTSTART:20270306T220000\nDTEND:20270306T230000")
	refused(t, calendar(floating), "line 4", "no time zone", "X-WR-TIMEZONE")
	refused(t, calendar(vevent("a", "DTSTART;VALUE=DATE:20270306")), "no time zone")
	if got := span(one(t, calendar(floating, "X-WR-TIMEZONE:Europe/Berlin"))); got != "2027-03-06 21:00 to 2027-03-06 22:00" {
		t.Errorf("by X-WR-TIMEZONE: %s", got)
	}
	refused(t, calendar("X-WR-TIMEZONE:Middle Earth", floating), `"Middle Earth"`)
	c, err := icalendar.Read(strings.NewReader(calendar(floating)), icalendar.Options{Now: now, Zone: "America/New_York"})
	if err != nil || span(c.Events[0]) != "2027-03-07 03:00 to 2027-03-07 04:00" {
		t.Errorf("by the caller: %v, %v", spans(c), err)
	}
}
