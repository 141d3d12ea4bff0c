package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/test/lab"
)

// demo is the play: what the acts share.
type demo struct {
	*stage
	show    *shell
	figures figures

	pair   *lab.Lab
	load   *lab.Writer
	probe  string
	before map[string]string // what each node runs, before and after
	after  map[string]string
	id     string // the switchover patch
	opens  time.Time
	idle   time.Duration // the longest stall before it ran
}

// people are those who can give what a plan asks for.
var people = map[change.Ref]string{"group:dba": "bob", "group:change-managers": "erin"}

func (d *demo) prologue(ctx context.Context) error {
	d.show.act("A database pair under load, and changectl beside it",
		`Two PostgreSQL servers that stream, PgBouncer in front, and a writer that sends 200 transactions a second
		and remembers every one it was told is safe. Beside them runs changectl dev: Temporal, ledger, worker and API,
		with the example company Nordwind, whose people this demonstration plays.`)
	began := time.Now()
	var err error
	if d.pair, err = d.stage.pair(ctx, "pair"); err != nil {
		return err
	}
	if err := d.onlyARestart(ctx); err != nil {
		return err
	}
	if d.load, err = d.writer(ctx, d.pair); err != nil {
		return err
	}
	url, stop, err := d.load.Serve(ctx)
	if err != nil {
		return err
	}
	d.undo = append(d.undo, stop)
	d.probe = url + "/probe"
	books := filepath.Join(d.dir, "runbooks")
	if err := os.CopyFS(books, ownRunbooks()); err != nil {
		return fmt.Errorf("write the runbooks of the demonstration: %w", err)
	}
	if err := d.product(ctx, d.pair, books); err != nil {
		return err
	}
	if d.before, err = d.running(ctx); err != nil {
		return err
	}
	fmt.Fprintf(d.show.out, "    changectl dev answers at %s, Temporal's Web UI at http://127.0.0.1:%d\n", d.dev.Server(), d.dev.UI)
	what, _ := d.what()
	fmt.Fprintf(d.show.out, "    orders-db-1 takes writes (%[1]s %[2]s), orders-db-2 follows (%[1]s %[3]s); all up in %[4]s\n",
		what, d.before["n1"], d.before["n2"], time.Since(began).Round(100*time.Millisecond))
	return nil
}

// version is the one to patch to. Where the archives offer one only it is the
// one that runs already.
func (d *demo) version() string { return d.pair.Versions[len(d.pair.Versions)-1] }

// setting takes effect at a restart only, and shows one where there is nothing to
// patch to.
const setting, settingValue = "track_activity_query_size", "2kB"

func (d *demo) onlyARestart(ctx context.Context) error {
	if !d.pair.OneVersionOnly {
		return nil
	}
	d.show.say(`The archives of this machine offer PostgreSQL %s only, so THERE IS NOTHING TO PATCH TO. The same runbook
		runs with the version that is there: failover, failback and the restart of both nodes are real, the new build is
		not. What shows the restarts is %s, which is written down as %s on both nodes now and comes into force when they start again.`,
		d.version(), setting, settingValue)
	for _, n := range d.pair.Nodes {
		if _, err := d.pair.Run(ctx, "node-setting", n.Name, setting, settingValue); err != nil {
			return err
		}
	}
	return nil
}

// running is the version of each node, or its setting where there is one version.
func (d *demo) running(ctx context.Context) (map[string]string, error) {
	if !d.pair.OneVersionOnly {
		return d.pair.ServerVersions(ctx)
	}
	found := map[string]string{}
	for _, n := range d.pair.Nodes {
		var v string
		if err := ask(ctx, n.AdminDSN, "SHOW "+setting, &v); err != nil {
			return nil, err
		}
		found[n.Name] = v
	}
	return found, nil
}

// what names what running tells of a node, and wanted what it is to be at the end.
func (d *demo) what() (name, wanted string) {
	if d.pair.OneVersionOnly {
		return setting, settingValue
	}
	return "PostgreSQL", d.version()
}

// ask reads one value from a server.
func ask(ctx context.Context, dsn, query string, into any) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if err := conn.QueryRow(ctx, query).Scan(into); err != nil {
		return fmt.Errorf("ask the database %q: %w", query, err)
	}
	return nil
}

// pause lets the writer write for a while.
func pause(ctx context.Context, length time.Duration) error {
	t := time.NewTimer(length)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
