package check_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/check"
)

var (
	opens  = time.Date(2027, 3, 6, 22, 0, 0, 0, time.UTC)
	window = change.Window{Start: opens, End: opens.Add(time.Hour), Zone: "UTC"}
)

func plan() change.Plan {
	return change.Plan{
		Instance: "test", Submitter: "user:alice", Window: window,
		Targets: []change.System{
			{Ref: "resource:db-1", Owner: "group:dba", Tier: 1},
			{Ref: "resource:pool", Owner: "group:platform"},
			{Ref: "component:api", Owner: "group:orders"},
		},
		Footprint: change.Footprint{
			Touch:   []change.Ref{"resource:db-1", "resource:pool"},
			Impact:  []change.Affected{{System: "component:api", Path: []change.Ref{"resource:pool", "component:api"}}},
			Observe: []change.Affected{{System: "component:probe", Path: []change.Ref{"component:probe"}}},
		},
		Steps: []change.Step{
			{Name: "one", Action: change.Action{Expected: change.Duration(10 * time.Minute)}, Undo: &change.Action{Expected: change.Duration(5 * time.Minute)}},
		},
	}
}

func holding(system change.Ref, mode change.Mode, w change.Window) change.Holding {
	return change.Holding{System: system, Mode: mode, Change: "CHG-9", Title: "other work", Person: "user:bob", Window: w}
}

func shifted(by time.Duration) change.Window {
	return change.Window{Start: window.Start.Add(by), End: window.End.Add(by), Zone: "UTC"}
}

func TestTheMatrixOfConflicts(t *testing.T) {
	mine := map[change.Mode]change.Ref{change.Touch: "resource:db-1", change.Impact: "component:api", change.Observe: "component:probe"}
	want := map[change.Mode]map[change.Mode]change.Severity{
		change.Touch:   {change.Touch: "blocks", change.Impact: "blocks", change.Observe: "blocks"},
		change.Impact:  {change.Touch: "blocks", change.Impact: "warns", change.Observe: "blocks"},
		change.Observe: {change.Touch: "blocks", change.Impact: "blocks", change.Observe: ""},
	}
	for ours, system := range mine {
		for theirs, severity := range want[ours] {
			t.Run(string(ours+" and "+theirs), func(t *testing.T) {
				f := change.Facts{Now: opens.Add(-time.Hour), Record: change.Record{Plan: plan()}, Holdings: []change.Holding{holding(system, theirs, window)}}
				var got change.Severity
				for _, found := range check.Review(f).Findings {
					got = found.Severity
					if found.Rule != "overlap" || found.Other.Change != "CHG-9" || found.Systems[0] != system || !strings.Contains(found.Message, "CHG-9") {
						t.Errorf("the finding does not say what is in the way: %+v", found)
					}
				}
				if got != severity {
					t.Errorf("got %q, want %q", got, severity)
				}
			})
		}
	}
}

func TestWhatMeetsThePlan(t *testing.T) {
	claim := holding("resource:db-1", change.Touch, shifted(-2*time.Hour))
	claim.Token = 4
	tests := map[string]struct {
		holding change.Holding
		now     time.Time
		blocked bool
	}{
		"the same window":                       {holding("resource:db-1", change.Touch, window), opens.Add(-time.Hour), true},
		"a window that ends as ours begins":     {holding("resource:db-1", change.Touch, shifted(-time.Hour)), opens.Add(-time.Hour), false},
		"a window that begins as ours ends":     {holding("resource:db-1", change.Touch, shifted(time.Hour)), opens.Add(-time.Hour), false},
		"one second of overlap":                 {holding("resource:db-1", change.Touch, shifted(-time.Hour+time.Second)), opens.Add(-time.Hour), true},
		"another system":                        {holding("resource:db-7", change.Touch, window), opens.Add(-time.Hour), false},
		"a claim that overruns into our window": {claim, opens, true},
		"a claim that overruns, before ours":    {claim, opens.Add(-time.Minute), false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := change.Facts{Now: tt.now, Record: change.Record{Plan: plan()}, Holdings: []change.Holding{tt.holding}}
			if got := check.Review(f).Blocked(); got != tt.blocked {
				t.Errorf("blocked: %v, want %v: %+v", got, tt.blocked, check.Review(f))
			}
		})
	}
}

