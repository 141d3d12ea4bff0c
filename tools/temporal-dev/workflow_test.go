package main

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

const queue = "test"

// eight is the bare workflow to measure by: eight activities that do nothing, one after the other.
func eight(ctx workflow.Context) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	for range 8 {
		if err := workflow.ExecuteActivity(ctx, nothing).Get(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}

func nothing(context.Context) error { return nil }

// decided waits for a decision by update, whose validator refuses an empty one.
func decided(ctx workflow.Context) (string, error) {
	var decision string
	workflow.SetCurrentDetails(ctx, "waits for a decision")
	err := workflow.SetUpdateHandlerWithOptions(ctx, "decide",
		func(_ workflow.Context, d string) (string, error) { decision = d; return "heard " + d, nil },
		workflow.UpdateHandlerOptions{Validator: func(d string) error {
			if d == "" {
				return temporal.NewApplicationError("say retry or continue", "Invalid")
			}
			return nil
		}})
	if err != nil {
		return "", err
	}
	return decision, workflow.Await(ctx, func() bool { return decision != "" })
}

func work(t testing.TB, c client.Client) {
	t.Helper()
	w := worker.New(c, queue, worker.Options{})
	w.RegisterWorkflow(eight)
	w.RegisterWorkflow(decided)
	w.RegisterActivity(nothing)
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
}

func TestUpdatesAndSummaries(t *testing.T) {
	p := start(t, headless(tempDB(t))...)
	c := p.dial(t)
	work(t, c)

	decide := func(d string) (string, error) {
		op := c.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
			ID: "CHG-1", TaskQueue: queue, WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
			StaticSummary: "PostgreSQL 15.20", StaticDetails: "# Security release",
		}, decided)
		h, err := c.UpdateWithStartWorkflow(t.Context(), client.UpdateWithStartWorkflowOptions{
			StartWorkflowOperation: op,
			UpdateOptions: client.UpdateWorkflowOptions{
				UpdateName: "decide", Args: []any{d}, WaitForStage: client.WorkflowUpdateStageCompleted,
			},
		})
		if err != nil {
			return "", err
		}
		var answer string
		err = h.Get(t.Context(), &answer)
		return answer, err
	}
	if _, err := decide(""); err == nil {
		t.Error("the validator's refusal did not reach the caller")
	}
	if answer, err := decide("retry"); err != nil || answer != "heard retry" {
		t.Errorf("update answered %q, %v", answer, err)
	}
	desc, err := c.DescribeWorkflow(t.Context(), "CHG-1", "")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := desc.GetStaticSummary(); err != nil || got != "PostgreSQL 15.20" {
		t.Errorf("summary %q, %v", got, err)
	}
}

// BenchmarkEightActivities measures the workflow that other measurements are compared with.
func BenchmarkEightActivities(b *testing.B) {
	p := start(b, headless(tempDB(b))...)
	c := p.dial(b)
	work(b, c)
	var times []time.Duration
	for i := range b.N {
		begun := time.Now()
		r, err := c.ExecuteWorkflow(b.Context(), client.StartWorkflowOptions{ID: fmt.Sprint("bench-", i), TaskQueue: queue}, eight)
		if err == nil {
			err = r.Get(b.Context(), nil)
		}
		if err != nil {
			b.Fatal(err)
		}
		times = append(times, time.Since(begun))
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[0].Microseconds())/1000, "ms-best")
	b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "ms-median")
}
