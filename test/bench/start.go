package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/changectl/changectl/test/product"
)

// starts is how often changectl dev is started, fresh and again.
const starts = 3

// start measures how long changectl dev takes to be ready and what help costs.
func (b *bench) start(ctx context.Context) error {
	var fresh, again time.Duration
	for i := range starts {
		f, a, err := b.startTwice(ctx, filepath.Join(b.dir, fmt.Sprintf("start-%d", i)))
		if err != nil {
			return err
		}
		fresh, again = max(fresh, f), max(again, a)
	}
	help, err := b.help(ctx)
	if err != nil {
		return err
	}
	b.table.add(
		absolute(fmt.Sprintf("changectl dev ready, no state, slowest of %d", starts), fresh, 5*time.Second),
		absolute(fmt.Sprintf("changectl dev ready, state there, slowest of %d", starts), again, 5*time.Second),
		absolute("changectl --help, processor time, median", help, 100*time.Millisecond),
	)
	return nil
}

func (b *bench) startTwice(ctx context.Context, dir string) (fresh, again time.Duration, err error) {
	began := time.Now()
	d, err := product.Start(ctx, product.Options{Bin: b.bin, StateDir: dir})
	if err != nil {
		return 0, 0, err
	}
	fresh = time.Since(began)
	if err := d.Stop(); err != nil {
		return 0, 0, err
	}
	began = time.Now()
	if err := d.Restart(ctx); err != nil {
		return 0, 0, err
	}
	again = time.Since(began)
	return fresh, again, d.Stop()
}

// help returns what changectl --help takes of a processor, in user and system time.
func (b *bench) help(ctx context.Context) (time.Duration, error) {
	var times []time.Duration
	for range 15 {
		cmd := exec.CommandContext(ctx, filepath.Join(b.bin, "changectl"), "--help")
		if err := cmd.Run(); err != nil {
			return 0, fmt.Errorf("run changectl --help: %w", err)
		}
		times = append(times, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
	}
	return median(times), nil
}
