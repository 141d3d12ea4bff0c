package deliveries_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// limit is how long a campaign may take. What GitHub is willing to take from an App in
// an hour bounds the long one.
func limit() time.Duration {
	if full() {
		return 55 * time.Minute
	}
	return 4 * time.Minute
}

// TestTheSameHistoryComesToTheSameHoweverItsNewsArrive plays one history twice: with
// deliveries in order and once each, and with each ten times, shuffled, some of them
// long after all was over.
func TestTheSameHistoryComesToTheSameHoweverItsNewsArrive(t *testing.T) {
	t.Parallel()
	n, opens := seed(t), firstWindow()
	outcomes := make(chan []string, 2)
	t.Run("both", func(t *testing.T) {
		for name, w := range map[string]way{
			"A, in order and once":      {copies: 1},
			"B, ten times and shuffled": {copies: 10, shuffled: true},
		} {
			t.Run(name[:1], func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithTimeout(t.Context(), limit())
				defer cancel()
				u := newWorld(ctx, t, name, w, n, opens)
				for i, round := range history(n, pulls()) {
					u.play(ctx, round)
					u.judge(ctx, roundName(i))
				}
				t.Logf("%s: %s; %s", name, u.relay, u.writes.judge(t))
				t.Logf("%s: what was asked of GitHub:\n%s", name, u.github.Counts())
				outcomes <- u.outcome(ctx)
			})
		}
	})
	if len(outcomes) < 2 {
		t.Fatal("a run did not come to its end")
	}
	a, b := <-outcomes, <-outcomes
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("the runs came to different ends:\n%s", diff)
	}
	t.Logf("%d lines of outcome are the same", len(a))
}

// firstWindow is far enough away, and the same for runs that are compared.
func firstWindow() time.Time { return time.Now().Add(30 * 24 * time.Hour).Truncate(time.Hour) }

func roundName(i int) string { return "after round " + string(rune('1'+i)) }

// play has a round happen while its deliveries are held, then sends them, and waits until
// all is calm.
func (u *world) play(ctx context.Context, round []act) {
	u.t.Helper()
	u.happen(ctx, round)
	u.calm.await(ctx)
}

func (u *world) happen(ctx context.Context, round []act) {
	u.t.Helper()
	u.relay.hold()
	for _, a := range round {
		u.act(a)
	}
	u.must(u.github.WaitDeliveries(ctx))
	u.relay.release(ctx, u.t)
}

// TestOneComparisonMakesUpForLostDeliveries loses three deliveries in ten: of half of
// those GitHub knows, and of the others nobody.
func TestOneComparisonMakesUpForLostDeliveries(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), limit())
	defer cancel()
	n := seed(t)
	u := newWorld(ctx, t, "C, lost", way{copies: 1, lost: 0.15, vanished: 0.15}, n, firstWindow())
	for i, round := range history(n, pulls()) {
		u.happen(ctx, round)
		u.must(u.dev.Stop())
		u.must(u.dev.Restart(ctx)) // which compares, once
		u.calm.await(ctx)
		u.judge(ctx, roundName(i))
	}
	t.Logf("%s: %s; %s", u.name, u.relay, u.writes.judge(t))
	if u.relay.lost == 0 || u.relay.vanished == 0 {
		t.Error("nothing was lost")
	}
}
