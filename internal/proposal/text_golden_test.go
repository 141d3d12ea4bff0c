package proposal_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/proposal"
)

var updateText = flag.Bool("update", false, "rewrite the golden files")

// situations are where a pull request can stand, by the name of its golden files.
var situations = map[string]func() proposal.View{
	"invalid": func() proposal.View {
		v := sampleView()
		v.Changes[0] = proposal.ChangeView{Path: v.Changes[0].Path, Title: "PostgreSQL 15.20 on the orders pair"}
		v.Runbooks = sampleRunbooks()
		v.Problems = []proposal.Annotation{
			{Path: "runbooks/postgres-switchover-patch.yaml", Line: 31, Column: 11, Level: "failure", Message: "spec.steps[3].timeout: is missing: every step says how long it may take at most"},
			{Path: v.Changes[0].Path, Line: 8, Column: 3, Level: "failure", Message: "spec.raeson: is not a key here; expected one of controller, exceptions, parameters, reason, runbook, type, window"},
			{Path: v.Changes[0].Path, Line: 12, Column: 16, Level: "failure", Message: `spec.parameters.version: "15.2O" does not match 15\.[0-9]+`},
			{Path: "runbooks/postgres-switchover-patch.yaml", Line: 2, Level: "warning", Message: "the runbook has no escalation"},
		}
		v.Approval = proposal.Approval{Unknown: "the files are not valid"}
		return v
	},
	"conflict": func() proposal.View {
		v := sampleView()
		v.Changes[0].Findings = []change.Finding{conflict(), {
			Rule: "degraded", Severity: change.Warns, Message: "the redundancy group orders-db runs on 1 of 2 members meanwhile", Systems: []change.Ref{"resource:orders-db-2"},
		}}
		return v
	},
	"waiting": sampleView,
	"edited": func() proposal.View {
		v := sampleView()
		v.Changes[0].Differences = []proposal.Difference{
			{Field: "spec.window.start", Before: "2027-02-27T23:00", After: "2027-03-06T23:00"},
			{Field: "spec.parameters.version", Before: "15.19", After: "15.20"},
			{Field: "spec.exceptions", After: "FRZ-3"},
		}
		v.Runbooks = sampleRunbooks()
		v.Files = []proposal.FileView{{Path: "catalog/orders.yaml", Kind: proposal.KindCatalog}, {Path: "runbooks/old.yaml", Kind: proposal.KindRunbook, Removed: true}}
		v.Approval.Signatures = []proposal.Missing{{Need: proposal.Need{AnyOf: []change.Ref{"group:security"}, Count: 1, Why: "it is let through a freeze", Signature: true}}}
		return v
	},
	"approved": func() proposal.View {
		v := submitted("")
		v.Phase, v.Changes = proposal.PhaseOpen, sampleView().Changes
		return v
	},
	"void": func() proposal.View {
		v := sampleView()
		v.Approval.Needs = sampleNeeds(nil, nil)
		v.Stale = []string{"user:bob and user:erin approved commit 1c0ffee2beef; what is approved has changed since, so they must look again"}
		v.Approval.Ignored = []proposal.Ignored{{Login: "bob-dba", Text: "approved another commit (1c0ffee2beef)"}, {Login: "erin-m", Text: "approved another commit (1c0ffee2beef)"}}
		return v
	},
	"fork": func() proposal.View {
		v := sampleView()
		v.Fork, v.Outsider = true, true
		v.Changes[0].Plan, v.Changes[0].Title = nil, "PostgreSQL 15.20 on the orders pair"
		v.Changes[0].Withheld = "the commits come from a fork, and a plan tells of the systems behind it"
		v.Approval = proposal.Approval{Unknown: "there is no plan to approve"}
		return v
	},
	"emergency": func() proposal.View {
		v := sampleView()
		c := &v.Changes[0]
		p := c.Plan
		p.Type, p.Controller, p.Exceptions = change.Emergency, "user:frank", []change.ID{"FRZ-3"}
		p.Footprint.Severed = []change.Affected{{System: "resource:lan-2", Path: []change.Ref{"resource:orders-db-1", "resource:lan-2"}}}
		c.Findings = []change.Finding{{
			Rule: "freeze", Severity: change.Warns, Message: "FRZ-3 is on; group:finance must let it through", Systems: p.Footprint.Touch,
			Freeze: &change.Freeze{
				ID: "FRZ-3", Title: "Year end in the books", Reason: "the auditors are in", Owner: "group:finance", Exception: "group:finance",
				Window: window(windowStart.Add(-72*time.Hour), 21*24*time.Hour), Recurrence: &change.Recurrence{Rule: "FREQ=WEEKLY;BYDAY=SA"},
			},
		}, {
			Rule: "overlap", Severity: change.Warns, Message: "MNT-3 takes down resource:lan-2 meanwhile", Systems: []change.Ref{"resource:lan-2"},
			Other: &change.Holding{
				By: "MNT-3", Title: "Splicing of the northern fibre", Impact: change.ReducedRedundancy, System: "resource:lan-2", Mode: change.Touch,
				Person: "user:carol", Whose: "Nordkabel GmbH", Contact: "NOC +49 4841 1234, ticket NK-991", Window: window(windowStart, time.Hour),
			},
		}}
		v.Notes = []string{"This is an emergency: whoever approves it lets it run past other changes"}
		v.Approval.Unknown = "two persons of the catalog have the login bob-dba"
		return v
	},
	"rejected": func() proposal.View {
		v := sampleView()
		no := sampleVote("user:bob", "bob-dba")
		no.Reason = "not in the week of the inventory"
		v.Approval.Rejected = []proposal.Vote{no}
		return v
	},
	"scheduled": func() proposal.View {
		v := submitted(change.Scheduled)
		v.Answers = []proposal.Answer{
			{Who: "alice", Command: "/change status", OK: true, Text: "CHG-7 is scheduled"},
			{Who: "mallory", Command: "/change abort I do not like it", Text: "mallory is nobody whom the catalog knows; ask user:alice, who submitted it, or group:dba"},
		}
		return v
	},
	"running": func() proposal.View {
		return submitted(change.Running, "passed", "passed", "passed", "passed", "passed", "running")
	},
	"held": func() proposal.View {
		v := submitted(change.Held, "passed", "passed", "passed", "passed", "passed", "failed")
		c := &v.Changes[0]
		c.Note = "step standby-has-everything failed: beyond=1240, the standby does not have 1240 bytes that were acknowledged"
		c.Hold = &change.Hold{Number: 1, Step: "standby-has-everything", Reason: c.Note, Choices: []change.Verb{change.RetryIt, change.Continue, change.BackOut}}
		c.Steps[5].Seen = "does not hold: beyond=1240"
		return v
	},
	"completed": func() proposal.View {
		v := submitted(change.Completed, all("passed")...)
		v.Changes[0].Note = "all 12 steps done"
		v.Changes[0].Ended = windowStart.Add(9*time.Minute + 42*time.Second)
		v.Checkpoint = "changectl/production\n145\nq83vEjRWeJq83vEjRWeJq83vEjRWeJq83vEjRWeJq8=\n\n— changectl/production 7Yq1x3mH2kJ9dDk0bQ==\n"
		return v
	},
	"backed-out": func() proposal.View {
		v := submitted(change.BackedOut, "passed", "backed out", "passed", "backed out", "backed out", "failed", "not run", "not run", "not run", "not run", "not run", "not run")
		v.Changes[0].Note = "user:dave decided to back out: the old primary still takes writes"
		v.Changes[0].Ended = windowStart.Add(11 * time.Minute)
		return v
	},
	"refused": func() proposal.View {
		v := submitted(change.Refused)
		v.Changes[0].Note, v.Changes[0].Steps = "since it was approved, CHG-5 has reserved resource:lan-2", nil
		v.Changes[0].Findings = []change.Finding{conflict()}
		return v
	},
	"several": func() proposal.View {
		v := submitted(change.Running, "passed", "running")
		second := submitted(change.AwaitingApproval).Changes[0]
		second.ID, second.Path, second.Steps = "CHG-8", "changes/2027/standby-firmware.yaml", nil
		v.Changes = append(v.Changes, second)
		return v
	},
}

