package github

import (
	"context"

	gh "github.com/google/go-github/v60/github"

	"github.com/changectl/changectl/internal/change"
)

// estate is what the App is installed in.
type estate struct {
	slug   string
	routes map[int64]route
	paused map[int64]string
}

// refresh asks which installations there are and what they reach. Who waited while
// another asked takes that answer, if it was asked for after the caller looked: seen is
// the round that had begun then.
func (c *Client) refresh(ctx context.Context, seen int) error {
	const what = "list the installations of the GitHub App"
	if err := lock(ctx, c.refreshing); err != nil {
		return explain(ctx, what, err)
	}
	defer func() { <-c.refreshing }()
	if !c.begin(seen) {
		return nil
	}
	self := c.access.self(c)
	found, err := pages(func(p gh.ListOptions) ([]*gh.Installation, *gh.Response, error) {
		return self.api.Apps.ListInstallations(ctx, &p)
	})
	if err != nil {
		return explain(ctx, what, err)
	}
	e := estate{routes: map[int64]route{}, paused: map[int64]string{}}
	for _, i := range found {
		if err := c.survey(ctx, i, &e); err != nil {
			return err
		}
	}
	c.settle(e)
	return nil
}

// survey adds an installation. One that was suspended or removed in this moment is
// as if it had been before; one that is limited, and known, stays as it was.
func (c *Client) survey(ctx context.Context, i *gh.Installation, e *estate) error {
	id, account := i.GetID(), i.GetAccount().GetLogin()
	e.slug = i.GetAppSlug()
	if !c.concerns(id, account) {
		return nil
	}
	var err error
	if i.GetSuspendedAt().IsZero() {
		err = c.list(ctx, id, e)
	} else {
		err = suspended(account)
	}
	log := c.o.Log.WithField("installation", id).WithError(err)
	switch change.KindOf(err) { //nolint:exhaustive // all others are errors
	case change.KindConflict:
		e.paused[id] = account
		c.carry(id, true, e)
		return nil
	case change.KindDenied, change.KindNotFound:
		log.Warn("installation left out")
		return nil
	case change.KindUnavailable:
		if c.carry(id, false, e) {
			log.Warn("installation taken as it was before")
			return nil
		}
	}
	return err
}

func (c *Client) list(ctx context.Context, id int64, e *estate) error {
	conn := c.access.installation(c, id)
	found, err := pages(func(p gh.ListOptions) ([]*gh.Repository, *gh.Response, error) {
		l, resp, err := conn.api.Apps.ListRepos(ctx, &p)
		if err != nil {
			return nil, resp, err
		}
		return l.Repositories, resp, nil
	})
	if err != nil {
		return explain(ctx, "list the repositories of an installation", err)
	}
	for _, r := range found {
		if c.serves(r.GetFullName()) {
			e.routes[r.GetID()] = route{repo: repositoryOf(r, id)}
		}
	}
	return nil
}

// carry takes over what was known of an installation, and reports whether anything was:
// one that does not answer must not stop the others.
func (c *Client) carry(id int64, suspended bool, e *estate) (known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for repo, r := range c.routes {
		if r.repo.Installation == id {
			r.suspended, known = suspended, true
			e.routes[repo] = r
		}
	}
	return known
}

// settle takes over what was found. Connections to what is gone are dropped with
// their tokens.
func (c *Client) settle(e estate) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id := range c.conns {
		if now, ok := e.routes[id]; !ok || now.suspended || now.repo.Installation != c.routes[id].repo.Installation {
			delete(c.conns, id)
		}
	}
	c.routes, c.paused, c.slug = e.routes, e.paused, e.slug
	c.settled = c.begun
}

// begin opens a round unless one that began after the caller looked is through.
func (c *Client) begin(seen int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.settled > seen {
		return false
	}
	c.begun++
	return true
}
