package proposal_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/proposal"
)

// No check lets a merge through by being neutral or skipped, and all titles are short
// and one line.
func TestChecksConcludeOneWayOrTheOther(t *testing.T) {
	views := map[string]proposal.View{"zero": {}}
	for name, view := range situations {
		views[name] = view()
	}
	for name, v := range views {
		for _, c := range []proposal.Check{proposal.ValidateCheck(v), proposal.PlanCheck(v), proposal.ApprovalCheck(v)} {
			if !slices.Contains([]string{proposal.Success, proposal.Failure, proposal.ActionRequired}, c.Conclusion) {
				t.Errorf("%s: %s concludes %q", name, c.Name, c.Conclusion)
			}
			if c.Title == "" || c.Summary == "" || strings.Contains(c.Title, "\n") || utf8.RuneCountInString(c.Title) > 255 || c.Head != v.Head {
				t.Errorf("%s: %s is %+v", name, c.Name, c)
			}
		}
	}
}

// The approval check is a success only where nothing at all speaks against it.
func TestApprovalIsASuccessOnlyWhenNothingSpeaksAgainstIt(t *testing.T) {
	for name, edit := range map[string]func(*proposal.View){
		"not complete":         func(v *proposal.View) { v.Approval.Complete = false },
		"unknown":              func(v *proposal.View) { v.Approval.Unknown = "GitHub does not show who pushed it" },
		"no base":              func(v *proposal.View) { v.Base = "" },
		"rejected":             func(v *proposal.View) { v.Approval.Rejected = []proposal.Vote{sampleVote("user:bob", "b")} },
		"a need is not met":    func(v *proposal.View) { v.Approval.Needs[0].By = nil },
		"something is missing": func(v *proposal.View) { v.Approval.Missing = []proposal.Missing{{Text: "x"}} },
		"files are not valid":  func(v *proposal.View) { v.Problems = situations["invalid"]().Problems },
	} {
		v := situations["approved"]()
		if c := proposal.ApprovalCheck(v); c.Conclusion != proposal.Success {
			t.Fatalf("approved is %s: %s", c.Conclusion, c.Title)
		}
		edit(&v)
		if c := proposal.ApprovalCheck(v); c.Conclusion == proposal.Success {
			t.Errorf("%s: still a success: %s", name, c.Title)
		}
	}
}

// Where a plan is withheld, nothing of it is told, whatever else the view holds.
func TestAWithheldPlanIsNotTold(t *testing.T) {
	for _, v := range []proposal.View{situations["conflict"](), situations["held"]()} {
		v.Changes[0].Withheld = "it comes from a fork"
		plan := proposal.PlanCheck(v)
		if plan.Conclusion == proposal.Success {
			t.Errorf("withheld is a success: %s", plan.Title)
		}
		all := proposal.CommentText(v) + plan.Title + plan.Summary + plan.Text + proposal.ValidateCheck(v).Summary
		for _, told := range []string{"CHG-5", "orders-db-2", "lan-2", "group:web", "Promote", "5550199", "beyond", "alice is"} {
			if strings.Contains(all, told) {
				t.Errorf("%q is told", told)
			}
		}
	}
}

// What is valid is told without a word about the systems.
func TestValidationSaysNothingOfTheSystems(t *testing.T) {
	c := proposal.ValidateCheck(situations["conflict"]())
	for _, told := range []string{"resource:", "group:", "CHG-5", "risk"} {
		if strings.Contains(c.Title+c.Summary+c.Text, told) {
			t.Errorf("%q is told: %s", told, c.Summary)
		}
	}
}

// Every status has a clause of its own, and says what to do next.
func TestEveryStatusHasWords(t *testing.T) {
	seen := map[string]change.Status{}
	for _, s := range change.Statuses {
		headline, rest, _ := strings.Cut(strings.TrimPrefix(proposal.CommentText(submitted(s)), proposal.Marker+"\n"), "\n")
		if before, ok := seen[headline]; ok {
			t.Errorf("%s and %s both read %q", before, s, headline)
		}
		seen[headline] = s
		if strings.Contains(headline, "`"+string(s)+"`") || strings.Contains(rest, "see the record.") {
			t.Errorf("%s has no words: %s", s, headline)
		}
	}
}

func TestEveryCommandIsHelped(t *testing.T) {
	for _, v := range proposal.Verbs {
		if !strings.Contains(proposal.HelpText(), "`/change "+string(v)) {
			t.Errorf("/change %s is not told", v)
		}
	}
}

// An error that is not for people is not shown to them.
func TestErrorsAreToldInWords(t *testing.T) {
	secret := errors.New("dial tcp 10.1.2.3:5432: password authentication failed")
	for _, err := range []error{secret, fmt.Errorf("read: %w", secret), change.Unavailable("reach the ledger: %w", secret), change.FailedTo("read: %w", secret)} {
		if got := proposal.Words(err); got == "" || strings.Contains(got, "10.1.2.3") {
			t.Errorf("%v reads %q", err, got)
		}
	}
	if got := proposal.Words(fmt.Errorf("submit: %w", change.Denied("nobody approves a change of their own").WithHint("ask another owner"))); got != "nobody approves a change of their own; ask another owner" {
		t.Errorf("a refusal reads %q", got)
	}
	if got := proposal.Words(nil); got != "" {
		t.Errorf("no error reads %q", got)
	}
}

