package check_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/check"
)

// pool is a plan that takes one of three members, of which one must stay up.
func pool() change.Plan {
	p := plan()
	p.Footprint = change.Footprint{
		Touch:    []change.Ref{"resource:a"},
		Degraded: []change.Degraded{{Group: "g", Members: []change.Ref{"resource:a", "resource:b", "resource:c"}, Touched: []change.Ref{"resource:a"}, MustRun: 1}},
	}
	return p
}

// sites is a plan that takes a member of one of two groups, of which one must stay up.
func sites() change.Plan {
	p := pool()
	p.Footprint.Degraded = []change.Degraded{{Group: "world", MustRun: 1, Groups: []change.Degraded{
		{Group: "here", Members: []change.Ref{"resource:a", "resource:b"}, Touched: []change.Ref{"resource:a"}, MustRun: 1},
		{Group: "there", Members: []change.Ref{"resource:x", "resource:y"}, MustRun: 2},
	}}}
	return p
}

func takes(by change.ID, system change.Ref, w change.Window) change.Holding {
	h := holding(system, change.Touch, w)
	h.By = by
	return h
}

func TestMembersThatAreDownAtTheSameMomentAreCountedTogether(t *testing.T) {
	impact := takes("CHG-3", "resource:c", window)
	impact.Mode = change.Impact
	looks := impact
	looks.Mode = change.Observe
	over := claimed(takes("CHG-3", "resource:c", at(-200, -100)), change.Running)
	tests := map[string]struct {
		plan   change.Plan
		others []change.Holding
		want   []string
	}{
		"one of the two others":      {pool(), []change.Holding{takes("CHG-2", "resource:b", window)}, nil},
		"both others at once":        {pool(), []change.Holding{takes("CHG-2", "resource:b", window), takes("CHG-3", "resource:c", window)}, []string{"redundancy blocks"}},
		"one after the other":        {pool(), []change.Holding{takes("CHG-3", "resource:c", at(30, 90)), takes("CHG-2", "resource:b", at(-60, 30))}, nil},
		"together for a minute":      {pool(), []change.Holding{takes("CHG-2", "resource:b", at(-60, 31)), takes("CHG-3", "resource:c", at(30, 90))}, []string{"redundancy blocks"}},
		"together before our window": {pool(), []change.Holding{takes("CHG-2", "resource:b", at(-60, 0)), takes("CHG-3", "resource:c", at(-30, 30))}, nil},
		"one of them loses service":  {pool(), []change.Holding{takes("CHG-2", "resource:b", window), impact}, []string{"redundancy blocks"}},
		"one of them is looked at":   {pool(), []change.Holding{takes("CHG-2", "resource:b", window), looks}, nil},
		"the same member twice":      {pool(), []change.Holding{takes("CHG-2", "resource:b", window), takes("CHG-3", "resource:b", window)}, nil},
		"the same member twice, and one goes on": {pool(), []change.Holding{
			takes("CHG-2", "resource:b", at(0, 10)), takes("CHG-3", "resource:b", at(0, 60)), takes("CHG-4", "resource:c", at(20, 60)),
		}, []string{"redundancy blocks"}},
		"a claim over its window, too soon": {pool(), []change.Holding{takes("CHG-2", "resource:b", window), over}, nil},
		"the other group breaks":            {sites(), []change.Holding{takes("CHG-2", "resource:x", window)}, nil},
		"both groups break":                 {sites(), []change.Holding{takes("CHG-2", "resource:x", window), takes("CHG-3", "resource:b", window)}, []string{"redundancy blocks"}},
		"our group breaks":                  {sites(), []change.Holding{takes("CHG-3", "resource:b", window)}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, review(facts(tt.plan, tt.others...), estate{})); diff != "" {
				t.Error(diff)
			}
		})
	}
	f := facts(pool(), takes("CHG-2", "resource:b", window), over)
	f.Now = opens
	if diff := cmp.Diff([]string{"redundancy blocks"}, review(f, estate{})); diff != "" {
		t.Errorf("a claim over its window while ours is open: %s", diff)
	}
}

func TestAllWhoTakeMembersAreNamed(t *testing.T) {
	f := facts(pool(), takes("CHG-2", "resource:b", window), declared("resource:c", change.Touch, window), takes("CHG-5", "resource:c", at(10, 20)))
	got := check.Review(f, estate{}).Findings
	if len(got) != 1 {
		t.Fatalf("got %+v", got)
	}
	for _, want := range []string{"redundancy group g has 3 members of which 1 must stay up", "takes resource:a out of it", "CHG-2", "MNT-7", "noc@acme.example", "CHG-5"} {
		if !strings.Contains(got[0].Message, want) {
			t.Errorf("%q does not say %q", got[0].Message, want)
		}
	}
	if diff := cmp.Diff([]change.Ref{"resource:a", "resource:b", "resource:c"}, got[0].Systems); diff != "" {
		t.Error(diff)
	}
}

func TestWhoTakesOurOwnMemberIsNotCounted(t *testing.T) {
	f := facts(pool(), takes("CHG-8", "resource:a", window), takes("CHG-2", "resource:b", window), takes("CHG-3", "resource:c", window))
	v := check.Review(f, estate{})
	if diff := cmp.Diff([]string{"overlap blocks", "redundancy blocks"}, told(v)); diff != "" {
		t.Fatal(diff)
	}
	if strings.Contains(v.Findings[1].Message, "CHG-8") {
		t.Errorf("%q names CHG-8, which takes nothing more out of the group", v.Findings[1].Message)
	}
}

func TestWhoseConsentWouldMendAGroup(t *testing.T) {
	late := []change.Holding{takes("CHG-2", "resource:b", window), declared("resource:c", change.Touch, window)}
	f := facts(pool(), late...)
	if got := check.Review(f, estate{}).Findings[0].Other.By; got != "MNT-7" {
		t.Errorf("broken by a declared maintenance alone, names %s", got)
	}
	f.Holdings = append(late[:2:2], takes("CHG-5", "resource:c", at(10, 20)))
	if got := check.Review(f, estate{}).Findings[0].Other.By; got.Declared() {
		t.Errorf("broken by changes alone, names %s", got)
	}
	f.Record.Accepted, f.Holdings = []change.ID{"MNT-7"}, late
	if diff := cmp.Diff([]string{"redundancy warns"}, review(f, estate{})); diff != "" {
		t.Errorf("accepted: %s", diff)
	}
	f.Holdings = append(f.Holdings, takes("CHG-5", "resource:c", at(10, 20)))
	found := check.Review(f, estate{}).Findings[0]
	if found.Severity != change.Blocks || found.Other.By.Declared() {
		t.Errorf("broken by changes too: %+v", found)
	}
	f.Record.Plan.Type = change.Emergency
	if diff := cmp.Diff([]string{"redundancy warns"}, review(f, estate{})); diff != "" {
		t.Errorf("an emergency pushes reservations aside: %s", diff)
	}
	f.Holdings = []change.Holding{
		claimed(takes("CHG-2", "resource:b", window), change.Running), claimed(takes("CHG-3", "resource:c", shifted(30*time.Minute)), change.Running),
	}
	if diff := cmp.Diff([]string{"redundancy blocks"}, review(f, estate{})); diff != "" {
		t.Errorf("an emergency never pushes claims aside: %s", diff)
	}
}
