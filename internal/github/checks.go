package github

import (
	"context"

	gh "github.com/google/go-github/v60/github"

	"github.com/changectl/changectl/internal/proposal"
)

// maxOutput is how long a summary and a text of a check may be, in bytes: GitHub
// says characters.
const maxOutput = 65535

// Checks returns the App's own check runs on a commit, the newest of each name.
func (c *Client) Checks(ctx context.Context, r proposal.Repository, sha string) ([]proposal.Check, error) {
	if !objectID(sha) {
		return nil, notAnID(sha)
	}
	o := gh.ListCheckRunsOptions{Filter: gh.String("latest")}
	if a, ok := c.access.(app); ok {
		o.AppID = gh.Int64(a.id)
	}
	var found []*gh.CheckRun
	err := c.on(ctx, r, "list the checks of "+sha, func(api *gh.Client) (err error) {
		found, err = pages(func(p gh.ListOptions) ([]*gh.CheckRun, *gh.Response, error) {
			o.ListOptions = p
			got, resp, err := api.Checks.ListCheckRunsForRef(ctx, r.Owner, r.Name, sha, &o)
			if err != nil {
				return nil, resp, err
			}
			return got.CheckRuns, resp, nil
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return each(newest(found), checkOf), nil
}

// newest returns the last run of each name of each App: GitHub's own filter gives
// one for each suite.
func newest(runs []*gh.CheckRun) []*gh.CheckRun {
	type name struct {
		app int64
		run string
	}
	at := map[name]int{}
	var all []*gh.CheckRun
	for _, run := range runs {
		n := name{run.GetApp().GetID(), run.GetName()}
		i, ok := at[n]
		switch {
		case !ok:
			at[n] = len(all)
			all = append(all, run)
		case run.GetID() > all[i].GetID():
			all[i] = run
		}
	}
	return all
}

func checkOf(run *gh.CheckRun) proposal.Check {
	c := proposal.Check{
		ID: run.GetID(), Name: run.GetName(), Head: run.GetHeadSHA(), Title: run.GetOutput().GetTitle(),
		Summary: run.GetOutput().GetSummary(), Text: run.GetOutput().GetText(),
		DetailsURL: run.GetDetailsURL(), ExternalID: run.GetExternalID(),
	}
	if run.GetStatus() == "completed" {
		c.Conclusion = run.GetConclusion()
	}
	return c
}

// PutCheck creates a check run, or alters the one with k.ID, and returns its ID, with
// an error too where the run is there but some of its annotations are not: put
// it again with that ID. Annotations that a run has already are not repeated; GitHub
// lets none be taken away, so where some no longer hold, make a new run.
func (c *Client) PutCheck(ctx context.Context, r proposal.Repository, k proposal.Check) (int64, error) {
	notes := each(k.Annotations, annotationOf)
	if k.ID != 0 && len(notes) > 0 {
		has, err := c.annotations(ctx, r, k.ID)
		if err != nil {
			return k.ID, err
		}
		notes = without(notes, has)
	}
	first, rest := split(notes)
	id, err := k.ID, error(nil)
	if id == 0 {
		id, err = c.createCheck(ctx, r, k, first)
	} else {
		err = c.updateCheck(ctx, r, k, first)
	}
	for k.ID = id; err == nil && len(rest) > 0; {
		first, rest = split(rest)
		err = c.updateCheck(ctx, r, k, first)
	}
	return id, err
}

func (c *Client) createCheck(ctx context.Context, r proposal.Repository, k proposal.Check, notes []*gh.CheckRunAnnotation) (int64, error) {
	status, conclusion := standing(k)
	o := gh.CreateCheckRunOptions{
		Name: k.Name, HeadSHA: k.Head, DetailsURL: some(k.DetailsURL), ExternalID: some(k.ExternalID),
		Status: status, Conclusion: conclusion, Output: outputOf(k, notes),
	}
	var run *gh.CheckRun
	err := c.on(ctx, r, "create check "+k.Name, func(api *gh.Client) (err error) {
		run, _, err = api.Checks.CreateCheckRun(ctx, r.Owner, r.Name, o)
		return err
	})
	return run.GetID(), err
}

func (c *Client) updateCheck(ctx context.Context, r proposal.Repository, k proposal.Check, notes []*gh.CheckRunAnnotation) error {
	status, conclusion := standing(k)
	o := gh.UpdateCheckRunOptions{
		Name: k.Name, DetailsURL: some(k.DetailsURL), ExternalID: some(k.ExternalID),
		Status: status, Conclusion: conclusion, Output: outputOf(k, notes),
	}
	return c.on(ctx, r, "alter check "+k.Name, func(api *gh.Client) error {
		_, _, err := api.Checks.UpdateCheckRun(ctx, r.Owner, r.Name, k.ID, o)
		return err
	})
}

func standing(k proposal.Check) (status, conclusion *string) {
	if k.Conclusion == "" {
		return gh.String("in_progress"), nil
	}
	return gh.String("completed"), gh.String(k.Conclusion)
}

func outputOf(k proposal.Check, notes []*gh.CheckRunAnnotation) *gh.CheckRunOutput {
	return &gh.CheckRunOutput{
		Title: gh.String(k.Title), Summary: gh.String(cut(k.Summary, maxOutput, leftOff)),
		Text: some(cut(k.Text, maxOutput, leftOff)), Annotations: notes,
	}
}

// some returns nil for the empty text: what is not given is not sent.
func some(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
