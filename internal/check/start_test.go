package check_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/check"
)

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
		"the catalog adds to what is worked on": {func(r *change.Record, _ *estate, _ *change.Facts) {
			r.Footprint = &change.Footprint{Touch: []change.Ref{"resource:db-1", "resource:disk"}}
		}, change.AwaitingApproval, "the catalog of today adds resource:disk to what is worked on"},
		"the catalog leaves something out": {func(r *change.Record, _ *estate, _ *change.Facts) {
			r.Footprint = &change.Footprint{Touch: []change.Ref{"resource:db-1"}}
		}, change.Running, ""},
		"a freeze has come": {func(_ *change.Record, _ *estate, f *change.Facts) { f.Freezes = []change.Freeze{yearEnd()} }, change.Waiting, "FRZ-3"},
		"too late":          {func(_ *change.Record, _ *estate, f *change.Facts) { f.Now = opens.Add(50 * time.Minute) }, change.Expired, "no longer fit"},
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
