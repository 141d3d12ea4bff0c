package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/changectl/changectl/test/lab"
)

// evidence is what a run by hand leaves behind.
type evidence struct {
	TotalMillis int64             `json:"totalMillis"`
	Versions    map[string]string `json:"versions"`
	Report      lab.Report        `json:"report"`
}

func baseline(ctx context.Context, log logrus.FieldLogger, args []string) error {
	f := flag.NewFlagSet("baseline", flag.ContinueOnError)
	tight := f.Bool("tight", false, "ask every 10 ms instead of waiting as pg_ctl and pg_promote do")
	cache, asJSON := sharedFlags(f)
	if err := parse(f, args); err != nil {
		return err
	}
	waiting := lab.AsTheyDo
	if *tight {
		waiting = lab.Tightly
	}
	return underLoad(ctx, log, *cache, *asJSON, func(l *lab.Lab) (lab.Result, error) { return l.Baseline(ctx, waiting) })
}

func naive(ctx context.Context, log logrus.FieldLogger, args []string) error {
	f := flag.NewFlagSet("naive", flag.ContinueOnError)
	cache, asJSON := sharedFlags(f)
	if err := parse(f, args); err != nil {
		return err
	}
	return underLoad(ctx, log, *cache, *asJSON, func(l *lab.Lab) (lab.Result, error) { return l.NaivePromotion(ctx) })
}

func sharedFlags(f *flag.FlagSet) (cache *string, asJSON *bool) {
	return f.String("cache", "", "directory of the builds"), f.Bool("json", false, "print the evidence as JSON")
}

// underLoad runs a script on a fresh pair, a second of writing before and after it.
func underLoad(ctx context.Context, log logrus.FieldLogger, cache string, asJSON bool, script func(*lab.Lab) (lab.Result, error)) (err error) {
	dir, err := os.MkdirTemp("/var/tmp", "changectl-lab-")
	if err != nil {
		return fmt.Errorf("make a directory for the pair: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	l, err := lab.Start(ctx, lab.Options{Dir: dir, Cache: cache, Log: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Stop()) }()
	w, err := lab.StartWriter(ctx, lab.WriterOptions{DSN: l.ApplicationDSN})
	if err != nil {
		return err
	}
	defer w.Stop()
	pause(ctx, time.Second)
	result, err := script(l)
	if err != nil {
		return err
	}
	pause(ctx, time.Second)
	report, err := settle(&l.Topology, w)
	if err != nil {
		return err
	}
	versions, err := l.ServerVersions(ctx)
	if err != nil {
		return err
	}
	return printEvidence(evidence{result.Total.Milliseconds(), versions, report}, result.Output, asJSON)
}

func printEvidence(e evidence, output string, asJSON bool) error {
	if asJSON {
		out := json.NewEncoder(os.Stdout)
		out.SetIndent("", "  ")
		return out.Encode(e)
	}
	fmt.Println(output)
	fmt.Printf("n1 runs %s, n2 runs %s\n", e.Versions["n1"], e.Versions["n2"])
	return printReport(e.Report, false)
}

// pause lets the writer write for a while.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
