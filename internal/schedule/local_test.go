package schedule_test

import (
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

// turns returns the moments from 2020 to 2037 at which the clocks of a zone are set.
func turns(loc *time.Location) []turn {
	var all []turn
	for at := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).In(loc); ; {
		_, end := at.ZoneBounds()
		if !end.IsZero() && !end.After(at) {
			end = at.Add(24 * time.Hour) // go.dev/issue/81583
		}
		if end.IsZero() || end.UTC().Year() > 2037 {
			return all
		}
		at = end.In(loc)
		if t := (turn{at: at, before: offset(at.Add(-time.Second)), after: offset(at)}); t.before != t.after {
			all = append(all, t)
		}
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

func TestALocalTimeIsFirstOccurrence(t *testing.T) {
	tests := map[string]struct {
		zone, in, want string
		gap            bool
	}{
		"plain":              {"Europe/Berlin", "2027-07-01 12:00:00", "2027-07-01T10:00:00Z", false},
		"gap":                {"Europe/Berlin", "2027-03-28 02:30:00", "2027-03-28T01:30:00Z", true},
		"overlap":            {"Europe/Berlin", "2027-10-31 02:30:00", "2027-10-31T00:30:00Z", false},
		"half an hour":       {"Australia/Lord_Howe", "2027-04-04 01:45:00", "2027-04-03T14:45:00Z", false},
		"a skipped day":      {"Pacific/Apia", "2011-12-30 12:00:00", "2011-12-30T22:00:00Z", true},
		"a repeated day":     {"Pacific/Kwajalein", "1993-08-21 12:00:00", "1993-08-22T00:00:00Z", true},
		"end of a leap year": {"Europe/Berlin", "2048-12-31 22:00:00", "2048-12-31T21:00:00Z", false},
		"no rules at all":    {"UTC", "2027-03-28 02:30:00", "2027-03-28T02:30:00Z", false},
		"local mean time":    {"Asia/Manila", "1700-01-01 00:00:00", "1700-01-01T15:56:08Z", false},
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
