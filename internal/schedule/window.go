package schedule

import (
	"strings"
	"time"

	"github.com/changectl/changectl/internal/change"
)

// Longest is the longest window that a change can ask for.
const Longest = 14 * 24 * time.Hour

// The fields that errors name.
const (
	fieldStart    = "spec.window.start"
	fieldEnd      = "spec.window.end"
	fieldDuration = "spec.window.duration"
	fieldZone     = "spec.window.zone"
)

// Resolve turns what a person wrote into a window in UTC: a start with exactly
// one of end and duration. Times are local to the zone, to the minute or second,
// unless they carry an offset or Z; a zone is needed unless all of them do. A
// local time that the clocks jump over is refused; one that they show twice is
// its first occurrence. A duration is elapsed time, whatever the clocks do. The
// errors are Invalid and name the field. Without a zone, the window's is UTC.
func Resolve(w change.WindowRequest) (change.Window, error) { return ResolveWithin(w, Longest) }

// ResolveWithin is Resolve for what may be longer or must be shorter than the window
// of a change.
func ResolveWithin(w change.WindowRequest, longest time.Duration) (change.Window, error) {
	loc, err := zone(w)
	if err != nil {
		return change.Window{}, err
	}
	if w.Start == "" {
		return change.Window{}, change.Invalid("is missing").At(fieldStart).WithHint("write a local time such as 2027-03-06T23:00")
	}
	start, err := moment(w.Start, fieldStart, loc)
	if err != nil {
		return change.Window{}, err
	}
	end, field, err := ending(w, start, loc)
	if err != nil {
		return change.Window{}, err
	}
	out := change.Window{Start: start.UTC(), End: end.UTC(), Zone: "UTC"}
	if w.Zone != "" {
		out.Zone = w.Zone
	}
	return out, bounded(out, field, longest)
}

func ending(w change.WindowRequest, start time.Time, loc *time.Location) (time.Time, string, error) {
	switch {
	case w.End != "" && w.Duration != "":
		return time.Time{}, "", change.Invalid("is given beside an end").At(fieldDuration).WithHint("keep one of end and duration")
	case w.End == "" && w.Duration == "":
		return time.Time{}, "", change.Invalid("is missing").At(fieldEnd).WithHint("write an end such as 2027-03-07T01:00, or a duration such as 2h")
	case w.End != "":
		end, err := moment(w.End, fieldEnd, loc)
		return end, fieldEnd, err
	}
	d, err := time.ParseDuration(w.Duration)
	if err != nil {
		return time.Time{}, "", change.Invalid("%q is not a duration", w.Duration).At(fieldDuration).WithHint("write for example 90m or 1h30m")
	}
	return start.Add(d), fieldDuration, nil
}

func bounded(w change.Window, field string, longest time.Duration) error {
	switch length := w.Length(); {
	case length == 0:
		return change.Invalid("the window has no length: it starts and ends at %s", show(w.Start, w.Zone)).
			At(field).WithHint("give an end behind the start")
	case length < 0:
		return change.Invalid("the window ends at %s, before it starts at %s", show(w.End, w.Zone), show(w.Start, w.Zone)).
			At(field).WithHint("give an end behind the start")
	case length > longest:
		return change.Invalid("the window is %s long; the longest is %s (%d days)", Words(length), Words(longest), int(longest.Hours()/24)).
			At(field).WithHint("split the work into several parts")
	}
	return nil
}

func show(t time.Time, name string) string {
	if loc, err := time.LoadLocation(name); err == nil {
		t = t.In(loc)
	}
	return t.Format("2006-01-02 15:04:05 -07:00")
}

// zone returns the location that the request names. It is nil when there is
// none and none is needed.
func zone(w change.WindowRequest) (*time.Location, error) {
	if w.Zone == "" {
		for _, s := range []string{w.Start, w.End} {
			if _, local := readLocal(s); local {
				return nil, change.Invalid("is missing, and %q is a local time", s).
					At(fieldZone).WithHint("name the zone, such as Europe/Berlin or UTC, or give the time with its offset")
			}
		}
		return nil, nil
	}
	return LoadZone(w.Zone)
}

// LoadZone returns the location of an IANA zone name. Names that mean whatever
// the machine is set to, and copies of the database under other names, are
// Invalid like unknown ones.
func LoadZone(name string) (*time.Location, error) {
	unknown := change.Invalid("%q is not a time zone", name).At(fieldZone).
		WithHint("write a name of the IANA database, such as Europe/Berlin, America/New_York or UTC")
	switch top, _, _ := strings.Cut(name, "/"); top {
	case "", "Local", "localtime", "posix", "posixrules", "right", "Factory":
		return nil, unknown
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, unknown
	}
	return loc, nil
}

var (
	localLayouts  = []string{"2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02 15:04:05"}
	offsetLayouts = []string{"2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z07:00", "2006-01-02 15:04Z07:00", "2006-01-02 15:04:05Z07:00"}
)

func readLocal(s string) (time.Time, bool) { return readAs(s, localLayouts) }

func readAs(s string, layouts []string) (time.Time, bool) {
	for _, layout := range layouts {
		if t, err := time.Parse(layout, s); err == nil && t.Nanosecond() == 0 {
			return t, true
		}
	}
	return time.Time{}, false
}

func moment(s, field string, loc *time.Location) (time.Time, error) {
	if t, ok := readAs(s, offsetLayouts); ok {
		return t, nil
	}
	wall, ok := readLocal(s)
	if !ok {
		return time.Time{}, change.Invalid("%q is not a date and time", s).At(field).
			WithHint("write for example 2027-03-06T23:00, or with an offset 2027-03-06T23:00:00+01:00")
	}
	p := place(wall, loc)
	if p.gap {
		return time.Time{}, inGap(wall, p, loc).At(field)
	}
	return p.at, nil
}

// inGap names both neighbours of a time that the clocks jump over.
func inGap(wall time.Time, p placement, loc *time.Location) *change.Error {
	from := p.turn.UTC().Add(time.Duration(p.before) * time.Second)
	to := p.turn.UTC().Add(time.Duration(p.after) * time.Second)
	last := from.Add(-time.Minute)
	layout := "15:04"
	if wall.Second() != 0 || from.Second() != 0 || to.Second() != 0 {
		layout, last = "15:04:05", from.Add(-time.Second)
	}
	near := layout
	if last.YearDay() != wall.YearDay() || to.YearDay() != wall.YearDay() {
		near = "2006-01-02 " + layout
	}
	return change.Invalid("%s does not exist on %s in %s: clocks go from %s to %s", wall.Format(layout), wall.Format("2006-01-02"),
		loc, from.Format(near), to.Format(near)).
		WithHint("write %s or %s, or give the offset", last.Format(near), to.Format(near))
}
