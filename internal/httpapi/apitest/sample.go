package apitest

import (
	"time"

	"github.com/changectl/changectl/internal/change"
)

// Now is the moment at which samples are looked at.
var Now = time.Date(2027, 3, 6, 22, 5, 0, 0, time.UTC)

// Sample returns CHG-7 in a status, looked at five minutes after its window opened
// where it has started, with runs, hold and findings as they fit.
func Sample(status change.Status) change.Record {
	start := Now.Add(-5 * time.Minute)
	rec := change.Record{
		ID: "CHG-7", Revision: 1, Status: status, Plan: samplePlan(start), Submitter: "user:alice", Version: 12,
		CreatedAt: start.Add(-26 * time.Hour), UpdatedAt: Now.Add(-time.Minute),
	}
	switch status {
	case change.Submitted, change.AwaitingApproval, change.Scheduled:
		rec.Plan = samplePlan(Now.Add(time.Hour))
	case change.Refused, change.Waiting:
		rec.Findings = []change.Finding{sampleFinding(start)}
		rec.Note = "CHG-5 still holds resource:orders-db-1"
	case change.Rejected, change.Expired, change.Cancelled:
		rec.Note = "not this week (user:bob)"
		rec.EndedAt = Now.Add(-time.Minute)
	case change.Running:
		rec.Runs = sampleRuns(start, change.Passed, change.Pending)
	case change.Held:
		rec.Runs = sampleRuns(start, change.Passed, change.FailedRun)
		rec.Hold = &change.Hold{
			Number: 1, Since: Now.Add(-40 * time.Second), Step: "stop", Reason: "step stop failed: pg_ctl did not end within 30s",
			Choices: []change.Verb{change.RetryIt, change.Continue, change.BackOut}, Cutoff: start.Add(80 * time.Minute),
		}
	case change.BackingOut, change.BackedOut, change.Failed:
		rec.Runs = append(sampleRuns(start, change.Passed, change.FailedRun), undo(start, status))
	case change.Completed, change.ReviewDue, change.Closed:
		rec.Runs = sampleRuns(start, change.Passed, change.Passed, change.Passed)
	}
	if len(rec.Runs) > 0 {
		rec.StartedAt, rec.Token = start, 3
		rec.Approvals = []change.Approval{{
			Statement: change.Statement{Change: "CHG-7", Revision: 1, Verb: change.Approve, Role: "group:dba", Nonce: "n"},
			Person:    "user:bob", Key: "SHA256:abc", At: start.Add(-25 * time.Hour),
		}}
	}
	if (status.Final() || status == change.ReviewDue) && rec.EndedAt.IsZero() && len(rec.Runs) > 0 {
		rec.EndedAt = Now.Add(-time.Minute)
	}
	rec.Digest, _ = rec.Plan.Digest()
	return rec
}

