package activities

import (
	"context"
	"errors"
	"time"

	"github.com/sirupsen/logrus"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/workflows"
)

// Looker looks at pull requests.
type Looker interface {
	LookAtPullRequest(ctx context.Context, in workflows.PullInput) (workflows.PullView, error)
}

// PullRequests implements workflows.PullRequests.
type PullRequests struct {
	Looker Looker
	// RetryAfter says how long to wait after an error that is a limit on requests.
	RetryAfter func(err error, now time.Time) (time.Duration, bool)
	Clock      func() time.Time
	Log        *logrus.Entry
}

var _ workflows.PullRequests = (*PullRequests)(nil)

// beat is how often an activity that looks says that it is alive.
const beat = 10 * time.Second

// LookAtPullRequest looks, and gives the server the time to wait where GitHub's limits
// ask for it: nothing sleeps.
func (p *PullRequests) LookAtPullRequest(ctx context.Context, in workflows.PullInput) (workflows.PullView, error) {
	stop := alive(ctx)
	defer stop()
	view, err := p.Looker.LookAtPullRequest(ctx, in)
	if err == nil {
		return view, nil
	}
	log := p.Log.WithFields(logrus.Fields{"pull": in.PullKey.String()}).WithError(err)
	if wait, limited := p.RetryAfter(err, p.Clock()); limited {
		log.WithField("wait", wait.String()).Info("GitHub's limit is reached; looking again later")
		return view, temporal.NewApplicationErrorWithOptions(err.Error(), string(change.KindUnavailable),
			temporal.ApplicationErrorOptions{NextRetryDelay: max(wait, time.Second)})
	}
	if ctx.Err() == nil && !errors.Is(err, context.Canceled) {
		log.Warn("pull request not looked at; trying again")
	}
	return view, err
}

// alive sends heartbeats until stop is called.
func alive(ctx context.Context) (stop func()) {
	done := make(chan struct{})
	go func() {
		tick := time.NewTicker(beat)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				activity.RecordHeartbeat(ctx)
			}
		}
	}()
	return func() { close(done) }
}
