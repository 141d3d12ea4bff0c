package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/test/lab"
	"github.com/changectl/changectl/test/product"
)

// work is the patch of a pair, done by somebody while a writer writes.
type work func(ctx context.Context, l *lab.Lab, w *lab.Writer) error

// switchover patches a fresh pair with the product and with the shell script, in
// turns, each under the same load.
func (b *bench) switchover(ctx context.Context) error {
	p := &patch{bench: b}
	var byProduct, tight, asTheyDo stalls
	for range b.rounds {
		for _, way := range []struct {
			stalls *stalls
			do     work
		}{
			{&tight, byScript(lab.Tightly)}, {&byProduct, p.byProduct}, {&asTheyDo, byScript(lab.AsTheyDo)},
		} {
			report, err := b.onLab(ctx, way.do)
			if err != nil {
				return err
			}
			way.stalls.add(report)
		}
	}
	b.table.add(
		none("switchover patch at 200 tx/s: transactions failed or of unknown outcome", byProduct.failed),
		none("switchover patch at 200 tx/s: acknowledged and lost", byProduct.lost),
		ratio("longest stall of a client, median; by the script, waiting as tightly", median(byProduct.longest), median(tight.longest), 1.5),
		ratio("longest stall of a client, median; by the script, waiting as pg_ctl does", median(byProduct.longest), median(asTheyDo.longest), 0),
		absolute("orchestration per step of the switchover patch, median", median(p.added()), 30*time.Millisecond),
	)
	for _, way := range []struct{ what, hold, release string }{
		{"failover", "hold-clients", "release-clients"}, {"failback", "failback-hold-clients", "failback-release-clients"},
	} {
		whole, own := p.held(way.hold, way.release)
		b.table.add(ratio("  clients held at the "+way.what+"; of it the steps' own work", whole, own, 0))
	}
	b.table.note("switchover: %d rounds of product, script, script; each on a fresh pair; %d steps in the change, %d transactions acknowledged; longest stalls in order: product %v, script tightly %v, script as pg_ctl does %v.",
		b.rounds, len(p.parts[0]), byProduct.acknowledged, rounded(byProduct.longest), rounded(tight.longest), rounded(asTheyDo.longest))
	b.table.note("orchestration of a step: from the result of the step before (or the start) to its own result, as the ledger has them, " +
		"less the time that the kind of the step worked, as the executor logs it; gate, intent, result, Temporal and waiting for a worker are in it.")
	return nil
}

// stalls gathers what the writers saw of one way to do it.
type stalls struct {
	longest                    []time.Duration
	failed, lost, acknowledged int
}

func (s *stalls) add(r lab.Report) {
	s.longest = append(s.longest, r.LongestStall)
	s.failed += r.Failed + r.Ambiguous
	s.lost += r.Lost
	s.acknowledged += r.Acknowledged
}

func rounded(list []time.Duration) []time.Duration {
	var out []time.Duration
	for _, d := range list {
		out = append(out, d.Round(time.Millisecond))
	}
	return out
}

func byScript(waiting lab.Waiting) work {
	return func(ctx context.Context, l *lab.Lab, _ *lab.Writer) error {
		result, err := l.Baseline(ctx, waiting)
		if err != nil {
			return fmt.Errorf("patch by script: %w: %s", err, result.Output)
		}
		return nil
	}
}

// onLab does the work on a fresh pair under load and returns what the load saw. The
// first pair serves to measure the ledger on PostgreSQL afterwards, without load.
func (b *bench) onLab(ctx context.Context, do work) (report lab.Report, err error) {
	l, err := lab.Start(ctx, lab.Options{Dir: filepath.Join(b.dir, "lab"), Log: b.log})
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, l.Stop()) }()
	w, err := lab.StartWriter(ctx, lab.WriterOptions{DSN: l.ApplicationDSN})
	if err != nil {
		return report, err
	}
	defer w.Stop()
	if err := written(ctx, w, 200); err != nil {
		return report, err
	}
	if err := do(ctx, l, w); err != nil {
		return report, err
	}
	if err := written(ctx, w, w.Probe().Acknowledged+200); err != nil {
		return report, err
	}
	w.Stop()
	serving, err := l.Serving(ctx)
	if err != nil {
		return report, err
	}
	if report, err = w.Verify(ctx, serving.OrdersDSN); err != nil || b.onPostgres {
		return report, err
	}
	b.onPostgres = true
	return report, b.ledgerOnPostgres(ctx, serving)
}