func TestOneMemberTooManyOfAGroup(t *testing.T) {
	p := plan()
	p.Footprint.Touch = []change.Ref{"resource:a"}
	p.Footprint.Degraded = []change.Degraded{{Group: "g", Members: []change.Ref{"resource:a", "resource:b", "resource:c"}, Touched: []change.Ref{"resource:a"}, MustRun: 1}}
	f := change.Facts{Now: opens.Add(-time.Hour), Record: change.Record{Plan: p}}
	f.Holdings = []change.Holding{holding("resource:b", change.Touch, window)}
	if v := check.Review(f); v.Blocked() {
		t.Errorf("two of three with one that must run is blocked: %+v", v)
	}
	f.Holdings = append(f.Holdings, holding("resource:c", change.Touch, window))
	if v := check.Review(f); !v.Blocked() {
		t.Error("all three at once is not blocked")
	}
}

func TestAPlanThatNoLongerFits(t *testing.T) {
	f := change.Facts{Now: opens.Add(44 * time.Minute), Record: change.Record{Plan: plan()}}
	if check.Review(f).Blocked() {
		t.Error("16 minutes are left and 15 are needed, yet it is blocked")
	}
	f.Now = opens.Add(46 * time.Minute)
	if !check.Review(f).Blocked() {
		t.Error("14 minutes are left and 15 are needed, yet it is not blocked")
	}
}

type estate struct {
	owners  map[change.Ref]change.Ref
	members map[change.Ref]change.Ref // person to group
}

func (e estate) Owner(s change.Ref) change.Ref { return e.owners[s] }
func (e estate) IsMember(p, g change.Ref) bool { return e.members[p] == g }

func approved(t *testing.T) (change.Record, estate) {
	t.Helper()
	p := plan()
	p.Approvals = []change.Requirement{
		{Role: "group:dba", Count: 1, Systems: []change.Ref{"resource:db-1"}},
		{Role: "group:platform", Count: 1, Systems: []change.Ref{"resource:pool"}},
	}
	digest, err := p.Digest()
	if err != nil {
		t.Fatal(err)
	}
	r := change.Record{ID: "CHG-1", Revision: 2, Status: change.Scheduled, Plan: p, Digest: digest, Submitter: "user:alice"}
	for person, role := range map[change.Ref]change.Ref{"user:bob": "group:dba", "user:pat": "group:platform"} {
		r.Approvals = append(r.Approvals, change.Approval{Person: person, Statement: change.Statement{
			Instance: "test", Change: "CHG-1", Revision: 2, Plan: digest, Verb: change.Approve, Role: role, Expires: window.End,
		}})
	}
	return r, estate{
		owners:  map[change.Ref]change.Ref{"resource:db-1": "group:dba", "resource:pool": "group:platform"},
		members: map[change.Ref]change.Ref{"user:bob": "group:dba", "user:pat": "group:platform"},
	}
}

func genuine(change.Approval) error { return nil }

