package pullrequest

import (
	"context"
	"fmt"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/catalog"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/check"
	"github.com/changectl/changectl/internal/desk"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/workflows"
)

// Ledger is what is asked of the ledger.
type Ledger interface {
	Change(ctx context.Context, id change.ID) (change.Record, error)
	Pull(ctx context.Context, k change.PullKey) (change.PullState, error)
	KeepPull(ctx context.Context, s change.PullState, entries ...audit.Entry) error
	PinsOf(ctx context.Context, k change.PullKey) ([]change.Pin, error)
	PinsIn(ctx context.Context, repository int64) ([]change.Pin, error)
	// PinsAt returns all changes of a repository that are pinned to a commit.
	PinsAt(ctx context.Context, repository int64) ([]change.Pin, error)
	// DeliveriesAbout returns the deliveries of one event and action that name a pull request.
	DeliveriesAbout(ctx context.Context, k change.PullKey, event, action string, since time.Time) ([]change.Delivery, error)
	Pulls(ctx context.Context, repository int64) ([]change.PullState, error)
	Told(ctx context.Context, p change.Pin) error
	Detach(ctx context.Context, id change.ID, why string) error
	// Moves returns the entries about a change by which it moved, with a number of at least from.
	Moves(ctx context.Context, id change.ID, from int64) ([]audit.Record, error)
	Checkpoint(ctx context.Context) (note string, size int64, err error)
}

// Desk is what is asked of the desk: it compiles, judges and records, as for anybody else.
type Desk interface {
	PreviewDraft(ctx context.Context, who change.Person, self change.ID, d desk.Draft) (httpapi.Preview, error)
	SubmitDraft(ctx context.Context, who change.Person, d desk.Draft) (change.Record, error)
	ReviseDraft(ctx context.Context, who change.Person, id change.ID, d desk.Draft) (change.Record, error)
	Attested(rec change.Record, verb change.Verb, role, person change.Ref, e change.Evidence) change.Attested
	Attest(ctx context.Context, id change.ID, list []change.Attested) (change.Record, error)
	Decide(ctx context.Context, who change.Person, id change.ID, d httpapi.DecideRequest) (change.Record, error)
}

// Links are where people look further.
type Links struct {
	Server   string // address of the API; empty for none
	Temporal func(id change.ID) string
}

// Counter is the desk at GitHub.
type Counter struct {
	Forge  Forge
	Ledger Ledger
	Desk   Desk
	// Library holds the installation's own runbooks.
	Library desk.Library
	// Catalog is that of the moment; who an account belongs to is looked up in it.
	Catalog  func() *catalog.Catalog
	Policy   *check.Policy
	Instance string
	Links    Links
	// Poke has another pull request looked at.
	Poke func(ctx context.Context, k change.PullKey) error
	// RetryAfter says how long to wait after an error that is a limit of the forge's.
	RetryAfter func(err error, now time.Time) (time.Duration, bool)
	Clock      func() time.Time
	Log        *logrus.Entry

	grounds cache
}

// LookAtPullRequest reads what GitHub shows of a pull request, or with Number 0 of the
// repository, and brings up to date what is answered there and what is recorded here.
func (c *Counter) LookAtPullRequest(ctx context.Context, in workflows.PullInput) (workflows.PullView, error) {
	view, err := c.look(ctx, in.PullKey)
	switch change.KindOf(err) {
	case change.KindDenied, change.KindNotFound:
		// Not served, or gone: nothing is to be done, now or by trying again.
		c.Log.WithField("pull", in.PullKey.String()).WithError(err).Warn("pull request not looked at")
		return workflows.PullView{Title: "Not served", Details: plain(err.Error()), Done: true}, nil
	case change.KindInvalid, change.KindConflict, change.KindAwaiting, change.KindUnavailable, change.KindFailed:
	}
	return view, err
}

func (c *Counter) look(ctx context.Context, k change.PullKey) (workflows.PullView, error) {
	repo, err := c.Forge.Repository(ctx, k.RepositoryID)
	if k.Number == 0 {
		return c.lookAtRepository(ctx, k, repo, err)
	}
	if err != nil {
		return workflows.PullView{}, err
	}
	l, err := c.open(ctx, repo, k)
	if err != nil {
		return workflows.PullView{}, err
	}
	if err := l.take(ctx); err != nil {
		// What is said here of the kind of the error is not for whoever asked.
		return workflows.PullView{}, fmt.Errorf("look at %s#%d: %w", repo.FullName(), k.Number, unkind(err))
	}
	return l.viewForTemporal(), nil
}

// take does what the state of the pull request asks for.
func (l *lookAt) take(ctx context.Context) error {
	switch p := l.pull; {
	case p.Open:
		err := l.proposed(ctx)
		if !notYet(err) {
			return err
		}
		l.once(shortly)
		return l.closedToAll(ctx, err)
	case p.Merged:
		return l.merged(ctx)
	}
	return l.closed(ctx)
}

// unkind keeps an error from ending the look for good: only that the repository or the
// pull request cannot be reached does.
func unkind(err error) error {
	if kind := change.KindOf(err); kind == change.KindDenied || kind == change.KindNotFound {
		return change.Unavailable("%w", err)
	}
	return err
}

// person returns whom an account belongs to, by the installation's catalog.
func (c *Counter) person(login string) (change.Person, error) {
	return c.Catalog().PersonByLogin(login)
}
