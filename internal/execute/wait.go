package execute

import (
	"context"
	"fmt"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/runbook"
)

// wait lets time pass since the step was begun, whichever attempt began it, or
// looks again and again until something holds.
func wait(ctx context.Context, t *task, with *runbook.Wait) (seen, error) {
	if with.For != nil {
		return waitFor(ctx, t, with.For.Std())
	}
	return waitUntil(ctx, t, with)
}

func waitFor(ctx context.Context, t *task, long time.Duration) (seen, error) {
	left := long - t.Clock().Sub(t.begun())
	if left > long {
		left = long // the clock was set back
	}
	if left > 0 {
		if err := rest(ctx, left); err != nil {
			return seen{}, err
		}
	}
	return seen{message: fmt.Sprintf("waited %s", long)}, nil
}

// begun is when the first attempt at this run was recorded.
func (t *task) begun() time.Time {
	at := t.run.IntentAt
	if t.earlier != nil && t.earlier.IntentAt.Before(at) {
		at = t.earlier.IntentAt
	}
	return at
}

func waitUntil(ctx context.Context, t *task, with *runbook.Wait) (seen, error) {
	kind, err := runbook.Decode(with.Until.Uses, with.Until.With)
	if err != nil {
		return seen{}, fmt.Errorf("read the arguments of until: %w", err)
	}
	var last error
	for looks := 1; ; looks++ {
		out, err := t.once(ctx, with.Until.Uses, kind)
		if err == nil {
			out.message = fmt.Sprintf("holds at look %d: %s", looks, out.message)
			return out, nil
		}
		if ctx.Err() == nil {
			last = err
		}
		if rest(ctx, with.Every.Std()) == nil {
			continue
		}
		if last == nil {
			return out, context.Cause(ctx)
		}
		return out, change.FailedTo("it does not hold yet: %w", last)
	}
}
