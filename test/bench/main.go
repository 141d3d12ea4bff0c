// Command bench measures the product on this machine and prints a table. What
// can be compared is compared within the run, with the plainest thing that does
// the same work: a bare workflow, a shell script, a bare transaction. It ends with
// exit code 1 when a figure misses its limit.
//
// It measures and must not judge anything else: whether the product is right is
// the tests' business.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/sirupsen/logrus"
)

// bench is one run of the benchmark.
type bench struct {
	bin    string // directory of the built programs
	under  string // directory in which dir is made; its disk is measured too
	dir    string // state of everything, removed at the end
	pairs  int    // measured pairs of a change and a bare workflow
	rounds int    // switchovers by the product, and as many by each script
	checks int    // conflict checks, and half as many reservations
	most   int    // reservations in the calendar, at the end
	short  bool   // races in their short form
	pushes int    // to pull requests
	open   int    // pull requests that a comparison with GitHub goes through
	log    logrus.FieldLogger
	table  table

	onPostgres bool // whether the ledger has been measured on PostgreSQL
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	b := &bench{log: logrus.New()}
	flag.StringVar(&b.bin, "bin", environment("CHANGECTL_BIN", "bin"), "directory of the built programs (default $CHANGECTL_BIN, or bin)")
	flag.StringVar(&b.under, "under", "/var/tmp", "directory, on the disk to measure, for the state")
	flag.IntVar(&b.pairs, "pairs", 15, "pairs of a change and a bare workflow")
	flag.IntVar(&b.rounds, "rounds", 3, "switchovers by the product, and as many by each script")
	flag.IntVar(&b.checks, "checks", 400, "conflict checks among all reservations, on each database")
	flag.IntVar(&b.most, "reservations", 1_000_000, "reservations in the calendar")
	flag.IntVar(&b.pushes, "pushes", 60, "measured pushes to pull requests")
	flag.IntVar(&b.open, "open", 1000, "open pull requests that a comparison with GitHub goes through")
	flag.BoolVar(&b.short, "short-races", false, "run the races as make test does")
	only := flag.String("only", "", "measure only these, with commas between: "+strings.Join(names(), ", "))
	flag.Parse()
	err := b.run(ctx, *only)
	stop()
	b.table.print(os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	if missed := b.table.missed(); missed > 0 {
		fmt.Fprintf(os.Stderr, "bench: %d of the limits missed\n", missed)
		os.Exit(1)
	}
}

// parts lists what is measured, in order.
var parts = []struct {
	name, what string
	measure    func(*bench, context.Context) error
}{
	{"start", "how fast changectl starts", (*bench).start},
	{"overhead", "a change of 8 steps that do nothing, and a bare workflow of 8 activities", (*bench).overhead},
	{"ledger", "the ledger on SQLite, and a bare transaction", (*bench).ledgerOnSQLite},
	{"catalog", "the footprint of an outage in a catalog of 10,000 systems", (*bench).footprint},
	{"reservations", "conflicts, reservations and free slots among 10,000 and 1,000,000 reservations", (*bench).reservations},
	{"races", "eight clients in two processes race for slots, members of groups and crossed pairs", (*bench).races},
	{"answers", "pushes to open pull requests, until their checks are written", (*bench).answers},
	{"requests", "requests to GitHub for 1,000 open pull requests", (*bench).requests},
	{"flood", "10,000 deliveries of webhooks", (*bench).flood},
	{"switchover", "the switchover patch on the lab under 200 transactions a second, and a script", (*bench).switchover},
}

func names() []string {
	list := make([]string, len(parts))
	for i, p := range parts {
		list[i] = p.name
	}
	return list
}

func (b *bench) run(ctx context.Context, only string) (err error) {
	if b.bin, err = filepath.Abs(b.bin); err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp(b.under, "changectl-bench-"); err != nil {
		return fmt.Errorf("make a directory for the state: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	if err := os.Chmod(b.dir, 0o711); err != nil { // the servers of the lab run as another user
		return err
	}
	if l, ok := b.log.(*logrus.Logger); ok {
		l.SetOutput(io.Discard)
	}
	for _, p := range parts {
		if only != "" && !strings.Contains(","+only+",", ","+p.name+",") {
			continue
		}
		fmt.Fprintf(os.Stderr, "== %s\n", p.what)
		if err := p.measure(b, ctx); err != nil {
			return fmt.Errorf("measure %s: %w", p.name, err)
		}
	}
	return nil
}

func environment(name, otherwise string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return otherwise
}
