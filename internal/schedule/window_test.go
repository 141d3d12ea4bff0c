package schedule_test

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/schedule"
)

func at(t *testing.T, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return v.UTC()
}

func TestAWindowIsResolvedToUTC(t *testing.T) {
	tests := map[string]struct {
		in               change.WindowRequest
		start, end, zone string
	}{
		"start and end":    {change.WindowRequest{Start: "2027-03-06T23:00", End: "2027-03-07T01:30", Zone: "Europe/Berlin"}, "2027-03-06T22:00:00Z", "2027-03-07T00:30:00Z", "Europe/Berlin"},
		"duration":         {change.WindowRequest{Start: "2027-03-06T23:00", Duration: "90m", Zone: "Europe/Berlin"}, "2027-03-06T22:00:00Z", "2027-03-06T23:30:00Z", "Europe/Berlin"},
		"seconds, space":   {change.WindowRequest{Start: "2027-03-06 23:00:05", Duration: "10s", Zone: "UTC"}, "2027-03-06T23:00:05Z", "2027-03-06T23:00:15Z", "UTC"},
		"offset, no zone":  {change.WindowRequest{Start: "2027-03-06T23:00:00+05:45", Duration: "1h"}, "2027-03-06T17:15:00Z", "2027-03-06T18:15:00Z", "UTC"},
		"Z and local":      {change.WindowRequest{Start: "2027-03-06T22:00Z", End: "2027-03-06 23:30", Zone: "Europe/Berlin"}, "2027-03-06T22:00:00Z", "2027-03-06T22:30:00Z", "Europe/Berlin"},
		"overlap is first": {change.WindowRequest{Start: "2027-10-31T02:30", Duration: "1h", Zone: "Europe/Berlin"}, "2027-10-31T00:30:00Z", "2027-10-31T01:30:00Z", "Europe/Berlin"},
		"over the gap":     {change.WindowRequest{Start: "2027-03-28T01:30", End: "2027-03-28T03:30", Zone: "Europe/Berlin"}, "2027-03-28T00:30:00Z", "2027-03-28T01:30:00Z", "Europe/Berlin"},
		"offset in a gap":  {change.WindowRequest{Start: "2027-03-28T02:30+01:00", Duration: "1h", Zone: "Europe/Berlin"}, "2027-03-28T01:30:00Z", "2027-03-28T02:30:00Z", "Europe/Berlin"},
		"fourteen days":    {change.WindowRequest{Start: "2027-03-01T00:00", End: "2027-03-15T00:00", Zone: "UTC"}, "2027-03-01T00:00:00Z", "2027-03-15T00:00:00Z", "UTC"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := schedule.Resolve(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			want := change.Window{Start: at(t, tt.start), End: at(t, tt.end), Zone: tt.zone}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if got.Start.Location() != time.UTC || got.End.Location() != time.UTC {
				t.Error("the ends are not in UTC")
			}
		})
	}
}