func sampleRunbooks() []proposal.RunbookView {
	return []proposal.RunbookView{{
		Path: "runbooks/postgres-switchover-patch.yaml", Name: "postgres-switchover-patch", Owner: "group:dba", New: true,
		Title: "Patch a PostgreSQL pair with failover and failback",
	}}
}

// checks writes the three checks as a file that test/render can take apart again.
func checks(v proposal.View) string {
	var b strings.Builder
	for _, c := range []proposal.Check{proposal.ValidateCheck(v), proposal.PlanCheck(v), proposal.ApprovalCheck(v)} {
		fmt.Fprintf(&b, "<!-- check: %s | %s | %s -->\n%s", c.Name, c.Conclusion, c.Title, c.Summary)
		if c.Text != "" {
			b.WriteString("<!-- text -->\n" + c.Text)
		}
		for _, a := range c.Annotations {
			fmt.Fprintf(&b, "<!-- annotation: %s:%d:%d %s: %s -->\n", a.Path, a.Line, a.Column, a.Level, a.Message)
		}
	}
	return b.String()
}

func goldenText(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "text", name+".md")
	if *updateText {
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got), -update rewrites it:\n%s", file, d)
	}
}

// Where a pull request stands reads well, in the comment and in the checks.
func TestEverySituationReadsAsText(t *testing.T) {
	for name, view := range situations {
		t.Run(name, func(t *testing.T) {
			goldenText(t, name, proposal.CommentText(view()))
			goldenText(t, name+".checks", checks(view()))
		})
	}
	goldenText(t, "help", proposal.HelpText())
}

// Where the same is given in another order, the same bytes come out, so that nothing is
// written anew; and what is given is left alone.
func TestTheSameStateGivesTheSameBytes(t *testing.T) {
	view := situations["several"]
	v := view()
	v.Problems = situations["invalid"]().Problems
	first, firstChecks := proposal.CommentText(v), checks(v)
	slices.Reverse(v.Changes)
	slices.Reverse(v.Problems)
	for _, m := range v.Approval.Needs {
		slices.Reverse(m.By)
	}
	before := fmt.Sprintf("%+v", v)
	if d := cmp.Diff(first+firstChecks, proposal.CommentText(v)+checks(v)); d != "" {
		t.Errorf("the order of what is given shows (-want +got):\n%s", d)
	}
	if before != fmt.Sprintf("%+v", v) {
		t.Error("what was given has been altered")
	}
}
