package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/changectl/changectl/test/product"
)

// steps is how many steps the change and the bare workflow have.
const steps = 8

const bareQueue = "bench-bare"

// nothing is the activity of the bare workflow.
func nothing(context.Context) error { return nil }

// bareWorkflow calls an activity eight times, one after the other, with nothing
// set that need not be.
func bareWorkflow(ctx workflow.Context) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	for range steps {
		if err := workflow.ExecuteActivity(ctx, nothing).Get(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}

// bare runs bare workflows on the Temporal server of a changectl dev.
type bare struct {
	client client.Client
	worker worker.Worker
}

func startBare(d *product.Dev) (*bare, error) {
	c, err := client.Dial(client.Options{
		HostPort: "127.0.0.1:" + strconv.Itoa(d.Temporal), Namespace: "changectl",
		Logger: log.NewStructuredLogger(slog.New(slog.NewTextHandler(io.Discard, nil))),
	})
	if err != nil {
		return nil, fmt.Errorf("connect to Temporal: %w", err)
	}
	w := worker.New(c, bareQueue, worker.Options{})
	w.RegisterWorkflow(bareWorkflow)
	w.RegisterActivity(nothing)
	if err := w.Start(); err != nil {
		c.Close()
		return nil, fmt.Errorf("start the bare worker: %w", err)
	}
	return &bare{c, w}, nil
}

func (b *bare) stop() {
	b.worker.Stop()
	b.client.Close()
}

// run runs the bare workflow once.
func (b *bare) run(ctx context.Context) (life, error) {
	run, err := b.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{TaskQueue: bareQueue}, bareWorkflow)
	if err != nil {
		return life{}, fmt.Errorf("start the bare workflow: %w", err)
	}
	if err := run.Get(ctx, nil); err != nil {
		return life{}, fmt.Errorf("run the bare workflow: %w", err)
	}
	return b.life(ctx, run.GetID(), enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED)
}

// life is what the history of a workflow says.
type life struct {
	took    time.Duration // from the trigger to the end, by the server's clock
	history []*historypb.HistoryEvent
}

// life reads a history. The trigger is the last event of that type.
func (b *bare) life(ctx context.Context, id string, trigger enumspb.EventType) (life, error) {
	var began, ended time.Time
	var l life
	events := b.client.GetWorkflowHistory(ctx, id, "", true, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		if err != nil {
			return l, fmt.Errorf("read the history of %s: %w", id, err)
		}
		l.history = append(l.history, e)
		if e.GetEventType() == trigger {
			began = at(e)
		}
		if e.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED {
			ended = at(e)
		}
	}
	if began.IsZero() || ended.IsZero() {
		return l, fmt.Errorf("the history of %s has no %s or no end", id, trigger)
	}
	l.took = ended.Sub(began)
	return l, nil
}

func at(e *historypb.HistoryEvent) time.Time { return e.GetEventTime().AsTime() }
