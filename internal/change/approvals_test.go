package change_test

import (
	"strings"
	"testing"
	"time"

	"github.com/changectl/changectl/internal/change"
)

var now = time.Date(2027, 3, 6, 22, 0, 0, 0, time.UTC)

func given(person, role change.Ref, verb change.Verb, at int) change.Approval {
	return change.Approval{Person: person, At: now.Add(time.Duration(at) * time.Minute), Statement: change.Statement{
		Instance: "test", Change: "CHG-1", Revision: 1, Plan: "sha256:1", Verb: verb, Role: role, Expires: now.Add(time.Hour),
	}}
}

func record(needs ...change.Requirement) change.Record {
	return change.Record{ID: "CHG-1", Revision: 1, Digest: "sha256:1", Submitter: "user:alice", Plan: change.Plan{Instance: "test", Approvals: needs}}
}

func genuine(change.Approval) error { return nil }

func TestWhoIsStillMissing(t *testing.T) {
	dba := change.Requirement{Role: "group:dba", Count: 1}
	pair := change.Requirement{Role: "group:dba", Count: 2}
	net := change.Requirement{Role: "group:net", Count: 1}
	second := change.Requirement{Role: "group:dba", Count: 1, Second: true}
	managers := change.Requirement{Role: "group:managers", Count: 1, Second: true}
	yes := change.Approve
	tests := map[string]struct {
		needs []change.Requirement
		given []change.Approval
		want  string // "" for none
	}{
		"nothing is needed":                  {nil, nil, ""},
		"one of one":                         {[]change.Requirement{dba}, []change.Approval{given("user:bob", "group:dba", yes, 0)}, ""},
		"nobody":                             {[]change.Requirement{dba}, nil, "1 more approval of group:dba"},
		"the same person twice":              {[]change.Requirement{pair}, []change.Approval{given("user:bob", "group:dba", yes, 0), given("user:bob", "group:dba", yes, 1)}, "1 more approval of group:dba"},
		"two persons":                        {[]change.Requirement{pair}, []change.Approval{given("user:bob", "group:dba", yes, 0), given("user:carol", "group:dba", yes, 1)}, ""},
		"one person for two groups":          {[]change.Requirement{dba, net}, []change.Approval{given("user:bob", "group:dba", yes, 0), given("user:bob", "group:net", yes, 0)}, ""},
		"in the name of another group":       {[]change.Requirement{dba}, []change.Approval{given("user:bob", "group:net", yes, 0)}, "1 more approval of group:dba"},
		"one person is not a second":         {[]change.Requirement{dba, second}, []change.Approval{given("user:bob", "group:dba", yes, 0)}, "second person"},
		"a second person of the same group":  {[]change.Requirement{dba, second}, []change.Approval{given("user:bob", "group:dba", yes, 0), given("user:carol", "group:dba", yes, 0)}, ""},
		"one person in both groups":          {[]change.Requirement{dba, managers}, []change.Approval{given("user:bob", "group:dba", yes, 0), given("user:bob", "group:managers", yes, 0)}, "second person"},
		"whoever comes first does not count": {[]change.Requirement{dba, managers}, []change.Approval{given("user:bob", "group:dba", yes, 0), given("user:bob", "group:managers", yes, 0), given("user:carol", "group:dba", yes, 1)}, ""},
		"taken back":                         {[]change.Requirement{dba}, []change.Approval{given("user:bob", "group:dba", yes, 0), given("user:bob", "group:dba", change.Reject, 1)}, "1 more approval of group:dba"},
		"given after all":                    {[]change.Requirement{dba}, []change.Approval{given("user:bob", "group:dba", change.Reject, 0), given("user:bob", "group:dba", yes, 1)}, ""},
		"by the submitter":                   {[]change.Requirement{dba}, []change.Approval{given("user:alice", "group:dba", yes, 0)}, "nobody approves a change of their own"},
		"by nobody":                          {[]change.Requirement{dba}, []change.Approval{given("", "group:dba", yes, 0)}, "names no person"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := strings.Join(change.Unmet(record(tt.needs...), tt.given, genuine, now), "; ")
			if (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) {
				t.Errorf("missing: %q, want %q", got, tt.want)
			}
		})
	}
}

func TestARejectionStandsUntilItsPersonSaysOtherwise(t *testing.T) {
	no := given("user:bob", "group:dba", change.Reject, 0)
	r := record()
	if _, stands := change.Rejection(r, []change.Approval{no, given("user:carol", "group:dba", change.Approve, 1)}); !stands {
		t.Error("another person's approval took the rejection away")
	}
	if _, stands := change.Rejection(r, []change.Approval{no, given("user:bob", "group:dba", change.Approve, 1)}); stands {
		t.Error("the rejection stands although its person has approved since")
	}
	no.Revision = 2
	if _, stands := change.Rejection(r, []change.Approval{no}); stands {
		t.Error("a rejection of another revision stands")
	}
}

func TestTheStatusesFollowTheirStory(t *testing.T) {
	for _, s := range change.Statuses {
		if s.Final() && s.Active() && s != change.Failed {
			t.Errorf("%s is final and holds a claim", s)
		}
	}
	if change.Submitted.MayFollow(change.Running) || change.AwaitingApproval.MayFollow(change.Running) {
		t.Error("a change may run without having been scheduled")
	}
	if change.Completed.MayFollow(change.Running) || change.Cancelled.MayFollow(change.Scheduled) {
		t.Error("a change that has ended may move again")
	}
}

func TestReferences(t *testing.T) {
	for in, want := range map[string]change.Ref{
		"resource:orders-db-1": "resource:orders-db-1", "Resource:Orders-DB-1": "resource:orders-db-1",
		"orders-db-1": "resource:orders-db-1", "component:default/api": "component:api", "component:shop/api": "component:shop/api",
	} {
		if got, err := change.ParseRef(in, "resource"); got != want || err != nil {
			t.Errorf("%s: got %q %v, want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"", "resource:", ":x", "resource:a b", "resource:a/b/c", "resource:-a", "a:b:c"} {
		if got, err := change.ParseRef(in, "resource"); change.KindOf(err) != change.KindInvalid {
			t.Errorf("%q: got %q %v, want an invalid error", in, got, err)
		}
	}
}

func TestAStatementForSomethingElseIsDenied(t *testing.T) {
	tests := map[string]struct {
		edit func(*change.Record)
		at   time.Time
		want string
	}{
		"as it is":     {func(*change.Record) {}, now, ""},
		"installation": {func(r *change.Record) { r.Plan.Instance = "prod" }, now, `was signed for the installation "test"; this is "prod"`},
		"change":       {func(r *change.Record) { r.ID = "CHG-2" }, now, "was signed for CHG-1, not for CHG-2"},
		"revision":     {func(r *change.Record) { r.Revision = 3 }, now, "was signed for revision 1 of CHG-1, which stands at revision 3"},
		"plan":         {func(r *change.Record) { r.Digest = "sha256:2" }, now, "was signed for the plan sha256:1; the plan of CHG-1 is sha256:2"},
		"expired":      {func(*change.Record) {}, now.Add(time.Hour), "expired at 2027-03-06T23:00:00Z; it is 2027-03-06T23:00:00Z"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := record()
			tt.edit(&r)
			err := given("user:bob", "group:dba", change.Approve, 0).Concerns(r, tt.at)
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "" && (change.KindOf(err) != change.KindDenied || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}
