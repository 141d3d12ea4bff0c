package github

import (
	"context"
	"errors"
	"net/http"

	gh "github.com/google/go-github/v60/github"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/proposal"
)

// WithToken returns a client for a person who has a token and not the App. It reads
// the same; every check run and deployment is shown, for nobody says which App is
// meant, and no comment is Mine. Deliveries are Denied. An empty base URL is
// DefaultBaseURL.
func WithToken(baseURL, token string) (*Client, error) {
	if token == "" {
		return nil, errors.New("a token for GitHub is needed")
	}
	c, err := newClient(Options{BaseURL: baseURL})
	if err != nil {
		return nil, err
	}
	c.access = person(token)
	return c, nil
}

// person authenticates with a token of its own everywhere.
type person string

func (p person) self(c *Client) *connection { return c.connection(bearer{c.gate(0), string(p)}) }

func (p person) installation(c *Client, _ int64) *connection { return p.self(c) }

func (p person) repository(c *Client, _ route) *connection { return p.self(c) }

type bearer struct {
	next  http.RoundTripper
	token string
}

// RoundTrip sends the request with the token.
func (b bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+b.token)
	return b.next.RoundTrip(req)
}

// isApp reports whether the client is the App itself.
func (c *Client) isApp() bool {
	_, ok := c.access.(app)
	return ok
}

// own returns the repositories that a person has access to.
func (c *Client) own(ctx context.Context) ([]proposal.Repository, error) {
	const what = "list your repositories"
	conn := c.access.self(c)
	found, err := pages(func(p gh.ListOptions) ([]*gh.Repository, *gh.Response, error) {
		return conn.api.Repositories.ListByAuthenticatedUser(ctx, &gh.RepositoryListByAuthenticatedUserOptions{ListOptions: p})
	})
	if err != nil {
		return nil, explain(ctx, what, err)
	}
	return each(found, func(r *gh.Repository) proposal.Repository { return repositoryOf(r, 0) }), nil
}

// Find returns a repository by its name. Denied says that it is not served, NotFound
// that a person does not see it.
func (c *Client) Find(ctx context.Context, owner, name string) (proposal.Repository, error) {
	if !c.isApp() {
		r, _, err := c.access.self(c).api.Repositories.Get(ctx, owner, name)
		return repositoryOf(r, 0), explain(ctx, "read repository "+owner+"/"+name, err)
	}
	all, err := c.Repositories(ctx)
	if err != nil {
		return proposal.Repository{}, err
	}
	for _, r := range all {
		if sameName(r.FullName(), owner+"/"+name) {
			return r, nil
		}
	}
	return proposal.Repository{}, change.Denied("repository %s/%s is not served", owner, name).WithHint(serveIt)
}
