package pullrequest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/proposal"
)

// Journal is what the dispatcher asks of the ledger.
type Journal interface {
	Accept(ctx context.Context, d change.Delivery) (fresh bool, err error)
	Accepted(ctx context.Context, limit int) ([]change.Delivery, error)
	Handled(ctx context.Context, list []change.Delivery) error
	Pull(ctx context.Context, k change.PullKey) (change.PullState, error)
	Pulls(ctx context.Context, repository int64) ([]change.PullState, error)
	PinsIn(ctx context.Context, repository int64) ([]change.Pin, error)
	Untold(ctx context.Context) ([]change.PullKey, error)
}

// Dispatcher tells the workflows of pull requests that something may be new: what
// webhooks say, what moved in the ledger, and what a comparison with GitHub shows.
type Dispatcher struct {
	Forge   Forge
	Journal Journal
	// Poke tells the workflow of one pull request.
	Poke func(ctx context.Context, k change.PullKey, summary string) error
	// Every is how often everything is compared with GitHub.
	Every time.Duration
	Clock func() time.Time
	Log   *logrus.Entry

	news chan struct{}
	// due asks for a comparison before it is time for one.
	due chan struct{}
	// listed is when the deliveries were listed last, to the end.
	listed time.Time
}

// NewDispatcher completes d.
func NewDispatcher(d Dispatcher) *Dispatcher {
	d.news, d.due = make(chan struct{}, 1), make(chan struct{}, 1)
	return &d
}

// Accept keeps a delivery, so that it is not lost from then on.
func (d *Dispatcher) Accept(ctx context.Context, delivery change.Delivery) error {
	fresh, err := d.Journal.Accept(ctx, delivery)
	if err != nil || !fresh {
		return err
	}
	ring(d.news)
	return nil
}

// ring asks for something, unless it is asked for already.
func ring(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}

// Run tells whom there is something to tell, until ctx ends.
func (d *Dispatcher) Run(ctx context.Context) {
	go d.keepComparing(ctx)
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.news:
			d.complain(ctx, "deliveries", d.deliver(ctx))
		case <-tick.C:
			d.complain(ctx, "deliveries", d.deliver(ctx))
			d.complain(ctx, "changes", d.tellMoved(ctx))
		}
	}
}

// after is how long after a comparison that did not succeed the next one is tried.
const after = 10 * time.Second

// keepComparing compares at the start, in its time, and when it is asked for. It takes
// as long as GitHub takes: deliveries do not wait for it.
func (d *Dispatcher) keepComparing(ctx context.Context) {
	for {
		err := d.Reconcile(ctx)
		d.complain(ctx, "compare", err)
		next := d.Every
		if err != nil {
			next = min(after, next)
		}
		wait := time.NewTimer(next)
		select {
		case <-ctx.Done():
		case <-d.due:
		case <-wait.C:
		}
		wait.Stop()
		if ctx.Err() != nil {
			return
		}
	}
}

func (d *Dispatcher) complain(ctx context.Context, what string, err error) {
	if err != nil && ctx.Err() == nil {
		d.Log.WithField("what", what).WithError(err).Warn("pull requests were not all told; trying again")
	}
}

// batch is how many deliveries are told of at a time.
const batch = 500

// deliver pokes, once each, those whom accepted deliveries concern.
func (d *Dispatcher) deliver(ctx context.Context) error {
	for {
		list, err := d.Journal.Accepted(ctx, batch)
		if err != nil || len(list) == 0 {
			return err
		}
		told := map[change.PullKey]bool{}
		for _, one := range list {
			keys, err := d.concerned(ctx, one)
			if err != nil {
				return err
			}
			for _, k := range keys {
				if told[k] {
					continue
				}
				told[k] = true
				if err := d.Poke(ctx, k, summary(one.Name, k)); err != nil {
					return err
				}
			}
		}
		if err := d.Journal.Handled(ctx, list); err != nil {
			return err
		}
	}
}

// summary is how a workflow is called in Temporal's UI.
func summary(repository string, k change.PullKey) string {
	if repository == "" || k.Number == 0 {
		return repository
	}
	return fmt.Sprintf("%s#%d", repository, k.Number)
}

// concerned returns who has to look after a delivery.
func (d *Dispatcher) concerned(ctx context.Context, one change.Delivery) ([]change.PullKey, error) {
	if one.RepositoryID == 0 {
		// What happened while it was suspended, or before it was there, no delivery tells. Those
		// that wait are looked after at once.
		ring(d.due)
		return d.waiting(ctx)
	}
	var keys []change.PullKey
	for _, n := range one.Pulls {
		keys = append(keys, change.PullKey{RepositoryID: one.RepositoryID, Number: n})
	}
	if one.Event != "push" {
		return keys, nil
	}
	keys = append(keys, change.PullKey{RepositoryID: one.RepositoryID})
	own, err := d.Journal.Pull(ctx, keys[len(keys)-1])
	if err != nil || strings.HasPrefix(own.Base, one.Branch+"@") {
		return keys, err // the repository's own look tells whom its default branch concerns
	}
	return d.on(ctx, keys, one)
}

