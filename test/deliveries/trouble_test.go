package deliveries_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/changectl/changectl/test/ghfake"
)

// trouble is what GitHub, the network and the machine do while a history is played as it
// comes, with nothing held.
type trouble struct {
	*world
	dice *rand.Rand
}

// TestTroubleOnTheWayDoesNotMatterInTheEnd has GitHub show everything late, answer
// with errors, lose answers and limit requests, suspends the installation for a while,
// and kills the product.
func TestTroubleOnTheWayDoesNotMatterInTheEnd(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), limit())
	defer cancel()
	n := seed(t)
	u := newWorld(ctx, t, "D, trouble", way{copies: 1}, n, firstWindow())
	d := trouble{u, rand.New(rand.NewPCG(n, 5))} //nolint:gosec // it shall be the same each time
	u.relay.release(ctx, t)
	ways := []func(context.Context, []act){d.errors, d.limitsAndSuspension, d.kills, d.kills}
	for i, round := range history(n, pulls()) {
		d.rage(n + uint64(i))
		ways[i](ctx, round)
		d.rest()
		u.becomeRight(ctx)
		u.calm.await(ctx)
		u.judge(ctx, roundName(i))
	}
	u.writes.judge(t)
	t.Logf("%s: %s\n%s", u.name, u.relay, u.github.Counts())
}

// late is how late GitHub shows what happened. What is shown later than the product
// looks once more is found by the comparison.
const late = 3 * time.Second

var kinds = []ghfake.Kind{
	ghfake.Pulls, ghfake.Branches, ghfake.Commits, ghfake.Activities, ghfake.Reviews, ghfake.Comments, ghfake.Checks, ghfake.Deployments,
}

// rage begins the trouble that there is in every round.
func (d trouble) rage(seed uint64) {
	d.github.Unleash(ghfake.Chaos{Seed: seed, ServerErrors: 0.03, LostAnswers: 0.02, TooMany: 0.01, Double: 0.1, Shuffle: 0.2})
	for _, k := range kinds {
		d.github.Lag(k, ghfake.Lag{For: late})
	}
}

func (d trouble) rest() {
	d.github.Unleash(ghfake.Chaos{})
	for _, k := range kinds {
		d.github.Lag(k, ghfake.Lag{})
	}
}

func (d trouble) errors(_ context.Context, round []act) {
	for _, a := range round {
		d.act(a)
	}
}

// limitsAndSuspension has GitHub want no more requests, with and without the words of
// its documentation, and nobody allowed in for the middle third of the round.
func (d trouble) limitsAndSuspension(_ context.Context, round []act) {
	bare := ghfake.Failure{Status: http.StatusForbidden, RetryAfter: time.Second, Message: ghfake.SecondaryLimit.Message}
	told := bare
	told.Documentation = ghfake.SecondaryLimit.Documentation
	d.github.Fail(bare, "/pulls/", 1)
	d.github.Fail(told, "/check-runs", 1)
	if full() {
		d.github.Fail(ghfake.BareSecondaryLimit, "/comments", 1)
	}
	for i, a := range round {
		switch i {
		case len(round) / 3:
			d.github.SuspendInstallation(d.app, d.user("keepers-0"))
		case len(round) * 2 / 3:
			d.github.UnsuspendInstallation(d.app, d.user("keepers-0"))
		}
		d.act(a)
	}
}

// kills kills the product in the middle of the round, goes on without it for some acts,
// and starts it again.
func (d trouble) kills(ctx context.Context, round []act) {
	d.t.Helper()
	// What a merge brought is in the ledger, and GitHub is not told of it at the first try.
	d.github.Fail(ghfake.ServerError, "POST /repos/{owner}/{repo}/deployments", 2)
	at := len(round)/4 + d.dice.IntN(len(round)/4+1)
	for i, a := range round {
		switch i {
		case at:
			d.dev.Kill()
		case at + 3:
			d.restart(ctx)
		}
		d.act(a)
	}
	if at+3 >= len(round) {
		d.restart(ctx)
	}
}
