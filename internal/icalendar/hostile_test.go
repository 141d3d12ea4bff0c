package icalendar_test

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/icalendar"
)

func TestWhatIsNoCalendarIsRefusedByItsBeginning(t *testing.T) {
	tests := map[string]struct {
		text string
		say  []string
	}{
		"a web page":          {"<html><head><title>Sign in</title>" + strings.Repeat("x", 3<<20), []string{`not an iCalendar: begins with "<html>"`, "login"}},
		"a page with a type":  {"\n\n  <!DOCTYPE html>\n<html>\n", []string{`begins with "<!DOCTYPE html>"`}},
		"JSON":                {"{\"error\": \"not found\"}\nmore", []string{`begins with "{\"error\": \"not found\"}"`}},
		"nothing":             {"", []string{"it is empty"}},
		"blank":               {"\r\n \r\n\t", []string{"it is empty"}},
		"a table":             {"UID,Start,End\na,1,2\n", []string{`"UID,Start,End"`}},
		"another format":      {"BEGIN:VCARD\nEND:VCARD\n", []string{`"BEGIN:VCARD"`}},
		"an event alone":      {"BEGIN:VEVENT\nEND:VEVENT\n", []string{`"BEGIN:VEVENT"`}},
		"compressed":          {"\x1f\x8b\x08\x00\x00\x00", []string{"not an iCalendar"}},
		"UTF-16":              {"\xff\xfeB\x00E\x00G\x00I\x00N\x00", []string{"not an iCalendar"}},
		"not quite":           {"BEGIN:VCALENDARS\n", []string{"line 1", `"VCALENDARS"`}},
		"a part without name": {"BEGIN:VCALENDAR\nBEGIN:\nEND:\n", []string{"ends in the middle of the VCALENDAR"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			refused(t, tt.text, append(tt.say, "line")...)
		})
	}
}

func TestABrokenCalendarIsRefusedWithItsLine(t *testing.T) {
	good := calendar(vevent("a", timed...))
	tests := map[string]struct {
		text string
		say  []string
	}{
		"cut off in an event":           {good[:strings.Index(good, "END:VEVENT")], []string{"line 7", "ends in the middle of the VEVENT that begins in line 4"}},
		"cut off in a line":             {good[:strings.Index(good, "DTEND")+3], []string{"line 7", `"DTE"`}},
		"cut off behind an event":       {good[:strings.Index(good, "END:VCALENDAR")], []string{"VCALENDAR that begins in line 1"}},
		"an end of something else":      {calendar("BEGIN:VEVENT\nEND:VTODO"), []string{"line 5", "END:VTODO", `"VEVENT" of line 4`}},
		"an end of nothing":             {good + "END:VCALENDAR\n", []string{"line 10", "outside of a calendar"}},
		"words behind the end":          {good + "Kind regards\n", []string{"line 10", "Kind regards"}},
		"a line behind the end":         {good + "UID:b\n", []string{"line 10", "outside"}},
		"a calendar in a calendar":      {calendar("BEGIN:VCALENDAR\nEND:VCALENDAR"), []string{"line 4", `"VCALENDAR"`}},
		"an event in an event":          {calendar("BEGIN:VEVENT\nBEGIN:VEVENT\nEND:VEVENT\nEND:VEVENT"), []string{"line 5", `within "VEVENT"`}},
		"an event in a part unknown":    {calendar("BEGIN:X\n" + vevent("a", timed...) + "\nEND:X"), []string{"line 5", `within "X"`}},
		"parts within parts":            {calendar(strings.Repeat("BEGIN:X\n", 100_000)), []string{"line 11", "within each other"}},
		"a line without a value":        {calendar("BEGIN:VEVENT\nUID"), []string{"line 5", `"UID"`}},
		"a line without a name":         {calendar(":value"), []string{"line 4", `":value"`}},
		"words that were not folded":    {calendar(vevent("a", with("DESCRIPTION:one", "two words: three")...)), []string{"line 9", `"two words: three"`, "begins with a space"}},
		"a parameter without value":     {calendar("X;A:b"), []string{"line 4", "X"}},
		"a parameter that does not end": {calendar(`X;A="b:c`), []string{"line 4", `"A"`}},
		"a parameter and no value":      {calendar(`X;A=b`), []string{"line 4", `"A"`}},
		"NUL":                           {calendar(vevent("a", with("SUMMARY:a\x00b")...)), []string{"line 8", "NUL"}},
		"Latin-1":                       {calendar(vevent("a", with("SUMMARY:Stra\xdfe")...)), []string{"line 8", "UTF-8"}},
		"a carriage return alone":       {calendar(vevent("a", with("SUMMARY:a\rDTSTART:b")...)), []string{"line 8", "carriage return"}},
		"lines of old Macs":             {strings.ReplaceAll(good, "\n", "\r"), []string{"line 1", "carriage return"}},
		"a line of two megabytes":       {calendar(vevent("a", with("DESCRIPTION:"+strings.Repeat("x", 2<<20))...)), []string{"line 8", "longer than 1048576 bytes"}},
		"the same, folded":              {calendar(vevent("a", with("DESCRIPTION:"+strings.Repeat("x\n ", 2<<20))...)), []string{"line 8", "longer than 1048576 bytes"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			refused(t, tt.text, tt.say...)
		})
	}
}

