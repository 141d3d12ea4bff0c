package github

import (
	"context"
	"net/http"
	"net/url"

	gh "github.com/google/go-github/v60/github"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/proposal"
)

// activity is an entry of a repository's activity, which the library does not know.
//
// https://docs.github.com/rest/repos/repos#list-repository-activities
type activity struct {
	After string   `json:"after"`
	Ref   string   `json:"ref"`
	Actor *gh.User `json:"actor"`
}

// activityPages is how far back is looked, in pages.
const activityPages = 10

// Pusher returns who pushed the commit onto the branch, the last time that it
// became its head; NotFound says that GitHub does not show it (yet).
func (c *Client) Pusher(ctx context.Context, r proposal.Repository, branch, sha string) (proposal.User, error) {
	var found proposal.User
	err := c.on(ctx, r, "read who pushed "+sha, func(api *gh.Client) error {
		query := url.Values{"ref": {"refs/heads/" + branch}, "per_page": {"100"}}
		for range activityPages {
			all, resp, err := activities(ctx, api, repoPath(r)+"/activity?"+query.Encode())
			if err != nil {
				return err
			}
			for _, a := range all {
				if a.After == sha && a.Ref == query.Get("ref") && a.Actor.GetID() > 0 {
					found = userOf(a.Actor)
					return nil
				}
			}
			if resp.After == "" {
				break
			}
			query.Set("after", resp.After)
		}
		return change.NotFound("GitHub does not show who pushed %s onto %s of %s", sha, branch, r.FullName())
	})
	return found, err
}

func activities(ctx context.Context, api *gh.Client, path string) (all []activity, resp *gh.Response, err error) {
	req, err := api.NewRequest(http.MethodGet, path, nil)
	if err != nil {
		return nil, nil, err
	}
	resp, err = api.Do(ctx, req, &all)
	return all, resp, err
}
