package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/changectl/changectl/internal/change"
)

// Break records that a person signed for taking the claim of a change away, and takes it
// away once two different persons have signed for the same claim: it holds nothing any
// more, its token is 0, the fences of its systems are raised so that a step that comes late
// meets a closed gate, and the change has failed. An effect that the gate let through
// before that cannot be called back. by is who has signed for this claim so far.
//
// A change without a claim is a Conflict. The same decision again changes nothing and
// returns how it stands; another one with a nonce that was used is Denied. What the judge
// or the ledger refuses is written to the log, and the refusal is returned.
func (l *Ledger) Break(
	ctx context.Context, id change.ID, d change.Decision, judge func(change.Facts) error,
) (rec change.Record, by []change.Ref, broken bool, err error) {
	if d.Nonce == "" || d.Person == "" || d.Verb != change.BreakClaim || d.Change != id {
		return rec, nil, false, change.Invalid("breaking the claim of %s needs a decision about it, %q, with a nonce and a person", id, change.BreakClaim)
	}
	use, err := useOf(d)
	if err != nil {
		return rec, nil, false, err
	}
	var refused error
	b := breaking{Decision: d, use: use, judge: judge}
	err = l.write(ctx, "break the claim of "+string(id), func(t *tx) error {
		refused, b.by, b.broken = nil, nil, false
		s, err := t.planned(ctx, id)
		if err != nil {
			return err
		}
		refused, err = t.signBreak(ctx, &s, &b, &rec)
		return err
	})
	if err != nil {
		return rec, nil, false, err
	}
	return rec, b.by, b.broken, refused
}

// breaking is one person's decision to break a claim, and what came of it.
type breaking struct {
	change.Decision
	use    string
	judge  func(change.Facts) error
	by     []change.Ref
	broken bool
}

func (t *tx) signBreak(ctx context.Context, s *standing, b *breaking, rec *change.Record) (refused, err error) {
	fresh, err := t.nonce(ctx, b.Nonce, b.use)
	switch {
	case err == nil && !fresh:
		return nil, t.signedBefore(ctx, *s, b, rec)
	case change.KindOf(err) == change.KindDenied:
		refused = err
	case err != nil:
		return nil, err
	case s.Token == 0:
		return nil, change.Conflict("%s is %s and has no claim that could be broken", s.ID, s.Status).
			WithHint("changectl explain %s says what it waits for", s.ID)
	default:
		if refused, err = t.mayBreak(ctx, *s, b); err != nil {
			return nil, err
		}
	}
	if refused != nil {
		e := entryAbout(*s, "decision.refused", b.Person, "may not break the claim", refused.Error())
		if err := t.record(s, e); err != nil {
			return nil, err
		}
		return refused, t.settle(ctx, *s, rec)
	}
	if err := t.countBreak(ctx, s, b); err != nil {
		return nil, err
	}
	return nil, t.settle(ctx, *s, rec)
}

// mayBreak asks whether the decision is about the change as it stands, and the judge.
func (t *tx) mayBreak(ctx context.Context, s standing, b *breaking) (refused, err error) {
	if b.Revision != s.Revision {
		return change.Denied("the decision is for revision %d of %s, which stands at revision %d", b.Revision, s.ID, s.Revision).
			WithHint("look at the change again: changectl show %s", s.ID), nil
	}
	f := change.Facts{Now: t.now, Record: s.Record}
	if f.Approvals, err = t.approvals(ctx, s.ID, s.Revision); err != nil {
		return nil, err
	}
	return b.judge(f), nil
}

// signedBefore answers a decision that was sent before.
func (t *tx) signedBefore(ctx context.Context, s standing, b *breaking, rec *change.Record) error {
	var token int64
	err := t.row(ctx, "select token from claim_breaks where change = ? and nonce = ?", number(s.ID), b.Nonce).Scan(&token)
	if err := ignoreMissing(err); err != nil {
		return fmt.Errorf("read who broke the claim of %s: %w", s.ID, err)
	}
	if b.by, err = t.signers(ctx, s.ID, token); err != nil {
		return err
	}
	b.broken = len(b.by) > 1
	return t.nothing(ctx, s, rec)
}

// signers returns who has signed for breaking a claim, in that order.
func (t *tx) signers(ctx context.Context, id change.ID, token int64) ([]change.Ref, error) {
	var out []change.Ref
	err := t.each(ctx, func(r *sql.Rows) error {
		var p change.Ref
		err := r.Scan(&p)
		out = append(out, p)
		return err
	}, "select person from claim_breaks where change = ? and token = ? order by at, person", number(id), token)
	if err != nil {
		return nil, fmt.Errorf("read who broke the claim of %s: %w", id, err)
	}
	return out, nil
}

// countBreak writes the decision down and, with the second person's, breaks the claim.
func (t *tx) countBreak(ctx context.Context, s *standing, b *breaking) error {
	e := entryAbout(*s, "claim.break-signed", b.Person, fmt.Sprintf("signs for breaking the claim with token %d", s.Token), b.Reason)
	if len(b.Signed.Statement) > 0 {
		e.Digests["statement"] = change.DigestOf(b.Signed.Statement)
	}
	if err := t.record(s, e); err != nil {
		return err
	}
	if err := t.keepDecision(ctx, b.Decision, b.use); err != nil {
		return err
	}
	err := t.exec(ctx, "insert into claim_breaks (change, token, person, nonce, at) values (?, ?, ?, ?, ?) "+
		"on conflict (change, token, person) do nothing", number(s.ID), s.Token, string(b.Person), b.Nonce, micros(t.now))
	if err != nil {
		return fmt.Errorf("write who broke the claim of %s: %w", s.ID, err)
	}
	if b.by, err = t.signers(ctx, s.ID, s.Token); err != nil || len(b.by) < 2 {
		return err
	}
	b.broken = true
	return t.breakClaim(ctx, s, b)
}

// breakClaim takes the claim of s away.
func (t *tx) breakClaim(ctx context.Context, s *standing, b *breaking) error {
	var names []string
	for _, p := range b.by {
		names = append(names, string(p))
	}
	old := s.Token
	token, err := t.next(ctx, "token")
	if err != nil {
		return err
	}
	if err := t.fence(ctx, distinct(s.Holds().Touch), token); err != nil {
		return fmt.Errorf("raise the fences of %s: %w", s.ID, err)
	}
	s.Token = 0
	if err := t.release(ctx, s.ID); err != nil {
		return err
	}
	why := fmt.Sprintf("its claim was broken by %s", strings.Join(names, " and "))
	e := entryAbout(*s, "claim.broken", b.Person, fmt.Sprintf("breaks the claim with token %d; signed by %s", old, strings.Join(names, " and ")), b.Reason)
	if e.Data, err = json.Marshal(map[string]any{"token": old, "fence": token, "by": names}); err != nil {
		return fmt.Errorf("encode the breaking of a claim: %w", err)
	}
	if err := t.record(s, e); err != nil {
		return err
	}
	if s.Status.MayFollow(change.Failed) {
		s.Hold = nil
		tr := change.Transition{Revision: s.Revision, To: change.Failed, Key: fmt.Sprintf("broken-%d", old), Who: b.Person, Why: why}
		if err := t.move(ctx, s, tr); err != nil {
			return err
		}
	}
	return t.wake(ctx, fmt.Sprintf("the claim of %s was broken", s.ID))
}
