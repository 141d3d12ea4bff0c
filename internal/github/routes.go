package github

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	gh "github.com/google/go-github/v60/github"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/proposal"
)

// route is a repository and whether the installation that reaches it rests.
type route struct {
	repo      proposal.Repository
	suspended bool
}

const serveIt = "install the GitHub App in it and name it in the configuration"

// Repositories returns those that the App is installed in and that the configuration
// serves, by name; those of suspended installations are left out. It asks GitHub
// anew each time; an installation that does not answer is taken as it was before.
func (c *Client) Repositories(ctx context.Context) ([]proposal.Repository, error) {
	if !c.isApp() {
		return c.own(ctx)
	}
	if err := c.refresh(ctx, c.seen()); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []proposal.Repository
	for _, r := range c.routes {
		if !r.suspended {
			found = append(found, r.repo)
		}
	}
	slices.SortFunc(found, func(a, b proposal.Repository) int { return strings.Compare(a.FullName(), b.FullName()) })
	return found, nil
}

// Repository returns one by its ID, as it is now. Denied says that it is not served,
// Conflict that the installation is suspended.
func (c *Client) Repository(ctx context.Context, id int64) (proposal.Repository, error) {
	var got *gh.Repository
	r, err := c.reach(ctx, proposal.Repository{ID: id}, fmt.Sprintf("read repository %d", id), func(api *gh.Client, _ proposal.Repository) (err error) {
		got, _, err = api.Repositories.GetByID(ctx, id)
		return err
	})
	if err != nil && r.Installation != 0 {
		err = c.confirm(ctx, id, err)
	}
	if err != nil {
		return proposal.Repository{}, err
	}
	repo := repositoryOf(got, r.Installation)
	if repo.ID != id || !c.serves(repo.FullName()) {
		return proposal.Repository{}, change.Denied("repository %s is not served", repo.FullName()).WithHint(serveIt)
	}
	return repo, nil
}

// confirm looks whether a refusal of what was known comes from an installation that
// changed meanwhile.
func (c *Client) confirm(ctx context.Context, id int64, err error) error {
	kind := change.KindOf(err)
	if kind != change.KindNotFound && kind != change.KindDenied {
		return err
	}
	if e := c.refresh(ctx, c.seen()); e != nil {
		return err
	}
	if _, e := c.route(id); e != nil {
		return e
	}
	return err
}

// find returns where a repository is reached. What is not known, or rests, is asked for
// once more.
func (c *Client) find(ctx context.Context, id int64) (route, error) {
	seen := c.seen()
	r, err := c.route(id)
	if err == nil {
		return r, nil
	}
	if err := c.refresh(ctx, seen); err != nil {
		return route{}, err
	}
	return c.route(id)
}

func (c *Client) route(id int64) (route, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, ok := c.routes[id]
	switch {
	case ok && r.suspended:
		return route{}, suspended(r.repo.Owner)
	case ok:
		return r, nil
	case len(c.paused) > 0:
		return route{}, suspended(strings.Join(slices.Sorted(maps.Values(c.paused)), ", "))
	}
	return route{}, change.Denied("repository %d is not served", id).WithHint(serveIt)
}

func suspended(account string) error {
	return change.Conflict("the installation of the GitHub App in %s is suspended", account).WithHint("let an owner there unsuspend it")
}

func (c *Client) seen() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.begun
}

func repositoryOf(r *gh.Repository, installation int64) proposal.Repository {
	return proposal.Repository{
		ID: r.GetID(), Owner: r.GetOwner().GetLogin(), Name: r.GetName(), DefaultBranch: r.GetDefaultBranch(),
		Private: r.GetPrivate(), URL: r.GetHTMLURL(), Installation: installation,
	}
}

func sameName(a, b string) bool { return strings.EqualFold(a, b) }