// written waits until so many transactions have been acknowledged.
func written(ctx context.Context, w *lab.Writer, want int) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for w.Probe().Acknowledged < want {
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %d acknowledged transactions: %w", want, ctx.Err())
		case <-tick.C:
		}
	}
	return nil
}

// patch is the patch by the product.
type patch struct {
	*bench
	parts [][]part
}

// added returns what the orchestration added to each step of every round.
func (p *patch) added() []time.Duration {
	var list []time.Duration
	for _, parts := range p.parts {
		list = append(list, additions(parts)...)
	}
	return list
}

// held returns, of the rounds at the median, how long the clients were held from the
// end of the step that holds them to the end of the one that lets them go, and how
// much of it was the steps' own work.
func (p *patch) held(hold, release string) (whole, own time.Duration) {
	var wholes, owns []time.Duration
	for _, parts := range p.parts {
		inside := false
		var all, work time.Duration
		for _, s := range parts {
			if inside {
				all += s.own + s.added
				work += s.own
			}
			inside = (inside || s.step == hold) && s.step != release
		}
		wholes, owns = append(wholes, all), append(owns, work)
	}
	return median(wholes), median(owns)
}

func (p *patch) byProduct(ctx context.Context, l *lab.Lab, w *lab.Writer) (err error) {
	probe, stop, err := w.Serve(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	dir := filepath.Join(p.dir, fmt.Sprintf("switchover-%d", len(p.parts)))
	catalog := filepath.Join(dir, "catalog")
	if err := product.LabCatalog(catalog, &l.Topology); err != nil {
		return err
	}
	d, err := product.Start(ctx, product.Options{Bin: p.bin, StateDir: dir, Args: []string{"--catalog", catalog, "--log-level", "info"}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Stop()) }()
	if err := d.Secret(product.PasswordSecret, l.AdminPassword); err != nil {
		return err
	}
	rec, err := completed(ctx, d, request(l, probe))
	if err != nil {
		return err
	}
	parts, err := orchestration(d, rec)
	p.parts = append(p.parts, parts)
	return err
}

// request is the switchover patch of the pair, in a window that opens in a moment.
func request(l *lab.Lab, probe string) change.Request {
	newer := l.Versions[len(l.Versions)-1]
	return change.Request{
		Title: "PostgreSQL " + newer + " on the orders pair", Type: change.Normal, Reason: "to measure", Runbook: "postgres-switchover-patch",
		Parameters: map[string]any{
			"primary": "resource:orders-db-1", "standby": "resource:orders-db-2", "pooler": "resource:orders-pool",
			"application": "component:orders-api", "version": newer, "probe": probe + "/probe", "secret": product.PasswordSecret,
		},
		Window: change.WindowRequest{Start: time.Now().Add(4 * time.Second).UTC().Format(time.RFC3339), Duration: "1h"},
	}
}

// completed has a change submitted, approved and run.
func completed(ctx context.Context, d *product.Dev, r change.Request) (change.Record, error) {
	alice, err := d.As("alice")
	if err != nil {
		return change.Record{}, err
	}
	rec, err := alice.Submit(ctx, r)
	if err != nil {
		return rec, err
	}
	for _, name := range []string{"bob", "erin"} { // the owner, and a second person where the risk asks for one
		p, err := d.As(name)
		if err != nil {
			return rec, err
		}
		if _, err := p.Sign(ctx, rec.ID, httpapi.SignQuery{Verb: change.Approve}); err != nil && change.KindOf(err) != change.KindDenied {
			return rec, err
		}
	}
	rec, err = alice.AwaitStatus(ctx, rec.ID, change.Completed, change.Held, change.BackedOut)
	if err == nil && rec.Status != change.Completed {
		err = fmt.Errorf("%s is %s: %s", rec.ID, rec.Status, rec.Note)
	}
	return rec, err
}
