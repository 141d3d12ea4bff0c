package icalendar

import (
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/schedule"
)

// zone is what a name of a time zone means in one calendar.
type zone struct {
	name string
	loc  *time.Location
	iana bool
	// other is what the calendar itself says of a zone of the tz database.
	other *time.Location
}

var utc = &zone{name: "UTC", loc: time.UTC, iana: true}

// ourName returns the name by which others know the zone.
func (z *zone) ourName() string {
	if z.iana {
		return z.name
	}
	return "UTC"
}

// at returns the moment at which the clocks show a time, and whether they jump over it.
func (z *zone) at(wall time.Time) (time.Time, bool) { return resolve(wall, z.loc) }

func resolve(wall time.Time, loc *time.Location) (time.Time, bool) {
	// A time that was read from text is in the calendar, which is all that can be wrong.
	at, gap, _ := schedule.ResolveLocal(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), loc)
	return at.UTC(), gap
}

// doubt returns the two offsets when the tz database and the calendar disagree on
// what a time is.
func (z *zone) doubt(wall time.Time) (ours, theirs string, differ bool) {
	if z.other == nil {
		return "", "", false
	}
	at, _ := resolve(wall, z.loc)
	other, _ := resolve(wall, z.other)
	return offsetOf(wall, at), offsetOf(wall, other), !at.Equal(other)
}

func offsetOf(wall, at time.Time) string {
	return at.In(time.FixedZone("", int(wall.Sub(at)/time.Second))).Format("-07:00")
}

// zoneOf finds out in which zone a moment is.
func (o *object) zoneOf(m moment) (*zone, error) {
	name := m.zone
	switch {
	case m.utc:
		return utc, nil
	case name != "":
	case o.zone != "":
		name = o.zone
	case o.source.options.Zone != "":
		name = o.source.options.Zone
	default:
		return nil, change.Invalid("is written for no time zone, and the calendar names none (X-WR-TIMEZONE)").
			WithHint("say in which zone its times are meant, or ask the sender for times with a zone or in UTC")
	}
	if z := o.zones[name]; z != nil {
		return z, nil
	}
	z, err := o.find(name)
	if err == nil {
		o.zones[name] = z
	}
	return z, err
}

func (o *object) find(name string) (*zone, error) {
	z := &zone{name: name}
	if d := o.definitions[name]; d != nil && len(d.observances) > 0 {
		var err error
		if z.other, err = d.location(o.source.reach()); err != nil {
			return nil, o.source.located(err, d.line)
		}
	}
	loc, err := schedule.LoadZone(name)
	switch {
	case err == nil:
		z.loc, z.iana = loc, true
	case z.other != nil:
		z.loc, z.other = z.other, nil
	default:
		return nil, change.Invalid("is in the time zone %s, which is not in the tz database and which the calendar does not define", quoted(name)).
			WithHint("ask the sender for UTC, for a name such as Europe/Berlin, or for the VTIMEZONE that goes with the name")
	}
	return z, nil
}
