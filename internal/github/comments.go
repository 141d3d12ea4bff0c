package github

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	gh "github.com/google/go-github/v60/github"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/proposal"
)

// maxComment is how long a comment may be, in bytes: GitHub says characters.
const maxComment = 65535

// comment is a comment with the App through which it was made, which the library drops.
type comment struct {
	ID        int64     `json:"id"`
	User      *gh.User  `json:"user"`
	Via       *via      `json:"performed_via_github_app"`
	Body      string    `json:"body"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	URL       string    `json:"html_url"`
}

// via is the App through which something was made.
type via struct {
	ID   int64  `json:"id"`
	Slug string `json:"slug"`
}

// Comments returns all comments on the conversation of a pull request, oldest first.
func (c *Client) Comments(ctx context.Context, r proposal.Repository, number int) ([]proposal.Comment, error) {
	var found []comment
	err := c.on(ctx, r, fmt.Sprintf("list the comments of #%d", number), func(api *gh.Client) (err error) {
		found, err = everyPage[comment](ctx, api, fmt.Sprintf("%s/issues/%d/comments", repoPath(r), number))
		return err
	})
	if err != nil {
		return nil, err
	}
	return each(found, c.commentOf), nil
}

// everyPage reads all pages of what the library does not know well enough.
func everyPage[T any](ctx context.Context, api *gh.Client, path string) ([]T, error) {
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	return pages(func(p gh.ListOptions) (all []T, resp *gh.Response, err error) {
		req, err := api.NewRequest(http.MethodGet, fmt.Sprintf("%s%spage=%d&per_page=%d", path, sep, p.Page, p.PerPage), nil)
		if err != nil {
			return nil, nil, err
		}
		resp, err = api.Do(ctx, req, &all)
		return all, resp, err
	})
}

func (c *Client) commentOf(m comment) proposal.Comment {
	found := proposal.Comment{
		ID: m.ID, User: userOf(m.User), Body: m.Body, Mine: c.mine(m.User, m.Via),
		CreatedAt: m.CreatedAt, UpdatedAt: m.UpdatedAt, URL: m.URL,
	}
	if m.Via != nil {
		found.App = m.Via.Slug
	}
	return found
}

// mine reports whether our own App made something. No person's login has brackets.
func (c *Client) mine(u *gh.User, v *via) bool {
	a, ok := c.access.(app)
	if !ok {
		return false
	}
	if v != nil {
		return v.ID == a.id
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.slug != "" && strings.EqualFold(u.GetLogin(), c.slug+"[bot]")
}

// PutComment creates a comment, or replaces the body of the one with the id, and
// returns its ID. A body that is too long is cut.
func (c *Client) PutComment(ctx context.Context, r proposal.Repository, number int, id int64, body string) (int64, error) {
	text := &gh.IssueComment{Body: gh.String(cut(body, maxComment, leftOff))}
	var put *gh.IssueComment
	err := c.on(ctx, r, fmt.Sprintf("comment on #%d", number), func(api *gh.Client) (err error) {
		if id != 0 {
			put, _, err = api.Issues.EditComment(ctx, r.Owner, r.Name, id, text)
			return err
		}
		put, _, err = api.Issues.CreateComment(ctx, r.Owner, r.Name, number, text)
		return err
	})
	return put.GetID(), err
}

// reactions are those that are ever given.
var reactions = []string{"+1", "-1", "eyes", "rocket", "confused"}

// React puts a reaction (+1, -1, eyes, rocket, confused) to a comment; one that is
// there already stays the only one.
func (c *Client) React(ctx context.Context, r proposal.Repository, comment int64, content string) error {
	if !slices.Contains(reactions, content) {
		return change.Invalid("%q is not a reaction: %s", content, strings.Join(reactions, ", "))
	}
	return c.on(ctx, r, "react to a comment", func(api *gh.Client) error {
		_, _, err := api.Reactions.CreateIssueCommentReaction(ctx, r.Owner, r.Name, comment, content)
		return err
	})
}