func samplePlan(start time.Time) change.Plan {
	second := func(n int) change.Duration { return change.Duration(time.Duration(n) * time.Second) }
	back := func(n int) *change.Action {
		return &change.Action{Uses: "command", With: []byte(`{}`), Expected: second(n), Timeout: second(10 * n)}
	}
	return change.Plan{
		Instance: "test", Title: "PostgreSQL 15.20 on the orders pair", Type: change.Normal, Reason: "Security release 15.20",
		Submitter:  "user:alice",
		Runbook:    change.Source{Name: "patch", Title: "Patch", Owner: "group:dba", Path: "runbooks/patch.yaml", Digest: "sha256:1234"},
		Parameters: map[string]any{"primary": "resource:orders-db-1", "version": "15.20"},
		Window:     change.Window{Start: start, End: start.Add(90 * time.Minute), Zone: "Europe/Berlin"},
		Targets:    []change.System{{Ref: "resource:orders-db-1", Owner: "group:dba", Tier: 1}},
		Footprint: change.Footprint{
			Touch:    []change.Ref{"resource:orders-db-1"},
			Impact:   []change.Affected{{System: "component:web-shop", Path: []change.Ref{"resource:orders-db-1", "component:orders-api", "component:web-shop"}}},
			Degraded: []change.Degraded{{Group: "orders-db", Members: []change.Ref{"resource:orders-db-1", "resource:orders-db-2"}, Touched: []change.Ref{"resource:orders-db-1"}, MustRun: 1}},
			Observe:  []change.Affected{{System: "component:orders-api", Path: []change.Ref{"component:orders-api"}}},
		},
		Steps: []change.Step{
			{Name: "lag", Title: "The standby is at most 1 MB behind", Phase: change.Preflight, Action: change.Action{Uses: "sql", With: []byte(`{}`), Expected: second(1), Timeout: second(30)}},
			{Name: "stop", Title: "Stop the primary", Phase: change.Failover, Action: change.Action{Uses: "command", With: []byte(`{}`), Expected: second(2), Timeout: second(30)}, Undo: back(5)},
			{Name: "promote", Title: "Promote the standby", Phase: change.Failover, Action: change.Action{Uses: "sql", With: []byte(`{}`), Expected: second(1), Timeout: second(10)}, PointOfNoReturn: true},
		},
		AtCutoff: change.CutoffBackOut, Margin: change.Duration(10 * time.Minute), Catalog: "sha256:c", Policy: "sha256:p",
		Risk:      change.Risk{Score: 40, Level: "medium", Reasons: []change.RiskReason{{Rule: "tier", Points: 40, Text: "resource:orders-db-1 is tier 1"}}},
		Approvals: []change.Requirement{{Role: "group:dba", Count: 1, Systems: []change.Ref{"resource:orders-db-1"}, Rule: "owner"}},
	}
}

func sampleRuns(start time.Time, outcomes ...change.Outcome) []change.Run {
	var runs []change.Run
	for i, o := range outcomes {
		at := start.Add(time.Duration(i*2)*time.Minute + 250*time.Millisecond)
		r := change.Run{
			RunKey: change.RunKey{Change: "CHG-7", Revision: 1, Step: i, Direction: change.Do, Run: 1}, Attempt: 1, Worker: "w1", IntentAt: at,
			Result: change.Result{Outcome: o, Message: map[change.Outcome]string{change.Passed: "as expected", change.FailedRun: "pg_ctl did not end within 30s"}[o]},
		}
		if o != change.Pending {
			r.ResultAt = at.Add(1250 * time.Millisecond)
		}
		runs = append(runs, r)
	}
	return runs
}

func undo(start time.Time, status change.Status) change.Run {
	r := change.Run{
		RunKey:  change.RunKey{Change: "CHG-7", Revision: 1, Step: 1, Direction: change.Undo, Run: 1},
		Attempt: 1, IntentAt: start.Add(3 * time.Minute),
	}
	switch status { //nolint:exhaustive // the others have no undo
	case change.BackedOut:
		r.Outcome, r.ResultAt = change.Passed, r.IntentAt.Add(4*time.Second)
	case change.Failed:
		r.Outcome, r.ResultAt, r.Message = change.FailedRun, r.IntentAt.Add(4*time.Second), "it does not start"
	}
	return r
}

func sampleFinding(start time.Time) change.Finding {
	return change.Finding{
		Rule: "overlap", Severity: change.Blocks, Message: "CHG-5 has resource:orders-db-1 at that time; the next free slot is 2027-03-07 01:00 CET",
		Systems: []change.Ref{"resource:orders-db-1"}, Path: []change.Ref{"component:orders-api", "resource:orders-db-1"},
		Other: &change.Holding{
			System: "resource:orders-db-1", Mode: change.Touch, By: "CHG-5", Title: "Move a disk", Status: change.Running,
			Person: "user:carol", Owner: "group:dba", Token: 2,
			Window: change.Window{Start: start.Add(-time.Hour), End: start.Add(time.Hour), Zone: "Europe/Berlin"},
		},
	}
}
