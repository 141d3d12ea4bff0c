package schedule_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/changectl/changectl/internal/schedule"
)

// turn is a moment at which the clocks of a zone are set.
type turn struct {
	at            time.Time
	before, after time.Duration
}

func load(t *testing.T, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func offset(t time.Time) time.Duration {
	_, seconds := t.Zone()
	return time.Duration(seconds) * time.Second
}

func turns(t *testing.T, name string) []turn {
	t.Helper()
	var all []turn
	loc := load(t, name)
	for at := time.Date(2020, 1, 1, 0, 0, 0, 0, loc); ; {
		_, end := at.ZoneBounds()
		if end.IsZero() || end.Year() > 2037 {
			return all
		}
		at = end.In(loc)
		all = append(all, turn{at: at, before: offset(at.Add(-time.Second)), after: offset(at)})
	}
}

func resolve(t *testing.T, wall time.Time, loc *time.Location) (time.Time, bool) {
	t.Helper()
	got, gap, err := schedule.ResolveLocal(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), loc)
	if err != nil {
		t.Fatal(err)
	}
	return got, gap
}

// shows finds, by trying every offset that the zone has around a wall time, the
// moments at which its clocks show it, earliest first.
func shows(wall time.Time, around turn, loc *time.Location) []time.Time {
	var found []time.Time
	for _, o := range []time.Duration{max(around.before, around.after), min(around.before, around.after)} {
		at := wall.Add(-o).In(loc)
		if at.Format(time.DateTime) == wall.Format(time.DateTime) && (len(found) == 0 || !found[0].Equal(at)) {
			found = append(found, at)
		}
	}
	return found
}

func TestEveryTurnOfEveryZoneIsResolved(t *testing.T) {
	b, err := os.ReadFile("testdata/zones.txt")
	if err != nil {
		t.Fatal(err)
	}
	gaps, overlaps := 0, 0
	for _, name := range strings.Fields(string(b)) {
		loc := load(t, name)
		for _, turn := range turns(t, name) {
			from, to := turn.at.UTC().Add(turn.before), turn.at.UTC().Add(turn.after)
			low, high := from, to
			if high.Before(low) {
				low, high = to, from
			}
			for _, wall := range []time.Time{low.Add(-time.Second), low, low.Add(high.Sub(low) / 2).Truncate(time.Second), high.Add(-time.Second), high, high.Add(time.Second)} {
				got, gap := resolve(t, wall, loc)
				found := shows(wall, turn, loc)
				switch {
				case len(found) == 0:
					gaps++
					if !gap || !got.Equal(wall.Add(-turn.before)) {
						t.Errorf("%s %s is in a gap: got %s, gap %v; want it with the offset %s", name, wall.Format(time.DateTime), got, gap, turn.before)
					}
				default:
					overlaps += len(found) - 1
					if gap || !got.Equal(found[0]) {
						t.Errorf("%s %s: got %s, gap %v; want %s", name, wall.Format(time.DateTime), got, gap, found[0])
					}
				}
			}
		}
	}
	if gaps < 10_000 || overlaps < 10_000 {
		t.Errorf("saw %d gaps and %d overlaps; expected more than 10,000 of each", gaps, overlaps)
	}
}

func TestALocalTimeIsFirstOccurrence(t *testing.T) {
	tests := map[string]struct {
		zone, in, want string
		gap            bool
	}{
		"plain":           {"Europe/Berlin", "2027-07-01 12:00:00", "2027-07-01T10:00:00Z", false},
		"gap":             {"Europe/Berlin", "2027-03-28 02:30:00", "2027-03-28T01:30:00Z", true},
		"overlap":         {"Europe/Berlin", "2027-10-31 02:30:00", "2027-10-31T00:30:00Z", false},
		"half an hour":    {"Australia/Lord_Howe", "2027-04-04 01:45:00", "2027-04-03T14:45:00Z", false},
		"a skipped day":   {"Pacific/Apia", "2011-12-30 12:00:00", "2011-12-30T22:00:00Z", true},
		"a repeated day":  {"Pacific/Kwajalein", "1993-08-21 12:00:00", "1993-08-22T00:00:00Z", true},
		"no rules at all": {"UTC", "2027-03-28 02:30:00", "2027-03-28T02:30:00Z", false},
		"local mean time": {"Asia/Manila", "1700-01-01 00:00:00", "1700-01-01T15:56:08Z", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			wall, err := time.Parse(time.DateTime, tt.in)
			if err != nil {
				t.Fatal(err)
			}
			got, gap := resolve(t, wall, load(t, tt.zone))
			if got.UTC().Format(time.RFC3339) != tt.want || gap != tt.gap {
				t.Errorf("got %s, gap %v; want %s, %v", got.UTC().Format(time.RFC3339), gap, tt.want, tt.gap)
			}
		})
	}
}

func TestATimeOutsideTheCalendarIsRefused(t *testing.T) {
	for _, in := range [][6]int{{2027, 2, 30, 0, 0, 0}, {2027, 13, 1, 0, 0, 0}, {2027, 1, 1, 24, 0, 0}, {2027, 1, 1, 0, 60, 0}, {2027, 1, 1, 0, 0, -1}} {
		if got, _, err := schedule.ResolveLocal(in[0], time.Month(in[1]), in[2], in[3], in[4], in[5], time.UTC); err == nil {
			t.Errorf("%v was read as %s", in, got)
		}
	}
}
