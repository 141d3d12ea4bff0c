package ledger

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/changectl/changectl/internal/change"
)

// Finish records the result of an attempt. Only the newest attempt may finish its
// run, else it is a Conflict; the same result again is nothing. Bytes in message and
// output that are no text are replaced by U+FFFD.
func (l *Ledger) Finish(ctx context.Context, k change.RunKey, attempt int, r change.Result) error {
	if r.Outcome == change.Pending {
		return change.Invalid("a result needs an outcome")
	}
	if len(r.Values) > 0 && !json.Valid(r.Values) {
		return change.Invalid("the values of a result are not JSON")
	}
	r.Message, r.Output = cleaned(r.Message), cleaned(r.Output)
	r.Values = json.RawMessage(cleaned(string(r.Values)))
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
