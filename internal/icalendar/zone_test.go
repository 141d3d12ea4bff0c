package icalendar_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/changectl/changectl/internal/icalendar"
)

// definition is a VTIMEZONE with clocks that go forward and back by rules.
func definition(name, daylight, standard string) string {
	return fmt.Sprintf("BEGIN:VTIMEZONE\nTZID:%s\nBEGIN:DAYLIGHT\n%s\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nEND:DAYLIGHT\n"+
		"BEGIN:STANDARD\n%s\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nEND:STANDARD\nEND:VTIMEZONE", name, daylight, standard)
}

const (
	euForward = "DTSTART:19810329T020000\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU"
	euBack    = "DTSTART:19961027T030000\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU"
	usForward = "DTSTART:20070311T020000\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU"
	usBack    = "DTSTART:20071104T020000\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU"
	// Outlook writes its rules from the first year of the Gregorian calendar's fourth century.
	outlookForward = "DTSTART:16010325T020000\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3"
	outlookBack    = "DTSTART:16011028T030000\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10"
)

func in(zone, start string) string {
	return vevent("work-1", "DTSTART;TZID="+zone+":"+start, "DURATION:PT1H", "SUMMARY:Fibre work")
}

func TestAZoneOfTheDatabaseMayBeDefinedAsItIs(t *testing.T) {
	for name, d := range map[string]string{
		"from long ago":    definition("Europe/Berlin", euForward, euBack),
		"as by Outlook":    definition("Europe/Berlin", outlookForward, outlookBack),
		"for these years":  definition("Europe/Berlin", "DTSTART:20260329T020000\nRDATE:20270328T020000", "DTSTART:20261025T030000\nRDATE:20271031T030000"),
		"without any rule": "BEGIN:VTIMEZONE\nTZID:Europe/Berlin\nEND:VTIMEZONE",
	} {
		for _, start := range []string{"20270306T220000", "20270328T023000", "20270706T220000", "20271031T023000", "20271031T040000"} {
			c, err := read(calendar(d, in("Europe/Berlin", start)))
			if err != nil {
				t.Errorf("%s, %s: %v", name, start, err)
				continue
			}
			plain := mustRead(t, calendar(in("Europe/Berlin", start)))
			if got, want := span(c.Events[0]), span(plain.Events[0]); got != want || c.Events[0].Zone != "Europe/Berlin" {
				t.Errorf("%s, %s: got %s in %s, want %s", name, start, got, c.Events[0].Zone, want)
			}
		}
	}
}

func TestADefinitionThatContradictsTheDatabaseIsRefused(t *testing.T) {
	d := definition("Europe/Berlin", usForward, usBack)
	for start, offsets := range map[string][2]string{
		"20270315T220000": {"+01:00", "+02:00"},
		"20271102T220000": {"+01:00", "+02:00"},
	} {
		refused(t, calendar(d, in("Europe/Berlin", start)), `"Europe/Berlin"`, "work-1", offsets[0]+" from UTC in the tz database and "+offsets[1], "in doubt")
	}
	for _, start := range []string{"20270306T220000", "20270706T220000"} {
		if c := mustRead(t, calendar(d, in("Europe/Berlin", start))); len(c.Events) != 1 {
			t.Errorf("%s: where both say the same there is no doubt; got %+v", start, c)
		}
	}
}

func TestTheEndIsHeldAgainstTheDatabaseToo(t *testing.T) {
	d := definition("Europe/Berlin", usForward, usBack)
	refused(t, calendar(d, vevent("a", "DTSTART:20270314T000000Z", "DTEND;TZID=Europe/Berlin:20270314T120000")), "DTEND", "in doubt")
	refused(t, calendar(d, vevent("a", "DTSTART;TZID=Europe/Berlin:20270313T120000", "DURATION:P2D")), "DTEND", "in doubt")
}

func TestOneOccurrenceInDoubtRefusesTheSeries(t *testing.T) {
	d := definition("Europe/Berlin", usForward, usBack)
	refused(t, calendar(d, vevent("a", "DTSTART;TZID=Europe/Berlin:20270301T220000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=30")), "2027-03-14 22:00:00")
	mustRead(t, calendar(d, vevent("a", "DTSTART;TZID=Europe/Berlin:20270301T220000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=13")))
}

