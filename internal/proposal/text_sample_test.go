package proposal_test

import (
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/proposal"
)

const (
	sampleHead   = "3f2a9c41d07be6a85f1c2d3e4b5a697880716253"
	sampleDigest = "sha256:9b1f04c2a7de6638f0b1c3d5e7f90a1b2c3d4e5f60718293a4b5c6d7e8f90123"
	samplePolicy = "sha256:51f0c2d3e4b5a69788071625334455667788990011223344556677889900aabb"
	sampleURL    = "https://changectl.example.com"
)

// windowStart is Sat 2027-03-06 23:00 in Berlin.
var windowStart = time.Date(2027, 3, 6, 22, 0, 0, 0, time.UTC)

func window(start time.Time, length time.Duration) change.Window {
	return change.Window{Start: start, End: start.Add(length), Zone: "Europe/Berlin"}
}

// sampleStep is a step; undo of 0 is that there is nothing to undo.
func sampleStep(name string, phase change.Phase, title string, expected, undo time.Duration) change.Step {
	s := change.Step{Name: name, Phase: phase, Title: title, Action: change.Action{
		Uses: "ssh", Expected: change.Duration(expected), Timeout: change.Duration(10 * expected),
	}}
	if undo > 0 {
		s.Undo = &change.Action{Uses: "ssh", Expected: change.Duration(undo)}
	}
	return s
}

func sampleSteps() []change.Step {
	m, s := time.Minute, time.Second
	list := []change.Step{
		sampleStep("lag-is-small", change.Preflight, "The standby is at most 1 MB behind", s, 0),
		sampleStep("patch-standby", change.Patch, "Install PostgreSQL 15.20 on the standby and restart it", 4*m, 4*m),
		sampleStep("standby-streams", change.Validate, "The standby follows the primary again", 10*s, 0),
		sampleStep("hold-clients", change.Failover, "Pause the pooler, so that clients wait instead of failing", s, s),
		sampleStep("stop-old-primary", change.Failover, "Stop the old primary", 5*s, 20*s),
		sampleStep("standby-has-everything", change.Failover, "The standby has every transaction that was acknowledged", 2*s, 0),
		sampleStep("promote-standby", change.Failover, "Promote the standby", 2*s, 90*s),
		sampleStep("release-clients", change.Failover, "Resume the pooler", s, s),
		sampleStep("orders-work", change.Validate, "A test order goes through the shop", 30*s, 0),
		sampleStep("patch-old-primary", change.Patch, "Install PostgreSQL 15.20 on the old primary", 4*m, 4*m),
		sampleStep("failback-promote", change.Failback, "Promote the old primary again", 2*s, 0),
		sampleStep("orders-work-still", change.Validate, "A test order goes through the shop", 30*s, 0),
	}
	list[10].PointOfNoReturn = true
	return list
}

func samplePlan() *change.Plan {
	db1, db2, pool, api, shop := change.Ref("resource:orders-db-1"), change.Ref("resource:orders-db-2"),
		change.Ref("resource:orders-pool"), change.Ref("component:orders-api"), change.Ref("component:web-shop")
	return &change.Plan{
		Instance: "production", Title: "PostgreSQL 15.20 on the orders pair", Type: change.Normal,
		Reason: "Security release 15.20 (CVE-2027-0815)", Submitter: "user:alice", Window: window(windowStart, 90*time.Minute),
		Runbook: change.Source{Name: "postgres-switchover-patch", Title: "Patch a PostgreSQL pair with failover and failback", Owner: "group:dba", Path: "runbooks/postgres-switchover-patch.yaml"},
		Targets: []change.System{
			{Ref: db1, Owner: "group:dba", Tier: 1, Site: "ber1"},
			{Ref: db2, Owner: "group:dba", Tier: 1, Site: "fra2"},
			{Ref: pool, Owner: "group:dba", Tier: 1},
			{Ref: api, Owner: "group:orders"},
			{Ref: shop, Owner: "group:web"},
		},
		Footprint: change.Footprint{
			Touch:    []change.Ref{db1, db2, pool},
			Impact:   []change.Affected{{System: api, Path: []change.Ref{pool, api}}, {System: shop, Path: []change.Ref{pool, api, shop}}},
			Degraded: []change.Degraded{{Group: "orders-db", Members: []change.Ref{db1, db2}, Touched: []change.Ref{db1}, MustRun: 1}},
			Observe:  []change.Affected{{System: "resource:lan-2", Path: []change.Ref{db1, "resource:lan-2"}, Access: true}},
		},
		Steps: sampleSteps(), AtCutoff: change.CutoffBackOut, Margin: change.Duration(10 * time.Minute),
		Risk: change.Risk{Score: 70, Level: "high", Reasons: []change.RiskReason{
			{Points: 20, Text: "resource:orders-db-1 is of tier 1"},
			{Points: 15, Text: "2 systems lose service if it goes wrong"},
			{Points: 15, Text: "this runbook has not been used here before"},
			{Points: 20, Text: `behind step "failback-promote" there is no way back`},
		}},
		Approvals: []change.Requirement{
			{Role: "group:dba", Count: 2, Systems: []change.Ref{db1, db2, pool}, Rule: "owner-of-each-touched-system"},
			{Role: "group:change-managers", Count: 1, Second: true, Rule: "change-manager-for-high-risk"},
		},
	}
}

