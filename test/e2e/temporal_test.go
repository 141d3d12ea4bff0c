package e2e_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/test/product"
	"github.com/changectl/changectl/workflows"
)

// temporal is somebody who can write to the namespace, past the API.
func temporal(t *testing.T, d *product.Dev) client.Client {
	t.Helper()
	c, err := client.Dial(client.Options{HostPort: fmt.Sprintf("127.0.0.1:%d", d.Temporal), Namespace: "changectl", Logger: silent{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

type silent struct{}

func (silent) Debug(string, ...any) {}
func (silent) Info(string, ...any)  {}
func (silent) Warn(string, ...any)  {}
func (silent) Error(string, ...any) {}

var _ log.Logger = silent{}

// held submits the runbook that gets stuck and waits until it is.
func held(ctx context.Context, t *testing.T, d *product.Dev, system, owner string) change.Record {
	t.Helper()
	alice := as(t, d, "alice")
	rec, err := alice.Submit(ctx, soon("stuck", system, 3*time.Second, 10*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := as(t, d, owner).Sign(ctx, rec.ID, httpapi.SignQuery{Verb: change.Approve}); err != nil {
		t.Fatal(err)
	}
	rec, err = alice.AwaitStatus(ctx, rec.ID, change.Held)
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

func TestATerminatedWorkflowIsTakenUpAgain(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	d := start(t)
	c := temporal(t, d)
	rec := held(ctx, t, d, "resource:orders-db-1", "bob")
	if err := c.TerminateWorkflow(ctx, string(rec.ID), "", "a slip of the hand"); err != nil {
		t.Fatal(err)
	}
	await(t, func() (struct{}, bool) {
		e, err := c.DescribeWorkflowExecution(ctx, string(rec.ID), "")
		return struct{}{}, err == nil && e.GetWorkflowExecutionInfo().GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING
	})
	alice := as(t, d, "alice")
	if _, err := alice.Sign(ctx, rec.ID, httpapi.SignQuery{Verb: change.Continue, Reason: "checked by hand"}); err != nil {
		t.Fatal(err)
	}
	if _, err := alice.AwaitStatus(ctx, rec.ID, change.Completed); err != nil {
		t.Fatal(err)
	}
}

// TestNothingThatArrivesThroughTemporalAloneStartsWork sends what somebody with
// access to the namespace, but not to the API, can send.
func TestNothingThatArrivesThroughTemporalAloneStartsWork(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	d := start(t)
	c := temporal(t, d)
	rec := held(ctx, t, d, "resource:orders-db-1", "bob")
	for name, p := range map[string]workflows.Poke{
		workflows.UpdateDecision: {Nonce: "made-up", Verb: change.Continue, Hold: 1},
		workflows.UpdateApproval: {Nonce: "made-up", Verb: change.Approve},
	} {
		h, err := c.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
			WorkflowID: string(rec.ID), UpdateName: name, Args: []any{p}, WaitForStage: client.WorkflowUpdateStageCompleted,
		})
		if err == nil {
			err = h.Get(ctx, nil)
		}
		if err == nil {
			t.Errorf("a forged %s was taken", name)
		}
	}
	alice := as(t, d, "alice")
	now, err := alice.Get(ctx, rec.ID)
	if err != nil || now.Status != change.Held || len(now.Runs) != len(rec.Runs) {
		t.Errorf("after forged updates it is %s with %d runs (%v), want held with %d", now.Status, len(now.Runs), err, len(rec.Runs))
	}
	// A change that was never submitted, and a second workflow for one that is held.
	for id, about := range map[string]change.ID{"CHG-99": "CHG-99", "beside": rec.ID} {
		run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: id, TaskQueue: workflows.TaskQueue}, workflows.ChangeType,
			workflows.Input{Change: about, Heartbeat: change.Duration(10 * time.Second)})
		if err != nil {
			t.Fatal(err)
		}
		if err := run.Get(ctx, nil); err == nil {
			t.Errorf("the workflow %s for %s ended well", id, about)
		}
	}
	now, err = alice.Get(ctx, rec.ID)
	if err != nil || now.Status != change.Held || len(now.Runs) != len(rec.Runs) {
		t.Errorf("after forged workflows it is %s with %d runs (%v), want held with %d", now.Status, len(now.Runs), err, len(rec.Runs))
	}
}

// TestAStepMayBeAnActivityOfAnotherTeam runs a step on another team's worker.
func TestAStepMayBeAnActivityOfAnotherTeam(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	d := start(t)
	theirs := worker.New(temporal(t, d), "certificates", worker.Options{})
	theirs.RegisterActivityWithOptions(func(_ context.Context, system string, n int) (map[string]any, error) {
		return map[string]any{"system": system, "renewed": n}, nil
	}, activity.RegisterOptions{Name: "Renew"})
	if err := theirs.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(theirs.Stop)
	alice := as(t, d, "alice")
	rec, err := alice.Submit(ctx, soon("foreign", "resource:orders-db-2", 3*time.Second, 10*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := as(t, d, "carol").Sign(ctx, rec.ID, httpapi.SignQuery{Verb: change.Approve}); err != nil {
		t.Fatal(err)
	}
	if _, err := alice.AwaitStatus(ctx, rec.ID, change.Completed); err != nil {
		t.Fatal(err)
	}
}
