package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/test/ghfake"
	"github.com/changectl/changectl/workflows"
)

// hourly is how many requests GitHub answers an installation in an hour.
const hourly = 5000

// requests counts what a comparison with GitHub costs with many pull requests open: of
// which a tenth touches what is governed, and with all of them.
func (b *bench) requests(ctx context.Context) error {
	for _, share := range []int{10, 1} {
		if err := b.requestsOf(ctx, share); err != nil {
			return err
		}
	}
	b.table.note("requests: everybody whom the comparison tells of is looked at twice, as the workflow does it; of the hour's %d count all that are not answered "+
		"with 304. The product writes at most 70 times in a minute and 450 in an hour: the first answers of so many pull requests are spread over hours by that.", hourly)
	return nil
}

func (b *bench) requestsOf(ctx context.Context, share int) (err error) {
	dir := filepath.Join(b.dir, fmt.Sprintf("requests-%d", share))
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	o, err := openOffice(ctx, dir, b.open, share)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, o.close()) }()
	what := fmt.Sprintf("%d pull requests open, %d of them governed: requests", b.open, b.open/share)
	first, err := o.compared(ctx)
	if err != nil {
		return err
	}
	second, err := o.compared(ctx)
	if err != nil {
		return err
	}
	const some = 50
	for i := range some {
		k := i * (b.open/some + 1) % b.open // of all shares alike
		if _, err := o.push(k, 2, k%share == 0); err != nil {
			return err
		}
	}
	third, err := o.compared(ctx)
	if err != nil {
		return err
	}
	limited := share > 1 // of all of them the first time is more than an hour's
	b.table.add(
		cost(what+" of the first comparison", first, limited), cost("  when nothing changed", second, true),
		cost(fmt.Sprintf("  after %d pushes", some), third, true),
	)
	for _, c := range []struct {
		when string
		ghfake.Counts
	}{{"first", first}, {"nothing changed", second}, {"after pushes", third}} {
		b.table.note("%d governed of %d, %s:\n%s", b.open/share, b.open, c.when, c.Counts)
	}
	return nil
}

// cost is a line about what was asked.
func cost(what string, c ghfake.Counts, limited bool) figure {
	return figure{
		what:     fmt.Sprintf("%s; of them answered with 304; %d write", what, c.Writes),
		measured: fmt.Sprint(c.Total()), reference: fmt.Sprint(c.Total() - c.Limited),
		value: float64(c.Limited), unit: "an hour", limit: hourly, limited: limited,
	}
}

// compared compares everything and has looked at whom it tells of, so many at once as
// the product does.
func (o *office) compared(ctx context.Context) (ghfake.Counts, error) {
	o.github.ResetCounts()
	var keys []change.PullKey
	told := map[change.PullKey]bool{}
	d := o.dispatcher(func(_ context.Context, k change.PullKey, _ string) error {
		if !told[k] {
			told[k] = true
			keys = append(keys, k)
		}
		return nil
	})
	if err := d.Reconcile(ctx); err != nil {
		return ghfake.Counts{}, err
	}
	work, failed := make(chan change.PullKey), make(chan error, looksAtOnce)
	for range looksAtOnce {
		go func() {
			var err error
			for k := range work {
				err = errors.Join(err, o.twice(ctx, k))
			}
			failed <- err
		}()
	}
	for _, k := range keys {
		work <- k
	}
	close(work)
	var err error
	for range looksAtOnce {
		err = errors.Join(err, <-failed)
	}
	return o.github.Counts(), err
}

// twice looks, and once more, as the workflow does a moment later.
func (o *office) twice(ctx context.Context, k change.PullKey) error {
	for range 2 {
		if _, err := o.counter.LookAtPullRequest(ctx, workflows.PullInput{PullKey: k}); err != nil {
			return err
		}
	}
	return nil
}
