package github

import (
	"context"
	"fmt"
	"strings"

	gh "github.com/google/go-github/v60/github"

	"github.com/changectl/changectl/internal/proposal"
)

// Reviews returns all reviews of a pull request, oldest first. Their states are in
// upper case, whatever case GitHub writes them in.
func (c *Client) Reviews(ctx context.Context, r proposal.Repository, number int) ([]proposal.Review, error) {
	var found []*gh.PullRequestReview
	err := c.on(ctx, r, fmt.Sprintf("list the reviews of #%d", number), func(api *gh.Client) (err error) {
		found, err = pages(func(p gh.ListOptions) ([]*gh.PullRequestReview, *gh.Response, error) {
			return api.PullRequests.ListReviews(ctx, r.Owner, r.Name, number, &p)
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return each(found, reviewOf), nil
}

func reviewOf(v *gh.PullRequestReview) proposal.Review {
	return proposal.Review{
		ID: v.GetID(), User: userOf(v.GetUser()), State: strings.ToUpper(v.GetState()),
		Commit: v.GetCommitID(), SubmittedAt: v.GetSubmittedAt().Time, URL: v.GetHTMLURL(),
	}
}
