package check_test

import (
	"cmp"
	"slices"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/check"
)

var (
	opens  = time.Date(2027, 3, 6, 22, 0, 0, 0, time.UTC)
	window = change.Window{Start: opens, End: opens.Add(time.Hour), Zone: "UTC"}
)

func plan() change.Plan {
	return change.Plan{
		Instance: "test", Submitter: "user:alice", Window: window,
		Targets: []change.System{
			{Ref: "resource:db-1", Owner: "group:dba", Tier: 1},
			{Ref: "resource:pool", Owner: "group:platform"},
			{Ref: "component:api", Owner: "group:orders"},
		},
		Footprint: change.Footprint{
			Touch:   []change.Ref{"resource:db-1", "resource:pool"},
			Impact:  []change.Affected{{System: "component:api", Path: []change.Ref{"resource:pool", "component:api"}}},
			Observe: []change.Affected{{System: "component:probe", Path: []change.Ref{"component:probe"}}},
		},
		Steps: []change.Step{
			{Name: "one", Action: change.Action{Expected: change.Duration(10 * time.Minute)}, Undo: &change.Action{Expected: change.Duration(5 * time.Minute)}},
		},
	}
}

func holding(system change.Ref, mode change.Mode, w change.Window) change.Holding {
	return change.Holding{System: system, Mode: mode, By: "CHG-9", Title: "other work", Person: "user:bob", Window: w}
}

func shifted(by time.Duration) change.Window {
	return change.Window{Start: window.Start.Add(by), End: window.End.Add(by), Zone: "UTC"}
}

// at returns a window by minutes behind the start of ours.
func at(from, to int) change.Window {
	return change.Window{Start: opens.Add(time.Duration(from) * time.Minute), End: opens.Add(time.Duration(to) * time.Minute), Zone: "UTC"}
}

// facts are those an hour before the window.
func facts(p change.Plan, others ...change.Holding) change.Facts {
	return change.Facts{Now: opens.Add(-time.Hour), Record: change.Record{ID: "CHG-1", Plan: p}, Holdings: others}
}

// told returns what each finding comes to: its rule with its severity.
func told(v change.Verdict) []string {
	var list []string
	for _, f := range v.Findings {
		list = append(list, f.Rule+" "+string(f.Severity))
	}
	return list
}

func review(f change.Facts, e estate) []string { return told(check.Review(f, e)) }

// estate is a small catalog: scopes select by system, windows stand beside each system.
type estate struct {
	owners  map[change.Ref]change.Ref
	members map[change.Ref]change.Ref // person to group
	open    map[change.Ref][]change.Window
	names   map[change.Ref]string // of the windows; otherwise nights
}

func (e estate) Owner(s change.Ref) change.Ref { return e.owners[s] }
func (e estate) IsMember(p, g change.Ref) bool { return e.members[p] == g }

func (e estate) InScope(s change.Scope, system change.Ref) bool {
	return s.Empty() || slices.Contains(s.Systems, system)
}

func (e estate) Open(s change.Ref, from, to time.Time) (open []change.Window, names []string, limited bool) {
	all, limited := e.open[s]
	for _, w := range all {
		if w.Start.Before(to) && from.Before(w.End) {
			open = append(open, w)
		}
	}
	if limited {
		names = []string{cmp.Or(e.names[s], "nights")}
	}
	return open, names, limited
}
