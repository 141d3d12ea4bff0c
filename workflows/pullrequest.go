package workflows

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/changectl/changectl/internal/change"
)

// PullRequestType is the workflow type of a pull request, and of a repository.
const PullRequestType = "PullRequest"

// SignalPoke tells the workflow of a pull request that something may be new. It carries
// nothing: the workflow looks for itself.
const SignalPoke = "poke"

// PullRequestID returns the ID of a pull request's workflow; Number 0 is the one that
// looks after the repository itself.
func PullRequestID(k change.PullKey) string { return "gh-pr/" + k.String() }

// PullRequests is what the workflow of a pull request asks of the world.
type PullRequests interface {
	// LookAtPullRequest reads what GitHub shows of a pull request and brings the answers
	// there, and what came of it here, up to date. It is safe to call again. A limit of
	// GitHub's is an error that says when to try again.
	LookAtPullRequest(ctx context.Context, in PullInput) (PullView, error)
}

// PullInput names a pull request.
type PullInput struct {
	change.PullKey
}

// PullView is what a look at a pull request came to.
type PullView struct {
	Title   string `json:"title"`   // in a line
	Details string `json:"details"` // Markdown
	// Done means that nothing more can come of it: it is closed, and its changes have ended.
	Done bool `json:"done"`
	// Again is when to look again although nobody says that something is new: GitHub
	// did not show yet what it will.
	Again change.Duration `json:"again,omitempty"`
}

// looks is how many looks one run of the workflow takes before it goes on as a new one.
const looks = 200

// PullRequest looks at a pull request whenever it is poked, until nothing more can
// come of it. Pokes that come while it looks lead to one more look together.
func PullRequest(ctx workflow.Context, in PullInput) error {
	pokes := workflow.GetSignalChannel(ctx, SignalPoke)
	for poked, n := true, 0; n < looks; n++ {
		drain(pokes)
		view, err := look(ctx, in)
		if err != nil {
			return err
		}
		workflow.SetCurrentDetails(ctx, view.Details)
		if view.Done && !poked && pokes.Len() == 0 {
			return nil
		}
		again := view.Again.Std()
		if again == 0 && poked {
			again = settle
		}
		if poked, err = awaitPoke(ctx, pokes, again); err != nil {
			return err
		}
	}
	return workflow.NewContinueAsNewError(ctx, PullRequestType, in)
}

func drain(pokes workflow.ReceiveChannel) {
	for pokes.ReceiveAsync(nil) {
	}
}

// settle is after which time a look is taken once more: what GitHub shows lags a little
// behind what it tells of.
const settle = 5 * time.Second

// awaitPoke returns when there is a poke, or when it is time to look again by itself; 0
// is never.
func awaitPoke(ctx workflow.Context, pokes workflow.ReceiveChannel, again time.Duration) (poked bool, err error) {
	come := func() bool { return pokes.Len() > 0 }
	if again > 0 {
		err = pause(ctx, again, "Looks once more: what GitHub shows may lag", come)
	} else {
		err = workflow.Await(ctx, come)
	}
	return come(), err
}

// look is one look. It is tried again until it succeeds: what GitHub or the ledger
// refuses is part of what it comes to, and what does not answer will.
func look(ctx workflow.Context, in PullInput) (view PullView, err error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 10 * time.Minute, HeartbeatTimeout: time.Minute, Summary: fmt.Sprintf("Looks at #%d", in.Number),
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute},
	})
	err = workflow.ExecuteActivity(ctx, "LookAtPullRequest", in).Get(ctx, &view)
	return view, err
}
