package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/test/product"
)

// warm is how many pairs are run before the first that counts.
const warm = 2

// overhead holds a change of steps that do nothing against a bare workflow, in
// turns on one server.
func (b *bench) overhead(ctx context.Context) (err error) {
	books, err := filepath.Abs("test/e2e/testdata")
	if err != nil {
		return err
	}
	d, err := product.Start(ctx, product.Options{
		Bin: b.bin, StateDir: filepath.Join(b.dir, "overhead"), Args: []string{"--runbooks", books, "--log-level", "info"},
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Stop()) }()
	plain, err := startBare(d)
	if err != nil {
		return err
	}
	defer plain.stop()
	o := overhead{dev: d, plain: plain}
	for i := range warm + b.pairs {
		if err := o.pair(ctx, i >= warm); err != nil {
			return err
		}
	}
	var added []time.Duration
	for _, rec := range o.records {
		parts, err := orchestration(d, rec)
		if err != nil {
			return err
		}
		added = append(added, additions(parts)...)
	}
	b.table.add(
		ratio("change of 8 steps that do nothing, median; bare workflow of 8 activities", median(o.changes), median(o.bares), 2),
		figure{
			what: "its history events; those of the bare workflow", measured: fmt.Sprint(o.events), reference: fmt.Sprint(o.bareEvents),
			value: float64(o.events) / float64(o.bareEvents), limit: 1.5, limited: true,
		},
		ratio("  of it per step: the activity, with gate, intent and result", median(o.parts.activity), median(o.bareParts.activity), 0),
		ratio("  of it per step: until the next workflow task starts", median(o.parts.dispatch), median(o.bareParts.dispatch), 0),
		ratio("  of it per step: that workflow task", median(o.parts.decision), median(o.bareParts.decision), 0),
		absolute("orchestration per step that does nothing, median", median(added), 30*time.Millisecond),
	)
	b.table.note("change: from the firing of the timer that waits for the window to the end of the workflow, claim and final status included; "+
		"bare: from the start to the end of the workflow; both by the server's own times, %d pairs in turns. Middle half: change %s, bare %s.",
		b.pairs, spread(o.changes), spread(o.bares))
	b.table.note("history events: all of a change's life, from its submission with one approval to its end.")
	return nil
}

// overhead gathers what the pairs measured.
type overhead struct {
	dev                *product.Dev
	plain              *bare
	changes, bares     []time.Duration
	records            []change.Record
	events, bareEvents int
	parts, bareParts   segments
}

// pair submits a change, runs the bare workflow while it waits for its window, and
// then lets the change run.
func (o *overhead) pair(ctx context.Context, counts bool) error {
	id, err := o.submit(ctx)
	if err != nil {
		return err
	}
	plain, err := o.plain.run(ctx)
	if err != nil {
		return err
	}
	// Nobody watches it: the bare workflow is not watched either.
	if err := o.plain.client.GetWorkflow(ctx, string(id), "").Get(ctx, nil); err != nil {
		return fmt.Errorf("run the workflow of %s: %w", id, err)
	}
	whole, err := o.plain.life(ctx, string(id), enumspb.EVENT_TYPE_TIMER_FIRED)
	if err != nil || !counts {
		return err
	}
	o.changes, o.bares = append(o.changes, whole.took), append(o.bares, plain.took)
	o.events, o.bareEvents = max(o.events, len(whole.history)), max(o.bareEvents, len(plain.history))
	o.parts.gather(whole.history)
	o.bareParts.gather(plain.history)
	return o.keep(ctx, id)
}

// keep keeps the record of a completed change.
func (o *overhead) keep(ctx context.Context, id change.ID) error {
	alice, err := o.dev.As("alice")
	if err != nil {
		return err
	}
	rec, err := alice.AwaitStatus(ctx, id, change.Completed)
	o.records = append(o.records, rec)
	return err
}

// submit submits a change whose window opens in about two seconds, and approves it.
func (o *overhead) submit(ctx context.Context) (change.ID, error) {
	alice, err := o.dev.As("alice")
	if err != nil {
		return "", err
	}
	bob, err := o.dev.As("bob")
	if err != nil {
		return "", err
	}
	rec, err := alice.Submit(ctx, change.Request{
		Title: "do nothing", Type: change.Normal, Reason: "to measure", Runbook: "steps",
		Parameters: map[string]any{"target": "resource:orders-db-1"},
		Window:     change.WindowRequest{Start: time.Now().Add(2500 * time.Millisecond).UTC().Format(time.RFC3339), Duration: "5m"},
	})
	if err != nil {
		return "", err
	}
	if rec, err = bob.Sign(ctx, rec.ID, httpapi.SignQuery{Verb: change.Approve}); err != nil {
		return "", err
	}
	if rec.Status != change.Scheduled {
		return "", fmt.Errorf("%s is %s after the approval: %s", rec.ID, rec.Status, rec.Note)
	}
	return rec.ID, nil
}
