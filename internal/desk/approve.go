package desk

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/workflows"
)

// ToSign returns the statements that a person would have to sign, one for each
// role in which they can give the verb.
func (d *Desk) ToSign(ctx context.Context, who change.Person, id change.ID, q httpapi.SignQuery) ([]change.Statement, error) {
	rec, err := d.Ledger.Change(ctx, id)
	if err != nil {
		return nil, err
	}
	if q.Verb == change.Approve || q.Verb == change.Reject {
		roles, err := d.roles(rec, who, q.Verb)
		if err != nil {
			return nil, d.refused(ctx, rec, who, "approval.refused", err)
		}
		list := make([]change.Statement, len(roles))
		for i, role := range roles {
			list[i] = d.statement(rec, q)
			list[i].Role = role
		}
		return list, nil
	}
	if !q.Verb.Signed() {
		return nil, change.Invalid("%q needs no signature", q.Verb)
	}
	if rec.Hold == nil && q.Verb != change.BreakClaim {
		return nil, change.Conflict("%s is %s, not held; there is nothing to decide", id, rec.Status)
	}
	if err := d.mayDecide(rec, who.Ref, q.Verb); err != nil {
		return nil, d.refused(ctx, rec, who, "decision.refused", err)
	}
	s := d.statement(rec, q)
	if rec.Hold != nil && q.Verb != change.BreakClaim {
		s.Hold, s.Step = rec.Hold.Number, rec.Hold.Step
	}
	return []change.Statement{s}, nil
}

// validity is how long a statement holds beyond the end of the window: a change
// that a person lets overrun still needs its approvals.
const validity = 24 * time.Hour

func (d *Desk) statement(rec change.Record, q httpapi.SignQuery) change.Statement {
	expires := rec.Plan.Window.End.UTC()
	if now := d.Clock(); now.After(expires) { // a claim may outlast its window for long
		expires = now.UTC().Truncate(time.Second)
	}
	return change.Statement{
		Instance: d.Instance, Change: rec.ID, Revision: rec.Revision, Plan: rec.Digest, Verb: q.Verb,
		Reason: q.Reason, Expires: expires.Add(validity), Nonce: rand.Text(),
	}
}

// roles returns the groups in whose name a person can approve or reject a change now.
func (d *Desk) roles(rec change.Record, who change.Person, verb change.Verb) ([]change.Ref, error) {
	if rec.Started() || rec.Status.Final() {
		return nil, change.Conflict("%s is %s; approvals are given before a change starts", rec.ID, rec.Status)
	}
	if who.Ref == rec.Submitter {
		return nil, change.Denied("%s submitted %s; nobody approves or rejects a change of their own", who.Ref, rec.ID).
			WithHint("somebody else of %s has to look at it; to withdraw it, use changectl cancel %s", groups(rec), rec.ID)
	}
	if who.Ref == rec.Plan.Controller {
		return nil, change.Denied("%s is in charge of the emergency %s; another person has to approve or reject it", who.Ref, rec.ID)
	}
	if rec.Plan.Wrote(who.Ref) {
		return nil, change.Denied("%s wrote %s, from which %s comes; another person has to approve or reject it", who.Ref, rec.Plan.Origin.Name(), rec.ID)
	}
	var roles []change.Ref
	for _, q := range rec.Plan.Approvals {
		given := slices.ContainsFunc(rec.Approvals, func(a change.Approval) bool {
			return a.Verb == verb && a.Role == q.Role && a.Person == who.Ref && a.Revision == rec.Revision &&
				(a.Evidence == nil || !q.Signature) // what was said at GitHub may be signed as well
		})
		if d.Catalog().IsMember(who.Ref, q.Role) && !given && !slices.Contains(roles, q.Role) {
			roles = append(roles, q.Role)
		}
	}
	if len(roles) == 0 {
		return nil, change.Denied("%s has no approval to give for %s: it needs %s, of which they are no member or have spoken already", who.Ref, rec.ID, groups(rec))
	}
	return roles, nil
}

func groups(rec change.Record) string {
	var names []string
	for _, q := range rec.Plan.Approvals {
		if !slices.Contains(names, string(q.Role)) {
			names = append(names, string(q.Role))
		}
	}
	return strings.Join(names, ", ")
}

