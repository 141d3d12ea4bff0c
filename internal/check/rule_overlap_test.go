package check_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/check"
)

// declared returns a declared maintenance's hold of a system.
func declared(system change.Ref, mode change.Mode, w change.Window) change.Holding {
	return change.Holding{
		System: system, Mode: mode, By: "MNT-7", Title: "fibre swap", Impact: change.Outage, Person: "user:carol",
		Whose: "ACME Telecom", Contact: "noc@acme.example", Window: w,
	}
}

func claimed(h change.Holding, s change.Status) change.Holding {
	h.Token, h.Status = 4, s
	return h
}

func emergency(h change.Holding) change.Holding {
	h.Type = change.Emergency
	return h
}

func TestAFindingSaysWhatWithWhomWhenAndHowToReachThem(t *testing.T) {
	far := holding("component:api", change.Observe, window)
	far.Path, far.Contact = []change.Ref{"component:shop", "component:api"}, "+49 4841 1234"
	tests := map[string]struct {
		other change.Holding
		want  []string
		path  []change.Ref
	}{
		"a change": {
			far,
			[]string{
				`this change takes service from component:api, which CHG-9 ("other work", submitted by user:bob) validates through`,
				"from 2027-03-06T22:00:00Z to 2027-03-06T23:00:00Z", "the way there is resource:pool -> component:api",
				"theirs is component:shop -> component:api", "their contact: +49 4841 1234",
			},
			[]change.Ref{"resource:pool", "component:api"},
		},
		"a declared maintenance": {
			declared("resource:db-1", change.Touch, window),
			[]string{
				`this change works on resource:db-1, which MNT-7 ("fibre swap", declared maintenance, OUTAGE, of ACME Telecom) works on`,
				"their contact: noc@acme.example",
			},
			nil,
		},
		"a declared maintenance without impact": {
			declared("resource:db-1", change.Observe, window), []string{"which MNT-7", "has announced work without impact on"}, nil,
		},
		"a change that stands still": {
			claimed(holding("resource:db-1", change.Touch, window), change.Held), []string{"on hold, from 2027-03-06T22:00:00Z"}, nil,
		},
		"a path of theirs alone": {
			func() change.Holding {
				h := holding("resource:db-1", change.Impact, window)
				h.Path = []change.Ref{"resource:san", "resource:db-1"}
				return h
			}(),
			[]string{"theirs is resource:san -> resource:db-1"},
			[]change.Ref{"resource:san", "resource:db-1"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := check.Review(facts(plan(), tt.other), estate{}).Findings
			if len(got) != 1 || got[0].Rule != "overlap" || got[0].Severity != change.Blocks || got[0].Other.By != tt.other.By {
				t.Fatalf("got %+v", got)
			}
			for _, want := range tt.want {
				if !strings.Contains(got[0].Message, want) {
					t.Errorf("%q does not say %q", got[0].Message, want)
				}
			}
			if diff := cmp.Diff(tt.path, got[0].Path); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOneFindingForEachOtherAndWhatItComesTo(t *testing.T) {
	p := plan()
	p.Footprint.Observe = append(p.Footprint.Observe, change.Affected{System: "component:api", Path: []change.Ref{"component:api"}})
	others := []change.Holding{
		holding("component:probe", change.Touch, window),
		holding("resource:db-1", change.Touch, window),
		holding("component:api", change.Impact, window), // we impact it and look at it too
		declared("resource:pool", change.Touch, window),
	}
	got := check.Review(facts(p, others...), estate{}).Findings
	var systems [][]change.Ref
	for _, f := range got {
		systems = append(systems, f.Systems)
	}
	want := [][]change.Ref{{"resource:db-1", "component:probe", "component:api"}, {"resource:pool"}}
	if diff := cmp.Diff(want, systems); diff != "" {
		t.Errorf("%s\n%+v", diff, got)
	}
}

func TestWhatIsOverIsNotInTheWay(t *testing.T) {
	f := facts(plan(), declared("resource:db-1", change.Touch, at(-30, 20)))
	f.Now = opens.Add(20*time.Minute - time.Second)
	if got := review(f, estate{}); len(got) != 1 {
		t.Errorf("a maintenance that goes on: %q", got)
	}
	f.Now = opens.Add(20 * time.Minute)
	if got := review(f, estate{}); len(got) != 0 {
		t.Errorf("a maintenance that is over: %q", got)
	}
}

func TestTheFootprintOfTodayCounts(t *testing.T) {
	f := facts(plan(), holding("resource:new", change.Touch, window))
	if got := review(f, estate{}); len(got) != 0 {
		t.Errorf("by the plan: %q", got)
	}
	f.Record.Footprint = &change.Footprint{Touch: []change.Ref{"resource:db-1", "resource:new"}}
	if diff := cmp.Diff([]string{"overlap blocks"}, review(f, estate{})); diff != "" {
		t.Error(diff)
	}
}

func TestWhatAPersonHasAcceptedOnlyWarns(t *testing.T) {
	f := facts(plan(), declared("resource:db-1", change.Touch, window))
	f.Record.Accepted = []change.ID{"MNT-8"}
	if diff := cmp.Diff([]string{"overlap blocks"}, review(f, estate{})); diff != "" {
		t.Errorf("another is accepted: %s", diff)
	}
	f.Record.Accepted = []change.ID{"MNT-7"}
	got := check.Review(f, estate{})
	if diff := cmp.Diff([]string{"overlap warns"}, told(got)); diff != "" || !strings.Contains(got.Findings[0].Message, "accepted by decision") {
		t.Errorf("%s %+v", diff, got)
	}
}

func TestAnEmergencyKeepsOthersAwayAndGoesAhead(t *testing.T) {
	ours := plan()
	ours.Type = change.Emergency
	frozen := change.Freeze{ID: "FRZ-1", Window: window}
	shut := estate{open: map[change.Ref][]change.Window{"resource:db-1": nil}}
	tests := map[string]struct {
		plan   change.Plan
		others []change.Holding
		want   []string
	}{
		"another's emergency works on what we work on": {plan(), []change.Holding{emergency(holding("resource:db-1", change.Touch, window))}, []string{"emergency blocks"}},
		"both only take service from a system":         {plan(), []change.Holding{emergency(holding("component:api", change.Impact, window))}, []string{"emergency blocks"}},
		"both only look at a system":                   {plan(), []change.Holding{emergency(holding("component:probe", change.Observe, window))}, nil},
		"another's emergency at another time":          {plan(), []change.Holding{emergency(holding("resource:db-1", change.Touch, shifted(time.Hour)))}, nil},
		"ours and a reservation":                       {ours, []change.Holding{holding("resource:db-1", change.Touch, window)}, []string{"overlap warns"}},
		"ours and a running change":                    {ours, []change.Holding{claimed(holding("resource:db-1", change.Touch, window), change.Running)}, []string{"overlap blocks"}},
		"ours and a declared maintenance":              {ours, []change.Holding{declared("resource:db-1", change.Touch, window)}, []string{"overlap warns"}},
		"ours and a running emergency":                 {ours, []change.Holding{claimed(emergency(holding("resource:db-1", change.Touch, window)), change.Running)}, []string{"overlap blocks"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, review(facts(tt.plan, tt.others...), estate{})); diff != "" {
				t.Error(diff)
			}
		})
	}
	for other, say := range map[change.ID]string{"CHG-9": "its reservation will be pushed aside", "MNT-7": "it cannot be refused"} {
		h := holding("resource:db-1", change.Touch, window)
		h.By = other
		if got := check.Review(facts(ours, h), estate{}).Findings[0].Message; !strings.Contains(got, say) {
			t.Errorf("%q does not say %q", got, say)
		}
	}
	f := facts(ours)
	f.Freezes = []change.Freeze{frozen}
	if diff := cmp.Diff([]string{"freeze warns", "maintenance-window warns"}, review(f, shut)); diff != "" {
		t.Errorf("an emergency in a freeze and outside the windows: %s", diff)
	}
}

func TestTheWayInIsKept(t *testing.T) {
	ours := plan()
	ours.Footprint.Observe = []change.Affected{{System: "resource:vpn", Path: []change.Ref{"resource:db-1", "resource:vpn"}, Access: true}}
	theirs := holding("resource:db-1", change.Observe, window)
	theirs.Access, theirs.Path = true, []change.Ref{"resource:mail", "resource:db-1"}
	severed := plan()
	severed.Footprint.Severed = []change.Affected{{System: "resource:pool", Path: []change.Ref{"resource:db-1", "resource:pool"}}}
	tests := map[string]struct {
		plan   change.Plan
		others []change.Holding
		want   []string
		says   string
	}{
		"they work on our way in":           {ours, []change.Holding{holding("resource:vpn", change.Touch, window)}, []string{"access-path blocks"}, "takes down the way in of this change"},
		"they take service from our way in": {ours, []change.Holding{holding("resource:vpn", change.Impact, window)}, []string{"access-path blocks"}, "resource:db-1 -> resource:vpn"},
		"both go in the same way":           {ours, []change.Holding{holding("resource:vpn", change.Observe, window)}, nil, ""},
		"we work on their way in":           {plan(), []change.Holding{theirs}, []string{"access-path blocks"}, `would cut the way in of CHG-9 ("other work"`},
		"we only look at their way in":      {ours, []change.Holding{func() change.Holding { h := theirs; h.System = "resource:vpn"; return h }()}, nil, ""},
		"our own way in":                    {severed, nil, []string{"access-path blocks"}, "takes down resource:pool, over which its own way in leads (resource:db-1 -> resource:pool)"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			v := check.Review(facts(tt.plan, tt.others...), estate{})
			if diff := cmp.Diff(tt.want, told(v)); diff != "" {
				t.Fatal(diff)
			}
			if tt.says != "" && !strings.Contains(v.Findings[0].Message, tt.says) {
				t.Errorf("%q does not say %q", v.Findings[0].Message, tt.says)
			}
		})
	}
}

func TestWhoMayNotBeDoneInTimeIsTold(t *testing.T) {
	claim := func(s change.Status, w change.Window) change.Holding {
		return claimed(holding("resource:db-1", change.Touch, w), s)
	}
	impact := claimed(holding("component:api", change.Impact, at(-300, -200)), change.Running)
	tests := map[string]struct {
		other change.Holding
		want  []string
	}{
		"over its window now":                       {claim(change.Running, at(-300, -60)), []string{"overrun warns"}},
		"over, and of no concern to each other":     {impact, nil},
		"in its window and on its way":              {claim(change.Running, at(-90, -30)), nil},
		"on hold, and ends as ours begins":          {claim(change.Held, at(-90, 0)), []string{"overrun warns"}},
		"backing out, and ends two hours before":    {claim(change.BackingOut, at(-300, -30)), []string{"overrun warns"}},
		"a reservation of a change that is on hold": {func() change.Holding { h := claim(change.Held, at(-90, 0)); h.Token = 0; return h }(), nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, review(facts(plan(), tt.other), estate{})); diff != "" {
				t.Error(diff)
			}
		})
	}
	early := facts(plan(), claim(change.Held, at(-400, -121)))
	early.Now = opens.Add(-130 * time.Minute)
	if got := review(early, estate{}); len(got) != 0 {
		t.Errorf("on hold, with more than two hours between: %q", got)
	}
}

func TestPeopleWhomTwoChangesNeed(t *testing.T) {
	f := facts(plan())
	f.Parallel = []change.Parallel{{Person: "user:dave", Other: change.Holding{By: "CHG-4", Title: "switches", Person: "user:bob", Window: window}}}
	v := check.Review(f, estate{})
	if diff := cmp.Diff([]string{"person warns"}, told(v)); diff != "" {
		t.Fatal(diff)
	}
	for _, want := range []string{"user:dave", `CHG-4 ("switches", submitted by user:bob)`, "from 2027-03-06T22:00:00Z"} {
		if !strings.Contains(v.Findings[0].Message, want) {
			t.Errorf("%q does not say %q", v.Findings[0].Message, want)
		}
	}
}