func TestADefinitionDecidesWhatNoDatabaseKnows(t *testing.T) {
	tests := map[string]struct{ definition, start, want string }{
		"winter":           {definition("Our Time", euForward, euBack), "20270306T220000", "2027-03-06 21:00 to 2027-03-06 22:00"},
		"summer":           {definition("Our Time", euForward, euBack), "20270706T220000", "2027-07-06 20:00 to 2027-07-06 21:00"},
		"gap":              {definition("Our Time", euForward, euBack), "20270328T023000", "2027-03-28 01:30 to 2027-03-28 02:30"},
		"overlap":          {definition("Our Time", euForward, euBack), "20271031T023000", "2027-10-31 00:30 to 2027-10-31 01:30"},
		"Outlook's winter": {definition("Our Time", outlookForward, outlookBack), "20270306T220000", "2027-03-06 21:00 to 2027-03-06 22:00"},
		"Outlook's summer": {definition("Our Time", outlookForward, outlookBack), "20270706T220000", "2027-07-06 20:00 to 2027-07-06 21:00"},
		"before the first turn": {
			definition("Our Time", "DTSTART:20280326T020000", "DTSTART:20281029T030000"), "20270706T220000",
			"2027-07-06 21:00 to 2027-07-06 22:00",
		},
		"behind the last": {
			definition("Our Time", "DTSTART:20200329T020000", "DTSTART:20201025T030000"), "20270706T220000",
			"2027-07-06 21:00 to 2027-07-06 22:00",
		},
		"a rule that ended": {
			definition("Our Time", euForward+";UNTIL=20260329T010000Z", euBack+";UNTIL=20261025T010000Z"), "20270706T220000",
			"2027-07-06 21:00 to 2027-07-06 22:00",
		},
		"a rule that ends with this year": {
			definition("Our Time", euForward+";UNTIL=20270328T010000Z", euBack+";UNTIL=20271031T010000Z"), "20270706T220000",
			"2027-07-06 20:00 to 2027-07-06 21:00",
		},
		"a rule that ends a second before this year's turn": {
			definition("Our Time", euForward+";UNTIL=20270328T005959Z", euBack+";UNTIL=20271031T010000Z"), "20270706T220000",
			"2027-07-06 21:00 to 2027-07-06 22:00",
		},
		"a rule that ended before computers": {
			definition("Our Time", "DTSTART:19400401T020000\nRRULE:FREQ=YEARLY;UNTIL=19420401T010000Z", "DTSTART:19401101T030000\nRRULE:FREQ=YEARLY;UNTIL=19421101T010000Z"),
			"20270706T220000", "2027-07-06 21:00 to 2027-07-06 22:00",
		},
		"offsets with seconds": {
			"BEGIN:VTIMEZONE\nTZID:Our Time\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+000000\nTZOFFSETTO:-033045\nEND:STANDARD\nEND:VTIMEZONE",
			"20270706T220000", "2027-07-07 01:30 to 2027-07-07 02:30",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e := one(t, calendar(tt.definition, in(`"Our Time"`, tt.start)))
			if got := span(e); got != tt.want || e.Zone != "UTC" {
				t.Errorf("got %s in %s, want %s", got, e.Zone, tt.want)
			}
			if e := one(t, calendar(in(`"Our Time"`, tt.start), tt.definition)); span(e) != tt.want {
				t.Errorf("with the definition behind the event: got %s, want %s", span(e), tt.want)
			}
		})
	}
}

// The clocks of a definition are held against those of the database at every hour
// of three years.
func TestADefinitionGivesTheHoursOfTheZoneThatItDescribes(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	var parts []string
	for at := now; at.Year() < 2030; at = at.Add(7 * time.Hour) {
		parts = append(parts, vevent(at.Format("20060102T150405Z"), "DTSTART;TZID=Our Time:"+at.In(berlin).Format("20060102T150405"), "DURATION:PT1H"))
	}
	c := mustRead(t, calendar(append(parts, definition("Our Time", euForward, euBack))...))
	if len(c.Events) < 3000 {
		t.Fatalf("got %d events", len(c.Events))
	}
	for _, e := range c.Events {
		if got := e.Start.Format("20060102T150405Z"); got != e.UID && e.Start.In(berlin).Format("15:04") != "02:00" {
			t.Errorf("got %s, want %s", got, e.UID)
		}
	}
}