func TestLinesMayEndAndFoldInAllWaysThatAreSeen(t *testing.T) {
	text := calendar(vevent("a", with("SUMMARY:Größere Arbeiten", "DESCRIPTION:one two")...))
	want := mustRead(t, text)
	folded := func(size int, fold string) string {
		var b strings.Builder
		for line := range strings.Lines(text) {
			for len(line) > size && b.Len() > 0 {
				b.WriteString(line[:size] + fold)
				line = line[size:]
			}
			b.WriteString(line)
		}
		return b.String()
	}
	tests := map[string]string{
		"LF":                              text,
		"CRLF":                            strings.ReplaceAll(text, "\n", "\r\n"),
		"CRCRLF":                          strings.ReplaceAll(text, "\n", "\r\r\n"),
		"no end of line at the end":       strings.TrimSuffix(text, "\n"),
		"a byte order mark":               "\xef\xbb\xbf" + text,
		"folded with a tab":               strings.ReplaceAll(folded(20, "\n\t"), "\n", "\r\n"),
		"folded between any two bytes":    folded(1, "\n "),
		"folded with nothing on the line": folded(3, "\n \n "),
		"in lower case":                   strings.NewReplacer("BEGIN:VEVENT", "begin:vevent", "END:VEVENT", "end:vevent", "SUMMARY", "summary", "DTSTART", "DtStart").Replace(text),
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			got := mustRead(t, text)
			for i := range got.Events {
				got.Events[i].Line = want.Events[i].Line
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBlankLinesAndForeignPartsAreSkipped(t *testing.T) {
	text := calendar("", "X-UNKNOWN;A=b;C=\"d:e\":f", "BEGIN:VTODO\nUID:t\nDTSTART:rubbish\nEND:VTODO", "  ", "BEGIN:VEVENT\nUID:a\n"+strings.Join(timed, "\n")+
		"\nBEGIN:VALARM\nUID:other\nDTSTART:rubbish\nSEQUENCE:x\nEND:VALARM\nBEGIN:STANDARD\nTZOFFSETTO:x\nEND:STANDARD\nATTACH:x\nEND:VEVENT")
	if e := one(t, "\n"+text); e.UID != "a" {
		t.Errorf("got %+v", e)
	}
}

func TestAReaderThatBreaksOffIsNoMistakeOfTheCalendar(t *testing.T) {
	broken := errors.New("connection reset")
	text := calendar(vevent("a", timed...))
	for _, r := range []io.Reader{
		iotest.ErrReader(broken),
		io.MultiReader(strings.NewReader(text[:len(text)/2]), iotest.ErrReader(broken)),
		io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken)),
	} {
		c, err := icalendar.Read(r, icalendar.Options{Now: now})
		if change.KindOf(err) != change.KindUnavailable || !errors.Is(err, broken) || len(c.Events) > 0 {
			t.Errorf("got %+v, %v", c, err)
		}
	}
	c, err := icalendar.Read(iotest.OneByteReader(strings.NewReader(text)), icalendar.Options{Now: now})
	if err != nil || len(c.Events) != 1 {
		t.Errorf("byte by byte: got %+v, %v", c, err)
	}
}

func listed(n int, value string) string { return strings.TrimSuffix(strings.Repeat(value+",", n), ",") }

// daily is so many series, each with a name of its own.
func daily(n int) string {
	var parts []string
	for i := range n {
		parts = append(parts, vevent(strconv.Itoa(i), with("RRULE:FREQ=DAILY")...))
	}
	return strings.Join(parts, "\n")
}

// offsets is so many parts of a definition, each with an offset of its own.
func offsets(n int) string {
	var parts []string
	for i := range n {
		parts = append(parts, fmt.Sprintf("BEGIN:STANDARD\nDTSTART:20270101T%02d%02d00\nTZOFFSETFROM:+0000\nTZOFFSETTO:+%02d%02d\nEND:STANDARD", i/60, i%60, i/60, i%60))
	}
	return strings.Join(parts, "\n")
}

func TestTheBoundsHold(t *testing.T) {
	many := func(n int, part string) string { return strings.TrimSuffix(strings.Repeat(part+"\n", n), "\n") }
	standard := "BEGIN:STANDARD\nDTSTART:20270101T000000\nTZOFFSETFROM:+0000\nTZOFFSETTO:+0100\nEND:STANDARD"
	tests := map[string]struct {
		text string
		say  []string
	}{
		"events":                 {calendar(many(100_000, vevent("a", timed...))), []string{"line 100004", "more than 20000 events"}},
		"occurrences":            {calendar(daily(60)), []string{"comes to more than 20000 events"}},
		"dates in all":           {calendar(vevent("a", with(many(4, "EXDATE:"+listed(60_000, "20270101")))...)), []string{"line 11", "more than 200000 dates"}},
		"objects":                {calendar(vevent("a", with(many(200_001, "X-MAINTNOTE-OBJECT-ID:a"))...)), []string{"line 200008", "more than 200000 objects"}},
		"parts of a definition":  {calendar("BEGIN:VTIMEZONE\nTZID:a\n" + many(2001, standard) + "\nEND:VTIMEZONE"), []string{"line 10006", "more than 2000 parts"}},
		"turns of one":           {calendar("BEGIN:VTIMEZONE\nTZID:a\nBEGIN:STANDARD\nDTSTART:20270101T000000\nTZOFFSETFROM:+0000\nTZOFFSETTO:+0100\nRDATE:"+listed(2001, "20270101T000000")+"\nEND:STANDARD\nEND:VTIMEZONE", in("a", "20270306T220000")), []string{"line 4", "2000 times"}},
		"offsets of one":         {calendar("BEGIN:VTIMEZONE\nTZID:a\n"+offsets(300)+"\nEND:VTIMEZONE", in("a", "20270306T220000")), []string{"line 4", "200 offsets"}},
		"a zone with a bad name": {calendar(in(strings.Repeat("a", 100_000), "20270306T220000")), []string{"line 4", "time zone"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			refused(t, tt.text, tt.say...)
		})
	}
	c, err := icalendar.Read(strings.NewReader(calendar(vevent("a", timed...), vevent("b", timed...))), icalendar.Options{Now: now, MaxEvents: 2, Horizon: time.Hour})
	if err != nil || len(c.Events) != 2 {
		t.Errorf("at the bound: %+v, %v", c, err)
	}
}

func TestRulesThatAreOverCostNothingAndOthersAreCounted(t *testing.T) {
	series := func(n int, until string) string {
		var parts []string
		for i := range n {
			parts = append(parts, vevent(strconv.Itoa(i), "DTSTART:20170306T220000Z", "DURATION:PT2H", "RRULE:FREQ=YEARLY;UNTIL="+until))
		}
		return calendar(parts...)
	}
	if c := mustRead(t, series(3000, "20250101")); len(c.Events) != 0 || len(c.Notes) != 1 {
		t.Errorf("got %d events, notes %q", len(c.Events), c.Notes)
	}
	refused(t, series(2001, "20290101"), "more than 2000", "line 12008")
}

func TestACalendarWithNothingPlannedIsEmpty(t *testing.T) {
	c, err := icalendar.Read(strings.NewReader(calendar("BEGIN:VTODO\nEND:VTODO")), icalendar.Options{Calendar: "carrier", Now: now})
	if err != nil || len(c.Events) != 0 || c.Name != "carrier" {
		t.Errorf("%+v, %v", c, err)
	}
}
