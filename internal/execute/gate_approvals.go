package execute

import (
	"encoding/json"
	"strings"

	"github.com/changectl/changectl/internal/change"
)

// approvalsStand asks for every requirement of the plan, at every forward step
// and not only at the start: an approval may expire or its key be withdrawn
// while the change runs. The way back needs no approval.
func (g *gate) approvalsStand() error {
	if g.undoing() {
		return nil
	}
	if g.verify == nil {
		return change.Denied("the approvals of %s cannot be verified: no verifier is configured", g.Record.ID)
	}
	if a, no := change.Rejection(g.Record, g.Approvals); no {
		return change.Denied("%s rejected %s for %s and has not approved it since", a.Person, g.Record.ID, a.Role)
	}
	if missing := change.Unmet(g.Record, g.Approvals, g.verify, g.Now); len(missing) > 0 {
		return change.Denied("%s lacks %s", g.Record.ID, strings.Join(missing, "; "))
	}
	return nil
}

// genuine reports whether a decision may be relied on. Verbs that authorise no
// work are taken as the ledger has them.
func (g *gate) genuine(d change.Decision) bool {
	if !d.Verb.Signed() {
		return true
	}
	var s change.Statement
	if g.verify == nil || json.Unmarshal(d.Signed.Statement, &s) != nil {
		return false
	}
	r := g.Record
	if s.Instance != r.Plan.Instance || s.Change != r.ID || s.Revision != r.Revision || s.Plan != r.Digest || s.Verb != d.Verb {
		return false
	}
	// What was signed names the step, or the hold in which the step stood.
	if s.Step != d.Step && (s.Step != "" || s.Hold < 1 || s.Hold != d.Hold) {
		return false
	}
	return g.verify(change.Approval{Statement: s, Signed: d.Signed, Person: d.Person, At: d.At}) == nil
}
