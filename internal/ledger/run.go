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

// Finish records the result of an attempt. Only the newest attempt may finish its
// run, else it is a Conflict; the same result again is nothing.
func (l *Ledger) Finish(ctx context.Context, k change.RunKey, attempt int, r change.Result) error {
	if r.Outcome == change.Pending {
		return change.Invalid("a result needs an outcome")
	}
	return l.write(ctx, fmt.Sprintf("finish step %d of %s", k.Step+1, k.Change), func(t *tx) error {
		run, err := t.run(ctx, k)
		if err != nil {
			return err
		}
		switch {
		case run.Attempt == 0:
			return change.NotFound("%s has no intent for run %d of step %d", k.Change, k.Run, k.Step+1)
		case attempt != run.Attempt:
			return change.Conflict("attempt %d of step %d of %s was overtaken by attempt %d on %s",
				attempt, k.Step+1, k.Change, run.Attempt, run.Worker)
		case run.Outcome != change.Pending && sameResult(run.Result, r):
			t.quiet = true
			return nil
		case run.Outcome != change.Pending:
			return change.Conflict("run %d of step %d of %s has ended already: %s", k.Run, k.Step+1, k.Change, run.Outcome)
		}
		run.Result, run.ResultAt = r, t.now
		return t.result(ctx, run)
	})
}

func sameResult(a, b change.Result) bool {
	return a.Outcome == b.Outcome && a.Message == b.Message && a.Output == b.Output && string(a.Values) == string(b.Values)
}

func (t *tx) result(ctx context.Context, run change.Run) error {
	s, err := t.standing(ctx, run.Change)
	if err != nil {
		return err
	}
	digest := s.Digest
	if run.Revision != s.Revision {
		err = t.row(ctx, "select plan_digest from revisions where change = ? and revision = ?", number(run.Change), run.Revision).Scan(&digest)
		if err != nil {
			return fmt.Errorf("read revision %d of %s: %w", run.Revision, run.Change, err)
		}
	}
	if s.Plan, err = t.l.plan(ctx, t.conn, digest); err != nil {
		return err
	}
	err = t.exec(ctx, "update runs set result_at = ?, outcome = ?, message = ?, output = ?, result_values = ? "+
		"where change = ? and revision = ? and step = ? and direction = ? and run = ?",
		micros(run.ResultAt), string(run.Outcome), run.Message, run.Output, string(run.Values),
		number(run.Change), run.Revision, run.Step, string(run.Direction), run.Run)
	if err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	step := s.Plan.Steps[run.Step]
	e := stepEntry(s, run.RunKey, step, nil)
	e.Kind, e.Revision, e.Why = "step.result", run.Revision, run.Message
	e.What = fmt.Sprintf("%s %s", named(run.RunKey, step), run.Outcome)
	e.Digests = map[string]string{
		"output": change.DigestOf([]byte(run.Output)), "values": change.DigestOf(run.Values), "plan": digest,
	}
	if e.Data, err = runData(run); err != nil {
		return err
	}
	if err := t.record(&s, e); err != nil {
		return err
	}
	return t.save(ctx, s)
}

const runColumns = "revision, step, direction, run, attempt, worker, intent_at, result_at, outcome, message, result_values"

// run reads one run; one that has not begun has attempt 0.
func (c conn) run(ctx context.Context, k change.RunKey) (change.Run, error) {
	r := change.Run{RunKey: k}
	err := scanRun(c.row(ctx, "select "+runColumns+", output from runs where change = ? and revision = ? and step = ? "+
		"and direction = ? and run = ?", number(k.Change), k.Revision, k.Step, string(k.Direction), k.Run).Scan, &r)
	if errors.Is(err, sql.ErrNoRows) {
		return change.Run{RunKey: k}, nil
	}
	if err != nil {
		return r, fmt.Errorf("read run %d of step %d of %s: %w", k.Run, k.Step+1, k.Change, err)
	}
	return r, nil
}

// runs reads the runs of a revision, oldest first, with or without outputs.
func (c conn) runs(ctx context.Context, id change.ID, revision int, outputs bool) ([]change.Run, error) {
	columns := runColumns + ", ''"
	if outputs {
		columns = runColumns + ", output"
	}
	var out []change.Run
	err := c.each(ctx, func(rows *sql.Rows) error {
		r := change.Run{RunKey: change.RunKey{Change: id}}
		err := scanRun(rows.Scan, &r)
		out = append(out, r)
		return err
	}, "select "+columns+" from runs where change = ? and revision = ? order by intent_at, step, direction, run", number(id), revision)
	if err != nil {
		return nil, fmt.Errorf("read the runs of %s: %w", id, err)
	}
	return out, nil
}

func scanRun(scan func(...any) error, r *change.Run) error {
	var intent, result int64
	var values string
	err := scan(&r.Revision, &r.Step, &r.Direction, &r.Run, &r.Attempt, &r.Worker, &intent, &result,
		&r.Outcome, &r.Message, &values, &r.Output)
	r.IntentAt, r.ResultAt = moment(intent), moment(result)
	if values != "" {
		r.Values = json.RawMessage(values)
	}
	return err
}

// named names a run for people: step 3 (hold-clients), run 2.
func named(k change.RunKey, step change.Step) string {
	s := fmt.Sprintf("step %d (%s)", k.Step+1, step.Name)
	if k.Direction == change.Undo {
		s = "the undoing of " + s
	}
	if k.Run > 1 {
		s += fmt.Sprintf(", run %d", k.Run)
	}
	return s
}

// stepEntry is the entry about a step that is to begin.
func stepEntry(s standing, k change.RunKey, step change.Step, action *change.Action) audit.Entry {
	e := audit.Entry{
		Kind: "step.intent", What: "begin " + named(k, step) + ": " + step.Title, Systems: s.Plan.Footprint.Touch,
		Digests: map[string]string{"plan": s.Digest},
	}
	var with struct {
		System change.Ref `json:"system"`
	}
	of := &step.Action
	if action != nil {
		of = action
		e.Digests["with"] = change.DigestOf(action.With)
	}
	if json.Unmarshal(of.With, &with) == nil && with.System != "" {
		e.Systems = append([]change.Ref{with.System}, step.Observes...)
	}
	return e
}

// runData is what programs read from the entries about a run.
func runData(r change.Run) (json.RawMessage, error) {
	s, err := encode(struct {
		Step      int              `json:"step"`
		Direction change.Direction `json:"direction"`
		Run       int              `json:"run"`
		Attempt   int              `json:"attempt"`
		Worker    string           `json:"worker,omitempty"`
		Outcome   change.Outcome   `json:"outcome,omitempty"`
	}{r.Step, r.Direction, r.Run, r.Attempt, r.Worker, r.Outcome}, false)
	return json.RawMessage(s), err
}
