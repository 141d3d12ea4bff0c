// Command temporal-dev runs a real Temporal server and its Web UI on one machine, with everything it knows in
// one SQLite file. It is what changectl dev and the tests run their workflows on.
//
// It listens on loopback addresses only, its Web UI only reads, and it calls nobody: no version check, no news.
// What it must not do is run production: it has no authentication, no replication and no way to carry a file
// over to another version of the server.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	uiversion "github.com/temporalio/ui-server/v2/server/version"
	"go.temporal.io/server/common/headers"
	sqliteschema "go.temporal.io/server/schema/sqlite"
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, cancel) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is main with its surroundings passed in. It returns the exit code: 0 stopped as asked, 1 failed, 2 usage.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		_, _ = fmt.Fprintln(stderr, "temporal-dev:", err)
		return 2
	case o.version:
		_, _ = fmt.Fprintf(stdout, "temporal server %s, web ui %s, sqlite schema %s\n",
			headers.ServerVersion, uiversion.UIVersion, sqliteschema.Version)
		return 0
	}
	if err := serve(ctx, o, stdout); err != nil {
		_, _ = fmt.Fprintln(stderr, "temporal-dev:", err)
		return 1
	}
	return 0
}

// serve runs server and Web UI until ctx or the parent process ends, and stops them cleanly.
func serve(ctx context.Context, o options, stdout io.Writer) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if o.parent != 0 {
		go watchParent(o.parent, cancel)
	}
	p, err := choosePorts(ctx, o)
	if err != nil {
		return err
	}
	st, err := openStore(ctx, o.db)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.close()) }()
	if err := withdraw(o); err != nil { // what a run that was killed has announced
		return err
	}
	if err := st.ensureNamespace(ctx, o.namespace, o.attributes); err != nil {
		return err
	}

	stop, err := startServer(o, p, st)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	if err := awaitReady(ctx, o, p); err != nil {
		if ctx.Err() != nil {
			return nil // asked to stop while starting
		}
		return err
	}
	if err := announce(o, p, stdout); err != nil {
		return err
	}
	<-ctx.Done()
	return withdraw(o)
}

// ready is what is printed, and written to the ready file, once the server accepts requests.
type ready struct {
	Address string `json:"address"` // host:port of the frontend
	UI      string `json:"ui"`      // URL of the Web UI, empty without one
	PID     int    `json:"pid"`
}

// announce tells the caller that the server is ready.
func announce(o options, p ports, stdout io.Writer) error {
	line, err := json.Marshal(ready{Address: p.address(o.ip), UI: p.uiURL(o.ip), PID: os.Getpid()})
	if err != nil {
		return fmt.Errorf("encode ready line: %w", err)
	}
	line = append(line, '\n')
	if o.readyFile != "" {
		if err := writeFile(o.readyFile, line); err != nil {
			return err
		}
	}
	_, _ = stdout.Write(line) // a caller that has closed our output still wants the server
	return nil
}

// withdraw takes the announcement back.
func withdraw(o options) error {
	if o.readyFile == "" {
		return nil
	}
	if err := os.Remove(o.readyFile); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove ready file: %w", err)
	}
	return nil
}
