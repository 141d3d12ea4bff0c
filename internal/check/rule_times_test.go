package check_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/check"
)

func yearEnd() change.Freeze {
	return change.Freeze{
		ID: "FRZ-3", Title: "year end", Reason: "the books are being closed", Owner: "group:finance", Exception: "group:cab",
		Scope: change.Scope{Systems: []change.Ref{"component:api"}}, Window: at(-600, 600),
	}
}

// nightly holds from 22:30 to 23:00 each night.
var nightly = change.Recurrence{Start: "2027-01-01T22:30", Rule: "FREQ=DAILY", Duration: change.Duration(30 * time.Minute), Zone: "UTC"}

func TestAFreezeBlocksWhatItsScopeSelects(t *testing.T) {
	granted := change.Requirement{Role: "group:cab", Count: 1, Rule: "exception FRZ-3"}
	tests := map[string]struct {
		spoil func(*change.Plan, *change.Freeze)
		want  []string
		says  string
	}{
		"a system that loses service": {func(*change.Plan, *change.Freeze) {}, []string{"freeze blocks"}, "--exception FRZ-3"},
		"every system":                {func(_ *change.Plan, f *change.Freeze) { f.Scope = change.Scope{} }, []string{"freeze blocks"}, "resource:db-1, resource:pool, component:api"},
		"a system that is looked at":  {func(_ *change.Plan, f *change.Freeze) { f.Scope.Systems[0] = "component:probe" }, nil, ""},
		"ends as the window begins":   {func(_ *change.Plan, f *change.Freeze) { f.Window = at(-600, 0) }, nil, ""},
		"the last second":             {func(_ *change.Plan, f *change.Freeze) { f.Window.Start = window.End.Add(-time.Second) }, []string{"freeze blocks"}, ""},
		"lifted":                      {func(_ *change.Plan, f *change.Freeze) { f.LiftedAt = opens }, nil, ""},
		"comes again and hits": {
			func(_ *change.Plan, f *change.Freeze) { f.Recurrence = &nightly },
			[]string{"freeze blocks"},
			"from 2027-03-06T22:30:00Z to 2027-03-06T23:00:00Z",
		},
		"comes again and misses": {func(p *change.Plan, f *change.Freeze) {
			f.Recurrence, p.Window = &nightly, at(0, 30)
		}, nil, ""},
		"comes again outside of its bounds": {func(_ *change.Plan, f *change.Freeze) {
			f.Recurrence, f.Window = &nightly, at(-600, 30)
		}, nil, ""},
		"allows no exceptions": {func(p *change.Plan, f *change.Freeze) {
			f.Exception, p.Exceptions = "", []change.ID{"FRZ-3"}
			p.Approvals = []change.Requirement{{Count: 1, Rule: "exception FRZ-3"}}
		}, []string{"freeze blocks"}, "It allows no exceptions"},
		"an exception is asked for": {func(p *change.Plan, _ *change.Freeze) {
			p.Exceptions, p.Approvals = []change.ID{"FRZ-3"}, []change.Requirement{granted}
		}, []string{"freeze warns"}, "group:cab must approve"},
		"asked for, and nobody has to approve": {func(p *change.Plan, _ *change.Freeze) {
			p.Exceptions = []change.ID{"FRZ-3"}
		}, []string{"freeze blocks"}, ""},
		"asked for, and others approve": {func(p *change.Plan, f *change.Freeze) {
			f.Exception, p.Exceptions, p.Approvals = "group:board", []change.ID{"FRZ-3"}, []change.Requirement{granted}
		}, []string{"freeze blocks"}, ""},
		"asked for, and its people approve for another reason": {func(p *change.Plan, _ *change.Freeze) {
			p.Exceptions, p.Approvals = []change.ID{"FRZ-3"}, []change.Requirement{{Role: "group:cab", Count: 1, Rule: "exception FRZ-2"}}
		}, []string{"freeze blocks"}, ""},
		"approved without being asked for": {func(p *change.Plan, _ *change.Freeze) {
			p.Approvals = []change.Requirement{granted}
		}, []string{"freeze blocks"}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p, fr := plan(), yearEnd()
			tt.spoil(&p, &fr)
			f := facts(p)
			f.Freezes = []change.Freeze{fr}
			v := check.Review(f, estate{})
			if diff := cmp.Diff(tt.want, told(v)); diff != "" {
				t.Fatal(diff)
			}
			if len(tt.want) > 0 && (!strings.Contains(v.Findings[0].Message, tt.says) || v.Findings[0].Freeze.ID != "FRZ-3") {
				t.Errorf("%+v does not say %q", v.Findings[0], tt.says)
			}
		})
	}
}

