package ledger

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/changectl/changectl/internal/change"
)

// Start asks judge where a change whose window has come goes. Running turns its
// reservations into a claim with the next fencing token; Waiting, AwaitingApproval and
// Expired only move it. A change that waits already and still must is not moved: its
// note and findings are updated if they differ, and otherwise nothing is written.
// The same key again returns the change as it stands. Whatever the judge says, no
// claim is given on a system that another change has claimed: that is a Conflict.
func (l *Ledger) Start(
	ctx context.Context, id change.ID, revision int, key string, judge func(change.Facts) change.Ruling,
) (change.Record, error) {
	var rec change.Record
	err := l.write(ctx, "start "+string(id), func(t *tx) error {
		s, seen, err := t.turn(ctx, id, revision, key)
		if err != nil {
			return err
		}
		if seen {
			return t.nothing(ctx, s, &rec)
		}
		if s.Status != change.Scheduled && s.Status != change.Waiting {
			return change.Conflict("%s is %s and cannot start", id, s.Status).WithHint("changectl explain %s says what it waits for", id)
		}
		f, err := t.facts(ctx, s)
		if err != nil {
			return err
		}
		return t.begin(ctx, s, f, key, judge(f), &rec)
	})
	return rec, err
}

// due lists where a change goes when its window has come.
var due = []change.Status{change.Running, change.Waiting, change.AwaitingApproval, change.Expired}

func (t *tx) begin(
	ctx context.Context, s standing, f change.Facts, key string, r change.Ruling, rec *change.Record,
) error {
	if !slices.Contains(due, r.To) {
		return change.Invalid("a change that is due becomes running, waiting, awaiting-approval or expired, not %q", r.To)
	}
	if r.To == change.Waiting && s.Status == change.Waiting {
		return t.waitOn(ctx, s, r, rec)
	}
	if r.To == change.Running {
		if err := t.claim(ctx, &s, f); err != nil {
			return err
		}
	}
	s.Findings = r.Findings
	if err := t.move(ctx, &s, change.Transition{Revision: s.Revision, To: r.To, Key: key, Why: r.Why}); err != nil {
		return err
	}
	return t.settle(ctx, s, rec)
}

// waitOn keeps a waiting change waiting, and writes only what is new about it.
func (t *tx) waitOn(ctx context.Context, s standing, r change.Ruling, rec *change.Record) error {
	if s.Note == r.Why && sameFindings(s.Findings, r.Findings) {
		return t.nothing(ctx, s, rec)
	}
	s.Note, s.Findings = r.Why, r.Findings
	e := entryAbout(s, "change.waiting", self, "still waits", r.Why)
	if err := t.record(&s, e); err != nil {
		return err
	}
	return t.settle(ctx, s, rec)
}

// sameFindings compares findings as the ledger keeps them.
func sameFindings(a, b []change.Finding) bool {
	x, errX := encode(a, len(a) == 0)
	y, errY := encode(b, len(b) == 0)
	return errX == nil && errY == nil && reflect.DeepEqual(x, y)
}

// claim turns the reservations of s into a claim with the next fencing token, and
// raises the fence of each system that it touches to that token.
func (t *tx) claim(ctx context.Context, s *standing, f change.Facts) error {
	touched := distinct(s.Holds().Touch)
	for _, h := range f.Holdings {
		if h.Token > 0 && slices.Contains(touched, h.System) {
			return change.Conflict("%s is claimed by %s (%s), which is %s", h.System, h.By, h.Title, h.Status).
				WithHint("wait until it ends; %s submitted it", h.Person)
		}
	}
	token, err := t.next(ctx, "token")
	if err != nil {
		return err
	}
	if err := t.exec(ctx, "update holdings set token = ?, since = ? where party = ?", token, micros(t.now), number(s.ID)); err != nil {
		return fmt.Errorf("claim the systems of %s: %w", s.ID, err)
	}
	if err := t.fence(ctx, touched, token); err != nil {
		return fmt.Errorf("raise the fences of %s: %w", s.ID, err)
	}
	s.Token, s.StartedAt = token, t.now
	return t.holdsAll(ctx, s.ID, touched)
}

// fence raises the fences of systems to a token; none is ever lowered.
func (t *tx) fence(ctx context.Context, systems []change.Ref, token int64) error {
	var rows [][]any
	for _, ref := range systems {
		rows = append(rows, []any{string(ref), token})
	}
	return t.insert(ctx, "insert into fences (system, token)",
		"on conflict (system) do update set token = excluded.token where excluded.token > fences.token", rows)
}

// holdsAll refuses a claim without reservations under it.
func (t *tx) holdsAll(ctx context.Context, id change.ID, touched []change.Ref) error {
	var n int
	err := t.row(ctx, "select count(*) from holdings where party = ? and mode = 'touch'", number(id)).Scan(&n)
	if err != nil {
		return fmt.Errorf("count the claims of %s: %w", id, err)
	}
	if n != len(touched) {
		return change.Conflict("%s has reserved %d of the %d systems that it touches", id, n, len(touched)).
			WithHint("submit it again")
	}
	return nil
}
