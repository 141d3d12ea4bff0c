package icalendar

import (
	"time"

	"github.com/changectl/changectl/internal/change"
)

// reach is farther than the clocks of any zone are from UTC.
const reach = 50 * time.Hour

// take makes of an entry the event, or the events of the series, that it stands for.
func (g *gathering) take(e *entry) error {
	withdrawn := e.State() == change.Withdrawn
	switch {
	case e.start == nil && withdrawn:
		e.Zone = "UTC"
		return g.emit(e, e.Event)
	case e.start == nil:
		return e.wrong("has no DTSTART")
	case !withdrawn && e.longPast(g.now):
		g.past++
		return nil
	}
	g.remark(e)
	z, err := e.in.zoneOf(*e.start)
	if err != nil {
		return e.about("DTSTART", err)
	}
	t := &timing{gathering: g, entry: e, zone: z, withdrawn: withdrawn}
	if err := t.measure(); err != nil {
		return err
	}
	if e.series() {
		return t.expand()
	}
	return t.single()
}

func (g *gathering) remark(e *entry) {
	if e.excluded {
		g.notes.add("series with EXRULE", "%s has an EXRULE, which is not read: what that leaves out is kept", e.label())
	}
	for _, written := range append([]string{e.Maintnote.Impact}, objectImpacts(e.Maintnote.Objects)...) {
		if written != "" && impact(written) == change.Outage && token(written) != string(change.Outage) {
			g.notes.add("unknown impacts", "%s has the impact %s, which is not known and counts as OUTAGE", e.label(), quoted(written))
		}
	}
}

func objectImpacts(objects []Object) []string {
	var all []string
	for _, o := range objects {
		all = append(all, o.Impact)
	}
	return all
}

// longPast reports, without knowing of zones, whether the entry is one event that is
// certainly over. Nothing else about it matters then.
func (e *entry) longPast(now time.Time) bool {
	latest := e.start.wall
	switch {
	case e.series() || e.occurrence != nil:
		return false
	case e.end != nil && e.end.wall.After(latest):
		latest = e.end.wall
	case e.length != nil:
		latest = latest.Add(e.length.about())
	case e.start.date:
		latest = latest.Add(day)
	}
	return latest.Add(reach).Before(now)
}
