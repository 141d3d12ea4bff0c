package fault_test

import (
	"context"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/changectl/changectl/internal/change"
)

// campaign is a number of kills at random moments, over fleets of changes that
// follow one another.
type campaign struct {
	*plant
	random *rand.Rand
	fleet  int // changes at the same time
	want   int // kills
	done   int
}

func TestChangesSurviveKillsAtRandomMoments(t *testing.T) {
	t.Parallel()
	c := &campaign{random: rand.New(rand.NewPCG(2, 7)), fleet: 8, want: 6} //nolint:gosec // it shall be the same each time
	limit := 4 * time.Minute
	if os.Getenv("CHANGECTL_FAULT") == "full" {
		c.fleet, c.want, limit = 24, 300, 50*time.Minute
	}
	const rounds = 60
	c.plant = newPlant(t, c.fleet*rounds, 2*c.fleet, 3*time.Second)
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	got := tally{}
	for n := 1; n <= rounds && c.done < c.want && !t.Failed(); n++ {
		for status, n := range c.round(ctx) {
			got[status] += n
		}
		c.judge(ctx)
		t.Logf("round %d is over: %d of %d kills, ended so far as %v", n, c.done, c.want, got)
	}
	c.report(ctx, got)
}

// round runs one fleet to its end, with kills on its way.
func (c *campaign) round(ctx context.Context) tally {
	c.t.Helper()
	ids := make([]change.ID, c.fleet)
	boxes := make([]int, c.fleet)
	for i := range boxes {
		boxes[i] = i
	}
	first := c.boxes
	c.boxes += c.fleet
	endings := []string{"pass", "fail"}
	each(boxes, func(i int) { ids[i] = c.submit(ctx, first+i, endings[i%2], 60*time.Millisecond) })

	var wg sync.WaitGroup
	var got tally
	over := make(chan struct{})
	wg.Go(func() {
		defer close(over)
		each(ids, func(id change.ID) { c.approve(ctx, id) })
		got = c.settle(ctx, ids)
	})
	for c.done < c.want && c.moment(ctx, over) {
		c.strike()
		c.done++
	}
	wg.Wait()
	return got
}

// moment waits for a moment to kill: often some effects later, often at once. It
// returns false when the fleet has come to its end.
func (c *campaign) moment(ctx context.Context, over <-chan struct{}) bool {
	c.t.Helper()
	more := len(c.journal.lines()) + c.random.IntN(12) - 5
	ended := func() bool {
		select {
		case <-over:
			return true
		default:
			return c.t.Failed()
		}
	}
	until(ctx, c.t, "the effects go on", func() bool { return ended() || len(c.journal.lines()) > more })
	jitter := time.NewTimer(time.Duration(c.random.IntN(400)) * time.Millisecond)
	defer jitter.Stop()
	select {
	case <-over:
	case <-jitter.C: // the moment is what is random
	}
	return !ended()
}

// strike kills the worker, Temporal or both, and starts again what was killed.
func (c *campaign) strike() {
	c.t.Helper()
	victim := c.random.IntN(5)
	if victim != 0 {
		c.killWorker()
	}
	if victim < 2 {
		c.killTemporal()
		c.startTemporal()
	}
	if victim != 0 {
		c.startWorker()
	}
}
