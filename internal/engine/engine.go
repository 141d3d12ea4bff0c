// Package engine is the product's side of Temporal's client: it starts the
// workflows of changes, carries updates to them, runs other teams' activities,
// and sets up namespace and search attributes.
//
// It decides nothing, and nothing that it carries authorises anything.
package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/workflows"
)

// Engine talks to one namespace of Temporal.
type Engine struct {
	Client  client.Client
	Address string // for messages
	Queue   string
	// PullQueue is where pull requests are looked at, apart from the steps.
	PullQueue string
	// Heartbeat is how long a worker may be silent in a step.
	Heartbeat time.Duration
	// Patience bounds how long a call waits for a worker's answer.
	Patience time.Duration
}

// Healthy returns an unavailable error when Temporal does not answer.
func (e *Engine) Healthy(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	if _, err := e.Client.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		return e.unreachable(err)
	}
	return nil
}

func (e *Engine) unreachable(err error) error {
	return change.Unavailable("Temporal at %s does not answer: %w", e.Address, err).
		WithHint("start Temporal or correct temporal.address, then try again")
}

func (e *Engine) options(rec change.Record) client.StartWorkflowOptions {
	w := rec.Plan.Window
	return client.StartWorkflowOptions{
		ID: workflows.WorkflowID(rec.ID), TaskQueue: e.Queue,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		TypedSearchAttributes:    workflows.Attributes(rec),
		StaticSummary: fmt.Sprintf("%s · %s to %s UTC", rec.Plan.Title,
			w.Start.UTC().Format("2006-01-02 15:04:05"), w.End.UTC().Format("15:04:05")),
		StaticDetails: fmt.Sprintf("Reason: %s\n\nRunbook: %s (%s)\n\nSubmitted by %s, plan %s",
			rec.Plan.Reason, rec.Plan.Runbook.Name, rec.Plan.Runbook.Digest, rec.Submitter, rec.Digest),
	}
}

func (e *Engine) input(id change.ID) workflows.Input {
	return workflows.Input{Change: id, Heartbeat: change.Duration(e.Heartbeat)}
}

// Start makes sure that the workflow of a change runs.
func (e *Engine) Start(ctx context.Context, rec change.Record) error {
	_, err := e.Client.ExecuteWorkflow(ctx, e.options(rec), workflows.ChangeType, e.input(rec.ID))
	if err != nil {
		return fmt.Errorf("start workflow of %s: %w", rec.ID, e.translate(rec.ID, err))
	}
	return nil
}

// Submit starts the workflow of a change and waits until the change has been checked.
func (e *Engine) Submit(ctx context.Context, rec change.Record) (workflows.View, error) {
	ctx, cancel := context.WithTimeout(ctx, e.Patience)
	defer cancel()
	start := e.Client.NewWithStartWorkflowOperation(e.options(rec), workflows.ChangeType, e.input(rec.ID))
	h, err := e.Client.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: start,
		UpdateOptions: client.UpdateWorkflowOptions{
			UpdateID: "verdict", WorkflowID: workflows.WorkflowID(rec.ID), UpdateName: workflows.UpdateVerdict,
			Args: []any{workflows.Poke{}}, WaitForStage: client.WorkflowUpdateStageCompleted,
		},
	})
	return e.answer(ctx, rec.ID, h, err)
}

// Poke sends an update that points at something in the ledger, and returns where
// the change stands after it. id makes it happen once.
func (e *Engine) Poke(ctx context.Context, rec change.ID, update, id string, p workflows.Poke) (workflows.View, error) {
	ctx, cancel := context.WithTimeout(ctx, e.Patience)
	defer cancel()
	h, err := e.Client.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		UpdateID: id, WorkflowID: workflows.WorkflowID(rec), UpdateName: update,
		Args: []any{p}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	return e.answer(ctx, rec, h, err)
}

