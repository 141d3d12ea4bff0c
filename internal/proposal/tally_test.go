package proposal_test

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/proposal"
)

func vote(who string) proposal.Vote {
	return proposal.Vote{Person: change.Ref("user:" + who), Name: who, Login: who, SHA: head}
}

func votes(approve, reject string) proposal.Votes {
	v := proposal.Votes{Digest: "sha256:1"}
	for _, who := range strings.Fields(approve) {
		v.Approving = append(v.Approving, vote(who))
	}
	for _, who := range strings.Fields(reject) {
		v.Rejecting = append(v.Rejecting, vote(who))
	}
	return v
}

func need(count int, refs ...change.Ref) proposal.Need {
	return proposal.Need{AnyOf: refs, Count: count, Why: "it is theirs", Paths: []string{"runbooks/a.yaml"}}
}

func TestWhatIsMissing(t *testing.T) {
	dba, net, managers := need(1, "group:dba"), need(1, "group:net"), need(1, "group:managers")
	second := managers
	second.Second = true
	secondDBA := dba
	secondDBA.Second = true
	signed := managers
	signed.Signature, signed.Systems = true, []change.Ref{"resource:a", "resource:b"}
	charge := dba
	charge.Except = []change.Ref{"user:bob"}
	list := func(n ...proposal.Need) []proposal.Need { return n }
	tests := map[string]struct {
		needs                     []proposal.Need
		approve, reject           string
		missing, ignored, reject2 string // "" for none
	}{
		"nothing is needed":                   {nil, "", "", "", "", ""},
		"nothing is needed, one approves":     {nil, "bob", "", "", "@bob's approval counts for nothing here: nobody's is needed", ""},
		"one of one":                          {list(dba), "bob", "", "", "", ""},
		"nobody":                              {list(dba), "", "", "1 more approval of group:dba for runbooks/a.yaml", "", ""},
		"not a member":                        {list(dba), "dave", "", "1 more approval of group:dba", "user:dave is not in group:dba", ""},
		"one of two":                          {list(need(2, "group:dba")), "bob", "", "1 more approval of group:dba", "", ""},
		"none of two":                         {list(need(2, "group:dba")), "", "", "2 more approvals of group:dba", "", ""},
		"the same twice":                      {list(need(2, "group:dba")), "bob bob", "", "1 more approval of group:dba", "", ""},
		"two of two":                          {list(need(2, "group:dba")), "bob carol", "", "", "", ""},
		"one for two groups":                  {list(dba, net), "bob", "", "", "", ""},
		"any of two groups":                   {list(need(1, "group:net", "group:managers")), "erin", "", "", "", ""},
		"none of two groups":                  {list(need(1, "group:net", "group:managers")), "", "", "1 more approval of group:net or group:managers", "", ""},
		"a person as owner":                   {list(need(1, "user:erin")), "erin", "", "", "", ""},
		"another person than the owner":       {list(need(1, "user:erin")), "bob", "", "1 more approval of user:erin", "user:bob is not in user:erin", ""},
		"nobody who could":                    {list(need(1)), "bob", "", "1 more approval of nobody", "nobody's is needed", ""},
		"one is not a second":                 {list(dba, second), "carol", "", "1 more approval of group:managers by a second person for runbooks/a.yaml: the same person cannot be counted twice here", "", ""},
		"a second person":                     {list(dba, second), "carol erin", "", "", "", ""},
		"a second of the same group":          {list(dba, secondDBA), "bob carol", "", "", "", ""},
		"only a second":                       {list(dba, second), "erin", "", "1 more approval of group:dba", "", ""},
		"the first is spared for the second":  {list(dba, second), "carol bob", "", "", "", ""},
		"in whatever order":                   {list(second, dba), "bob carol", "", "", "", ""},
		"no second at all":                    {list(dba, second), "bob", "", "1 more approval of group:managers by a second person", "", ""},
		"two seconds, one person":             {list(second, secondDBA), "carol", "", "by a second person", "", ""},
		"two seconds, two persons":            {list(second, secondDBA), "carol bob", "", "", "", ""},
		"rejected by who is needed":           {list(dba), "bob", "carol", "", "", "user:carol"},
		"rejected by who is not":              {list(dba), "bob", "dave", "", "@dave's rejection stops nothing: user:dave is not in group:dba", ""},
		"a signature is no review's":          {list(signed), "carol", "", "", "what it is needed for asks for a signature", ""},
		"rejected by who is to sign":          {list(dba, signed), "bob", "erin", "", "", "user:erin"},
		"who is in charge does not approve":   {list(charge), "bob", "", "1 more approval of group:dba", "whoever is in charge of an emergency does not approve it", ""},
		"who is in charge rejects":            {list(charge), "carol", "bob", "", "", "user:bob"},
		"who is in charge, for another group": {list(charge, net), "bob carol", "", "", "", ""},
		"no person":                           {list(dba), "", "", "1 more approval", "", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := proposal.Tally(tt.needs, votes(tt.approve, tt.reject), acme)
			var missing, ignored []string
			for _, m := range got.Missing {
				missing = append(missing, m.Text)
			}
			for _, i := range got.Ignored {
				ignored = append(ignored, i.Text)
			}
			for what, texts := range map[string][2]string{
				"missing": {strings.Join(missing, "; "), tt.missing}, "ignored": {strings.Join(ignored, "; "), tt.ignored}, "rejected": {persons(got.Rejected), tt.reject2},
			} {
				if (texts[0] == "") != (texts[1] == "") || !strings.Contains(texts[0], texts[1]) {
					t.Errorf("%s: %q, want %q", what, texts[0], texts[1])
				}
			}
			if want := tt.missing == "" && tt.reject2 == ""; got.Complete != want {
				t.Errorf("complete is %v", got.Complete)
			}
			for _, m := range got.Needs {
				if got.Complete && len(m.By) < m.Count {
					t.Errorf("complete, but %v is met by %q", m.Need, persons(m.By))
				}
			}
		})
	}
}

