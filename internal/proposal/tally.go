package proposal

import (
	"slices"

	"github.com/changectl/changectl/internal/change"
)

// Need is something that must be approved: by Count persons, each of whom is in any of
// AnyOf.
type Need struct {
	AnyOf []change.Ref `json:"anyOf"` // groups or users
	Count int          `json:"count"`
	// Second asks for persons who are needed for nothing else.
	Second bool `json:"second,omitempty"`
	// Signature asks for a signature after the merge; a review does not count for it.
	Signature bool         `json:"signature,omitempty"`
	Except    []change.Ref `json:"except,omitempty"` // persons who do not count: who is in charge of an emergency
	Why       string       `json:"why"`              // for what, such as: runbooks/web.yaml is theirs
	Rules     []string     `json:"rules,omitempty"`  // of the policy
	Paths     []string     `json:"paths,omitempty"`
	Systems   []change.Ref `json:"systems,omitempty"`
}

// Missing is a need that is not met.
type Missing struct {
	Need
	Have int    `json:"have"`
	Text string `json:"text"` // a sentence without its full stop
}

// Met is a need with the persons who count for it, enough of them or not.
type Met struct {
	Need
	By []Vote `json:"by"`
}

// Approval says where the approvals stand.
type Approval struct {
	Digest   string    `json:"digest"`
	Needs    []Met     `json:"needs,omitempty"` // all that reviews can meet
	Missing  []Missing `json:"missing,omitempty"`
	Given    []Vote    `json:"given,omitempty"`    // count for a need
	Rejected []Vote    `json:"rejected,omitempty"` // by persons who are needed
	Ignored  []Ignored `json:"ignored,omitempty"`
	// Signatures are needed as well, after the merge; Complete does not wait for them.
	Signatures []Missing `json:"signatures,omitempty"`
	// Unknown says in a sentence why nobody's approval counts, or is empty.
	Unknown string `json:"unknown,omitempty"`
	// Complete says that nothing is missing before the merge, and nobody rejects.
	Complete bool `json:"complete"`
}

// NothingGoverned is told where no altered file is Governed: then nobody is needed.
const NothingGoverned = "This touches nothing that changectl governs"

// Tally holds the votes against what is needed. One person may speak for several
// groups; a second person is one who is needed for nothing else.
func Tally(needs []Need, votes Votes, people People) Approval {
	t := tally{people: people, budget: mostTries}
	a := Approval{Digest: votes.Digest, Unknown: votes.Unknown, Ignored: slices.Clone(votes.Ignored)}
	for _, n := range needs {
		if n.Signature {
			a.Signatures = append(a.Signatures, Missing{n, 0, n.signatureText()})
			continue
		}
		t.needs = append(t.needs, n)
	}
	t.sort(votes.Approving, needs, &a)
	t.rejected(votes.Rejecting, needs, &a)
	t.match()
	for i, n := range t.needs {
		a.Needs = append(a.Needs, Met{n, t.by(i)})
		if have := len(t.by(i)); have < n.Count {
			a.Missing = append(a.Missing, Missing{n, have, n.missingText(have, len(t.able[i]) >= n.Count)})
		}
	}
	if len(needs) == 0 {
		a.Unknown = ""
	}
	a.Complete = len(a.Missing) == 0 && len(a.Rejected) == 0
	return a
}

// tally is the work of Tally: needs that reviews can meet, and who is able to.
type tally struct {
	people People
	needs  []Need
	able   [][]Vote       // by need
	taken  [][]change.Ref // by need, of those for second persons: who was chosen
	// abilities says in a key for which needs a person is able.
	abilities map[change.Ref]string
	budget    int
}

func (t *tally) speaksFor(person change.Ref, n Need) bool {
	return slices.ContainsFunc(n.AnyOf, func(r change.Ref) bool { return r == person || t.people.IsMember(person, r) })
}

func (t *tally) roles(person change.Ref, needs []Need) []change.Ref {
	var all []change.Ref
	for _, n := range needs {
		for _, r := range n.AnyOf {
			if !slices.Contains(all, r) && (r == person || t.people.IsMember(person, r)) {
				all = append(all, r)
			}
		}
	}
	return all
}

// sort gives each approval to the needs that it may count for.
func (t *tally) sort(votes []Vote, needs []Need, a *Approval) {
	t.able = make([][]Vote, len(t.needs))
	seen := map[change.Ref]bool{}
	for _, v := range votes {
		if v.Person == "" || seen[v.Person] {
			continue
		}
		seen[v.Person] = true
		v.Roles = t.roles(v.Person, t.needs)
		counts := false
		for i, n := range t.needs {
			if t.speaksFor(v.Person, n) && !slices.Contains(n.Except, v.Person) {
				counts = true
				t.able[i] = append(t.able[i], v)
			}
		}
		if counts {
			a.Given = append(a.Given, v)
			continue
		}
		a.Ignored = append(a.Ignored, Ignored{v.Login, t.notNeeded(v, needs), v.URL})
	}
}

// rejected keeps the rejections of persons who are needed, or would be but for what
// they are in charge of.
func (t *tally) rejected(votes []Vote, needs []Need, a *Approval) {
	for _, v := range votes {
		if v.Roles = t.roles(v.Person, needs); len(v.Roles) > 0 {
			a.Rejected = append(a.Rejected, v)
			continue
		}
		a.Ignored = append(a.Ignored, Ignored{v.Login, "@" + v.Login + "'s rejection stops nothing: " + outside(v, needs), v.URL})
	}
}
