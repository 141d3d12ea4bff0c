package github

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/url"

	gh "github.com/google/go-github/v60/github"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/proposal"
)

// maxDescription is the longest description of a deployment, in bytes.
const maxDescription = 140

// deployment is a deployment with the App that made it, which the library drops.
type deployment struct {
	ID          int64           `json:"id"`
	SHA         string          `json:"sha"`
	Task        string          `json:"task"`
	Environment string          `json:"environment"`
	Description string          `json:"description"`
	Production  bool            `json:"production_environment"`
	Payload     json.RawMessage `json:"payload"`
	Creator     *gh.User        `json:"creator"`
	Via         *via            `json:"performed_via_github_app"`
}

// Deployments returns the App's deployments of a commit, newest first.
func (c *Client) Deployments(ctx context.Context, r proposal.Repository, ref string) ([]proposal.Deployment, error) {
	var found []deployment
	err := c.on(ctx, r, "list the deployments of "+ref, func(api *gh.Client) (err error) {
		found, err = everyPage[deployment](ctx, api, repoPath(r)+"/deployments?sha="+url.QueryEscape(ref))
		return err
	})
	if err != nil {
		return nil, err
	}
	var all []proposal.Deployment
	for _, d := range found {
		if !c.isApp() || c.mine(d.Creator, d.Via) {
			all = append(all, deploymentOf(d))
		}
	}
	return all, nil
}

func deploymentOf(d deployment) proposal.Deployment {
	return proposal.Deployment{
		ID: d.ID, Ref: d.SHA, Task: d.Task, Environment: d.Environment, Description: d.Description,
		Production: d.Production, Payload: payloadOf(d.Payload),
	}
}

// payloadOf returns a payload as JSON without spaces: GitHub gives back an object, or a
// string that holds one.
func payloadOf(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil || b.String() == "{}" {
		return ""
	}
	return b.String()
}

// CreateDeployment creates a deployment of a commit and returns its ID. It merges
// nothing and waits for no check: whether it may be done was decided before.
func (c *Client) CreateDeployment(ctx context.Context, r proposal.Repository, d proposal.Deployment) (int64, error) {
	o := &gh.DeploymentRequest{
		Ref: gh.String(d.Ref), Task: some(d.Task), Environment: some(d.Environment), Description: some(cut(d.Description, maxDescription, "...")),
		AutoMerge: gh.Bool(false), RequiredContexts: &[]string{},
		TransientEnvironment: gh.Bool(false), ProductionEnvironment: gh.Bool(d.Production),
	}
	if d.Payload != "" {
		if !json.Valid([]byte(d.Payload)) {
			return 0, change.Invalid("the payload of a deployment must be JSON").At("payload")
		}
		o.Payload = json.RawMessage(d.Payload)
	}
	var made *gh.Deployment
	err := c.on(ctx, r, "create a deployment", func(api *gh.Client) (err error) {
		made, _, err = api.Repositories.CreateDeployment(ctx, r.Owner, r.Name, o)
		var accepted *gh.AcceptedError
		if errors.As(err, &accepted) { // it merged instead, though it was told not to
			return change.Conflict("GitHub made no deployment of %s", d.Ref)
		}
		return err
	})
	return made.GetID(), err
}

// SetDeploymentStatus adds a status; those of other deployments stay as they are.
func (c *Client) SetDeploymentStatus(ctx context.Context, r proposal.Repository, id int64, s proposal.DeploymentStatus) error {
	o := &gh.DeploymentStatusRequest{
		State: gh.String(s.State), Description: some(cut(s.Description, maxDescription, "...")),
		LogURL: some(s.LogURL), AutoInactive: gh.Bool(false),
	}
	return c.on(ctx, r, "set the status of a deployment", func(api *gh.Client) error {
		_, _, err := api.Repositories.CreateDeploymentStatus(ctx, r.Owner, r.Name, id, o)
		return err
	})
}
