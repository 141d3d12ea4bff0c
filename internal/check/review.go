package check

import (
	"slices"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/schedule"
)

// rule is one reason for or against a change.
type rule struct {
	name  string
	judge func(*matter) []change.Finding
	// before marks a rule about whether a change may start, of which nothing is to be
	// said once it has.
	before bool
}

// The names of the rules that share the clashes between them.
const (
	byEmergency = "emergency"
	byOverlap   = "overlap"
	byAccess    = "access-path"
)

// The order is the order in which a person reads the findings.
var rules = []rule{
	{"origin", origin, true},
	{"fits", fits, true},
	{byEmergency, emergency, false},
	{byOverlap, overlap, false},
	{byAccess, accessPath, false},
	{"redundancy", redundancy, false},
	{"freeze", freeze, true},
	{"maintenance-window", maintenanceWindow, true},
	{"overrun", overrun, true},
	{"person", person, false},
}

// Review judges a change against what others hold at the time of f, and against what
// the catalog of today allows. What is left of the window counts, not the part of it
// that is over. Findings that stand in the way come first.
func Review(f change.Facts, e Estate) change.Verdict {
	m := newMatter(f, e)
	var v change.Verdict
	for _, r := range rules {
		if r.before && f.Record.Started() {
			continue
		}
		for _, found := range r.judge(m) {
			found.Rule = r.name
			v.Findings = append(v.Findings, found)
		}
	}
	slices.SortStableFunc(v.Findings, func(a, b change.Finding) int { return weight(b.Severity) - weight(a.Severity) })
	return v
}

// weight puts what stands in the way before what is only worth knowing.
func weight(s change.Severity) int {
	switch s {
	case change.Blocks:
		return 2
	case change.Warns:
		return 1
	}
	return 0
}

// Times returns what the arithmetic of windows needs of a plan.
func Times(p change.Plan) []schedule.Times {
	ts := make([]schedule.Times, len(p.Steps))
	for i, s := range p.Steps {
		ts[i] = schedule.Times{Name: s.Name, Expected: s.Expected.Std(), Irreversible: s.PointOfNoReturn}
		if s.Undo != nil {
			ts[i].Undo = s.Undo.Expected.Std()
		}
	}
	return ts
}

// Needed returns how long a window the plan needs.
func Needed(p change.Plan) time.Duration { return schedule.Needed(Times(p), p.Margin.Std()) }
