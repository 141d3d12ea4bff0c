package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/changectl/changectl/internal/change"
)

// Approve records a verified statement that approves or rejects a change. It does not
// move the change. The same statement again is nothing; another one with a nonce that
// was used is Denied, and so is one for another revision or plan. What the judge or
// the ledger refuses is written to the log, and the refusal is returned.
func (l *Ledger) Approve(ctx context.Context, a change.Approval, judge func(change.Facts) error) (change.Record, error) {
	var rec change.Record
	var refused error
	if a.Nonce == "" || a.Person == "" {
		return rec, change.Invalid("an approval needs a nonce and a person")
	}
	err := l.write(ctx, "record an approval of "+string(a.Change), func(t *tx) error {
		refused = nil
		s, err := t.planned(ctx, a.Change)
		if err != nil {
			return err
		}
		use := used("approval", a.Person, a.Signed.Statement)
		fresh, err := t.nonce(ctx, a.Nonce, use)
		if err == nil && !fresh {
			return t.nothing(ctx, s, &rec)
		}
		if change.KindOf(err) == change.KindDenied {
			refused = err
		} else if err != nil {
			return err
		} else if refused, err = t.mayApprove(ctx, s, a, judge); err != nil {
			return err
		}
		return t.approve(ctx, s, a, use, refused, &rec)
	})
	if err != nil {
		return rec, err
	}
	return rec, refused
}

// mayApprove asks whether the statement is about the change as it stands, and the judge.
func (t *tx) mayApprove(
	ctx context.Context, s standing, a change.Approval, judge func(change.Facts) error,
) (refused, err error) {
	if a.Revision != s.Revision || a.Plan != s.Digest {
		return change.Denied("the statement is for revision %d of %s with plan %s; it stands at revision %d with plan %s",
			a.Revision, s.ID, a.Plan, s.Revision, s.Digest).WithHint("look at the change again and sign what it says now"), nil
	}
	if a.Verb != change.Approve && a.Verb != change.Reject {
		return change.Denied("the statement says %q; an approval says approve or reject", a.Verb), nil
	}
	f := change.Facts{Now: t.now, Record: s.Record}
	if f.Approvals, err = t.approvals(ctx, s.ID, s.Revision); err != nil {
		return nil, err
	}
	return judge(f), nil
}

func (t *tx) approve(ctx context.Context, s standing, a change.Approval, use string, refused error, rec *change.Record) error {
	kind, what := "approval.given", "approves"
	if a.Verb == change.Reject {
		kind, what = "approval.rejected", "rejects"
	}
	e := entryAbout(s, kind, a.Person, fmt.Sprintf("%s %q", what, s.Plan.Title), a.Reason)
	e.Digests["statement"] = change.DigestOf(a.Signed.Statement)
	e.Digests["key"] = a.Key
	if a.Role != "" {
		e.What += " for " + string(a.Role)
	}
	if a.Evidence != nil {
		e.What += " (" + a.Source() + ")"
		e.Digests["content"], e.Digests["policy"] = a.Evidence.Content, a.Evidence.Policy
	}
	if refused != nil {
		e.Kind, e.What, e.Why = "approval.refused", "may not give: "+e.What, refused.Error()
	}
	if err := t.record(&s, e); err != nil {
		return err
	}
	if refused == nil {
		if err := t.keepApproval(ctx, a, use); err != nil {
			return err
		}
	}
	return t.settle(ctx, s, rec)
}

func (t *tx) keepApproval(ctx context.Context, a change.Approval, use string) error {
	if a.At.IsZero() {
		a.At = t.now
	}
	return t.file(ctx, "insert into approvals (nonce, change, revision, at, approval) values (?, ?, ?, ?, ?)",
		statementRow{a.Nonce, a.Change, a.Revision, use}, a)
}

// approvals reads the approvals and rejections of one revision, oldest first.
func (c conn) approvals(ctx context.Context, id change.ID, revision int) ([]change.Approval, error) {
	return documents[change.Approval](ctx, c,
		"select approval from approvals where change = ? and revision = ? order by at, nonce", number(id), revision)
}

// used returns what a nonce is used for: the digest of the exact thing.
func used(what string, person change.Ref, content []byte) string {
	return what + " " + string(person) + " " + change.DigestOf(content)
}

// nonce reports whether a nonce has not been used. One that was used for the same
// thing is not fresh; one that was used for another is Denied.
func (t *tx) nonce(ctx context.Context, nonce, use string) (fresh bool, err error) {
	var was string
	err = t.row(ctx, "select used_for from nonces where nonce = ?", nonce).Scan(&was)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return true, nil
	case err != nil:
		return false, fmt.Errorf("look for nonce: %w", err)
	case was != use:
		return false, change.Denied("the nonce %s was used for something else", nonce).WithHint("ask for a new statement and sign that")
	}
	return false, nil
}

// spend marks a nonce as used.
func (t *tx) spend(ctx context.Context, nonce, use string) error {
	err := t.exec(ctx, "insert into nonces (nonce, used_for, at) values (?, ?, ?)", nonce, use, micros(t.now))
	if err != nil {
		return fmt.Errorf("write nonce: %w", err)
	}
	return nil
}
