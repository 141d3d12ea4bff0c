package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/changectl/changectl/test/lab"
)

// write runs the writer until the time is over or a signal comes, then looks every
// row up on the node that the pooler leads to.
func write(ctx context.Context, log logrus.FieldLogger, args []string) error {
	f := flag.NewFlagSet("write", flag.ContinueOnError)
	dir := f.String("dir", "", "state directory of a running pair (required)")
	length := f.Duration("for", 0, "how long to write (default until a signal)")
	clients := f.Int("clients", 8, "clients at the same time")
	rate := f.Int("rate", 25, "transactions a second for each client")
	asJSON := f.Bool("json", false, "print the report as JSON")
	if err := parse(f, args); err != nil {
		return err
	}
	if *dir == "" {
		return fmt.Errorf("%w: lab write needs --dir", errUsage)
	}
	if *clients < 1 || *rate < 1 || *length < 0 {
		return fmt.Errorf("%w: --clients and --rate are at least 1 and --for is not negative", errUsage)
	}
	t, err := lab.Load(*dir)
	if err != nil {
		return err
	}
	// The signal ends the pause below, not what the clients have under way.
	w, err := lab.StartWriter(context.WithoutCancel(ctx), lab.WriterOptions{DSN: t.ApplicationDSN, Clients: *clients, Rate: *rate})
	if err != nil {
		return err
	}
	defer w.Stop()
	if err := serveUntil(ctx, log, w, *dir, *length); err != nil {
		return err
	}
	report, err := settle(t, w)
	if err != nil {
		return err
	}
	return printReport(report, *asJSON)
}

// serveUntil answers the probe, whose address is put into dir/writer.json.
func serveUntil(ctx context.Context, log logrus.FieldLogger, w *lab.Writer, dir string, length time.Duration) error {
	address, closeProbe, err := w.Serve(ctx)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, "writer.json")
	raw, err := json.Marshal(map[string]any{"probe": address + "/probe", "token": address + "/token", "pid": os.Getpid()})
	if err != nil {
		return fmt.Errorf("encode the probe's address: %w", err)
	}
	if err := os.WriteFile(path+".new", raw, 0o644); err != nil {
		return fmt.Errorf("write the probe's address: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("put the probe's address in place: %w", err)
	}
	log.WithField("probe", address+"/probe").Info("writing")
	if length > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, length)
		defer cancel()
	}
	<-ctx.Done()
	err = os.Remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, closeProbe())
}

// settle stops the writer and verifies it. The signal that ended the writing must
// not end this too, so it has a context of its own.
func settle(t *lab.Topology, w *lab.Writer) (lab.Report, error) {
	w.Stop()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	serving, err := t.Serving(ctx)
	if err != nil {
		return lab.Report{}, err
	}
	return w.Verify(ctx, serving.OrdersDSN)
}

func printReport(r lab.Report, asJSON bool) error {
	if asJSON {
		out := json.NewEncoder(os.Stdout)
		out.SetIndent("", "  ")
		return out.Encode(r)
	}
	fmt.Printf("acknowledged %d, failed %d, ambiguous %d, acknowledged but lost %d, longest stall %d ms\n",
		r.Acknowledged, r.Failed, r.Ambiguous, r.Lost, r.LongestStall.Milliseconds())
	return nil
}
