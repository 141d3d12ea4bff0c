package execute

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/runbook"
)

// activity runs an activity of another worker and leaves result. The ID is that
// of the run, not of the attempt, so that a later attempt finds what an earlier
// one began.
func activity(ctx context.Context, t *task, with *runbook.Activity) (seen, error) {
	if t.Activities == nil {
		return seen{}, change.FailedTo("this worker runs no activities of others")
	}
	k := t.run.RunKey
	id := fmt.Sprintf("%s/%d/%s/%s/%d", k.Change, k.Revision, t.step.Name, k.Direction, k.Run)
	raw, err := t.Activities.Run(ctx, id, with)
	if err != nil {
		return seen{}, fmt.Errorf("run the activity %s on %s: %w", with.Name, with.TaskQueue, err)
	}
	var result any
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &result); err != nil {
			return seen{}, fmt.Errorf("decode what the activity %s returned: %w", with.Name, err)
		}
	}
	text := newBounded(runbook.DefaultOutput)
	_, _ = text.Write(raw)
	return seen{
		output: text.text(&t.mask), vars: map[string]any{"result": result}, keep: []string{"result"},
		message: fmt.Sprintf("the activity %s returned", with.Name),
	}, nil
}
