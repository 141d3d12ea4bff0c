package ledger

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/changectl/changectl/internal/change"
)

// Revise gives a change that has not started a new plan. Its approvals are of the
// old revision and count no longer; its reservations are replaced in the same
// transaction, those of an emergency given up. When judge finds something in the way nothing changes: the change as
// it stands is returned, with the findings about the new plan, and a Conflict error.
func (l *Ledger) Revise(
	ctx context.Context, id change.ID, s Submission, judge func(change.Facts) change.Verdict,
) (change.Record, error) {
	var rec change.Record
	if err := check(s); err != nil {
		return rec, err
	}
	err := l.write(ctx, "revise "+string(id), func(t *tx) error {
		if n, revision, err := t.submitted(ctx, s); err != nil {
			return err
		} else if n > 0 {
			return t.repeated(ctx, n, idOf(n) == id && revision > 1, &rec)
		}
		was, err := t.planned(ctx, id)
		if err != nil {
			return err
		}
		if !revisable(was) {
			return change.Conflict("%s is %s and cannot be revised", id, was.Status).WithHint("submit a new change")
		}
		return t.revise(ctx, was, s, judge, &rec)
	})
	return rec, err
}

func revisable(s standing) bool {
	before := []change.Status{change.Submitted, change.AwaitingApproval, change.Scheduled, change.Waiting, change.Held}
	return slices.Contains(before, s.Status) && !s.Started()
}

func (t *tx) revise(
	ctx context.Context, was standing, sub Submission, judge func(change.Facts) change.Verdict, rec *change.Record,
) error {
	s := was
	s.Revision, s.Plan, s.Digest, s.Submitter = was.Revision+1, sub.Plan, sub.Digest, sub.Submitter
	s.Status, s.Note, s.Findings, s.Hold, s.Footprint, s.Accepted, s.Detached = change.AwaitingApproval, "", nil, nil, nil, nil, ""
	f, err := t.facts(ctx, s)
	if err != nil {
		return err
	}
	verdict := judge(f)
	if verdict.Blocked() && s.Plan.Type != change.Emergency {
		if err := t.finish(ctx, was, rec); err != nil {
			return err
		}
		rec.Findings = verdict.Findings
		return change.Conflict("revision %d of %s is refused and revision %d stands: %s",
			s.Revision, s.ID, was.Revision, because(verdict.Findings))
	}
	s.Findings, s.Note = verdict.Findings, because(verdict.Findings)
	if err := t.keep(ctx, sub.Plan, sub.Digest); err != nil {
		return err
	}
	if err := t.record(&s, submission("change.revised", fmt.Sprintf("revises %s to %q", s.ID, sub.Plan.Title), sub)); err != nil {
		return err
	}
	if err := t.replan(ctx, s); err != nil {
		return err
	}
	if err := t.revision(ctx, s, sub); err != nil {
		return err
	}
	if err := t.reserveAnew(ctx, s); err != nil {
		return err
	}
	return t.settle(ctx, s, rec)
}

// reserveAnew replaces the reservations of the old revision. An emergency has none
// before it is approved.
func (t *tx) reserveAnew(ctx context.Context, s standing) error {
	if err := t.release(ctx, s.ID); err != nil {
		return err
	}
	if s.Plan.Type != change.Emergency {
		if err := t.reserve(ctx, s); err != nil {
			return err
		}
	}
	return t.wake(ctx, fmt.Sprintf("%s is revised", s.ID))
}

// replan writes what a new revision changes of the row that save leaves alone.
func (t *tx) replan(ctx context.Context, s standing) error {
	p := s.Plan
	err := t.exec(ctx, "update changes set revision = ?, plan_digest = ?, title = ?, type = ?, runbook = ?, submitter = ?, risk = ?, "+
		"window_start = ?, window_end = ?, zone = ?, contact = ? where number = ?",
		s.Revision, s.Digest, p.Title, string(p.Type), p.Runbook.Name, string(s.Submitter), p.Risk.Level,
		micros(p.Window.Start), micros(p.Window.End), p.Window.Zone, contact(p), number(s.ID))
	if err != nil {
		return fmt.Errorf("write the plan of %s: %w", s.ID, err)
	}
	return nil
}

// because returns what blocks, as one sentence.
func because(findings []change.Finding) string {
	var out []string
	for _, f := range findings {
		if f.Severity == change.Blocks {
			out = append(out, f.Message)
		}
	}
	return strings.Join(out, "; ")
}
