package execute

import (
	"context"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/runbook"
)

// kind does the work of one kind of step, once. An error says that the work was
// not done as it should; where it may have been, it wraps an uncertain.
type kind func(ctx context.Context, t *task, with runbook.Kind) (seen, error)

// kinds has one line per step kind.
var kinds map[string]kind

// The map is filled here because wait looks into it itself.
func init() {
	kinds = map[string]kind{
		"command":  of(command),
		"http":     of(request),
		"sql":      of(statement),
		"wait":     of(wait),
		"sign-off": of(signOff),
		"notify":   of(notify),
		"activity": of(activity),
	}
}

// of takes the arguments of one kind out of their interface.
func of[K runbook.Kind](do func(context.Context, *task, K) (seen, error)) kind {
	return func(ctx context.Context, t *task, with runbook.Kind) (seen, error) {
		k, ok := with.(K)
		if !ok {
			return seen{}, change.FailedTo("the arguments are those of another kind (%T)", with)
		}
		return do(ctx, t, k)
	}
}

// expectation returns the condition that a kind's work is held against, or "".
func expectation(with runbook.Kind) string {
	switch k := with.(type) {
	case *runbook.Command:
		return k.Expect
	case *runbook.HTTP:
		return k.Expect
	case *runbook.SQL:
		return k.Expect
	case *runbook.Activity:
		return k.Expect
	}
	return ""
}
