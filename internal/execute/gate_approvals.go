package execute

import (
	"encoding/json"

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
	for _, a := range g.newestOf(g.Approvals) {
		if a.Verb == change.Reject && a.Revision == g.Record.Revision {
			return change.Denied("%s rejected %s for %s and has not approved it since", a.Person, g.Record.ID, a.Role)
		}
	}
	for _, r := range g.Record.Plan.Approvals {
		if err := g.met(r); err != nil {
			return err
		}
	}
	return nil
}

// newestOf keeps the newest statement that each person made in each role.
func (g *gate) newestOf(all []change.Approval) []change.Approval {
	type seat struct{ person, role change.Ref }
	at := map[seat]int{}
	var out []change.Approval
	for _, a := range all {
		s := seat{a.Person, a.Role}
		i, seen := at[s]
		switch {
		case !seen:
			at[s] = len(out)
			out = append(out, a)
		case !a.At.Before(out[i].At):
			out[i] = a
		}
	}
	return out
}

// met counts the persons who fulfil a requirement; the refusal says why the last
// statement that came near did not count.
func (g *gate) met(r change.Requirement) error {
	persons := map[change.Ref]bool{}
	var why error
	for _, a := range g.newestOf(g.Approvals) {
		if a.Role != r.Role || a.Verb != change.Approve {
			continue
		}
		if err := g.counts(a); err != nil {
			why = err
			continue
		}
		persons[a.Person] = true
	}
	if len(persons) >= max(r.Count, 1) {
		return nil
	}
	if why != nil {
		return change.Denied("%s needs the approval of %d of %s and has %d: %w", g.Record.ID, max(r.Count, 1), r.Role, len(persons), why)
	}
	return change.Denied("%s needs the approval of %d of %s and has %d", g.Record.ID, max(r.Count, 1), r.Role, len(persons))
}

// counts reports why an approval does not count for what is about to run.
func (g *gate) counts(a change.Approval) error {
	r := g.Record
	switch {
	case a.Person == "":
		return change.Denied("an approval names no person")
	case a.Person == r.Submitter || a.Person == r.Plan.Submitter:
		return change.Denied("%s submitted the change and cannot approve it", a.Person)
	case a.Instance != r.Plan.Instance:
		return change.Denied("the approval of %s is for the installation %q, not for %q", a.Person, a.Instance, r.Plan.Instance)
	case a.Change != r.ID:
		return change.Denied("the approval of %s is for %s", a.Person, a.Change)
	case a.Revision != r.Revision:
		return change.Denied("the approval of %s is for revision %d, not for %d", a.Person, a.Revision, r.Revision)
	case a.Plan != r.Digest:
		return change.Denied("the approval of %s is for the plan %s, not for %s", a.Person, short(a.Plan), short(r.Digest))
	case !a.Expires.After(g.Now):
		return change.Denied("the approval of %s expired at %s", a.Person, stamp(a.Expires))
	}
	if err := g.verify(a); err != nil {
		return change.Denied("the approval of %s does not verify: %w", a.Person, err)
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
