package change_test

import (
	"strings"
	"testing"

	"github.com/changectl/changectl/internal/change"
)

func atGitHub(a change.Approval) change.Approval {
	a.Evidence = &change.Evidence{Kind: "review", ID: 7, Login: "bob-nordwind"}
	return a
}

func TestWhatWasApprovedAtGitHub(t *testing.T) {
	dba := change.Requirement{Role: "group:dba", Count: 1}
	signed := change.Requirement{Role: "group:dba", Count: 1, Signature: true}
	second := change.Requirement{Role: "group:managers", Count: 1, Second: true, Signature: true}
	yes, no := change.Approve, change.Reject
	merged := &change.Origin{Repository: "nordwind/ops", Number: 3, Commit: "c1", Authors: []change.Ref{"user:alice", "user:frank"}}
	open := &change.Origin{Repository: "nordwind/ops", Number: 3}
	tests := map[string]struct {
		origin *change.Origin
		needs  []change.Requirement
		given  []change.Approval
		want   string // "" for none
	}{
		"a review":                            {merged, []change.Requirement{dba}, []change.Approval{atGitHub(given("user:bob", "group:dba", yes, 0))}, ""},
		"a review where a signature is asked": {merged, []change.Requirement{signed}, []change.Approval{atGitHub(given("user:bob", "group:dba", yes, 0))}, "1 more approval of group:dba, signed"},
		"a review and a signature":            {merged, []change.Requirement{signed}, []change.Approval{atGitHub(given("user:bob", "group:dba", yes, 0)), given("user:bob", "group:dba", yes, 1)}, ""},
		"a signature and a later review":      {merged, []change.Requirement{signed}, []change.Approval{given("user:bob", "group:dba", yes, 0), atGitHub(given("user:bob", "group:dba", yes, 1))}, ""},
		"a review, then a signed rejection":   {merged, []change.Requirement{dba}, []change.Approval{atGitHub(given("user:bob", "group:dba", yes, 0)), given("user:bob", "group:dba", no, 1)}, "1 more approval of group:dba"},
		"a signature, then a rejection there": {merged, []change.Requirement{dba}, []change.Approval{given("user:bob", "group:dba", yes, 0), atGitHub(given("user:bob", "group:dba", no, 1))}, "1 more approval of group:dba"},
		"a second person's review alone":      {merged, []change.Requirement{dba, second}, []change.Approval{atGitHub(given("user:bob", "group:dba", yes, 0)), atGitHub(given("user:erin", "group:managers", yes, 0))}, "group:managers, signed"},
		"before the merge":                    {open, []change.Requirement{dba}, []change.Approval{given("user:bob", "group:dba", yes, 0)}, "the pull request nordwind/ops#3 has to be merged"},
		"before the merge, nothing needed":    {open, nil, nil, "has to be merged"},
		"by another author":                   {merged, []change.Requirement{dba}, []change.Approval{given("user:frank", "group:dba", yes, 0)}, "whoever wrote nordwind/ops#3 does not approve it"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := record(tt.needs...)
			r.Plan.Origin = tt.origin
			got := strings.Join(change.Unmet(r, tt.given, genuine, now), "; ")
			if (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) {
				t.Errorf("missing: %q, want %q", got, tt.want)
			}
		})
	}
}

func TestARejectionAtGitHubStandsLikeASignedOne(t *testing.T) {
	no := atGitHub(given("user:bob", "group:dba", change.Reject, 1))
	if _, stands := change.Rejection(record(), []change.Approval{given("user:bob", "group:dba", change.Approve, 0), no}); !stands {
		t.Error("it does not stand against an older signature")
	}
	if _, stands := change.Rejection(record(), []change.Approval{no, given("user:bob", "group:dba", change.Approve, 2)}); stands {
		t.Error("it stands although the person has signed since")
	}
}

func TestWhereAPlanComesFromIsPartOfItsDigest(t *testing.T) {
	p := change.Plan{Title: "x", Origin: &change.Origin{RepositoryID: 7, Number: 3, Commit: "c1"}}
	a, err := p.Digest()
	if err != nil {
		t.Fatal(err)
	}
	p.Origin.Commit = "c2"
	if b, err := p.Digest(); err != nil || a == b {
		t.Errorf("another commit has the same digest: %s, %v", b, err)
	}
}
