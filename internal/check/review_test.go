package check_test

import (
	"strings"
	"testing"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/check"
)

func TestTheMatrixOfConflicts(t *testing.T) {
	mine := map[change.Mode]change.Ref{change.Touch: "resource:db-1", change.Impact: "component:api", change.Observe: "component:probe"}
	want := map[change.Mode]map[change.Mode]change.Severity{
		change.Touch:   {change.Touch: "blocks", change.Impact: "blocks", change.Observe: "blocks"},
		change.Impact:  {change.Touch: "blocks", change.Impact: "warns", change.Observe: "blocks"},
		change.Observe: {change.Touch: "blocks", change.Impact: "blocks", change.Observe: ""},
	}
	for ours, system := range mine {
		for theirs, severity := range want[ours] {
			t.Run(string(ours+" and "+theirs), func(t *testing.T) {
				f := change.Facts{Now: opens.Add(-time.Hour), Record: change.Record{Plan: plan()}, Holdings: []change.Holding{holding(system, theirs, window)}}
				var got change.Severity
				for _, found := range check.Review(f, estate{}).Findings {
					got = found.Severity
					if found.Rule != "overlap" || found.Other.By != "CHG-9" || found.Systems[0] != system || !strings.Contains(found.Message, "CHG-9") {
						t.Errorf("the finding does not say what is in the way: %+v", found)
					}
				}
				if got != severity {
					t.Errorf("got %q, want %q", got, severity)
				}
			})
		}
	}
}

func TestWhatMeetsThePlan(t *testing.T) {
	claim := holding("resource:db-1", change.Touch, shifted(-2*time.Hour))
	claim.Token = 4
	tests := map[string]struct {
		holding change.Holding
		now     time.Time
		blocked bool
	}{
		"the same window":                       {holding("resource:db-1", change.Touch, window), opens.Add(-time.Hour), true},
		"a window that ends as ours begins":     {holding("resource:db-1", change.Touch, shifted(-time.Hour)), opens.Add(-time.Hour), false},
		"a window that begins as ours ends":     {holding("resource:db-1", change.Touch, shifted(time.Hour)), opens.Add(-time.Hour), false},
		"one second of overlap":                 {holding("resource:db-1", change.Touch, shifted(-time.Hour+time.Second)), opens.Add(-time.Hour), true},
		"another system":                        {holding("resource:db-7", change.Touch, window), opens.Add(-time.Hour), false},
		"a claim that overruns into our window": {claim, opens, true},
		"a claim that overruns, before ours":    {claim, opens.Add(-time.Minute), false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := change.Facts{Now: tt.now, Record: change.Record{Plan: plan()}, Holdings: []change.Holding{tt.holding}}
			if got := check.Review(f, estate{}).Blocked(); got != tt.blocked {
				t.Errorf("blocked: %v, want %v: %+v", got, tt.blocked, check.Review(f, estate{}))
			}
		})
	}
}

func TestOneMemberTooManyOfAGroup(t *testing.T) {
	p := plan()
	p.Footprint.Touch = []change.Ref{"resource:a"}
	p.Footprint.Degraded = []change.Degraded{{Group: "g", Members: []change.Ref{"resource:a", "resource:b", "resource:c"}, Touched: []change.Ref{"resource:a"}, MustRun: 1}}
	f := change.Facts{Now: opens.Add(-time.Hour), Record: change.Record{Plan: p}}
	f.Holdings = []change.Holding{holding("resource:b", change.Touch, window)}
	if v := check.Review(f, estate{}); v.Blocked() {
		t.Errorf("two of three with one that must run is blocked: %+v", v)
	}
	f.Holdings = append(f.Holdings, holding("resource:c", change.Touch, window))
	if v := check.Review(f, estate{}); !v.Blocked() {
		t.Error("all three at once is not blocked")
	}
}

func TestAPlanThatNoLongerFits(t *testing.T) {
	f := change.Facts{Now: opens.Add(44 * time.Minute), Record: change.Record{Plan: plan()}}
	if check.Review(f, estate{}).Blocked() {
		t.Error("16 minutes are left and 15 are needed, yet it is blocked")
	}
	f.Now = opens.Add(46 * time.Minute)
	if !check.Review(f, estate{}).Blocked() {
		t.Error("14 minutes are left and 15 are needed, yet it is not blocked")
	}
}

func TestOfAChangeThatHasStartedOnlyOthersAreTold(t *testing.T) {
	late := window.End.Add(-time.Second)
	f := change.Facts{Now: late, Record: change.Record{Plan: plan(), StartedAt: window.Start}, Holdings: []change.Holding{holding("resource:db-1", change.Touch, window)}}
	var got []string
	for _, found := range check.Review(f, estate{}).Findings {
		got = append(got, found.Rule)
	}
	if len(got) != 1 || got[0] != "overlap" {
		t.Errorf("told of %v; that it no longer fits is no news to a change that runs", got)
	}
	f.Record.StartedAt = time.Time{}
	if v := check.Review(f, estate{}); v.Findings[0].Rule != "fits" {
		t.Errorf("before its start it must fit: %+v", v.Findings)
	}
}
