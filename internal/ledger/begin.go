package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
)

// Begin is the gate and the intent, in one transaction. A run that has an outcome
// already is returned and nothing is written. Otherwise the claim and its fences are
// compared with token and judge is asked; a refusal of either is written to the log and
// returned. Else the intent is recorded before Begin returns: Attempt of the run says
// whether an earlier attempt left an intent without a result.
func (l *Ledger) Begin(
	ctx context.Context, k change.RunKey, worker string, token int64, judge func(change.GateFacts) error,
) (change.Run, error) {
	var run change.Run
	var refused error
	err := l.write(ctx, fmt.Sprintf("begin step %d of %s", k.Step+1, k.Change), func(t *tx) error {
		refused = nil
		s, err := t.planned(ctx, k.Change)
		if err != nil {
			return err
		}
		step, action, err := stepOf(s, k)
		if err != nil {
			return err
		}
		if run, err = t.run(ctx, k); err != nil {
			return err
		}
		if run.Outcome != change.Pending {
			t.quiet = true
			return nil
		}
		f, err := t.gateFacts(ctx, s)
		if err != nil {
			return err
		}
		e := stepEntry(s, k, step, action)
		if refused, err = t.refusal(ctx, s, f, token, judge); err != nil || refused != nil {
			return errors.Join(err, t.refuseStep(ctx, &s, e, refused))
		}
		return t.intend(ctx, &s, e, &run, worker)
	})
	if err != nil {
		return change.Run{}, err
	}
	if refused != nil {
		return change.Run{}, refused
	}
	return run, nil
}

// stepOf finds the step of a run in the plan of the change, and what it is to do.
func stepOf(s standing, k change.RunKey) (change.Step, *change.Action, error) {
	if err := current(s, k.Revision); err != nil {
		return change.Step{}, nil, err
	}
	if k.Step < 0 || k.Step >= len(s.Plan.Steps) {
		return change.Step{}, nil, change.NotFound("%s has %d steps and no step with the index %d", s.ID, len(s.Plan.Steps), k.Step)
	}
	step := s.Plan.Steps[k.Step]
	switch k.Direction {
	case change.Do:
		return step, &step.Action, nil
	case change.Undo:
		return step, step.Undo, nil
	}
	return step, nil, change.Invalid("%q is no direction of a step; there are do and undo", k.Direction)
}

// gateFacts reads what the gate judges by. Outputs are left out: they are long and
// for people.
func (t *tx) gateFacts(ctx context.Context, s standing) (change.GateFacts, error) {
	f := change.GateFacts{Now: t.now, Record: s.Record}
	var err error
	if f.Approvals, err = t.approvals(ctx, s.ID, s.Revision); err != nil {
		return f, err
	}
	if f.Decisions, err = t.decisions(ctx, s.ID, s.Revision); err != nil {
		return f, err
	}
	f.Runs, err = t.runs(ctx, s.ID, s.Revision, false)
	return f, err
}

// refusal asks the claim, the fences and the judge; err is about asking.
func (t *tx) refusal(
	ctx context.Context, s standing, f change.GateFacts, token int64, judge func(change.GateFacts) error,
) (refused, err error) {
	if s.Token == 0 || s.Token != token {
		return change.Denied("%s does not hold the claim with token %d; it is %s with token %d", s.ID, token, s.Status, s.Token), nil
	}
	touched := distinct(s.Plan.Footprint.Touch)
	for len(touched) > 0 {
		part := touched[:min(chunk, len(touched))]
		touched = touched[len(part):]
		args := []any{token}
		for _, r := range part {
			args = append(args, string(r))
		}
		var n int
		query := "select count(*) from fences where token = ? and system in (" + placeholders("?", len(part)) + ")"
		if err := t.row(ctx, query, args...).Scan(&n); err != nil {
			return nil, fmt.Errorf("read the fences of %s: %w", s.ID, err)
		}
		if n != len(part) {
			return change.Denied("a later claim than that of %s (token %d) stands on systems that it touches", s.ID, token), nil
		}
	}
	return judge(f), nil
}

func (t *tx) refuseStep(ctx context.Context, s *standing, e audit.Entry, refused error) error {
	if refused == nil {
		return nil
	}
	e.Kind, e.What, e.Why = "gate.refused", "does not let "+e.What, refused.Error()
	if err := t.record(s, e); err != nil {
		return err
	}
	return t.save(ctx, *s)
}

// intend records that an attempt is about to begin.
func (t *tx) intend(ctx context.Context, s *standing, e audit.Entry, run *change.Run, worker string) error {
	run.Attempt++
	run.Worker = worker
	if run.Attempt == 1 {
		run.IntentAt = t.now
	}
	err := t.exec(ctx, "insert into runs (change, revision, step, direction, run, attempt, worker, intent_at, result_at, outcome, "+
		"message, output, result_values) values (?, ?, ?, ?, ?, ?, ?, ?, 0, '', '', '', '') "+
		"on conflict (change, revision, step, direction, run) do update set attempt = excluded.attempt, worker = excluded.worker",
		number(run.Change), run.Revision, run.Step, string(run.Direction), run.Run, run.Attempt, worker, micros(run.IntentAt))
	if err != nil {
		return fmt.Errorf("write the intent: %w", err)
	}
	if e.Data, err = runData(*run); err != nil {
		return err
	}
	if err := t.record(s, e); err != nil {
		return err
	}
	return t.save(ctx, *s)
}
