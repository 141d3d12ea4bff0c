package apitest

import (
	"time"

	"github.com/changectl/changectl/internal/change"
)

// Neighbours returns who else is playing around resource:orders-db-1 at Now, one in
// each state.
func Neighbours() []change.Neighbour {
	at := func(start, length time.Duration, zone string) change.Window {
		return change.Window{Start: Now.Add(start), End: Now.Add(start + length), Zone: zone}
	}
	return []change.Neighbour{{
		State: change.NeighbourNext, By: "CHG-9", Title: "New certificates", Status: change.Scheduled,
		Window: at(3*time.Hour, time.Hour, "Europe/Berlin"), Person: "user:erin", Owner: "group:web",
		Mode: change.Observe, Systems: []change.Ref{"component:orders-api", "component:web-shop"},
		Path: []change.Ref{"resource:orders-db-1", "component:orders-api"},
	}, {
		State: change.NeighbourRunning, By: "MNT-3", Title: "Splicing of the northern fibre", Impact: change.Outage,
		Window: at(-30*time.Minute, 2*time.Hour, "America/New_York"), Since: Now.Add(-30 * time.Minute), Person: "user:carol",
		Owner: "Nordkabel GmbH", Contact: "NOC +49 4841 1234, ticket NK-991", Mode: change.Touch, Systems: []change.Ref{"resource:lan-2"},
		Relation: "works on resource:lan-2, over which resource:orders-db-1 is reached (resource:orders-db-1 > resource:lan-2)",
	}, {
		State: change.NeighbourOverrunning, By: "CHG-5", Title: "Move a disk", Status: change.Held,
		Window: at(-2*time.Hour, 90*time.Minute, "Europe/Berlin"), Since: Now.Add(-115 * time.Minute), Person: "user:carol",
		Owner: "user:carol", Contact: "storage on call, +49 4841 99", Mode: change.Touch, Systems: []change.Ref{"resource:orders-db-1"},
		Relation: "works on resource:orders-db-1 itself",
	}, {
		State: change.NeighbourEnded, By: "CHG-4", Title: "Firmware", Status: change.BackedOut,
		Window: at(-3*time.Hour, 2*time.Hour, "Europe/Berlin"), Ended: Now.Add(-80 * time.Minute), Person: "user:dave",
		Owner: "user:dave", Mode: change.Impact, Systems: []change.Ref{"component:orders-api"},
		Relation: "took down component:orders-api, which depends on resource:orders-db-1",
	}}
}

// Disturbed returns Sample of a change that is held by a failed check, with who else
// was playing.
func Disturbed() change.Record {
	rec := Sample(change.Held)
	rec.Hold.Neighbours = Neighbours()
	return rec
}

// HeldBeforeStart returns CHG-7 as it is held an hour before its window, by a
// maintenance that was declared since.
func HeldBeforeStart() change.Record {
	rec := Sample(change.Scheduled)
	rec.Status = change.Held
	rec.Findings = []change.Finding{DeclaredFinding(rec.Plan.Window.Start)}
	rec.Note = "MNT-3 has been declared since and is in the way"
	rec.Hold = &change.Hold{
		Number: 1, Since: Now.Add(-2 * time.Minute), During: change.Scheduled, Reason: rec.Note,
		Choices: []change.Verb{change.Continue, change.Cancel},
	}
	return rec
}

// DeclaredFinding returns what MNT-3, declared for a time around start, is for CHG-7, with
// the next free slot.
func DeclaredFinding(start time.Time) change.Finding {
	return change.Finding{
		Rule: "overlap", Severity: change.Blocks, Message: "MNT-3 takes down resource:lan-2, through which resource:orders-db-1 is reached",
		Systems: []change.Ref{"resource:lan-2"}, Path: []change.Ref{"resource:orders-db-1", "resource:lan-2"},
		Other: &change.Holding{
			System: "resource:lan-2", Mode: change.Touch, By: "MNT-3", Title: "Splicing of the northern fibre", Impact: change.Outage,
			Person: "user:carol", Owner: "group:lan", Whose: "Nordkabel GmbH", Contact: "NOC +49 4841 1234, ticket NK-991",
			Window: change.Window{Start: start.Add(-time.Hour), End: start.Add(time.Hour), Zone: "Europe/Berlin"},
		},
		Next: &change.Window{Start: start.Add(4 * time.Hour), End: start.Add(5*time.Hour + 30*time.Minute), Zone: "Europe/Berlin"},
	}
}

// Freeze returns FRZ-3, which comes again each weekend.
func Freeze() change.Freeze {
	return change.Freeze{
		ID: "FRZ-3", Title: "Year end in the books", Reason: "the auditors are in", Owner: "group:finance",
		Scope:  change.Scope{Owners: []change.Ref{"group:dba", "group:web"}, Tiers: []int{1}},
		Window: change.Window{Start: Now.Add(-time.Hour), End: Now.Add(21 * 24 * time.Hour), Zone: "Europe/Berlin"},
		Recurrence: &change.Recurrence{
			Start: "2027-03-06T12:00", Rule: "FREQ=WEEKLY;BYDAY=SA", Duration: change.Duration(36 * time.Hour), Zone: "Europe/Berlin",
		},
		Exception: "group:change-managers", By: "user:erin", At: Now.Add(-48 * time.Hour),
	}
}

// Declaration returns MNT-3.
func Declaration() change.Declaration {
	return change.Declaration{
		ID: "MNT-3", Revision: 2, State: change.Planned, Title: "Splicing of the northern fibre", Impact: change.Outage,
		Targets: []change.Ref{"resource:lan-2", "site:husum"}, Owner: "Nordkabel GmbH", Contact: "NOC +49 4841 1234, ticket NK-991",
		Window:     change.Window{Start: Now.Add(time.Hour), End: Now.Add(3 * time.Hour), Zone: "Europe/Berlin"},
		Holds:      []change.Hand{{System: "resource:lan-2", Mode: change.Touch}, {System: "resource:orders-db-1", Mode: change.Impact, Path: []change.Ref{"resource:lan-2", "resource:orders-db-1"}}},
		DeclaredBy: "user:carol", At: Now.Add(-time.Hour), Reason: "moved by an hour",
		Source: &change.CalendarEntry{Calendar: "nordkabel", UID: "991@nordkabel.example", Sequence: 1},
	}
}
