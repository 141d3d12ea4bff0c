package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/sirupsen/logrus"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/catalog"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/check"
	"github.com/changectl/changectl/internal/ledger"
	"github.com/changectl/changectl/test/lab"
)

// few is the size of a calendar with which the full one is compared.
const few = 10_000

// registry is what a conflict check works with.
type registry struct {
	on       string
	ledger   *ledger.Ledger
	calendar *calendar
	copies   *calendar // another ledger of the same size, for bare transactions
	company  *catalog.Catalog
	first    time.Time
	plans    int
}

// reservations measures the calendar on both databases.
func (b *bench) reservations(ctx context.Context) error {
	c, err := company()
	if err != nil {
		return err
	}
	file := func(name string) string { return "sqlite:" + filepath.Join(b.dir, name) }
	if err := b.register(ctx, "SQLite", c, file("calendar.db"), file("calendar-bare.db")); err != nil {
		return err
	}
	quiet := logrus.New()
	quiet.SetLevel(logrus.ErrorLevel)
	pair, err := lab.Start(ctx, lab.Options{Dir: filepath.Join(b.dir, "calendar-lab"), Log: quiet})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pair.Stop()) }()
	dsns, err := databases(ctx, pair.Nodes[0].AdminDSN, "bench_calendar", "bench_calendar_bare")
	if err != nil {
		return err
	}
	return b.register(ctx, "PostgreSQL", c, dsns[0], dsns[1])
}

// databases makes databases on a server and returns their addresses.
func databases(ctx context.Context, admin string, names ...string) ([]string, error) {
	conn, err := pgx.Connect(ctx, admin)
	if err != nil {
		return nil, fmt.Errorf("connect to the lab: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	var list []string
	for _, name := range names {
		if _, err := conn.Exec(ctx, "create database "+name); err != nil {
			return nil, fmt.Errorf("create database %s: %w", name, err)
		}
		address, err := sibling(admin, name)
		if err != nil {
			return nil, err
		}
		list = append(list, address)
	}
	return list, nil
}

func (b *bench) register(ctx context.Context, on string, c *catalog.Catalog, address, bareAddress string) (err error) {
	first := time.Now().UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
	r := &registry{on: on, company: c, first: first}
	key, err := audit.GenerateKey("bench")
	if err != nil {
		return err
	}
	if r.ledger, r.calendar, err = r.make(ctx, key, address); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.ledger.Close(), r.calendar.db.Close()) }()
	other, copies, err := r.make(ctx, key, bareAddress)
	if err != nil {
		return err
	}
	if err := other.Close(); err != nil {
		return err
	}
	r.copies = copies
	defer func() { err = errors.Join(err, r.copies.db.Close()) }()
	reserved, _, err := r.reserve(ctx, b.checks/4)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "   %s: filling up to %d reservations\n", on, b.most)
	for _, cal := range []*calendar{r.calendar, r.copies} {
		if err := cal.fill(ctx, b.most); err != nil {
			return err
		}
	}
	full, bare, err := r.reserve(ctx, b.checks/4)
	if err != nil {
		return err
	}
	b.table.add(
		ratio(fmt.Sprintf("%s, %d reservations: reserve 20 systems; bare transaction of the same rows", on, b.most), median(full), median(bare), 2),
		ratio(fmt.Sprintf("%s: reserve among %d; among %d", on, b.most, few), median(full), median(reserved), 2),
	)
	if err := r.checks(ctx, b); err != nil {
		return err
	}
	return r.slots(ctx, b)
}

// make opens a ledger with a model change in it and fills it a little.
func (r *registry) make(ctx context.Context, key audit.Key, address string) (*ledger.Ledger, *calendar, error) {
	l, err := ledger.Open(ctx, address, ledger.Options{Key: key})
	if err != nil {
		return nil, nil, err
	}
	p, err := nightWork(r.company, 0, r.first)
	if err != nil {
		return nil, nil, errors.Join(err, l.Close())
	}
	digest, err := p.Digest()
	if err != nil {
		return nil, nil, errors.Join(err, l.Close())
	}
	if _, _, err := l.Submit(ctx, ledger.Submission{Request: change.Request{Title: p.Title}, Plan: p, Digest: digest, Submitter: p.Submitter}); err != nil {
		return nil, nil, errors.Join(err, l.Close())
	}
	cal, err := openCalendar(address, r.first)
	if err == nil {
		err = cal.fill(ctx, few)
	}
	if err != nil {
		return nil, nil, errors.Join(err, l.Close())
	}
	return l, cal, nil
}

// next is a plan on a day of the year.
func (r *registry) next() (change.Plan, error) {
	r.plans++
	return nightWork(r.company, r.plans, r.first.AddDate(0, 0, r.plans*37%360))
}

// reserve measures reservations, and transactions that write the same rows.
func (r *registry) reserve(ctx context.Context, n int) (took, bare []time.Duration, err error) {
	for i := range n {
		t, err := r.reserveOne(ctx)
		if err != nil {
			return nil, nil, err
		}
		if i >= n/10 { // the first ones warm up
			took, bare = append(took, t[0]), append(bare, t[1])
		}
	}
	return took, bare, nil
}

func (r *registry) reserveOne(ctx context.Context) (took [2]time.Duration, err error) {
	p, err := r.next()
	if err != nil {
		return took, err
	}
	digest, err := p.Digest()
	if err != nil {
		return took, err
	}
	rec, _, err := r.ledger.Submit(ctx, ledger.Submission{Request: change.Request{Title: p.Title}, Plan: p, Digest: digest, Submitter: p.Submitter})
	if err != nil {
		return took, err
	}
	_, size, err := r.ledger.Checkpoint(ctx)
	if err != nil {
		return took, err
	}
	began := time.Now()
	// Reserved whatever is there: a refusal writes less.
	_, err = r.ledger.Reserve(ctx, rec.ID, 1, "reserve", change.Scheduled, func(f change.Facts) change.Verdict {
		check.Review(f, r.company)
		return change.Verdict{}
	})
	took[0] = time.Since(began)
	if err != nil {
		return took, err
	}
	var number int64
	if _, err := fmt.Sscanf(string(rec.ID), "CHG-%d", &number); err != nil {
		return took, err
	}
	rows, err := r.calendar.written(ctx, number, size)
	if err != nil {
		return took, err
	}
	if err := r.copies.change(ctx, number); err != nil {
		return took, err
	}
	began = time.Now()
	err = r.copies.write(ctx, rows)
	took[1] = time.Since(began)
	return took, err
}