func TestAWindowThatCannotBeIsRefused(t *testing.T) {
	berlin := func(start, end string) change.WindowRequest {
		return change.WindowRequest{Start: start, End: end, Zone: "Europe/Berlin"}
	}
	zone := func(name string) change.WindowRequest {
		return change.WindowRequest{Start: "2027-03-06T23:00", Duration: "1h", Zone: name}
	}
	tests := map[string]struct {
		in          change.WindowRequest
		field, want string
	}{
		"gap":              {berlin("2027-03-28T02:30", "2027-03-28T04:00"), "spec.window.start", "02:30 does not exist on 2027-03-28 in Europe/Berlin: clocks go from 02:00 to 03:00; write 01:59 or 03:00, or give the offset"},
		"gap at the end":   {berlin("2027-03-28T00:30", "2027-03-28T02:00:01"), "spec.window.end", "02:00:01 does not exist on 2027-03-28 in Europe/Berlin: clocks go from 02:00:00 to 03:00:00; write 01:59:59 or 03:00:00"},
		"gap at midnight":  {change.WindowRequest{Start: "2027-04-23T00:30", Duration: "1h", Zone: "Africa/Cairo"}, "", ""},
		"skipped day":      {change.WindowRequest{Start: "2011-12-30T12:00", Duration: "1h", Zone: "Pacific/Apia"}, "spec.window.start", "12:00 does not exist on 2011-12-30 in Pacific/Apia: clocks go from 2011-12-30 00:00 to 2011-12-31 00:00; write 2011-12-29 23:59 or 2011-12-31 00:00"},
		"no start":         {change.WindowRequest{End: "2027-03-06T23:00", Zone: "UTC"}, "spec.window.start", "is missing"},
		"no end":           {change.WindowRequest{Start: "2027-03-06T23:00", Zone: "UTC"}, "spec.window.end", "is missing; write an end such as 2027-03-07T01:00, or a duration such as 2h"},
		"end and duration": {change.WindowRequest{Start: "2027-03-06T23:00", End: "2027-03-07T01:00", Duration: "2h", Zone: "UTC"}, "spec.window.duration", "keep one of end and duration"},
		"end first":        {berlin("2027-03-06T23:00", "2027-03-06T22:00"), "spec.window.end", "ends at 2027-03-06 22:00:00 +01:00, before it starts at 2027-03-06 23:00:00 +01:00"},
		"no length":        {berlin("2027-03-06T23:00", "2027-03-06T23:00"), "spec.window.end", "has no length"},
		"zero duration":    {change.WindowRequest{Start: "2027-03-06T23:00", Duration: "0s", Zone: "UTC"}, "spec.window.duration", "has no length"},
		"negative":         {change.WindowRequest{Start: "2027-03-06T23:00", Duration: "-1h", Zone: "UTC"}, "spec.window.duration", "before it starts"},
		"too long":         {berlin("2027-03-06T23:00", "2027-03-20T23:00:01"), "spec.window.end", "the longest is 336h (14 days)"},
		"duration words":   {change.WindowRequest{Start: "2027-03-06T23:00", Duration: "two hours", Zone: "UTC"}, "spec.window.duration", `"two hours" is not a duration; write for example 90m`},
		"not a date":       {berlin("2027-02-30T23:00", "2027-03-06T23:30"), "spec.window.start", `"2027-02-30T23:00" is not a date and time; write for example`},
		"tomorrow":         {berlin("tomorrow", "2027-03-06T23:30"), "spec.window.start", `"tomorrow" is not a date and time`},
		"fractions":        {berlin("2027-03-06T23:00:00.5", "2027-03-06T23:30"), "spec.window.start", "is not a date and time"},
		"no zone":          {zone(""), "spec.window.zone", `is missing, and "2027-03-06T23:00" is a local time`},
		"no zone for one":  {change.WindowRequest{Start: "2027-03-06T23:00Z", End: "2027-03-06T23:30"}, "spec.window.zone", `"2027-03-06T23:30" is a local time`},
		"Local":            {zone("Local"), "spec.window.zone", `"Local" is not a time zone; write a name of the IANA database`},
		"localtime":        {zone("localtime"), "spec.window.zone", "is not a time zone"},
		"leap seconds":     {zone("right/Europe/Berlin"), "spec.window.zone", "is not a time zone"},
		"abbreviation":     {zone("CEST"), "spec.window.zone", `"CEST" is not a time zone`},
		"unknown":          {zone("Europe/Atlantis"), "spec.window.zone", `"Europe/Atlantis" is not a time zone`},
		"climbing":         {zone("../../etc/passwd"), "spec.window.zone", "is not a time zone"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if tt.want == "" {
				tt.field, tt.want = "spec.window.start", "does not exist on"
				tt.in.Start = firstGap(t, tt.in.Zone).Format("2006-01-02T15:04")
			}
			_, err := schedule.Resolve(tt.in)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got  %v\nwant %s", err, tt.want)
			}
			if change.KindOf(err) != change.KindInvalid || !strings.HasPrefix(err.Error(), tt.field+": ") {
				t.Errorf("kind %s, %v; want invalid at %s", change.KindOf(err), err, tt.field)
			}
		})
	}
}

// firstGap returns a wall time inside the first gap of a zone after 2027 began.
func firstGap(t *testing.T, name string) time.Time {
	t.Helper()
	for _, turn := range turns(load(t, name)) {
		if turn.after > turn.before && turn.at.Year() == 2027 {
			return turn.at.UTC().Add(turn.before + (turn.after-turn.before)/2)
		}
	}
	t.Fatalf("%s has no gap in 2027", name)
	return time.Time{}
}
