package execute

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/runbook"
)

// scopeOf is what the expressions of a step can see. Of each step it is the
// newest forward run that counts.
func scopeOf(f change.GateFacts) runbook.Scope {
	p := f.Record.Plan
	s := runbook.Scope{
		Parameters: p.Parameters,
		Systems:    make(map[string]change.System, len(p.Targets)),
		Steps:      map[string]runbook.StepView{},
		Change: runbook.ChangeView{
			ID: f.Record.ID, Title: p.Title, Type: p.Type, Reason: p.Reason,
			Submitter: p.Submitter, Revision: f.Record.Revision, Window: p.Window,
		},
	}
	for _, y := range p.Targets {
		s.Systems[string(y.Ref)] = y
	}
	for i, r := range past(f.Runs, f.Record.Revision).do {
		if i >= 0 && i < len(p.Steps) && r.Outcome != change.Pending {
			s.Steps[p.Steps[i].Name] = runbook.StepView{Outcome: r.Outcome, Output: r.Output, Values: r.Values}
		}
	}
	return s
}

// recall fills in what earlier steps printed, where an expression of this step
// may name it.
func (t *task) recall(ctx context.Context) error {
	text, err := json.Marshal(t.step)
	if err != nil {
		return fmt.Errorf("encode the step %q: %w", t.step.Name, err)
	}
	if !bytes.Contains(text, []byte("steps")) || !bytes.Contains(text, []byte("output")) {
		return nil
	}
	record, err := t.Ledger.Change(ctx, t.run.Change)
	if err != nil {
		return fmt.Errorf("read what earlier steps of %s printed: %w", t.run.Change, err)
	}
	for i, r := range past(record.Runs, t.run.Revision).do {
		name := t.facts.Record.Plan.Steps[i].Name
		if view, ran := t.scope.Steps[name]; ran {
			view.Output = r.Output
			t.scope.Steps[name] = view
		}
	}
	return nil
}
