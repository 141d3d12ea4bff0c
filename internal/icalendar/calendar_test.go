package icalendar_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/icalendar"
)

func sample(t *testing.T, name string) icalendar.Calendar {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return mustRead(t, string(b))
}

func utc(text string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", text)
	if err != nil {
		panic(err)
	}
	return t
}

func TestACarriersNoticeIsReadInFull(t *testing.T) {
	want := icalendar.Event{
		UID: "NLC-20270301-88213@northlight.example", Line: 4,
		Stamp:       time.Date(2027, 2, 15, 9, 12, 0, 0, time.UTC),
		Summary:     "Northlight planned work: line card exchange in FRA4",
		Description: "Dear customer,\n\nwe will exchange a line card in Frankfurt.\nExpect two interruptions of up to 20 minutes each.",
		Start:       utc("2027-03-06 23:00"), End: utc("2027-03-07 05:00"), Zone: "UTC",
		Organizer: "Northlight NOC <noc@northlight.example>", Contact: "Northlight NOC, +49 69 5550 0112",
		Maintnote: icalendar.Maintnote{
			Provider: "northlight.example", Account: "137.035999173", MaintenanceIDs: []string{"NLC-88213", "FRA4-LC-7"},
			Objects: []icalendar.Object{
				{ID: "NL-10G-4711", URI: "https://portal.northlight.example/circuits?id=NL-10G-4711"},
				{ID: "NL-10G-4712", URI: "https://portal.northlight.example/c/4712"},
				{ID: "2001:db8::d06:f00d"},
			},
			Impact: "degraded", Status: "TENTATIVE",
		},
	}
	c := sample(t, "carrier-notice.ics")
	if diff := cmp.Diff([]icalendar.Event{want}, c.Events); diff != "" {
		t.Fatal(diff)
	}
	if e := c.Events[0]; e.Impact() != change.DegradedService || e.State() != change.Tentative {
		t.Errorf("impact %s, state %s", e.Impact(), e.State())
	}
}

func TestANoticeIsMovedAndCancelledUnderItsUID(t *testing.T) {
	first, moved, gone := sample(t, "carrier-notice.ics").Events[0], sample(t, "carrier-moved.ics").Events[0], sample(t, "carrier-cancelled.ics").Events[0]
	if first.UID != moved.UID || moved.UID != gone.UID {
		t.Fatalf("the UIDs differ: %s, %s, %s", first.UID, moved.UID, gone.UID)
	}
	if first.Sequence != 0 || moved.Sequence != 1 || gone.Sequence != 2 {
		t.Errorf("SEQUENCE %d, %d, %d", first.Sequence, moved.Sequence, gone.Sequence)
	}
	if got := span(moved); got != "2027-03-13 23:00 to 2027-03-14 05:00" || moved.State() != change.Planned {
		t.Errorf("moved to %s, %s", got, moved.State())
	}
	if gone.State() != change.Withdrawn || !gone.Start.IsZero() {
		t.Errorf("the cancellation is %s from %s", gone.State(), gone.Start)
	}
}

func TestATeamsSeriesIsExpandedWithItsAlterations(t *testing.T) {
	c := sample(t, "team-series.ics")
	var got []string
	for _, e := range c.Events {
		got = append(got, strings.Join([]string{e.Recurrence, span(e), e.Zone, e.Summary}, " | "))
	}
	want := []string{
		"20270313T210000Z | 2027-03-13 21:00 to 2027-03-14 01:00 | Europe/Berlin | Switch updates, all sites",
		"20270327T210000Z | 2027-03-27 21:00 to 2027-03-28 01:00 | Europe/Berlin | Switch updates, all sites",
		" | 2027-03-27 23:00 to 2027-03-28 22:00 | Europe/Berlin | Power feed B off all day",
		"20270403T200000Z | 2027-04-04 08:00 to 2027-04-04 10:00 | Europe/Berlin | Switch updates, on Sunday this time",
		"20270410T200000Z | 2027-04-10 20:00 to 2027-04-11 00:00 | Europe/Berlin | Switch updates, all sites",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"1 event(s) that were over before 2027-03-01T00:00:00Z are left out"}, c.Notes); diff != "" {
		t.Error(diff)
	}
	if c.Name != "LAN maintenance" || c.Method != "PUBLISH" {
		t.Errorf("name %q, method %q", c.Name, c.Method)
	}
}

func TestAZoneThatOnlyTheCalendarKnowsIsTakenFromIt(t *testing.T) {
	e := sample(t, "outlook-zone.ics").Events[0]
	if got := span(e); got != "2027-07-05 20:00 to 2027-07-06 04:00" || e.Zone != "UTC" {
		t.Errorf("got %s in %s", got, e.Zone)
	}
}

func TestACalendarGoesByTheNameUnderWhichItIsImported(t *testing.T) {
	text := calendar("X-WR-CALNAME:Their name", vevent("a", timed...))
	o := icalendar.Options{Now: now, Calendar: "northlight"}
	c, err := icalendar.Read(strings.NewReader(text), o)
	if err != nil || c.Name != "northlight" {
		t.Errorf("got %q, %v", c.Name, err)
	}
	_, err = icalendar.Read(strings.NewReader(text+"rubbish"), o)
	if err == nil || !strings.HasPrefix(err.Error(), "northlight line 11: ") {
		t.Errorf("the error does not begin with the place: %v", err)
	}
}

func TestSeveralCalendarsMayStandInOneFile(t *testing.T) {
	text := calendar("METHOD:REQUEST", vevent("a", timed...)) + calendar("METHOD:CANCEL", vevent("b", timed...))
	c := mustRead(t, text)
	if len(c.Events) != 2 || c.Events[0].State() != change.Planned || c.Events[1].State() != change.Withdrawn {
		t.Errorf("got %+v", c.Events)
	}
}

func TestACalendarThatAnnouncesNothingIsRefused(t *testing.T) {
	for _, line := range []string{"METHOD:REPLY", "METHOD:COUNTER", "METHOD:ADD", "CALSCALE:HEBREW"} {
		refused(t, calendar(line, vevent("a", timed...)), "line 4", line[:6])
	}
	refused(t, strings.Replace(calendar(vevent("a", timed...)), "VERSION:2.0", "VERSION:1.0", 1), "line 2", `"1.0"`, "RFC 5545")
}

func TestATimeIsNeeded(t *testing.T) {
	if c, err := icalendar.Read(strings.NewReader(calendar(vevent("a", timed...))), icalendar.Options{}); err == nil {
		t.Errorf("without a time, got %+v", c)
	}
}
