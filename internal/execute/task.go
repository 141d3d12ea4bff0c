package execute

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/runbook"
)

// task is one attempt at one run of a step.
type task struct {
	*Executor
	facts   change.GateFacts // as the gate saw them
	run     change.Run
	step    change.Step
	earlier *change.Run // what an earlier attempt at this very run left
	scope   runbook.Scope
	mask    mask
	log     *logrus.Entry
}

// seen is what a kind saw.
type seen struct {
	output  string         // masked by the kind
	vars    map[string]any // for the kind's expect
	keep    []string       // the vars that later steps can read
	message string         // for a person, when all is as expected
	outcome change.Outcome // empty for what the expectation says
}

func (e *Executor) task(facts change.GateFacts, run change.Run) *task {
	t := &task{Executor: e, facts: facts, run: run, step: facts.Record.Plan.Steps[run.Step]}
	for _, r := range facts.Runs {
		if r.RunKey == run.RunKey {
			t.earlier = &r
		}
	}
	t.log = e.logger().WithFields(logrus.Fields{
		"change": run.Change, "step": t.step.Name, "direction": run.Direction, "run": run.Run, "attempt": run.Attempt,
	})
	t.scope = scopeOf(facts)
	t.scope.Secrets = t.secret
	return t
}

// secret hands a secret out and remembers to hide it.
func (t *task) secret(name string) (string, error) {
	if t.Secrets == nil {
		return "", change.NotFound("the secret %q is not known to this worker", name)
	}
	v, err := t.Secrets(name)
	if err != nil {
		return "", fmt.Errorf("read the secret %q: %w", name, err)
	}
	t.mask.add(v)
	return v, nil
}

// perform comes to a result, or to an error when ctx ends before there is one.
func (t *task) perform(ctx context.Context) (change.Result, error) {
	if err := t.recall(ctx); err != nil {
		return t.masked(failed(seen{}, err)), context.Cause(ctx)
	}
	action, r := t.wanted()
	if r != nil {
		return t.masked(*r), nil
	}
	kind, err := t.decode(action.Uses, action.With)
	if err != nil {
		return t.masked(failed(seen{}, err)), nil
	}
	known, err := t.resume(ctx, action, kind)
	if err != nil {
		return change.Result{}, err
	}
	if known != nil {
		return t.masked(*known), nil
	}
	result, err := t.work(ctx, action, kind)
	return t.masked(result), err
}

// wanted returns the action of this direction, or the result when there is
// nothing to do.
func (t *task) wanted() (change.Action, *change.Result) {
	if t.run.Direction == change.Undo {
		did, ran := past(t.facts.Runs, t.run.Revision).do[t.run.Step]
		switch {
		case t.step.Undo == nil:
			return change.Action{}, passed("nothing to undo: the step has no undo")
		case !ran:
			return change.Action{}, passed("nothing to undo: the step was not begun")
		case did.Outcome == change.Skipped:
			return change.Action{}, passed("nothing to undo: the step was skipped")
		}
		return *t.step.Undo, nil
	}
	if t.step.When == "" {
		return t.step.Action, nil
	}
	yes, err := runbook.Condition(t.step.When, t.scope, nil)
	if err != nil {
		r := failed(seen{}, fmt.Errorf("evaluate when: %w", err))
		return change.Action{}, &r
	}
	if !yes {
		return change.Action{}, &change.Result{Outcome: change.Skipped, Message: "its condition is false: " + t.step.When}
	}
	return t.step.Action, nil
}

// work tries the action as often as it says, within its timeout.
func (t *task) work(ctx context.Context, a change.Action, kind runbook.Kind) (change.Result, error) {
	timed, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if a.Timeout > 0 {
		timer := time.AfterFunc(a.Timeout.Std(), func() { cancel(errTimeout) })
		defer timer.Stop()
	}
	tries := max(a.Retry.Attempts, 1)
	var last error
	for try := 1; ; try++ {
		out, err := t.once(timed, a.Uses, kind)
		if err == nil {
			return t.result(out), nil
		}
		if ended(timed) && ctx.Err() == nil {
			return failed(out, late(a, last, err)), nil
		}
		if ctx.Err() != nil || t.tryLater(kind, err) {
			return change.Result{}, cause(ctx, err)
		}
		if r := t.doubt(timed, a, kind, err); r != nil {
			return *r, context.Cause(ctx)
		}
		if last = err; try >= tries {
			return failed(out, counted(err, try)), nil
		}
		if rest(timed, a.Retry.Every.Std()) != nil {
			if ctx.Err() != nil {
				return change.Result{}, cause(ctx, err)
			}
			return failed(out, late(a, last, nil)), nil
		}
	}
}

// tryLater reports whether an error is no answer of the step at all: what can be
// taken up again is better asked again than called failed.
func (t *task) tryLater(kind runbook.Kind, err error) bool {
	_, elsewhere := kind.(*runbook.Activity)
	return elsewhere && change.KindOf(err) == change.KindUnavailable
}

// once does the work of a kind once and holds it against what is expected.
func (t *task) once(ctx context.Context, uses string, kind runbook.Kind) (seen, error) {
	do, known := kinds[uses]
	if !known {
		return seen{}, change.FailedTo("this worker does not know the step kind %q; it is older than the runbook", uses)
	}
	out, err := do(ctx, t, kind)
	if err != nil || out.outcome != change.Pending {
		return out, err
	}
	expect := expectation(kind)
	if expect == "" {
		return out, nil
	}
	yes, err := runbook.Condition(expect, t.scope, out.vars)
	if err != nil {
		return out, fmt.Errorf("evaluate expect: %w", err)
	}
	if !yes {
		return out, &unmet{expect: expect, saw: t.sight(expect, out)}
	}
	return out, nil
}

// sightLimit bounds what a message quotes of a document, in bytes.
const sightLimit = 300

// sight says what was seen instead of what was expected, with the document that
// the expectation looked into.
func (t *task) sight(expect string, out seen) string {
	doc, ok := out.vars["json"]
	if !ok || doc == nil || !strings.Contains(expect, "json") {
		return out.message
	}
	b, err := json.Marshal(doc)
	if err != nil {
		return out.message
	}
	text := t.mask.text(string(b))
	if len(text) > sightLimit {
		text = strings.ToValidUTF8(text[:sightLimit], "") + "..."
	}
	return out.message + ", json " + text
}

// decode fills in the expressions and reads the arguments of a kind.
func (t *task) decode(uses string, with json.RawMessage) (runbook.Kind, error) {
	filled, err := runbook.Expand(with, t.scope)
	if err != nil {
		return nil, fmt.Errorf("fill in the arguments: %w", err)
	}
	kind, err := runbook.Decode(uses, filled)
	if err != nil {
		return nil, fmt.Errorf("read the arguments: %w", err)
	}
	return kind, nil
}

func (t *task) grace() time.Duration {
	if t.Grace > 0 {
		return t.Grace
	}
	return termGrace
}

func ended(ctx context.Context) bool { return errors.Is(context.Cause(ctx), errTimeout) }

func cause(ctx context.Context, err error) error {
	if c := context.Cause(ctx); c != nil {
		return c
	}
	return err
}