// huge is a pull request that nobody should make.
func huge() proposal.View {
	v := sampleView()
	p := v.Changes[0].Plan
	p.Reason = strings.Repeat("a reason | with `all` @sorts of <things> ", 1<<20/40)
	for i := range 5000 {
		s := sampleStep(fmt.Sprintf("step-%d", i), change.Patch, strings.Repeat(fmt.Sprintf("Step %d | ", i), 50), time.Second, time.Second)
		p.Steps = append(p.Steps, s)
	}
	for range 300 {
		p.Risk.Reasons = append(p.Risk.Reasons, change.RiskReason{Points: 1, Text: p.Reason})
		p.Footprint.Touch = append(p.Footprint.Touch, change.Ref(p.Reason[:500]))
		v.Changes[0].Findings = append(v.Changes[0].Findings, conflict())
		v.Changes[0].Differences = append(v.Changes[0].Differences, proposal.Difference{Field: p.Reason, Before: p.Reason, After: p.Reason})
		v.Approval.Needs = append(v.Approval.Needs, v.Approval.Needs[0])
		v.Approval.Ignored = append(v.Approval.Ignored, proposal.Ignored{Login: p.Reason, Text: p.Reason})
		v.Notes, v.Stale = append(v.Notes, p.Reason), append(v.Stale, p.Reason)
		v.Answers = append(v.Answers, proposal.Answer{Who: p.Reason, Command: p.Reason, Text: p.Reason})
	}
	for i := range 25 {
		c := v.Changes[0]
		c.Path = fmt.Sprintf("changes/%d.yaml", i)
		v.Changes = append(v.Changes, c)
	}
	v.Checkpoint = p.Reason
	return v
}

// However much there is, it fits, is cut between sections and rows, and says what is
// left out and where it is.
func TestWhatIsTooLongIsCutWhereItDoesNotHurt(t *testing.T) {
	v := huge()
	plan := proposal.PlanCheck(v)
	texts := map[string]string{"comment": proposal.CommentText(v), "plan": plan.Summary, "plan, text": plan.Text, "approval": proposal.ApprovalCheck(v).Summary}
	merged := huge()
	merged.Phase = proposal.PhaseMerged
	for i := range merged.Changes {
		c := &merged.Changes[i]
		c.ID, c.Status, c.Note = change.ID(fmt.Sprintf("CHG-%d", i+1)), change.Held, c.Plan.Reason
		for range 5000 {
			c.Steps = append(c.Steps, proposal.StepView{Name: "x", Title: c.Plan.Reason, Seen: c.Plan.Reason, State: "failed"})
		}
	}
	texts["comment, merged"] = proposal.CommentText(merged)
	for name, s := range texts {
		t.Logf("%s: %d bytes", name, len(s))
		if len(s) > 65_535 {
			t.Errorf("%s has %d bytes", name, len(s))
		}
		if !strings.Contains(s, "not shown here") && !strings.Contains(s, "Left out here") && name != "approval" {
			t.Errorf("%s does not say that something is left out:\n%.3000s", name, s)
		}
		if strings.Count(s, "<details") != strings.Count(s, "</details>") || strings.Count(s, "\n```")%2 != 0 {
			t.Errorf("%s is cut within a piece", name)
		}
		for l := range strings.Lines(s) {
			if strings.HasPrefix(l, "|") && !strings.HasSuffix(l, "|\n") {
				t.Errorf("%s is cut within a row: %.80q", name, l)
			}
		}
	}
	for _, kept := range []string{"**Next:**", "### Approvals", "/change help", "](" + sampleURL + ")"} {
		if !strings.Contains(texts["comment"], kept) {
			t.Errorf("the comment lost %q", kept)
		}
	}
}

// Of a long table the first rows are shown.
func TestALongPlanShowsItsFirstSteps(t *testing.T) {
	v := sampleView()
	v.Changes[0].Plan.Steps = huge().Changes[0].Plan.Steps
	for name, s := range map[string]string{"comment": proposal.CommentText(v), "plan": proposal.PlanCheck(v).Text} {
		if len(s) > 65_535 || !strings.Contains(s, "| 20 | patch |") || !strings.Contains(s, " of 5012 steps are not shown here; all of them are on [changectl's own pages](") {
			t.Errorf("%s: %d bytes, ends %.300s", name, len(s), s[max(0, len(s)-2000):])
		}
	}
}

func TestABranchThatReadsAsAnotherHasACheckOfItsOwn(t *testing.T) {
	if got := proposal.ApprovalName("main"); got != "changectl/approval: main" {
		t.Errorf("got %q", got)
	}
	seen := map[string]string{}
	for _, base := range []string{"main", "main\u00a0", "main\u200b", "ma\u202ein", "main ", strings.Repeat("m", 300), strings.Repeat("m", 301)} {
		name := proposal.ApprovalName(base)
		if other, taken := seen[name]; taken {
			t.Errorf("%q and %q are both called %q", base, other, name)
		}
		seen[name] = base
	}
}
