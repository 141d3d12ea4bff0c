package pullrequest

import (
	"context"
	"time"

	"github.com/changectl/changectl/internal/proposal"
)

// Forge is what is asked of GitHub. Every read is of GitHub's own state at the moment;
// what GitHub does not show is NotFound, what it shows but cannot be relied on (a
// tree that it cut off) is Invalid. A limit on requests is an error that
// RetryAfter knows how long to wait for. Nothing is ever read that was asked for by
// the pull request itself but paths, modes and blobs.
type Forge interface {
	// Repositories returns those that the App is installed in and that the
	// configuration serves.
	Repositories(ctx context.Context) ([]proposal.Repository, error)
	// Repository returns one by its ID. Denied says that it is not served, Conflict
	// that the installation is suspended.
	Repository(ctx context.Context, id int64) (proposal.Repository, error)
	// Pulls returns the open pull requests, all of them.
	Pulls(ctx context.Context, r proposal.Repository) ([]proposal.Pull, error)
	Pull(ctx context.Context, r proposal.Repository, number int) (proposal.Pull, error)
	// PullsOf returns the numbers of the pull requests that a commit belongs to.
	PullsOf(ctx context.Context, r proposal.Repository, sha string) ([]int, error)
	// Branch returns the commit that a branch points at.
	Branch(ctx context.Context, r proposal.Repository, name string) (proposal.Commit, error)
	Commit(ctx context.Context, r proposal.Repository, sha string) (proposal.Commit, error)
	Compare(ctx context.Context, r proposal.Repository, base, head string) (proposal.Comparison, error)
	// Tree returns every file of a commit, by path; folders are left out. A tree that
	// GitHub cuts off is Invalid.
	Tree(ctx context.Context, r proposal.Repository, commit string) ([]proposal.Entry, error)
	// Blob returns the bytes of a file. More than document.MaxBytes is Invalid.
	Blob(ctx context.Context, r proposal.Repository, id string) ([]byte, error)
	// Pusher returns who pushed the commit onto the branch; NotFound says that GitHub
	// does not show it (yet).
	Pusher(ctx context.Context, r proposal.Repository, branch, sha string) (proposal.User, error)
	// Reviews returns all reviews, oldest first.
	Reviews(ctx context.Context, r proposal.Repository, number int) ([]proposal.Review, error)
	// Comments returns all comments on the conversation, oldest first.
	Comments(ctx context.Context, r proposal.Repository, number int) ([]proposal.Comment, error)
	// Checks returns the App's own check runs on a commit, the newest of each name.
	Checks(ctx context.Context, r proposal.Repository, sha string) ([]proposal.Check, error)
	// PutCheck creates a check run, or alters the one with c.ID, and returns its ID.
	PutCheck(ctx context.Context, r proposal.Repository, c proposal.Check) (int64, error)
	// PutComment creates a comment, or replaces the body of the one with the id, and
	// returns its ID.
	PutComment(ctx context.Context, r proposal.Repository, number int, id int64, body string) (int64, error)
	// React puts a reaction (+1, -1, eyes, rocket, confused) to a comment.
	React(ctx context.Context, r proposal.Repository, comment int64, content string) error
	// Deployments returns the App's deployments of a commit.
	Deployments(ctx context.Context, r proposal.Repository, ref string) ([]proposal.Deployment, error)
	CreateDeployment(ctx context.Context, r proposal.Repository, d proposal.Deployment) (int64, error)
	SetDeploymentStatus(ctx context.Context, r proposal.Repository, id int64, s proposal.DeploymentStatus) error
	// Deliveries returns the webhook's deliveries since a moment, newest first.
	Deliveries(ctx context.Context, since time.Time) ([]proposal.Delivery, error)
	Redeliver(ctx context.Context, id int64) error
}
