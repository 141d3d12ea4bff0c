package github

import (
	"context"
	"fmt"

	gh "github.com/google/go-github/v60/github"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/proposal"
)

// Pulls returns the open pull requests, all of them.
func (c *Client) Pulls(ctx context.Context, r proposal.Repository) ([]proposal.Pull, error) {
	var found []*gh.PullRequest
	err := c.on(ctx, r, "list the pull requests", func(api *gh.Client) (err error) {
		found, err = pages(func(p gh.ListOptions) ([]*gh.PullRequest, *gh.Response, error) {
			return api.PullRequests.List(ctx, r.Owner, r.Name, &gh.PullRequestListOptions{State: "open", Sort: "created", Direction: "asc", ListOptions: p})
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	all := make([]proposal.Pull, 0, len(found))
	for _, p := range found {
		if err := belongs(p, r); err != nil {
			return nil, err
		}
		all = append(all, pullOf(p, r))
	}
	return all, nil
}

// Pull returns a pull request by its number.
func (c *Client) Pull(ctx context.Context, r proposal.Repository, number int) (proposal.Pull, error) {
	var found *gh.PullRequest
	err := c.on(ctx, r, fmt.Sprintf("read pull request #%d", number), func(api *gh.Client) (err error) {
		found, _, err = api.PullRequests.Get(ctx, r.Owner, r.Name, number)
		return err
	})
	if err == nil {
		err = belongs(found, r)
	}
	if err != nil {
		return proposal.Pull{}, err
	}
	return pullOf(found, r), nil
}

// PullsOf returns the numbers of the pull requests that a commit belongs to, open or not.
func (c *Client) PullsOf(ctx context.Context, r proposal.Repository, sha string) ([]int, error) {
	if !objectID(sha) {
		return nil, notAnID(sha)
	}
	var found []*gh.PullRequest
	err := c.on(ctx, r, "list the pull requests of "+sha, func(api *gh.Client) (err error) {
		found, err = pages(func(p gh.ListOptions) ([]*gh.PullRequest, *gh.Response, error) {
			return api.PullRequests.ListPullRequestsWithCommit(ctx, r.Owner, r.Name, sha, &p)
		})
		return err
	})
	var numbers []int
	for _, p := range found {
		if belongs(p, r) == nil {
			numbers = append(numbers, p.GetNumber())
		}
	}
	return numbers, err
}

// belongs says whether a pull request is one into the repository that was meant: once it
// is renamed, its old name can be given to another.
func belongs(p *gh.PullRequest, r proposal.Repository) error {
	if id := p.GetBase().GetRepo().GetID(); id != r.ID {
		return change.Conflict("%s is another repository now (%d, not %d)", r.FullName(), id, r.ID).WithHint("look the repository up by its number again")
	}
	return nil
}

func pullOf(p *gh.PullRequest, r proposal.Repository) proposal.Pull {
	// A list does not say merged, only when.
	merged := p.GetMerged() || p.MergedAt != nil
	pull := proposal.Pull{
		Repository: r, Number: p.GetNumber(), Title: p.GetTitle(), URL: p.GetHTMLURL(),
		Open: p.GetState() == "open", Draft: p.GetDraft(), Merged: merged,
		Author: userOf(p.GetUser()), Head: branchOf(p.GetHead()), Base: branchOf(p.GetBase()),
		UpdatedAt: p.GetUpdatedAt().Time,
	}
	if merged { // before, it is the commit that a merge was tried with
		pull.MergeCommit, pull.MergedBy = p.GetMergeCommitSHA(), userOf(p.GetMergedBy())
	}
	return pull
}

func branchOf(b *gh.PullRequestBranch) proposal.Branch {
	return proposal.Branch{Ref: b.GetRef(), SHA: b.GetSHA(), RepositoryID: b.GetRepo().GetID()}
}
