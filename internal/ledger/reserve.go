package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
)

// Reserve asks judge about the footprint of a change and, if nothing blocks, holds
// all of it for the window and moves the change to next, which is AwaitingApproval or
// Scheduled; otherwise the change is refused. An emergency goes to AwaitingApproval
// whatever blocks it and holds nothing: see Seize. The findings are kept in any case.
// The same key again returns the change as it stands.
func (l *Ledger) Reserve(
	ctx context.Context, id change.ID, revision int, key string, next change.Status, judge func(change.Facts) change.Verdict,
) (change.Record, error) {
	var rec change.Record
	if next != change.AwaitingApproval && next != change.Scheduled {
		return rec, change.Invalid("a reserved change is %s or %s, not %s", change.AwaitingApproval, change.Scheduled, next)
	}
	err := l.write(ctx, "reserve the systems of "+string(id), func(t *tx) error {
		s, seen, err := t.turn(ctx, id, revision, key)
		if err != nil {
			return err
		}
		if seen {
			return t.nothing(ctx, s, &rec)
		}
		if s.Status != change.Submitted {
			return change.Conflict("%s is %s; only what has just been submitted is reserved", id, s.Status).
				WithHint("look at the change again: changectl explain %s", id)
		}
		f, err := t.facts(ctx, s)
		if err != nil {
			return err
		}
		verdict := judge(f)
		s.Findings = verdict.Findings
		to, why := next, ""
		if verdict.Blocked() {
			to, why = change.Refused, because(verdict.Findings)
		}
		if s.Plan.Type == change.Emergency {
			to = change.AwaitingApproval
		}
		if err := t.move(ctx, &s, change.Transition{Revision: revision, To: to, Key: key, Why: why}); err != nil {
			return err
		}
		if to != change.Refused && s.Plan.Type != change.Emergency {
			if err := t.reserve(ctx, s); err != nil {
				return err
			}
		}
		return t.settle(ctx, s, &rec)
	})
	return rec, err
}

// turn reads the change for a transition and reports whether the transition with
// this key has happened already.
func (t *tx) turn(ctx context.Context, id change.ID, revision int, key string) (s standing, seen bool, err error) {
	if key == "" {
		return s, false, change.Invalid("a transition of %s needs a key", id)
	}
	if s, err = t.planned(ctx, id); err != nil {
		return s, false, err
	}
	if _, seen, err = t.happened(ctx, id, key); err != nil || seen {
		return s, seen, err
	}
	return s, false, current(s, revision)
}

// current refuses what was meant for another revision.
func current(s standing, revision int) error {
	if s.Revision != revision {
		return change.Conflict("this is for revision %d of %s, which stands at revision %d", revision, s.ID, s.Revision).
			WithHint("look at the change again: changectl show %s", s.ID)
	}
	return nil
}

// happened looks for a transition with this key.
func (t *tx) happened(ctx context.Context, id change.ID, key string) (to change.Status, seen bool, err error) {
	err = t.row(ctx, "select status from transitions where change = ? and once = ?", number(id), key).Scan(&to)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("look for transition %s of %s: %w", key, id, err)
	}
	return to, true, nil
}

// move is the one place where a status changes. It refuses what may not follow, tells
// the entry, and remembers the key; the caller saves s.
func (t *tx) move(ctx context.Context, s *standing, tr change.Transition) error {
	from := s.Status
	if !from.MayFollow(tr.To) {
		return mayNotFollow(*s, tr.To)
	}
	s.Status, s.Note = tr.To, tr.Why
	data, err := json.Marshal(map[string]string{"from": string(from), "to": string(tr.To)})
	if err != nil {
		return fmt.Errorf("encode transition: %w", err)
	}
	e := audit.Entry{
		Kind: "change." + string(tr.To), Who: tr.Who, What: "moves from " + string(from) + " to " + string(tr.To), Why: tr.Why,
		Systems: s.Plan.Footprint.Touch, Digests: map[string]string{"plan": s.Digest}, Data: data,
	}
	if err := t.record(s, e); err != nil {
		return err
	}
	err = t.exec(ctx, "insert into transitions (change, once, status, at) values (?, ?, ?, ?)",
		number(s.ID), tr.Key, string(tr.To), micros(t.now))
	if err != nil {
		return fmt.Errorf("write transition of %s: %w", s.ID, err)
	}
	return t.end(ctx, s, tr)
}

func mayNotFollow(s standing, to change.Status) error {
	return change.Conflict("%s is %s and cannot become %s", s.ID, s.Status, to).
		WithHint("look at the change again: changectl explain %s", s.ID)
}

// end writes down how a change ended and gives up what it holds. A failed change
// keeps its claim: nobody knows the state of its systems.
func (t *tx) end(ctx context.Context, s *standing, tr change.Transition) error {
	if tr.To == change.Completed || tr.To == change.BackedOut || tr.To == change.Failed {
		s.outcome = tr.To
	}
	if !tr.To.Final() {
		return nil
	}
	if s.EndedAt.IsZero() {
		s.EndedAt = t.now
		if !tr.At.IsZero() {
			s.EndedAt = moment(micros(tr.At))
		}
	}
	if err := t.unfollow(ctx, s.ID); err != nil {
		return err
	}
	if tr.To == change.Failed {
		return nil
	}
	s.Token = 0
	if err := t.release(ctx, s.ID); err != nil {
		return err
	}
	return t.wake(ctx, fmt.Sprintf("%s is %s", s.ID, tr.To))
}

// settle saves s and fills rec.
func (t *tx) settle(ctx context.Context, s standing, rec *change.Record) error {
	if err := t.save(ctx, s); err != nil {
		return err
	}
	return t.finish(ctx, s, rec)
}
