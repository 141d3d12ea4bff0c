package execute

import (
	"context"
	"errors"
	"fmt"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/runbook"
)

// resume decides what is done about a run that may have had an effect before:
// a result when that is known, or nil when the work may be done. An earlier
// attempt at the same run left an intent and no result; an earlier run was
// retried by a person.
func (t *task) resume(ctx context.Context, a change.Action, kind runbook.Kind) (*change.Result, error) {
	lost := t.run.Attempt > 1
	if !lost && (t.run.Run <= 1 || a.DoneWhen == nil) {
		return nil, nil //nolint:nilnil // nil is "do the work"
	}
	if lost && kind.Resumable() {
		return nil, nil //nolint:nilnil // nil is "do the work"
	}
	if a.DoneWhen != nil {
		return t.alreadyDone(ctx, *a.DoneWhen)
	}
	if a.Idempotent {
		return nil, nil //nolint:nilnil // nil is "do the work"
	}
	return &change.Result{Outcome: change.Unknown, Message: t.lostMessage()}, nil
}

func (t *task) alreadyDone(ctx context.Context, check change.Action) (*change.Result, error) {
	done, err := t.look(ctx, check)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, cause(ctx, err)
	case err != nil:
		return &change.Result{Outcome: change.Unknown, Message: fmt.Sprintf(
			"%s; done-when cannot tell: %s", t.lostMessage(), err)}, nil
	case done:
		return passed("had already been done: done-when holds"), nil
	}
	return nil, nil //nolint:nilnil // nil is "do the work"
}

// look evaluates a done-when: its expectation holds, does not hold, or cannot be
// told (an error).
func (t *task) look(ctx context.Context, check change.Action) (bool, error) {
	kind, err := t.decode(check.Uses, check.With)
	if err != nil {
		return false, err
	}
	if check.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, check.Timeout.Std(), change.FailedTo("it did not answer within %s", check.Timeout))
		defer cancel()
	}
	for try := 1; ; try++ {
		_, err = t.once(ctx, check.Uses, kind)
		var no *unmet
		switch {
		case err == nil:
			return true, nil
		case errors.As(err, &no):
			return false, nil
		case ctx.Err() != nil:
			return false, cause(ctx, err)
		case try >= max(check.Retry.Attempts, 1):
			return false, err
		}
		if err := rest(ctx, check.Retry.Every.Std()); err != nil {
			return false, err
		}
	}
}

// doubt decides about a try that broke off after it may have had its effect: a
// result when it must not be repeated, nil when it counts as a plain failure.
func (t *task) doubt(ctx context.Context, a change.Action, kind runbook.Kind, err error) *change.Result {
	var u *uncertain
	if !errors.As(err, &u) || a.Idempotent || kind.Resumable() {
		return nil
	}
	if a.DoneWhen == nil {
		return &change.Result{Outcome: change.Unknown, Message: err.Error() + "; nothing says whether it was done. " + t.choices()}
	}
	done, lookErr := t.look(ctx, *a.DoneWhen)
	switch {
	case lookErr != nil:
		return &change.Result{Outcome: change.Unknown, Message: fmt.Sprintf("%s; done-when cannot tell: %s. %s", err, lookErr, t.choices())}
	case done:
		return passed("was done, though its end was not seen: done-when holds")
	}
	return nil
}

// lostMessage says whose attempt was lost, when, and what nobody knows.
func (t *task) lostMessage() string {
	if t.earlier == nil || t.run.Attempt <= 1 {
		return "an earlier run may have done this"
	}
	who := t.earlier.Worker
	if who == "" {
		who = "a worker"
	}
	return fmt.Sprintf("%s began this at %s and left no result; it may have been done, in part, wholly or not at all. %s",
		who, stamp(t.earlier.IntentAt), t.choices())
}

func (t *task) choices() string {
	if t.run.Direction == change.Undo {
		return "Look at the system, then decide: retry to undo it again, or continue if it has been undone"
	}
	return "Look at the system, then decide: continue if it was done, retry to do it again, or back-out"
}
