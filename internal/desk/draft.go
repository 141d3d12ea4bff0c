package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/check"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/workflows"
)

// Draft is a request with what comes along with it.
type Draft struct {
	Request change.Request
	// Library holds the runbooks that come with the request; nil is the installation's.
	Library Library
	// Origin is the pull request that it comes from, or nil.
	Origin *change.Origin
	// More returns approvals that a plan needs besides those that the installation's
	// policy asks for, by the rules of where it comes from; nil is none.
	More func(p change.Plan) ([]change.Requirement, error)
	// Beside are plans that will be there before this one, such as those of the other
	// change requests of a pull request. A preview takes them for reserved.
	Beside []Beside
}

// Beside is a plan that will be there before another one, called by Name.
type Beside struct {
	Name string
	Plan change.Plan
}

// holdings are what it will hold of what a plan is concerned with, in its window.
func (b Beside) holdings(p change.Plan) []change.Holding {
	w := b.Plan.Window
	if !w.Start.Before(p.Window.End) || !p.Window.Start.Before(w.End) {
		return nil
	}
	owners := map[change.Ref]change.Ref{}
	for _, t := range b.Plan.Targets {
		owners[t.Ref] = t.Owner
	}
	concerned := p.Footprint.Concerned()
	var out []change.Holding
	for _, h := range b.Plan.Footprint.Hands() {
		if !slices.Contains(concerned, h.System) {
			continue
		}
		out = append(out, change.Holding{
			System: h.System, Mode: h.Mode, Access: h.Access, Path: h.Path, By: change.ID(b.Name), Title: b.Plan.Title, Type: b.Plan.Type,
			Status: change.Submitted, Person: b.Plan.Submitter, Owner: owners[h.System], Whose: string(b.Plan.Submitter), Window: w,
		})
	}
	return out
}

// PreviewDraft compiles and checks a draft and writes nothing. What the change self
// holds, if there is one, is not in the way.
func (d *Desk) PreviewDraft(ctx context.Context, who change.Person, self change.ID, draft Draft) (httpapi.Preview, error) {
	s, err := d.compile(ctx, who, draft)
	if err != nil {
		return httpapi.Preview{}, err
	}
	f, err := d.Ledger.Review(ctx, s.Plan, self)
	if err != nil {
		return httpapi.Preview{}, err
	}
	for _, b := range draft.Beside {
		f.Holdings = append(f.Holdings, b.holdings(s.Plan)...)
	}
	rec := d.withNext(ctx, change.Record{Plan: s.Plan, Findings: check.Review(f, d.Catalog()).Findings})
	return httpapi.Preview{Plan: s.Plan, Digest: s.Digest, Findings: rec.Findings}, nil
}

// SubmitDraft records a draft and has its workflow check it. The same nonce of the
// same person is the same change. One that is refused comes with a Conflict.
func (d *Desk) SubmitDraft(ctx context.Context, who change.Person, draft Draft) (change.Record, error) {
	return d.submit(ctx, who, draft)
}

// ReviseDraft replaces what was asked for in a change of the same file of the same
// repository that has not started. Its approvals are void.
func (d *Desk) ReviseDraft(ctx context.Context, who change.Person, id change.ID, draft Draft) (change.Record, error) {
	old, err := d.Ledger.Change(ctx, id)
	if err != nil {
		return old, err
	}
	if o, n := old.Plan.Origin, draft.Origin; o == nil || n == nil || o.RepositoryID != n.RepositoryID || o.Path != n.Path {
		return old, change.Denied("%s does not come from that file of that repository", id)
	}
	return d.revise(ctx, who, id, draft)
}

// Attest records approvals that were given at GitHub. Each is judged like a signed
// one: its person has to be of the group that is asked, and nobody's own change.
func (d *Desk) Attest(ctx context.Context, id change.ID, list []change.Attested) (change.Record, error) {
	for _, a := range list {
		if err := d.attest(ctx, id, a); err != nil {
			return change.Record{}, err
		}
	}
	return d.Ledger.Change(ctx, id)
}

func (d *Desk) attest(ctx context.Context, id change.ID, a change.Attested) error {
	who, err := d.Catalog().Person(a.Person)
	if err != nil {
		return err
	}
	signed, key, err := d.Attestation(a)
	if err != nil {
		return err
	}
	evidence := a.Evidence
	approval := change.Approval{Statement: a.Statement, Signed: signed, Person: a.Person, Key: key, At: d.Clock(), Evidence: &evidence}
	_, err = d.Ledger.Approve(ctx, approval, func(f change.Facts) error { return d.judgeApproval(f, who, approval) })
	if err != nil {
		return err
	}
	_, err = d.tell(ctx, id, workflows.UpdateApproval, approval.Nonce, workflows.Poke{Nonce: approval.Nonce, Verb: approval.Verb})
	return err
}

// Attested returns what has to be attested for a verb that a person gave at GitHub in
// the name of a role. The same evidence for the same revision is the same statement.
func (d *Desk) Attested(rec change.Record, verb change.Verb, role, person change.Ref, e change.Evidence) change.Attested {
	s := change.Statement{
		Instance: d.Instance, Change: rec.ID, Revision: rec.Revision, Plan: rec.Digest, Verb: verb, Role: role,
		Expires: rec.Plan.Window.End.UTC().Add(validity),
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%d/%s/%d/%d/%d/%s/%s", rec.ID, rec.Revision, e.Kind, e.ID, e.RepositoryID, e.Number, role, person))
	s.Nonce = "github-" + hex.EncodeToString(sum[:16])
	return change.Attested{Statement: s, Evidence: e, Person: person}
}
