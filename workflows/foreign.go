package workflows

import (
	"encoding/json"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// ForeignInput names an activity of another team's worker.
type ForeignInput struct {
	Activity  string        `json:"activity"`
	TaskQueue string        `json:"taskQueue"`
	Args      []any         `json:"args"`
	Timeout   time.Duration `json:"timeout"`
	// Heartbeat is how long it may be silent, 0 for as long as it likes.
	Heartbeat time.Duration `json:"heartbeat,omitempty"`
}

// ForeignActivity runs one activity by name on any task queue. The executor
// starts it behind the gate, under an ID that names the run of the step: a
// worker that died finds it again instead of starting it twice.
func ForeignActivity(ctx workflow.Context, in ForeignInput) (json.RawMessage, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: in.TaskQueue, ScheduleToCloseTimeout: in.Timeout, HeartbeatTimeout: in.Heartbeat,
		RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1},
		Summary:     in.Activity + " on " + in.TaskQueue,
	})
	var out json.RawMessage
	err := workflow.ExecuteActivity(ctx, in.Activity, in.Args...).Get(ctx, &out)
	return out, err
}
