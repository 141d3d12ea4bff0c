package engine

import (
	"context"
	"errors"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/workflows"
)

// PokePull tells the workflow of a pull request that something may be new, and starts
// it where it does not run.
func (e *Engine) PokePull(ctx context.Context, k change.PullKey, summary string) error {
	id := workflows.PullRequestID(k)
	_, err := e.Client.SignalWithStartWorkflow(ctx, id, workflows.SignalPoke, nil, client.StartWorkflowOptions{
		ID: id, TaskQueue: e.PullQueue, WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE, StaticSummary: summary,
	}, workflows.PullRequestType, workflows.PullInput{PullKey: k})
	var away *serviceerror.Unavailable
	switch {
	case errors.As(err, &away):
		return e.unreachable(err)
	case err != nil:
		return fmt.Errorf("poke the workflow of pull request %s: %w", k, err)
	}
	return nil
}
