package github

import (
	"context"
	"net/http"
	"net/url"

	gh "github.com/google/go-github/v60/github"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/proposal"
)

// Branch returns the commit that a branch points at. A branch that was renamed is
// NotFound, though GitHub leads on to the new one.
func (c *Client) Branch(ctx context.Context, r proposal.Repository, name string) (proposal.Commit, error) {
	var branch gh.Branch
	err := c.on(ctx, r, "read branch "+name, func(api *gh.Client) error {
		req, err := api.NewRequest(http.MethodGet, repoPath(r)+"/branches/"+url.PathEscape(name), nil)
		if err != nil {
			return err
		}
		_, err = api.Do(ctx, req, &branch)
		return err
	})
	if err != nil {
		return proposal.Commit{}, err
	}
	if branch.GetName() != name {
		return proposal.Commit{}, change.NotFound("branch %s of %s is named %s now", name, r.FullName(), branch.GetName())
	}
	return commitOf(branch.GetCommit()), nil
}

// Commit returns a commit by its full ID.
func (c *Client) Commit(ctx context.Context, r proposal.Repository, sha string) (proposal.Commit, error) {
	if !objectID(sha) {
		return proposal.Commit{}, notAnID(sha)
	}
	var got *gh.RepositoryCommit
	err := c.on(ctx, r, "read commit "+sha, func(api *gh.Client) (err error) {
		// One of its files a page: they are not of interest.
		got, _, err = api.Repositories.GetCommit(ctx, r.Owner, r.Name, sha, &gh.ListOptions{PerPage: 1})
		return err
	})
	if err != nil {
		return proposal.Commit{}, err
	}
	if got.GetSHA() != sha {
		return proposal.Commit{}, change.NotFound("commit %s is not in %s", sha, r.FullName())
	}
	return commitOf(got), nil
}

// maxCommits is how many commits of a comparison are read; its Total counts all.
const maxCommits = 1000

// Compare returns how a head stands to a base, both full IDs, with the first 1000
// commits between them, oldest first.
func (c *Client) Compare(ctx context.Context, r proposal.Repository, base, head string) (proposal.Comparison, error) {
	for _, sha := range []string{base, head} {
		if !objectID(sha) {
			return proposal.Comparison{}, notAnID(sha)
		}
	}
	var found proposal.Comparison
	err := c.on(ctx, r, "compare "+base+" with "+head, func(api *gh.Client) (err error) {
		found, err = compare(ctx, api, r, base, head)
		return err
	})
	return found, err
}

func compare(ctx context.Context, api *gh.Client, r proposal.Repository, base, head string) (found proposal.Comparison, err error) {
	commits, err := pages(func(p gh.ListOptions) ([]*gh.RepositoryCommit, *gh.Response, error) {
		got, resp, err := api.Repositories.CompareCommits(ctx, r.Owner, r.Name, base, head, &p)
		if err != nil {
			return nil, resp, err
		}
		found.Status, found.MergeBase, found.Total = got.GetStatus(), got.GetMergeBaseCommit().GetSHA(), got.GetTotalCommits()
		if p.Page*perPage >= maxCommits {
			resp.NextPage = 0
		}
		return got.Commits, resp, nil
	})
	found.Commits = each(commits, commitOf)
	return found, err
}

func commitOf(c *gh.RepositoryCommit) proposal.Commit {
	if c == nil {
		return proposal.Commit{}
	}
	found := proposal.Commit{
		SHA: c.GetSHA(), Tree: c.GetCommit().GetTree().GetSHA(),
		Author: userOf(c.GetAuthor()), Committer: userOf(c.GetCommitter()),
	}
	for _, p := range c.Parents {
		found.Parents = append(found.Parents, p.GetSHA())
	}
	return found
}

// userOf translates an account; one that is gone is the zero User.
func userOf(u *gh.User) proposal.User {
	return proposal.User{ID: u.GetID(), Login: u.GetLogin(), Type: u.GetType()}
}

// repoPath returns the path of a repository, without a slash at its ends.
func repoPath(r proposal.Repository) string {
	return "repos/" + url.PathEscape(r.Owner) + "/" + url.PathEscape(r.Name)
}
