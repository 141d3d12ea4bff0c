package desk

import (
	"context"
	"slices"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/workflows"
)

// Decide takes a person's decision about a change that is held, runs, or has not
// started, has the ledger record it, and tells the workflow.
func (d *Desk) Decide(ctx context.Context, who change.Person, id change.ID, req httpapi.DecideRequest) (change.Record, error) {
	rec, err := d.Ledger.Change(ctx, id)
	if err != nil {
		return rec, err
	}
	dec := change.Decision{
		Change: id, Revision: rec.Revision, Verb: req.Verb, Hold: req.Hold, Step: req.Step, Person: who.Ref,
		Reason: req.Reason, Nonce: req.Nonce, Signed: req.Signed, At: d.Clock(),
	}
	if rec.Hold != nil && dec.Hold == 0 {
		dec.Hold = rec.Hold.Number
	}
	if rec.Hold != nil && dec.Step == "" {
		dec.Step = rec.Hold.Step
	}
	if err := d.signed(who, rec, &dec); err != nil {
		return rec, d.refused(ctx, rec, who, "decision.refused", err)
	}
	rec, err = d.Ledger.Decide(ctx, dec, func(f change.GateFacts) error { return d.judgeDecision(f.Record, dec) })
	if err != nil {
		return rec, err
	}
	view, err := d.tell(ctx, id, workflows.UpdateDecision, dec.Nonce, workflows.Poke{Nonce: dec.Nonce, Verb: dec.Verb, Hold: dec.Hold})
	if err != nil {
		return rec, err
	}
	rec, err = d.Ledger.Change(ctx, id)
	if view.Status == change.Running && dec.Verb == change.BackOut {
		rec.Note = view.Note // the step that runs is brought to its end first
	}
	return rec, err
}

// signed checks the signature of a decision that authorises work, and takes the
// reason and the nonce from what was signed.
func (d *Desk) signed(who change.Person, rec change.Record, dec *change.Decision) error {
	if !dec.Verb.Signed() {
		if dec.Nonce == "" {
			return change.Invalid("is missing; it makes a decision that is sent twice happen once").At("nonce")
		}
		return nil
	}
	signer, err := d.signedBy(who, dec.Signed)
	if err != nil {
		return err
	}
	s := signer.Statement
	if err := s.Concerns(rec, d.Clock()); err != nil {
		return err
	}
	if s.Verb != dec.Verb || s.Hold != dec.Hold || s.Step != dec.Step {
		return change.Denied("the signature is for %s of step %q in hold %d; the decision is %s of step %q in hold %d", s.Verb, s.Step, s.Hold, dec.Verb, dec.Step, dec.Hold)
	}
	dec.Reason, dec.Nonce = s.Reason, s.Nonce
	return nil
}

// judgeDecision is asked inside the transaction that records a decision.
func (d *Desk) judgeDecision(r change.Record, dec change.Decision) error {
	if err := d.mayDecide(r, dec.Person, dec.Verb); err != nil {
		return err
	}
	switch {
	case r.Status.Final():
		return change.Conflict("%s has ended as %s; there is nothing left to decide", r.ID, r.Status)
	case dec.Verb == change.Cancel && r.Started():
		return change.Conflict("%s is %s; it can be backed out (changectl decide %s back-out), not cancelled", r.ID, r.Status, r.ID)
	case dec.Verb == change.Cancel, dec.Verb == change.BackOut && r.Status == change.Running:
		return nil
	case r.Hold == nil:
		return change.Conflict("%s is %s, not held; there is nothing to decide", r.ID, r.Status)
	case dec.Hold != r.Hold.Number || dec.Step != r.Hold.Step:
		return change.Conflict("%s is in hold %d; the decision is about hold %d", r.ID, r.Hold.Number, dec.Hold).WithHint("look again: changectl show %s", r.ID)
	case !slices.Contains(r.Hold.Choices, dec.Verb):
		return change.Conflict("%q is not a choice in hold %d of %s; the choices are %v", dec.Verb, r.Hold.Number, r.ID, r.Hold.Choices)
	case dec.Verb == change.Continue && dec.Reason == "":
		return change.Invalid("is missing; going on after trouble needs a written reason (--reason)").At("reason")
	}
	return nil
}

// mayDecide reports whether a person has a say about a change: who submitted it,
// who owns what it touches, and the operators. A sign-off is for those whom the
// step names.
func (d *Desk) mayDecide(r change.Record, who change.Ref, verb change.Verb) error {
	cat := d.Catalog()
	if by := heldFor(r); verb == change.SignOff && len(by) > 0 {
		for _, ref := range by {
			if ref == who || cat.IsMember(who, ref) {
				return nil
			}
		}
		return change.Denied("step %q is signed off by %v; %s is none of them", r.Hold.Step, by, who)
	}
	if who == r.Submitter || cat.IsMember(who, d.Operators) {
		return nil
	}
	for _, s := range r.Plan.Footprint.Touch {
		if cat.IsMember(who, cat.Owner(s)) {
			return nil
		}
	}
	return change.Denied("%s has no say about %s; its submitter %s, the owners of what it touches and %s have", who, r.ID, r.Submitter, d.Operators)
}

// heldFor returns who may sign off what a change is held at; nobody where that is
// no sign-off.
func heldFor(r change.Record) []change.Ref {
	if r.Hold == nil {
		return nil
	}
	return signers(r.Plan, r.Hold.Step)
}
