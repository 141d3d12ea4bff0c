package check_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/check"
)

// around is what has to do with a change that works on a switch and validates through an
// application behind it.
var around = []change.Hand{
	{System: "resource:lan-1", Mode: change.Touch},
	{System: "component:phones", Mode: change.Impact, Path: []change.Ref{"resource:lan-1", "component:phones"}},
	{System: "component:agents", Mode: change.Observe, Path: []change.Ref{"component:agents"}},
	{System: "resource:lan-2", Mode: change.Observe, Path: []change.Ref{"component:agents", "resource:lan-2"}},
	{System: "resource:vpn", Mode: change.Observe, Access: true, Path: []change.Ref{"resource:lan-1", "resource:vpn"}},
}

func asking(others ...change.Holding) check.SandboxQuestion {
	return check.SandboxQuestion{Now: opens, Self: "CHG-1", Reach: around, Holdings: others}
}

// lines returns who is playing, in order, in short.
func lines(list []change.Neighbour) []string {
	var out []string
	for _, n := range list {
		out = append(out, fmt.Sprintf("%s %s %s", n.State, n.By, n.Relation))
	}
	return out
}

func TestWhatANeighbourHasToDoWithTheQuestion(t *testing.T) {
	silent := declared("resource:lan-1", change.Observe, window)
	tests := map[string]struct {
		other change.Holding
		want  string
	}{
		"on what is worked on":          {takes("CHG-9", "resource:lan-1", window), "works on resource:lan-1, which CHG-1 works on"},
		"on what loses service":         {takes("CHG-9", "component:phones", window), "works on component:phones, which loses service with resource:lan-1 (resource:lan-1 -> component:phones)"},
		"on what is validated through":  {takes("CHG-9", "component:agents", window), "works on component:agents, which CHG-1 validates through"},
		"on what that depends on":       {takes("CHG-9", "resource:lan-2", window), "works on resource:lan-2, on which component:agents depends (component:agents -> resource:lan-2)"},
		"on the way in":                 {takes("CHG-9", "resource:vpn", window), "works on resource:vpn, over which the way in to resource:lan-1 leads (resource:lan-1 -> resource:vpn)"},
		"takes service from it":         {holding("resource:lan-2", change.Impact, window), "takes service from resource:lan-2, on which component:agents depends (component:agents -> resource:lan-2)"},
		"looks at what is worked on":    {holding("resource:lan-1", change.Observe, window), "validates through resource:lan-1, which CHG-1 works on"},
		"is at work there, they say":    {silent, "has announced work without impact on resource:lan-1, which CHG-1 works on"},
		"both only look at it":          {holding("resource:lan-2", change.Observe, window), ""},
		"nothing to do with each other": {takes("CHG-9", "resource:elsewhere", window), ""},
		"oneself":                       {takes("CHG-1", "resource:lan-1", window), ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := ""
			for _, n := range check.Neighbours(asking(tt.other)) {
				got += n.Relation
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestWhoIsPlayingInTheOrderOfUrgency(t *testing.T) {
	q := asking(
		takes("CHG-20", "resource:lan-2", at(1439, 1500)), // begins within a day
		takes("CHG-21", "resource:lan-1", at(1440, 1500)), // a moment too late
		takes("CHG-22", "resource:lan-2", at(60, 90)),
		takes("CHG-23", "resource:lan-1", at(600, 690)),
		takes("CHG-24", "resource:lan-1", at(-10, 60)), // its window is open, it has not started
		takes("CHG-25", "resource:lan-1", at(-60, 0)),  // never started
		declared("resource:lan-2", change.Touch, at(-10, 60)),
		claimed(takes("CHG-30", "resource:lan-2", at(-60, 30)), change.Running),
		claimed(takes("CHG-31", "resource:lan-2", at(-120, 0)), change.BackingOut),
		claimed(takes("CHG-32", "resource:lan-2", at(-9000, -8000)), change.Failed),
	)
	ended := func(id change.ID, minutes int) change.Record {
		p := plan()
		p.Footprint = change.Footprint{Touch: []change.Ref{"resource:lan-2"}}
		return change.Record{ID: id, Plan: p, Status: change.Completed, StartedAt: opens.Add(-3 * time.Hour), EndedAt: opens.Add(time.Duration(minutes) * time.Minute)}
	}
	never := ended("CHG-43", -10)
	never.StartedAt = time.Time{}
	q.Ended = []change.Record{ended("CHG-40", -120), ended("CHG-41", -121), ended("CHG-42", -5), never, ended("CHG-32", -60), ended("CHG-1", -60)}
	over := func(id change.ID, s change.DeclarationState, w change.Window, said int) change.Declaration {
		return change.Declaration{ID: id, State: s, Window: w, At: opens.Add(time.Duration(said) * time.Minute), Holds: []change.Hand{{System: "resource:lan-1", Mode: change.Touch}}}
	}
	q.Declarations = []change.Declaration{
		over("MNT-1", change.Planned, at(-200, -100), -9000), over("MNT-2", change.Ended, at(-200, 200), -30),
		over("MNT-3", change.Withdrawn, at(-200, -100), -30), over("MNT-4", change.Planned, at(-200, 1), -30),
	}
	var got []string
	for _, n := range check.Neighbours(q) {
		got = append(got, string(n.State)+" "+string(n.By))
	}
	want := []string{
		"overrunning CHG-32", "overrunning CHG-31", "running CHG-30", "running MNT-7",
		"ended MNT-2", "ended MNT-1", "ended CHG-42", "ended CHG-40",
		"next CHG-24", "next CHG-23", "next CHG-22", "next CHG-20",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestANeighbourIsToldOnceWithAllThatConcernsTheQuestion(t *testing.T) {
	q := asking(
		holding("component:phones", change.Impact, window), takes("CHG-9", "resource:lan-2", window),
		holding("resource:lan-1", change.Observe, window), takes("CHG-9", "resource:elsewhere", window),
		takes("CHG-9", "component:agents", window),
	)
	got := check.Neighbours(q)
	want := []change.Neighbour{{
		State: change.NeighbourNext, By: "CHG-9", Title: "other work", Window: window, Person: "user:bob", Owner: "user:bob",
		Mode: change.Touch, Systems: []change.Ref{"component:agents", "resource:lan-2", "resource:lan-1", "component:phones"},
		Path:     []change.Ref{"component:agents"},
		Relation: "works on component:agents, which CHG-1 validates through, and 3 more systems",
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEverybodyIsToldWhereNothingIsAskedAbout(t *testing.T) {
	p := plan()
	p.Targets[0].Contacts = map[string]string{"on-call": "group:operators"}
	p.Targets[1].Contacts = map[string]string{"coordinator": "+49 4841 99"}
	q := check.SandboxQuestion{
		Now: opens, Holdings: []change.Holding{declared("resource:far", change.Touch, window), declared("resource:away", change.Impact, window)},
		Ended: []change.Record{{ID: "CHG-3", Submitter: "user:alice", Plan: p, StartedAt: opens.Add(-time.Hour), EndedAt: opens}},
	}
	got := check.Neighbours(q)
	want := []string{"running MNT-7 works on resource:far, and 1 more system", "ended CHG-3 works on resource:db-1, and 3 more systems"}
	if diff := cmp.Diff(want, lines(got)); diff != "" {
		t.Fatal(diff)
	}
	who := [][2]string{{got[0].Owner, got[0].Contact}, {got[1].Owner, got[1].Contact}}
	if diff := cmp.Diff([][2]string{{"ACME Telecom", "noc@acme.example"}, {"user:alice", "+49 4841 99"}}, who); diff != "" {
		t.Error(diff)
	}
	q.Reach = []change.Hand{}
	if got := check.Neighbours(q); len(got) != 0 {
		t.Errorf("around nothing there is somebody: %q", lines(got))
	}
}

func TestAPartOfWhatWasAskedAbout(t *testing.T) {
	q := asking(takes("CHG-9", "resource:disk", window), takes("CHG-8", "resource:db-1", window))
	q.Self = ""
	q.Reach = []change.Hand{
		{System: "resource:db-1", Mode: change.Touch, Path: []change.Ref{"resource:db-1"}},
		{System: "resource:disk", Mode: change.Touch, Path: []change.Ref{"resource:db-1", "resource:disk"}},
	}
	want := []string{
		"next CHG-8 works on resource:db-1, which was asked about",
		"next CHG-9 works on resource:disk, a part of resource:db-1 (resource:db-1 -> resource:disk)",
	}
	if diff := cmp.Diff(want, lines(check.Neighbours(q))); diff != "" {
		t.Error(diff)
	}
}