func TestASignatureIsToldAsWell(t *testing.T) {
	signed := need(1, "group:managers")
	signed.Signature, signed.Systems = true, []change.Ref{"resource:a", "resource:b"}
	got := proposal.Tally([]proposal.Need{need(1, "group:dba"), signed}, votes("bob carol", ""), acme)
	const want = "a signature of group:managers is needed as well for resource:a and 1 more; a review does not count for it"
	if !got.Complete || len(got.Signatures) != 1 || got.Signatures[0].Text != want || len(got.Needs) != 1 {
		t.Errorf("%+v", got)
	}
	if fmt.Sprint(got.Given[1].Roles) != "[group:dba]" || got.Digest != "sha256:1" {
		t.Errorf("%+v", got.Given)
	}
}

func TestWhatIsUnknownDoesNotMatterWhereNobodyIsNeeded(t *testing.T) {
	v := proposal.Votes{Unknown: "who pushed"}
	if got := proposal.Tally(nil, v, acme); !got.Complete || got.Unknown != "" {
		t.Errorf("%+v", got)
	}
	if got := proposal.Tally([]proposal.Need{need(1, "group:dba")}, v, acme); got.Complete || got.Unknown == "" {
		t.Errorf("%+v", got)
	}
}

// TestTalliesAgreeWithThoseOfSignatures holds Tally against the rule by which signed
// approvals are counted, and against trying everything.
func TestTalliesAgreeWithThoseOfSignatures(t *testing.T) {
	random := rand.New(rand.NewSource(7))
	everybody := []string{"a", "b", "c", "d", "e"}
	complete := 0
	const rounds = 3000
	for range rounds {
		crowd := people{groups: map[change.Ref][]change.Ref{}}
		var needs []proposal.Need
		rec := change.Record{ID: "CHG-1", Revision: 1, Digest: "d", Submitter: "user:z"}
		for i := range 1 + random.Intn(4) {
			group := change.Ref(fmt.Sprintf("group:g%d", i))
			for _, p := range everybody {
				if random.Intn(2) == 0 {
					crowd.groups[group] = append(crowd.groups[group], change.Ref("user:"+p))
				}
			}
			q := change.Requirement{Role: group, Count: 1 + random.Intn(2), Second: random.Intn(2) == 0}
			rec.Plan.Approvals = append(rec.Plan.Approvals, q)
			needs = append(needs, proposal.Need{AnyOf: []change.Ref{group}, Count: q.Count, Second: q.Second})
		}
		var v proposal.Votes
		var signed []change.Approval
		for _, p := range everybody {
			if random.Intn(3) == 0 {
				continue
			}
			v.Approving = append(v.Approving, vote(p))
			for group, members := range crowd.groups {
				for _, m := range members {
					if m == change.Ref("user:"+p) {
						signed = append(signed, change.Approval{Person: m, At: noon, Statement: change.Statement{
							Change: "CHG-1", Revision: 1, Plan: "d", Verb: change.Approve, Role: group, Expires: noon.Add(time.Hour),
						}})
					}
				}
			}
		}
		got := proposal.Tally(needs, v, crowd)
		unmet := change.Unmet(rec, signed, func(change.Approval) error { return nil }, noon)
		if got.Complete != (len(unmet) == 0) {
			t.Fatalf("complete is %v, the signatures lack %q\n%+v\n%+v\n%+v", got.Complete, unmet, needs, crowd.groups, v.Approving)
		}
		if got.Complete {
			complete++
		}
	}
	if complete < rounds/20 || complete > rounds*19/20 {
		t.Errorf("%d of %d are complete: too few or too many to tell anything", complete, rounds)
	}
}

func TestManyVotesAreTalliedFast(t *testing.T) {
	random := rand.New(rand.NewSource(3))
	crowd := people{groups: map[change.Ref][]change.Ref{}}
	var v proposal.Votes
	for i := range 60 {
		v.Approving = append(v.Approving, vote(fmt.Sprintf("p%d", i)))
	}
	var needs []proposal.Need
	for g := range 12 {
		group := change.Ref(fmt.Sprintf("group:g%d", g))
		for i := range 60 {
			if random.Intn(2) == 0 {
				crowd.groups[group] = append(crowd.groups[group], change.Ref(fmt.Sprintf("user:p%d", i)))
			}
		}
		needs = append(needs, proposal.Need{AnyOf: []change.Ref{group}, Count: 6, Second: g%2 == 0})
	}
	needs = append(needs, proposal.Need{AnyOf: []change.Ref{"group:g0"}, Count: len(crowd.groups["group:g0"])}) // nobody to spare
	began := time.Now()
	if got := proposal.Tally(needs, v, crowd); got.Complete {
		t.Error("it is complete")
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("it took %s", took)
	}
}
