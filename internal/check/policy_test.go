package check_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/check"
)

func TestTheStandardPolicy(t *testing.T) {
	policy, err := check.StandardPolicy()
	if err != nil {
		t.Fatal(err)
	}
	p := plan()
	p.Risk = change.Risk{Score: 20, Level: "low"}
	owners := []change.Requirement{
		{Role: "group:dba", Count: 1, Systems: []change.Ref{"resource:db-1"}, Rule: "owner-of-each-touched-system"},
		{Role: "group:platform", Count: 1, Systems: []change.Ref{"resource:pool"}, Rule: "owner-of-each-touched-system"},
	}
	got, err := policy.Requirements(p)
	if diff := cmp.Diff(owners, got); diff != "" || err != nil {
		t.Errorf("%s %v", diff, err)
	}
	p.Risk = change.Risk{Score: 80, Level: "high"}
	got, err = policy.Requirements(p)
	want := append(owners, change.Requirement{Role: "group:change-managers", Count: 1, Second: true, Rule: "change-manager-for-high-risk"})
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%s %v", diff, err)
	}
}

func TestAnEmergencyTakesOneOtherPersonOfTheOperators(t *testing.T) {
	policy, err := check.StandardPolicy()
	if err != nil {
		t.Fatal(err)
	}
	p := plan()
	p.Type, p.Risk = change.Emergency, change.Risk{Score: 80, Level: "high"}
	got, err := policy.Requirements(p)
	want := []change.Requirement{{Role: "group:operators", Count: 1, Rule: "break-glass"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%s %v", diff, err)
	}
}

func TestAPolicyThatCannotBeUsed(t *testing.T) {
	head := "apiVersion: changectl.dev/v1\nkind: Policy\nspec:\n  rules:\n"
	tests := map[string]struct{ text, want string }{
		"a typo in a condition": {head + "  - {name: a, when: rsik.level == 'high', require: {owners: touched}}\n", "policy.yaml:5:21: spec.rules[0].when:"},
		"nobody is asked":       {head + "  - {name: a, require: {count: 2}}\n", "policy.yaml:5:24: spec.rules[0].require: needs exactly one"},
		"an unknown key":        {head + "  - {name: a, requires: {count: 2}}\n", "policy.yaml:5:15: spec.rules[0].requires: is not a key here"},
		"another kind":          {strings.Replace(head, "Policy", "Polite", 1) + "  - {name: a, require: {owners: touched}}\n", "policy.yaml:2:7: kind:"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := check.ParsePolicy("policy.yaml", []byte(tt.text))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestRiskHasItsReasons(t *testing.T) {
	p := plan()
	fresh := check.Risk(p, change.History{})
	used := check.Risk(p, change.History{Uses: 3})
	failed := check.Risk(p, change.History{Uses: 3, Failures: 1})
	p.Steps[0].PointOfNoReturn = true
	final := check.Risk(p, change.History{Uses: 3})
	scores := []int{used.Score, failed.Score, fresh.Score, final.Score}
	if diff := cmp.Diff([]int{23, 33, 38, 43}, scores); diff != "" {
		t.Error(diff)
	}
	p.Footprint.Degraded = sites().Footprint.Degraded
	if got := check.Risk(p, change.History{Uses: 3}).Reasons[2].Text; got != "redundancy group world runs on 3 of 4 members" {
		t.Errorf("a group of groups: %s", got)
	}
	var rules []string
	for _, r := range fresh.Reasons {
		rules = append(rules, r.Rule)
	}
	if diff := cmp.Diff([]string{"tier", "impact", "first-use"}, rules); diff != "" {
		t.Error(diff)
	}
}
