package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
)

// Submission is a request with the plan that it was compiled to.
type Submission = change.Submission

// check refuses what would make the ledger unable to find conflicts or to show
// later what was approved.
func check(s Submission) error {
	got, err := s.Plan.Digest()
	switch w := s.Plan.Window; {
	case err != nil:
		return err
	case got != s.Digest:
		return change.Invalid("the plan has the digest %s and was sent with %s", got, s.Digest)
	case s.Submitter == "":
		return change.Invalid("a submission needs its submitter")
	case !w.Start.Before(w.End):
		return change.Invalid("the window ends at %s, not after its start at %s", w.End, w.Start).At("spec.window.end")
	case w.Length() > LongestWindow:
		return change.Invalid("the window is %s long; the longest allowed is %s", w.Length(), LongestWindow).
			At("spec.window").WithHint("divide the work into several changes")
	}
	return nil
}

// Submit records a new change with the status submitted. The same submitter with the
// same nonce gets the change that was made the first time, and created is false.
func (l *Ledger) Submit(ctx context.Context, s Submission) (rec change.Record, created bool, err error) {
	if err := check(s); err != nil {
		return rec, false, err
	}
	err = l.write(ctx, "submit a change", func(t *tx) error {
		created = false
		if n, revision, err := t.submitted(ctx, s); err != nil {
			return err
		} else if n > 0 {
			return t.repeated(ctx, n, revision == 1, &rec)
		}
		created = true
		return t.create(ctx, s, &rec)
	})
	return rec, created && err == nil, err
}

// submitted looks for an earlier submission with the same nonce.
func (t *tx) submitted(ctx context.Context, s Submission) (n int64, revision int, err error) {
	if s.Nonce == "" {
		return 0, 0, nil
	}
	err = t.row(ctx, "select change, revision from revisions where submitter = ? and nonce = ?",
		string(s.Submitter), s.Nonce).Scan(&n, &revision)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 0, nil
	}
	return n, revision, err
}

// repeated answers a submission or revision that has happened already.
func (t *tx) repeated(ctx context.Context, n int64, same bool, rec *change.Record) error {
	if !same {
		return change.Conflict("this nonce was used for something else in %s", idOf(n)).WithHint("send the request with a new nonce")
	}
	s, err := t.standingAt(ctx, idOf(n), n)
	if err != nil {
		return err
	}
	return t.nothing(ctx, s, rec)
}

func (t *tx) create(ctx context.Context, sub Submission, rec *change.Record) error {
	n, err := t.next(ctx, "change")
	if err != nil {
		return err
	}
	s := standing{Record: change.Record{
		ID: idOf(n), Revision: 1, Status: change.Submitted, Plan: sub.Plan, Digest: sub.Digest,
		Submitter: sub.Submitter, CreatedAt: t.now, UpdatedAt: t.now,
	}}
	if err := t.keep(ctx, sub.Plan, sub.Digest); err != nil {
		return err
	}
	if err := t.record(&s, submission("change.submitted", "submits \""+sub.Plan.Title+"\"", sub)); err != nil {
		return err
	}
	err = t.exec(ctx, "insert into changes (number, revision, status, plan_digest, title, type, runbook, submitter, risk, "+
		"window_start, window_end, zone, token, created_at, updated_at, started_at, ended_at, version, outcome, holds, note, hold, findings, "+
		"contact) values ("+placeholders("?", 24)+")",
		n, 1, string(s.Status), s.Digest, sub.Plan.Title, string(sub.Plan.Type), sub.Plan.Runbook.Name, string(sub.Submitter),
		sub.Plan.Risk.Level, micros(sub.Plan.Window.Start), micros(sub.Plan.Window.End), sub.Plan.Window.Zone,
		0, micros(t.now), micros(t.now), 0, 0, s.Version, "", 0, "", "", "", contact(sub.Plan))
	if err != nil {
		return fmt.Errorf("write change %s: %w", s.ID, err)
	}
	if err := t.revision(ctx, s, sub); err != nil {
		return err
	}
	return t.finish(ctx, s, rec)
}

// revision writes the newest revision of s and the systems of its footprint.
func (t *tx) revision(ctx context.Context, s standing, sub Submission) error {
	request, err := encode(sub.Request, false)
	if err != nil {
		return err
	}
	err = t.exec(ctx, "insert into revisions (change, revision, plan_digest, request, submitter, nonce, at) values (?, ?, ?, ?, ?, ?, ?)",
		number(s.ID), s.Revision, sub.Digest, request, string(sub.Submitter), sql.NullString{String: sub.Nonce, Valid: sub.Nonce != ""}, micros(t.now))
	if err != nil {
		return fmt.Errorf("write revision %d of %s: %w", s.Revision, s.ID, err)
	}
	if s.Revision > 1 {
		if err := t.exec(ctx, "delete from change_systems where change = ?", number(s.ID)); err != nil {
			return fmt.Errorf("write the systems of %s: %w", s.ID, err)
		}
		if err := t.unfollow(ctx, s.ID); err != nil {
			return err
		}
	}
	var rows [][]any
	for _, h := range sub.Plan.Footprint.Hands() {
		touched := 0
		if h.Mode == change.Touch {
			touched = 1
		}
		rows = append(rows, []any{string(h.System), number(s.ID), touched})
	}
	err = t.insert(ctx, "insert into change_systems (system, change, touched)", "on conflict (system, change) do nothing", rows)
	if err != nil {
		return fmt.Errorf("write the systems of %s: %w", s.ID, err)
	}
	if err := t.originate(ctx, s); err != nil {
		return err
	}
	return t.follow(ctx, s)
}

func submission(kind, what string, s Submission) audit.Entry {
	return audit.Entry{
		Kind: kind, Who: s.Submitter, What: what, Why: s.Plan.Reason, Systems: s.Plan.Footprint.Touch,
		Digests: map[string]string{"plan": s.Digest, "runbook": s.Plan.Runbook.Digest, "catalog": s.Plan.Catalog},
	}
}

// next counts a counter up and returns its new value.
func (t *tx) next(ctx context.Context, counter string) (int64, error) {
	var n int64
	err := t.row(ctx, "update counters set value = value + 1 where name = ? returning value", counter).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count %ss: %w", counter, err)
	}
	return n, nil
}
