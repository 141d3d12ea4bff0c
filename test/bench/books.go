package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/ledger"
	"github.com/changectl/changectl/test/lab"
)

// changes and their steps that the ledger is measured with.
const (
	bookChanges = 16
	bookSteps   = 8
	bookSystems = 20
)

// ledgerOnSQLite measures the ledger on SQLite, flushed as in production.
func (b *bench) ledgerOnSQLite(ctx context.Context) error {
	file := func(name string) string { return "sqlite:" + filepath.Join(b.dir, name) }
	return b.ledger(ctx, "SQLite", file("ledger.db"), file("bare.db"))
}

// ledgerOnPostgres measures it on a node of the lab, which flushes every commit.
func (b *bench) ledgerOnPostgres(ctx context.Context, n lab.Node) error {
	conn, err := pgx.Connect(ctx, n.AdminDSN)
	if err != nil {
		return fmt.Errorf("connect to %s: %w", n.Name, err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	var addresses []string
	for _, name := range []string{"bench_ledger", "bench_bare"} {
		if _, err := conn.Exec(ctx, "create database "+name); err != nil {
			return fmt.Errorf("create database %s: %w", name, err)
		}
		address, err := sibling(n.AdminDSN, name)
		if err != nil {
			return err
		}
		addresses = append(addresses, address)
	}
	return b.ledger(ctx, "PostgreSQL", addresses[0], addresses[1])
}

// ledger runs changes through a ledger, and writes the very rows that each
// transaction left into another database of the same shape, in one transaction that
// reads and judges nothing.
func (b *bench) ledger(ctx context.Context, on, address, bareAddress string) (err error) {
	key, err := audit.GenerateKey("bench")
	if err != nil {
		return err
	}
	l, err := ledger.Open(ctx, address, ledger.Options{Key: key})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	shape, err := ledger.Open(ctx, bareAddress, ledger.Options{Key: key}) // makes the tables
	if err != nil {
		return err
	}
	if err := shape.Close(); err != nil {
		return err
	}
	rows, err := openCopy(ctx, address, bareAddress)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.close()) }()
	m := books{ledger: l, rows: rows}
	for i := range bookChanges {
		m.counts = i > 0 // the first one warms up
		if err := m.change(ctx, i); err != nil {
			return err
		}
	}
	b.table.add(
		ratio("ledger on "+on+": submit and reserve 20 systems; bare transactions of the same rows", median(m.reserve), median(m.bareReserve), 0),
		ratio("ledger on "+on+": begin and finish a step; bare transactions of the same rows", median(m.step), median(m.bareStep), 0),
	)
	return nil
}

// books is what was measured of a ledger and of bare transactions.
type books struct {
	ledger               *ledger.Ledger
	rows                 *rowCopy
	counts               bool
	reserve, bareReserve []time.Duration
	step, bareStep       []time.Duration
}

func (m *books) change(ctx context.Context, n int) error {
	plan := bookPlan(n)
	digest, err := plan.Digest()
	if err != nil {
		return err
	}
	var rec change.Record
	took, bare, err := m.both(ctx,
		func() (err error) {
			rec, _, err = m.ledger.Submit(ctx, ledger.Submission{Request: change.Request{Title: plan.Title}, Plan: plan, Digest: digest, Submitter: plan.Submitter})
			return err
		},
		func() error {
			_, err := m.ledger.Reserve(ctx, rec.ID, 1, "reserve", change.Scheduled, func(change.Facts) change.Verdict { return change.Verdict{} })
			return err
		})
	if err != nil {
		return fmt.Errorf("submit and reserve: %w", err)
	}
	if m.counts {
		m.reserve, m.bareReserve = append(m.reserve, took), append(m.bareReserve, bare)
	}
	rec, err = m.ledger.Start(ctx, rec.ID, 1, "start", func(change.Facts) change.Ruling { return change.Ruling{To: change.Running} })
	if err != nil {
		return err
	}
	if _, err := m.rows.copy(ctx); err != nil {
		return err
	}
	for i := range plan.Steps {
		if err := m.oneStep(ctx, rec, i); err != nil {
			return fmt.Errorf("begin and finish a step: %w", err)
		}
	}
	return nil
}

func (m *books) oneStep(ctx context.Context, rec change.Record, i int) error {
	k := change.RunKey{Change: rec.ID, Revision: 1, Step: i, Direction: change.Do, Run: 1}
	result := change.Result{Outcome: change.Passed, Message: "exit 0", Output: "done\n", Values: json.RawMessage(`{"exit":0}`)}
	took, bare, err := m.both(ctx,
		func() error {
			_, err := m.ledger.Begin(ctx, k, "bench", rec.Token, func(change.GateFacts) error { return nil })
			return err
		},
		func() error { return m.ledger.Finish(ctx, k, 1, result) })
	if err == nil && m.counts {
		m.step, m.bareStep = append(m.step, took), append(m.bareStep, bare)
	}
	return err
}

// both runs transactions of the ledger and copies the rows of each; it returns how
// long the ones took and how long the others.
func (m *books) both(ctx context.Context, transactions ...func() error) (took, bare time.Duration, err error) {
	for _, f := range transactions {
		began := time.Now()
		if err := f(); err != nil {
			return took, bare, err
		}
		took += time.Since(began)
		t, err := m.rows.copy(ctx)
		if err != nil {
			return took, bare, err
		}
		bare += t
	}
	return took, bare, nil
}

// bookPlan is a plan on systems that no other one of these plans has.
func bookPlan(n int) change.Plan {
	start := time.Now().UTC().Truncate(time.Hour)
	p := change.Plan{
		Instance: "bench", Title: fmt.Sprintf("measure %d", n), Type: change.Normal, Reason: "to measure", Submitter: "user:alice",
		Runbook: change.Source{Name: "bench", Title: "Measure", Owner: "group:dba", Path: "bench.yaml", Digest: change.DigestOf(nil)},
		Window:  change.Window{Start: start, End: start.Add(2 * time.Hour), Zone: "UTC"}, AtCutoff: change.CutoffBackOut,
		Catalog: change.DigestOf(nil), Policy: change.DigestOf(nil), Risk: change.Risk{Level: "low"},
	}
	for i := range bookSystems {
		ref := change.Ref(fmt.Sprintf("resource:r-%d-%d", n, i))
		p.Footprint.Touch = append(p.Footprint.Touch, ref)
		p.Targets = append(p.Targets, change.System{Ref: ref, Owner: "group:dba"})
	}
	for i := range bookSteps {
		with := fmt.Sprintf(`{"argv":["true"],"system":"%s"}`, p.Footprint.Touch[i])
		p.Steps = append(p.Steps, change.Step{
			Name: fmt.Sprintf("step-%d", i), Title: "Do nothing", Phase: change.Patch, OnFailure: change.FailureHold,
			Action: change.Action{Uses: "command", With: json.RawMessage(with)},
		})
	}
	return p
}
