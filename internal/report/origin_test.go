package report_test

import (
	"strings"
	"testing"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/report"
)

func TestAPlanSaysWhichPullRequestItComesFrom(t *testing.T) {
	tests := map[string]struct {
		origin change.Origin
		want   string
	}{
		"open":   {change.Origin{Repository: "n/o", Number: 3, Base: "main", Head: "h1", Path: "changes/x.yaml"}, "From        n/o#3, changes/x.yaml at h1, not merged yet\n"},
		"merged": {change.Origin{Repository: "n/o", Number: 3, Base: "main", Head: "h1", Commit: "c1", Path: "changes/x.yaml"}, "From        n/o#3, changes/x.yaml, merged into main as c1\n"},
		"pushed": {change.Origin{Repository: "n/o", Base: "main", Commit: "c1", Path: "changes/x.yaml"}, "From        n/o, changes/x.yaml, pushed without a pull request as c1\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := report.Plan(change.Plan{Origin: &tt.origin}, "sha256:1"); !strings.Contains(got, tt.want) {
				t.Errorf("no %q in\n%s", tt.want, got)
			}
		})
	}
}

func TestARecordSaysWhatAnApprovalRestsOn(t *testing.T) {
	r := change.Record{Plan: change.Plan{Approvals: []change.Requirement{{Role: "group:dba", Count: 1, Signature: true}}}, Approvals: []change.Approval{
		{Person: "user:bob", Key: "SHA256:abc"},
		{Person: "user:erin", Key: "changectl/prod+1+xyz", Evidence: &change.Evidence{Kind: "review", ID: 17, Login: "nordwind-erin"}},
	}}
	got := report.Record(r, r.CreatedAt)
	for _, want := range []string{"SHA256:abc", "GitHub review 17 of @nordwind-erin", "1 person of group:dba, with a signature"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestWhichEntriesMoveAChange(t *testing.T) {
	for kind, want := range map[string]change.Status{"change.held": change.Held, "change.revised": change.AwaitingApproval} {
		if got, moved := report.Moved(audit.Entry{Kind: kind}); !moved || got != want {
			t.Errorf("%s: got %s, moved %v", kind, got, moved)
		}
	}
	for _, kind := range []string{"change.rechecked", "step.intent", "held", "revised"} {
		if got, moved := report.Moved(audit.Entry{Kind: kind}); moved {
			t.Errorf("%s moves to %s", kind, got)
		}
	}
}