// Approve takes signed approvals or rejections, has the ledger record those that
// count, and tells the workflow.
func (d *Desk) Approve(ctx context.Context, who change.Person, id change.ID, list []change.SignedStatement) (change.Record, error) {
	if len(list) == 0 {
		return change.Record{}, change.Invalid("holds no signed statement").At("statements")
	}
	for _, signed := range list {
		if err := d.approve(ctx, who, id, signed); err != nil {
			rec, getErr := d.Ledger.Change(ctx, id)
			return rec, errors.Join(err, getErr)
		}
	}
	return d.Ledger.Change(ctx, id)
}

func (d *Desk) approve(ctx context.Context, who change.Person, id change.ID, signed change.SignedStatement) error {
	rec, err := d.Ledger.Change(ctx, id)
	if err != nil {
		return err
	}
	signer, err := d.signedBy(who, signed)
	if err != nil {
		return d.refused(ctx, rec, who, "approval.refused", err)
	}
	a := change.Approval{Statement: signer.Statement, Signed: signed, Person: who.Ref, Key: signer.Key, At: d.Clock()}
	if a.Change != id { // the ledger would judge it under the change that it names
		return d.refused(ctx, rec, who, "approval.refused", change.Denied("the signature is for %s, not for %s", a.Change, id))
	}
	_, err = d.Ledger.Approve(ctx, a, func(f change.Facts) error { return d.judgeApproval(f, who, a) })
	if err != nil {
		return err
	}
	_, err = d.tell(ctx, id, workflows.UpdateApproval, a.Nonce, workflows.Poke{Nonce: a.Nonce, Verb: a.Verb})
	return err
}

// tell points the workflow at what the ledger has recorded. An error says that the
// workflow has not heard of it yet: a worker reminds it once that is possible.
func (d *Desk) tell(ctx context.Context, id change.ID, update, once string, p workflows.Poke) (workflows.View, error) {
	var view workflows.View
	err := d.Engine.Healthy(ctx)
	if err == nil {
		view, err = d.Engine.Poke(ctx, id, update, once, p)
	}
	if err == nil {
		return view, nil
	}
	if rec, readErr := d.Ledger.Change(ctx, id); readErr == nil && rec.Status.Final() {
		return workflows.View{Status: rec.Status, Note: rec.Note}, nil // it was quicker than the answer
	}
	if change.KindOf(err) != change.KindUnavailable {
		return view, err
	}
	return view, change.Unavailable("what was sent about %s is recorded and will be followed: %w", id, err).
		WithHint("see where it stands with changectl show %s", id)
}

// judgeApproval is asked inside the transaction that records an approval.
func (d *Desk) judgeApproval(f change.Facts, who change.Person, a change.Approval) error {
	r := f.Record
	if a.Verb != change.Approve && a.Verb != change.Reject {
		return change.Denied("the statement says %q; expected approve or reject", a.Verb)
	}
	if err := a.Concerns(r, d.Clock()); err != nil {
		return err
	}
	roles, err := d.roles(r, who, a.Verb)
	if err != nil {
		return err
	}
	if !slices.Contains(roles, a.Role) {
		return change.Denied("%s cannot speak for %q on %s; they can for %v", who.Ref, a.Role, r.ID, roles)
	}
	return nil
}

// signedBy verifies a signature and that it is of the person who sends it.
func (d *Desk) signedBy(who change.Person, signed change.SignedStatement) (Signer, error) {
	signer, err := d.Verify(signed, d.Clock())
	if err != nil {
		return signer, err
	}
	persons := map[change.Ref]bool{}
	for _, name := range signer.Names {
		if p, err := d.Catalog().PersonByPrincipal(name); err == nil {
			persons[p.Ref] = true
		}
	}
	if len(persons) > 1 {
		return signer, change.Denied("the key %s stands for several persons: %s", signer.Key, strings.Join(signer.Names, ", ")).
			WithHint("have allowed_signers name one person for each key")
	}
	if persons[who.Ref] {
		return signer, nil
	}
	return signer, change.Denied("the statement is signed with a key of %s, but sent by %s", strings.Join(signer.Names, ", "), who.Ref).
		WithHint("sign with a key that allowed_signers lists for you (--key)")
}

// refused puts a refusal into the audit log and returns it.
func (d *Desk) refused(ctx context.Context, rec change.Record, who change.Person, kind string, why error) error {
	err := d.Ledger.Append(ctx, audit.Entry{
		At: d.Clock(), Kind: kind, Change: rec.ID, Revision: rec.Revision, Who: who.Ref,
		What: "is refused", Why: why.Error(), Systems: rec.Plan.Footprint.Touch,
	})
	if err != nil {
		return fmt.Errorf("record refusal: %w", errors.Join(err, why))
	}
	return why
}