// on adds the pull requests onto the branch that was pushed.
func (d *Dispatcher) on(ctx context.Context, keys []change.PullKey, one change.Delivery) ([]change.PullKey, error) {
	known, err := d.Journal.Pulls(ctx, one.RepositoryID)
	for _, p := range known {
		if p.Open && strings.HasPrefix(p.Base, one.Branch+"@") {
			keys = append(keys, p.PullKey)
		}
	}
	return keys, err
}

// repositories returns all that are served, and those of which changes wait.
func (d *Dispatcher) repositories(ctx context.Context) ([]change.PullKey, error) {
	keys, err := d.waiting(ctx)
	if err != nil {
		return nil, err
	}
	served, err := d.Forge.Repositories(ctx)
	for _, r := range served {
		if k := (change.PullKey{RepositoryID: r.ID}); !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	return keys, err
}

// waiting returns the repositories of which changes wait.
func (d *Dispatcher) waiting(ctx context.Context) ([]change.PullKey, error) {
	pins, err := d.Journal.PinsIn(ctx, 0)
	var keys []change.PullKey
	for _, p := range pins {
		if k := (change.PullKey{RepositoryID: p.RepositoryID}); !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	return keys, err
}

// tellMoved pokes the pull requests of which a change has moved.
func (d *Dispatcher) tellMoved(ctx context.Context) error {
	keys, err := d.Journal.Untold(ctx)
	if err != nil {
		return err
	}
	for _, k := range keys {
		if err := d.Poke(ctx, k, ""); err != nil {
			return err
		}
	}
	return nil
}

// Reconcile compares what is known with what GitHub shows, has looked at what differs,
// and has failed deliveries sent again.
func (d *Dispatcher) Reconcile(ctx context.Context) error {
	var problems []error
	keys, err := d.repositories(ctx)
	problems = append(problems, err)
	for _, k := range keys {
		problems = append(problems, d.Poke(ctx, k, ""))
		repo, err := d.Forge.Repository(ctx, k.RepositoryID)
		if kind := change.KindOf(err); kind == change.KindDenied || kind == change.KindNotFound || kind == change.KindConflict {
			continue // its own look says why
		}
		if err == nil {
			err = d.compare(ctx, repo)
		}
		problems = append(problems, err)
	}
	return errors.Join(append(problems, d.redeliver(ctx))...)
}

func (d *Dispatcher) compare(ctx context.Context, repo proposal.Repository) error {
	open, err := d.Forge.Pulls(ctx, repo)
	if err != nil {
		return err
	}
	list, err := d.Journal.Pulls(ctx, repo.ID)
	if err != nil {
		return err
	}
	known := map[int]change.PullState{}
	for _, s := range list {
		known[s.Number] = s
	}
	for _, p := range open {
		s, seen := known[p.Number]
		delete(known, p.Number)
		branch, _, _ := strings.Cut(s.Base, "@")
		if seen && s.Head == p.Head.SHA && branch == p.Base.Ref && s.UpdatedAt.Equal(p.UpdatedAt) {
			continue
		}
		if err := d.Poke(ctx, change.PullKey{RepositoryID: repo.ID, Number: p.Number}, summary(repo.FullName(), change.PullKey{Number: p.Number})); err != nil {
			return err
		}
	}
	for _, s := range known {
		if !s.Open {
			continue // it was seen closed
		}
		if err := d.Poke(ctx, s.PullKey, ""); err != nil {
			return err
		}
	}
	return nil
}

// longest is how far back GitHub sends deliveries again, and overlap how far back they
// are listed once all were: one that is sent again is listed as a new one.
const (
	longest = 3 * 24 * time.Hour
	overlap = time.Hour
)

// redeliver has deliveries sent again that never succeeded.
func (d *Dispatcher) redeliver(ctx context.Context) error {
	now := d.Clock()
	since := now.Add(-longest)
	if known := d.listed.Add(-overlap); known.After(since) {
		since = known
	}
	list, err := d.Forge.Deliveries(ctx, since)
	if err != nil {
		return err
	}
	succeeded, asked := map[string]bool{}, map[string]bool{}
	for _, one := range list {
		if one.Status >= 200 && one.Status < 300 {
			succeeded[one.GUID] = true
		}
	}
	for _, one := range list {
		if succeeded[one.GUID] || asked[one.GUID] {
			continue
		}
		asked[one.GUID] = true
		if err := d.Forge.Redeliver(ctx, one.ID); err != nil {
			return fmt.Errorf("have delivery %s sent again: %w", one.GUID, err)
		}
	}
	d.listed = now
	return nil
}
