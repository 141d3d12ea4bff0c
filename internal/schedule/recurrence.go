package schedule

import (
	"iter"
	"time"

	"github.com/changectl/changectl/internal/change"
)

// The fields of a recurrence that errors name.
const (
	recurStart    = "start"
	recurRule     = "rule"
	recurDuration = "duration"
	recurZone     = "zone"
	recurExcept   = "except"
)

// Bounds of what a recurrence may say.
const (
	// longestText is the most bytes of one of its texts.
	longestText = 1000
	// mostExceptions is the most exceptions that it may list.
	mostExceptions = 1000
	// earliestYear and latestYear bound its start; outside them it is a slip.
	earliestYear, latestYear = 1970, 2199
)

const day = 24 * time.Hour

// Recurring is a recurrence ready to be asked. It is not altered by that and can be
// asked by many at once. Making it takes longer than asking it: keep it.
type Recurring struct {
	zone   string
	loc    *time.Location
	length time.Duration
	series series
	// until is the last moment at which an occurrence starts, or zero.
	until time.Time
	// skipped holds what does not happen: local starts, and midnights for whole days.
	skipped map[time.Time]bool
}

// Recur checks a recurrence and makes it ready. The rule follows RFC 5545 3.3.10
// with days as its finest grain: one start a day at most, no FREQ below DAILY and no
// weeks of the year. The first occurrence is the first day that follows the rule at
// or after the start. The errors are Invalid and name the field: start, rule,
// duration, zone or except.
func Recur(in change.Recurrence) (*Recurring, error) {
	if err := sized(in); err != nil {
		return nil, err
	}
	start, err := localStart(in.Start)
	if err != nil {
		return nil, err
	}
	loc, err := LoadZone(in.Zone)
	if err != nil {
		return nil, change.Invalid("%q is not a time zone", in.Zone).At(recurZone).
			WithHint("write a name of the IANA database, such as Europe/Berlin, America/New_York or UTC")
	}
	r := &Recurring{zone: in.Zone, loc: loc, length: in.Duration.Std()}
	if err := r.follow(in.Rule, start); err != nil {
		return nil, err
	}
	if err := r.apart(); err != nil {
		return nil, err
	}
	return r, r.skip(in.Except)
}

func sized(in change.Recurrence) error {
	for _, text := range []struct{ field, value string }{{recurStart, in.Start}, {recurRule, in.Rule}, {recurZone, in.Zone}} {
		if n := len(text.value); n > longestText {
			return change.Invalid("is %d bytes long; the most is %d", n, longestText).At(text.field)
		}
	}
	switch length := in.Duration.Std(); {
	case length <= 0:
		return change.Invalid("%s is no length of time", length).At(recurDuration).WithHint("write for example 90m or 4h")
	case length > Longest:
		return change.Invalid("%s is too long; the longest is %s (14 days)", Words(length), Words(Longest)).
			At(recurDuration).WithHint("split it into several")
	}
	return nil
}

func localStart(text string) (time.Time, error) {
	wall, ok := readLocal(text)
	if !ok {
		return time.Time{}, change.Invalid("%q is not a local date and time", text).At(recurStart).
			WithHint("write for example 2027-01-02T22:00, without an offset: the zone stands in its own field")
	}
	if wall.Year() < earliestYear || wall.Year() > latestYear {
		return time.Time{}, change.Invalid("the year %d is not between %d and %d", wall.Year(), earliestYear, latestYear).
			At(recurStart).WithHint("correct the year")
	}
	return wall, nil
}

// Between returns the occurrences that overlap [from, to), by start, in UTC. The
// duration is elapsed time, whatever the clocks do. A local start that the clocks
// jump over is taken with the offset before the jump, one that they show twice is
// the first of the two (RFC 5545 3.3.5). No two occurrences overlap: one that would
// run into the next because clocks went forward ends where that starts.
func (r *Recurring) Between(from, to time.Time) []change.Window {
	if !from.Before(to) {
		return nil
	}
	var found []change.Window
	asked := change.Window{Start: from, End: to}
	for w := range r.windows(from.UTC().Add(-r.length - reach)) {
		if !w.Start.Before(to) {
			break
		}
		if w.Overlaps(asked) {
			found = append(found, w)
		}
	}
	return found
}

// Next returns the first occurrence that starts at or after a moment.
func (r *Recurring) Next(after time.Time) (change.Window, bool) {
	for w := range r.windows(after.UTC().Add(-reach)) {
		if !w.Start.Before(after) {
			return w, true
		}
	}
	return change.Window{}, false
}

// windows yields the occurrences from a local start on, each cut off where the
// next one starts.
func (r *Recurring) windows(wall time.Time) iter.Seq[change.Window] {
	return func(yield func(change.Window) bool) {
		var held change.Window
		for start := range r.starts(wall) {
			if held.End.After(start) {
				held.End = start
			}
			if held.Length() > 0 && !yield(held) {
				return
			}
			held = change.Window{Start: start, End: start.Add(r.length), Zone: r.zone}
		}
		if held.Length() > 0 {
			yield(held)
		}
	}
}

// starts yields the moments at which occurrences start, from a local start on.
func (r *Recurring) starts(wall time.Time) iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		for local := range r.series.from(wall) {
			start := place(local, r.loc).at.UTC()
			if !r.until.IsZero() && start.After(r.until) {
				return
			}
			if r.skipped[local] || r.skipped[midnight(local)] {
				continue
			}
			if !yield(start) {
				return
			}
		}
	}
}

func (r *Recurring) happens() bool {
	for range r.starts(r.series.start) {
		return true
	}
	return false
}

func midnight(wall time.Time) time.Time {
	y, m, d := wall.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}
