package desk

import (
	"context"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
)

// BreakClaim takes the claim of a change away, once two persons have signed for it.
func (d *Desk) BreakClaim(ctx context.Context, who change.Person, id change.ID, signed change.SignedStatement) (httpapi.BreakAnswer, error) {
	rec, err := d.Ledger.Change(ctx, id)
	if err != nil {
		return httpapi.BreakAnswer{}, err
	}
	dec := change.Decision{
		Change: id, Revision: rec.Revision, Verb: change.BreakClaim, Person: who.Ref, Signed: signed, At: d.Clock(),
	}
	if err := d.signed(who, rec, &dec); err != nil {
		return httpapi.BreakAnswer{}, d.refused(ctx, rec, who, "decision.refused", err)
	}
	var answer httpapi.BreakAnswer
	answer.Change, answer.By, answer.Broken, err = d.Ledger.Break(ctx, id, dec, func(f change.Facts) error { return d.judgeBreak(f.Record, dec) })
	if err != nil || !answer.Broken {
		return answer, err
	}
	if err := d.showNews(ctx, answer.Change); err != nil {
		return answer, err
	}
	_, err = d.Recheck(ctx) // what is free now
	return answer, err
}

func (d *Desk) judgeBreak(r change.Record, dec change.Decision) error {
	switch {
	case r.Token == 0:
		return change.Conflict("%s is %s and holds no claim", r.ID, r.Status)
	case dec.Reason == "":
		return change.Invalid("is missing; taking a claim away needs a written reason (--reason)").At("reason")
	}
	return d.mayDecide(r, dec.Person, dec.Verb)
}