func (e *Engine) answer(ctx context.Context, id change.ID, h client.WorkflowUpdateHandle, err error) (v workflows.View, _ error) {
	if err == nil {
		err = h.Get(ctx, &v)
	}
	if err != nil {
		return v, e.translate(id, err)
	}
	return v, nil
}

// translate gives an error of Temporal its kind.
func (e *Engine) translate(id change.ID, err error) error {
	var app *temporal.ApplicationError
	var gone *serviceerror.NotFound
	switch {
	case errors.As(err, &app):
		return kinded(change.Kind(app.Type()), app.Message())
	case errors.As(err, &gone):
		return change.Unavailable("the workflow of %s does not run at the moment", id).
			WithHint("a worker takes it up again within seconds")
	case errors.Is(err, context.DeadlineExceeded), timedOut(err):
		return change.Unavailable("no worker answered about %s in time", id).WithHint("is a worker running?")
	}
	if gone := (*serviceerror.Unavailable)(nil); errors.As(err, &gone) {
		return e.unreachable(err)
	}
	if later := (*serviceerror.WorkflowNotReady)(nil); errors.As(err, &later) { // workers died on it repeatedly
		return change.Unavailable("the workflow of %s cannot be told at the moment: %w", id, err).
			WithHint("a worker takes it up again within seconds")
	}
	return change.FailedTo("Temporal at %s did not take what concerns %s: %w", e.Address, id, err)
}

func timedOut(err error) bool {
	var late *serviceerror.DeadlineExceeded
	var update *client.WorkflowUpdateServiceTimeoutOrCanceledError
	return errors.As(err, &late) || errors.As(err, &update)
}

func kinded(kind change.Kind, message string) error {
	switch kind {
	case change.KindDenied:
		return change.Denied("%s", message)
	case change.KindInvalid:
		return change.Invalid("%s", message)
	case change.KindNotFound:
		return change.NotFound("%s", message)
	case change.KindConflict:
		return change.Conflict("%s", message)
	case change.KindAwaiting:
		return change.Awaiting("%s", message)
	case change.KindUnavailable:
		return change.Unavailable("%s", message)
	case change.KindFailed:
	}
	return change.FailedTo("%s", message)
}

// Running reports whether the workflow of a change is open, and the status that
// it shows.
func (e *Engine) Running(ctx context.Context, id change.ID) (running bool, shown change.Status, err error) {
	d, err := e.Client.DescribeWorkflowExecution(ctx, workflows.WorkflowID(id), "")
	var gone *serviceerror.NotFound
	if errors.As(err, &gone) {
		return false, "", nil
	}
	if err != nil {
		return false, "", e.unreachable(err)
	}
	info := d.GetWorkflowExecutionInfo()
	status := info.GetSearchAttributes().GetIndexedFields()[workflows.AttributeStatus.GetName()]
	if err := converter.GetDefaultDataConverter().FromPayload(status, &shown); status != nil && err != nil {
		return false, "", fmt.Errorf("read the status that %s shows: %w", id, err)
	}
	return info.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, shown, nil
}

// RunForeign runs another team's activity under an ID, or finds the run that has
// this ID, and returns its result as JSON.
func (e *Engine) RunForeign(ctx context.Context, id string, in workflows.ForeignInput) (json.RawMessage, error) {
	run, err := e.Client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: id, TaskQueue: e.Queue,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
	}, workflows.ForeignType, in)
	var started *serviceerror.WorkflowExecutionAlreadyStarted
	if errors.As(err, &started) {
		run, err = e.Client.GetWorkflow(ctx, id, ""), nil
	}
	if err != nil {
		return nil, fmt.Errorf("start activity %s: %w", in.Activity, err)
	}
	var out json.RawMessage
	if err := run.Get(ctx, &out); err != nil {
		return nil, fmt.Errorf("run activity %s on task queue %s: %w", in.Activity, in.TaskQueue, err)
	}
	return out, nil
}
