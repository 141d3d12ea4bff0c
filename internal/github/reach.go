package github

import (
	"context"

	gh "github.com/google/go-github/v60/github"

	"github.com/changectl/changectl/internal/proposal"
)

// call is one request to a repository, or one list of it.
type call func(api *gh.Client, r proposal.Repository) error

// reach makes a call with the repository's token and explains its error. A token that
// GitHub does not take any more, though it has not expired, is replaced once: such
// a request was not carried out, so that it can be repeated.
func (c *Client) reach(ctx context.Context, r proposal.Repository, what string, do call) (proposal.Repository, error) {
	conn, r, err := c.connect(ctx, r)
	if err != nil {
		return r, err
	}
	err = do(conn.api, r)
	if unauthorized(err) && c.isApp() {
		c.drop(r.ID, conn)
		if conn, r, err = c.connect(ctx, r); err == nil {
			err = do(conn.api, r)
		}
	}
	if r.Name != "" {
		what += " of " + r.FullName()
	}
	return r, explain(ctx, what, err)
}

// on is reach for those who know the repository.
func (c *Client) on(ctx context.Context, r proposal.Repository, what string, do func(api *gh.Client) error) error {
	_, err := c.reach(ctx, r, what, func(api *gh.Client, _ proposal.Repository) error { return do(api) })
	return err
}

// connect returns the connection to a repository. Only its ID decides which one: the
// token then reaches nothing else, whatever name the caller goes on to use.
func (c *Client) connect(ctx context.Context, r proposal.Repository) (*connection, proposal.Repository, error) {
	if !c.isApp() {
		return c.access.repository(c, route{repo: r}), r, nil
	}
	at, err := c.find(ctx, r.ID)
	if err != nil {
		return nil, r, err
	}
	r.Installation = at.repo.Installation
	c.mu.Lock()
	conn, ok := c.conns[r.ID]
	c.mu.Unlock()
	if ok {
		return conn, r, nil
	}
	return c.keep(at, c.access.repository(c, at)), r, nil
}

// keep remembers a connection unless another was quicker.
func (c *Client) keep(at route, conn *connection) *connection {
	c.mu.Lock()
	defer c.mu.Unlock()
	if had, ok := c.conns[at.repo.ID]; ok {
		return had
	}
	c.conns[at.repo.ID] = conn
	return conn
}

func (c *Client) drop(id int64, conn *connection) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conns[id] == conn {
		delete(c.conns, id)
	}
}