func sampleVote(person, login string) proposal.Vote {
	return proposal.Vote{Person: change.Ref(person), Login: login, SHA: sampleHead, URL: "https://github.com/example/changes/pull/42#pullrequestreview-" + login}
}

func sampleNeeds(dba, manager []proposal.Vote) []proposal.Met {
	return []proposal.Met{
		{Need: proposal.Need{AnyOf: []change.Ref{"group:dba"}, Count: 2, Why: "it owns what is worked on: resource:orders-db-1 and 2 more", Rules: []string{"owner-of-each-touched-system"}}, By: dba},
		{Need: proposal.Need{AnyOf: []change.Ref{"group:change-managers"}, Count: 1, Second: true, Why: "the risk is high", Rules: []string{"change-manager-for-high-risk"}}, By: manager},
	}
}

// sampleView is a pull request with one change that is planned and waits for approvals.
func sampleView() proposal.View {
	return proposal.View{
		Repository: "example/changes", Number: 42, Base: "main", Head: sampleHead, Instance: "production", Server: sampleURL,
		Phase: proposal.PhaseOpen, Policy: samplePolicy,
		Changes: []proposal.ChangeView{{Path: "changes/2027/orders-postgres-15.20.yaml", Plan: samplePlan()}},
		Approval: proposal.Approval{
			Digest: sampleDigest, Needs: sampleNeeds([]proposal.Vote{sampleVote("user:bob", "bob-dba")}, nil),
			Ignored: []proposal.Ignored{{Login: "alice", Text: "nobody approves a change of their own"}},
		},
	}
}

// conflict is a finding that stands in the way.
func conflict() change.Finding {
	free := window(windowStart.Add(3*time.Hour), 90*time.Minute)
	return change.Finding{
		Rule: "overlap", Severity: change.Blocks, Message: "CHG-5 works on resource:lan-2 at that time, through which resource:orders-db-1 is reached",
		Systems: []change.Ref{"resource:lan-2"}, Path: []change.Ref{"resource:orders-db-1", "resource:lan-2"}, Next: &free,
		Other: &change.Holding{
			By: "CHG-5", Title: "New firmware for the switches", Status: change.Scheduled, System: "resource:lan-2", Mode: change.Touch,
			Whose: "user:carol", Owner: "group:lan", Contact: "LAN on call, +49 30 5550199", Window: window(windowStart.Add(-time.Hour), 2*time.Hour),
		},
	}
}

// submitted is sampleView after the merge, with its change in a status.
func submitted(status change.Status, states ...string) proposal.View {
	v := sampleView()
	v.Phase = proposal.PhaseMerged
	v.Approval.Complete = true
	v.Approval.Needs = sampleNeeds([]proposal.Vote{sampleVote("user:bob", "bob-dba"), sampleVote("user:dora", "dora")}, []proposal.Vote{sampleVote("user:erin", "erin-m")})
	c := &v.Changes[0]
	c.ID, c.Status = "CHG-7", status
	c.Temporal, c.Record = "https://temporal.example.com/namespaces/changes/workflows/CHG-7", sampleURL+"/changes/CHG-7"
	for i, s := range c.Plan.Steps {
		step := proposal.StepView{Name: s.Name, Title: s.Title, Phase: s.Phase, State: "waiting"}
		if i < len(states) {
			step.State = states[i]
		}
		if step.State != "waiting" && step.State != "running" && step.State != "not run" {
			step.Took, step.Seen = s.Expected.Std()+84*time.Millisecond, "exit 0"
		}
		c.Steps = append(c.Steps, step)
	}
	if len(states) > 0 {
		c.Started = windowStart
		c.Cutoff = windowStart.Add(84 * time.Minute)
	}
	return v
}

// all is a state for every step.
func all(state string) []string {
	out := make([]string, len(sampleSteps()))
	for i := range out {
		out[i] = state
	}
	return out
}