func TestAnExceptionNeedsTheApprovalOfThoseWhoGrantIt(t *testing.T) {
	p := plan()
	p.Exceptions = []change.ID{"FRZ-3", "FRZ-3"}
	got, err := check.Exceptions(p, []change.Freeze{{ID: "FRZ-2"}, yearEnd()})
	want := []change.Requirement{{Role: "group:cab", Count: 1, Rule: "exception FRZ-3"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%s %v", diff, err)
	}
	closed, lifted := yearEnd(), yearEnd()
	closed.Exception, lifted.LiftedAt = "", opens
	for say, freezes := range map[string][]change.Freeze{
		"spec.exceptions[0]: FRZ-3 is not a freeze in the window": nil,
		"allows no exceptions":            {closed},
		"was lifted":                      {lifted},
		"changectl freeze list shows":     {{ID: "FRZ-30", Exception: "group:cab"}},
		"leave it out: no exception is n": {lifted},
	} {
		_, err := check.Exceptions(p, freezes)
		if change.KindOf(err) != change.KindInvalid || !strings.Contains(err.Error(), say) {
			t.Errorf("got %v, want %s", err, say)
		}
	}
}

func TestAChangeFitsIntoTheWindowsOfAllThatItTouches(t *testing.T) {
	nights := []change.Window{at(-60, 30), at(30, 45), at(24*60, 25*60-1), at(48*60, 50*60)}
	tests := map[string]struct {
		open map[change.Ref][]change.Window
		want []string
		says []string
		pool string // the name of the windows of resource:pool
	}{
		"no windows at all":                       {nil, nil, nil, ""},
		"all of it within one":                    {map[change.Ref][]change.Window{"resource:db-1": {at(-1, 61)}}, nil, nil, ""},
		"exactly one":                             {map[change.Ref][]change.Window{"resource:db-1": {at(0, 60)}}, nil, nil, ""},
		"two that meet":                           {map[change.Ref][]change.Window{"resource:db-1": {at(0, 30), at(30, 60)}}, nil, nil, ""},
		"a minute too short":                      {map[change.Ref][]change.Window{"resource:db-1": {at(0, 59)}}, []string{"maintenance-window blocks"}, []string{"None of 1h opens within 90 days"}, ""},
		"a gap in the middle":                     {map[change.Ref][]change.Window{"resource:db-1": {at(0, 30), at(31, 60)}}, []string{"maintenance-window blocks"}, nil, ""},
		"of what only loses service":              {map[change.Ref][]change.Window{"component:api": nil}, nil, nil, ""},
		"of two systems, the same":                {map[change.Ref][]change.Window{"resource:db-1": nights, "resource:pool": nights}, []string{"maintenance-window blocks"}, []string{"resource:db-1, resource:pool may be worked on in the maintenance windows nights only", "The next opening of at least 1h is from 2027-03-08T22:00:00Z to 2027-03-09T00:00:00Z"}, ""},
		"of two systems, different ones":          {map[change.Ref][]change.Window{"resource:db-1": nights, "resource:pool": nil}, []string{"maintenance-window blocks", "maintenance-window blocks"}, nil, ""},
		"of two systems, the same by other names": {map[change.Ref][]change.Window{"resource:db-1": nil, "resource:pool": nil}, []string{"maintenance-window blocks", "maintenance-window blocks"}, nil, "days"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			v := check.Review(facts(plan()), estate{open: tt.open, names: map[change.Ref]string{"resource:pool": tt.pool}})
			if diff := cmp.Diff(tt.want, told(v)); diff != "" {
				t.Fatal(diff)
			}
			for _, say := range tt.says {
				if !strings.Contains(v.Findings[0].Message, say) {
					t.Errorf("%q does not say %q", v.Findings[0].Message, say)
				}
			}
		})
	}
}
