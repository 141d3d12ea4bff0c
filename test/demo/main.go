// Command demo shows the main job for real, on this machine: it brings up a
// PostgreSQL pair under load and the whole product, has a change submitted,
// disputed, approved and run, and proves from the load's own count that nothing
// was lost. Then it shows the mistake that loses commits, by hand and as a change.
//
// What a user would do it does through the built changectl, whose commands and
// answers it prints as they are; only the pair and its writer it handles itself.
// It asks nothing, listens on loopback only, keeps all its files in one temporary
// directory, and leaves nothing running. It must not claim what it has not
// measured: if a figure is not as promised, it says so and ends with exit code 1.
//
// DEMO_HOLD=1 keeps everything up at the end, until Ctrl-C. CHANGECTL_BIN names
// another directory of the built programs than bin, DEMO_BUILDS another cache of
// the PostgreSQL builds.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends it at once
	if err := run(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "\ndemo: %v\n", err)
		stop()
		os.Exit(1)
	}
}

// run plays the demonstration and takes everything down again, whatever happens.
func run(ctx context.Context) error {
	s, err := newStage()
	if err != nil {
		return err
	}
	acts, end := context.WithCancelCause(ctx)
	defer end(nil)
	s.fail = end
	err = play(acts, s)
	switch {
	case err != nil && ctx.Err() != nil:
		return errors.Join(errors.New("interrupted"), s.close(nil))
	case err != nil && acts.Err() != nil:
		err = errors.Join(context.Cause(acts), err)
	}
	return s.close(err)
}

func play(ctx context.Context, s *stage) error {
	began := time.Now()
	d := &demo{stage: s, show: &shell{out: os.Stdout, bin: s.bin, env: s.environment()}}
	for _, act := range []func(context.Context) error{
		d.prologue, d.submit, d.conflict, d.ownApproval, d.approve, d.watch, d.proof, d.naive, d.gate, d.log,
	} {
		if err := act(ctx); err != nil {
			return err
		}
	}
	d.figures.heading("The demonstration")
	d.figures.note("time in all", "%s", time.Since(began).Round(time.Second))
	if err := d.figures.print(os.Stdout); err != nil {
		return err
	}
	if os.Getenv("DEMO_HOLD") == "" {
		return nil
	}
	return d.hold(ctx)
}