func TestAZoneThatNobodyDefinesIsRefused(t *testing.T) {
	for _, name := range []string{"W. Europe Standard Time", "Customized Time Zone", "Europe/Atlantis", "Local", "../../etc/localtime", "/etc/localtime", "GMT+1"} {
		refused(t, calendar(in(`"`+name+`"`, "20270306T220000")), "line 4", name, "work-1", "VTIMEZONE")
	}
	refused(t, calendar("BEGIN:VTIMEZONE\nTZID:Our Time\nEND:VTIMEZONE", in(`"Our Time"`, "20270306T220000")), "Our Time")
}

func TestAZoneThatIsDefinedTwiceMustBeTheSame(t *testing.T) {
	eu, us := definition("Our Time", euForward, euBack), definition("Our Time", usForward, usBack)
	event := in(`"Our Time"`, "20270315T220000")
	if got := span(one(t, calendar(eu, eu, event))); got != "2027-03-15 21:00 to 2027-03-15 22:00" {
		t.Errorf("got %s", got)
	}
	refused(t, calendar(eu, us, event), "line 33", "Our Time", "line 4")
	// Each calendar in a file has its own.
	c := mustRead(t, calendar(eu, event)+calendar(us, strings.Replace(event, "work-1", "work-2", 1)))
	if got := strings.Join(spans(c), ", "); got != "2027-03-15 20:00 to 2027-03-15 21:00, 2027-03-15 21:00 to 2027-03-15 22:00" {
		t.Errorf("got %s", got)
	}
}

func TestABrokenDefinitionIsRefused(t *testing.T) {
	part := func(lines ...string) string {
		return "BEGIN:VTIMEZONE\nTZID:Our Time\nBEGIN:STANDARD\n" + strings.Join(lines, "\n") + "\nEND:STANDARD\nEND:VTIMEZONE"
	}
	const start, from, to = "DTSTART:20270101T000000", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200"
	tests := map[string]struct {
		part string
		say  []string
	}{
		"no start":       {part(from, to), []string{"DTSTART"}},
		"no from":        {part(start, to), []string{"TZOFFSETFROM"}},
		"no to":          {part(start, from), []string{"TZOFFSETTO"}},
		"a start in UTC": {part(start+"Z", from, to), []string{"not a local time"}},
		"two rules":      {part(start, from, to, "RRULE:FREQ=YEARLY", "RRULE:FREQ=MONTHLY"), []string{"two RRULE"}},
		"25 hours":       {part(start, from, "TZOFFSETTO:+2500"), []string{"line 9", `"+2500"`}},
		"no sign":        {part(start, from, "TZOFFSETTO:0100"), []string{"line 9", "offset"}},
		"hours only":     {part(start, from, "TZOFFSETTO:+01"), []string{"line 9", "offset"}},
		"letters":        {part(start, from, "TZOFFSETTO:+0x00"), []string{"line 9", "offset"}},
		"hourly":         {part(start, from, to, "RRULE:FREQ=HOURLY"), []string{"line 4", "HOURLY"}},
		"daily":          {part(start, from, to, "RRULE:FREQ=DAILY"), []string{"line 4", "2000"}},
		"no name":        {strings.Replace(part(start, from, to), "TZID:Our Time\n", "", 1), []string{"no TZID"}},
		"both at once":   {definition("Our Time", "DTSTART:20260329T020000", "DTSTART:20260329T030000"), []string{"twice at 2026-03-29T01:00:00Z"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			refused(t, calendar(tt.part, in(`"Our Time"`, "20270306T220000")), tt.say...)
		})
	}
}

func TestADefinitionThatIsNotUsedMayBeOdd(t *testing.T) {
	odd := definition("Our Time", "DTSTART:20270101T000000\nRRULE:FREQ=HOURLY", euBack)
	mustRead(t, calendar(odd, vevent("a", timed...)))
}

func TestTheCallersZoneIsTheLastResort(t *testing.T) {
	text := calendar("X-WR-TIMEZONE:Europe/Berlin", vevent("a", "DTSTART:20270306T220000\nDURATION:PT1H"))
	c, err := icalendar.Read(strings.NewReader(text), icalendar.Options{Now: now, Zone: "America/New_York"})
	if err != nil || span(c.Events[0]) != "2027-03-06 21:00 to 2027-03-06 22:00" {
		t.Errorf("got %v, %v", spans(c), err)
	}
}
