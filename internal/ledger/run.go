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