func TestTheStartLooksAtEverythingAgain(t *testing.T) {
	tests := map[string]struct {
		spoil func(*change.Record, *estate, *change.Facts)
		to    change.Status
		why   string
	}{
		"all stands":          {func(*change.Record, *estate, *change.Facts) {}, change.Running, ""},
		"an approval is gone": {func(r *change.Record, _ *estate, _ *change.Facts) { r.Approvals = r.Approvals[:1] }, change.AwaitingApproval, "1 more approval of group:"},
		"of an older revision": {func(r *change.Record, _ *estate, _ *change.Facts) {
			r.Approvals[0].Revision = 1
		}, change.AwaitingApproval, "signed for revision 1 of CHG-1, which stands at revision 2"},
		"of another plan": {func(r *change.Record, _ *estate, _ *change.Facts) { r.Approvals[0].Plan = "sha256:0" }, change.AwaitingApproval, "signed for the plan sha256:0"},
		"of another installation": {func(r *change.Record, _ *estate, _ *change.Facts) {
			r.Approvals[0].Instance = "other"
		}, change.AwaitingApproval, `signed for the installation "other"`},
		"expired":          {func(r *change.Record, _ *estate, _ *change.Facts) { r.Approvals[0].Expires = opens }, change.AwaitingApproval, "expired"},
		"of the submitter": {func(r *change.Record, _ *estate, _ *change.Facts) { r.Submitter = r.Approvals[0].Person }, change.AwaitingApproval, "nobody approves a change of their own"},
		"rejected since": {func(r *change.Record, _ *estate, _ *change.Facts) {
			a := r.Approvals[0]
			a.Verb = change.Reject
			r.Approvals = append(r.Approvals, a)
		}, change.AwaitingApproval, "has rejected"},
		"the approver has left the group": {func(r *change.Record, e *estate, _ *change.Facts) {
			e.members[r.Approvals[0].Person] = "group:elsewhere"
		}, change.AwaitingApproval, "no longer, a member"},
		"the owner has changed": {func(_ *change.Record, e *estate, _ *change.Facts) { e.owners["resource:pool"] = "group:dba" }, change.AwaitingApproval, "resource:pool belongs to group:dba now"},
		"the plan was altered":  {func(r *change.Record, _ *estate, _ *change.Facts) { r.Plan.Title = "x" }, change.AwaitingApproval, "not the one of its digest"},
		"too late":              {func(_ *change.Record, _ *estate, f *change.Facts) { f.Now = opens.Add(50 * time.Minute) }, change.Expired, "no longer fit"},
		"somebody is in the way": {func(_ *change.Record, _ *estate, f *change.Facts) {
			f.Holdings = []change.Holding{holding("resource:db-1", change.Touch, window)}
		}, change.Waiting, "CHG-9"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r, e := approved(t)
			f := change.Facts{Now: opens}
			tt.spoil(&r, &e, &f)
			f.Record, f.Approvals = r, r.Approvals
			got := check.Start(f, e, genuine)
			if got.To != tt.to || !strings.Contains(got.Why, tt.why) {
				t.Errorf("got %s %q, want %s %q", got.To, got.Why, tt.to, tt.why)
			}
		})
	}
}

func TestAForgedSignatureDoesNotCount(t *testing.T) {
	r, e := approved(t)
	forged := func(a change.Approval) error {
		if a.Person == "user:bob" {
			return errors.New("the signature does not verify")
		}
		return nil
	}
	got := check.Start(change.Facts{Now: opens, Record: r, Approvals: r.Approvals}, e, forged)
	if got.To != change.AwaitingApproval || !strings.Contains(got.Why, "the signature does not verify") {
		t.Errorf("got %+v", got)
	}
}

func TestASecondPersonIsAnotherPerson(t *testing.T) {
	r, e := approved(t)
	r.Plan.Approvals = append(r.Plan.Approvals, change.Requirement{Role: "group:dba", Count: 1, Second: true})
	r.Digest, _ = r.Plan.Digest()
	for i := range r.Approvals {
		r.Approvals[i].Plan = r.Digest
	}
	if got := check.Missing(r, r.Approvals, e, genuine, opens); len(got) != 1 {
		t.Errorf("one person of group:dba counts twice: %q", got)
	}
	second := r.Approvals[0]
	second.Person, second.Role = "user:carol", "group:dba"
	e.members["user:carol"] = "group:dba"
	if got := check.Missing(r, append(r.Approvals, second), e, genuine, opens); len(got) != 0 {
		t.Errorf("a second person does not count: %q", got)
	}
}

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
	var rules []string
	for _, r := range fresh.Reasons {
		rules = append(rules, r.Rule)
	}
	if diff := cmp.Diff([]string{"tier", "impact", "first-use"}, rules); diff != "" {
		t.Error(diff)
	}
}
