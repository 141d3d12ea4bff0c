package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/changectl/changectl/internal/change"
)

// Every activity is called here, with its timeouts and retries.

// final lists the kinds of errors that no repetition heals.
var final = []string{string(change.KindDenied), string(change.KindInvalid), string(change.KindConflict), string(change.KindNotFound)}

var patient = temporal.RetryPolicy{
	InitialInterval: 100 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 10 * time.Second,
	NonRetryableErrorTypes: final,
}

// quick is for one transaction of the ledger.
var quick = workflow.LocalActivityOptions{StartToCloseTimeout: 15 * time.Second, RetryPolicy: &patient}

func call[T any](ctx workflow.Context, name string, in any) (out T, err error) {
	ctx = workflow.WithLocalActivityOptions(ctx, quick)
	err = workflow.ExecuteLocalActivity(ctx, name, in).Get(ctx, &out)
	return out, err
}

// slack is what a step may take beyond its own limit: the gate, the record, a
// ledger that is slow to answer.
const slack = time.Minute

func runStep(ctx workflow.Context, in StepInput, limit, heartbeat time.Duration, summary string) (out StepOutput, err error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: limit + slack, HeartbeatTimeout: heartbeat, RetryPolicy: &patient, Summary: summary,
	})
	err = workflow.ExecuteActivity(ctx, "RunStep", in).Get(ctx, &out)
	return out, err
}

func awaitFree(ctx workflow.Context, in Key, until time.Duration, summary string) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: until + slack, HeartbeatTimeout: 30 * time.Second, RetryPolicy: &patient, Summary: summary,
	})
	return workflow.ExecuteActivity(ctx, "AwaitFree", in).Get(ctx, nil)
}
