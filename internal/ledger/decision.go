package ledger

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/changectl/changectl/internal/change"
)

// Decide records what a person decided. It does not move the change. The same
// decision again is nothing; another one with a nonce that was used is Denied. What the
// judge or the ledger refuses is written to the log, and the refusal is returned.
func (l *Ledger) Decide(ctx context.Context, d change.Decision, judge func(change.GateFacts) error) (change.Record, error) {
	var rec change.Record
	var refused error
	if d.Nonce == "" || d.Person == "" {
		return rec, change.Invalid("a decision needs a nonce and a person")
	}
	use, err := useOf(d)
	if err != nil {
		return rec, err
	}
	err = l.write(ctx, "record a decision about "+string(d.Change), func(t *tx) error {
		refused = nil
		s, err := t.planned(ctx, d.Change)
		if err != nil {
			return err
		}
		fresh, err := t.nonce(ctx, d.Nonce, use)
		if err == nil && !fresh {
			return t.nothing(ctx, s, &rec)
		}
		if change.KindOf(err) == change.KindDenied {
			refused = err
		} else if err != nil {
			return err
		} else if refused, err = t.mayDecide(ctx, s, d, judge); err != nil {
			return err
		}
		return t.decide(ctx, s, d, use, refused, &rec)
	})
	if err != nil {
		return rec, err
	}
	return rec, refused
}

// useOf returns what the decision's nonce is used for: all of it but its time.
func useOf(d change.Decision) (string, error) {
	d.At = time.Time{}
	b, err := change.Canonical(d)
	if err != nil {
		return "", err
	}
	return used("decision", d.Person, b), nil
}

func (t *tx) mayDecide(
	ctx context.Context, s standing, d change.Decision, judge func(change.GateFacts) error,
) (refused, err error) {
	if d.Revision != s.Revision {
		return change.Denied("the decision is for revision %d of %s, which stands at revision %d", d.Revision, s.ID, s.Revision).
			WithHint("look at the change again: changectl show %s", s.ID), nil
	}
	f, err := t.gateFacts(ctx, s)
	if err != nil {
		return nil, err
	}
	return judge(f), nil
}

func (t *tx) decide(ctx context.Context, s standing, d change.Decision, use string, refused error, rec *change.Record) error {
	e := entryAbout(s, "decision."+string(d.Verb), d.Person, "decides: "+string(d.Verb), d.Reason)
	if d.Step != "" {
		e.What += " " + d.Step
	}
	if len(d.Signed.Statement) > 0 {
		e.Digests["statement"] = change.DigestOf(d.Signed.Statement)
	}
	if refused != nil {
		e.Kind, e.What, e.Why = "decision.refused", "may not decide: "+string(d.Verb), refused.Error()
	}
	if err := t.record(&s, e); err != nil {
		return err
	}
	if refused == nil {
		if err := t.keepDecision(ctx, d, use); err != nil {
			return err
		}
	}
	return t.settle(ctx, s, rec)
}

func (t *tx) keepDecision(ctx context.Context, d change.Decision, use string) error {
	if d.At.IsZero() {
		d.At = t.now
	}
	return t.file(ctx, "insert into decisions (nonce, change, revision, at, decision) values (?, ?, ?, ?, ?)",
		statementRow{d.Nonce, d.Change, d.Revision, use}, d)
}

// decisions reads the decisions about one revision, oldest first.
func (c conn) decisions(ctx context.Context, id change.ID, revision int) ([]change.Decision, error) {
	return documents[change.Decision](ctx, c,
		"select decision from decisions where change = ? and revision = ? order by at, nonce", number(id), revision)
}

// Decisions returns the decisions about one revision of a change, oldest first.
func (l *Ledger) Decisions(ctx context.Context, id change.ID, revision int) (out []change.Decision, err error) {
	err = l.read(ctx, "read the decisions about a change", func(c conn) error {
		out, err = c.decisions(ctx, id, revision)
		return err
	})
	return out, err
}

// Decision returns the decision with a nonce.
func (l *Ledger) Decision(ctx context.Context, nonce string) (change.Decision, error) {
	var d change.Decision
	var body string
	err := l.reader.QueryRowContext(ctx, l.d.rebind("select decision from decisions where nonce = ?"), nonce).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return d, change.NotFound("there is no decision with the nonce %s", nonce).WithHint("record it before it is acted on")
	}
	if err != nil {
		return d, l.explain("read a decision", err)
	}
	return d, decode(body, &d)
}
