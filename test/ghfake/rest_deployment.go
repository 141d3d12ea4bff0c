package ghfake

import (
	"net/http"
	"slices"
)

// listDeployments lists the newest first.
func (s *Server) listDeployments(c *call) (any, error) {
	is := func(name, value string) bool { return c.query(name) == "" || c.query(name) == value }
	var found []*deployment
	for _, d := range slices.Backward(c.repo.deployments) {
		if !is("ref", d.Ref) || !is("sha", d.SHA) || !is("task", d.Task) || !is("environment", d.Environment) {
			continue
		}
		if _, ok := d.shown.look(s.now()); ok {
			found = append(found, d)
		}
	}
	return plain(found, c.repo.deploymentJSON), nil
}

func (s *Server) postDeployment(c *call) (any, error) {
	ask := struct {
		Ref, Task, Environment, Description string
		Payload                             any
		Contexts                            *[]string `json:"required_contexts"`
		AutoMerge                           *bool     `json:"auto_merge"`
		Production                          *bool     `json:"production_environment"`
	}{Task: "deploy", Environment: "production"}
	if err := c.decode(&ask); err != nil {
		return nil, err
	}
	sha := c.repo.resolve(ask.Ref)
	if sha == "" {
		return nil, refuse(http.StatusUnprocessableEntity, "No ref found for: "+ask.Ref)
	}
	if err := c.ready(sha, ask.Contexts, ask.AutoMerge); err != nil {
		return nil, err
	}
	d := Deployment{Ref: ask.Ref, SHA: sha, Task: ask.Task, Environment: ask.Environment, Description: ask.Description, Payload: ask.Payload}
	if d.Payload == nil {
		d.Payload = object{}
	}
	d.Production = ask.Environment == "production"
	if ask.Production != nil {
		d.Production = *ask.Production
	}
	return c.repo.deploymentJSON(c.repo.addDeployment(d, c.account())), nil
}

// ready refuses as GitHub does: unless that is switched off, it wants every check of
// the commit to have succeeded, and a commit that has all of the default branch.
func (c *call) ready(sha string, contexts *[]string, autoMerge *bool) error {
	if contexts == nil {
		for _, rec := range c.repo.checks {
			if rec.now.head == sha && !c.repo.succeeded(sha, rec.now.name) {
				return refuse(http.StatusConflict, "Conflict: Commit status checks failed for "+sha)
			}
		}
	} else {
		for _, name := range *contexts {
			if !c.repo.succeeded(sha, name) {
				return refuse(http.StatusConflict, "Conflict: Commit status checks failed for "+sha)
			}
		}
	}
	base := c.repo.refs["refs/heads/"+c.repo.DefaultBranch]
	if (autoMerge == nil || *autoMerge) && base != "" && !c.repo.ancestor(base, sha) {
		return refuse(http.StatusConflict, "Conflict merging "+c.repo.DefaultBranch+" into "+sha)
	}
	return nil
}

func (c *call) deployment() (*deployment, error) {
	if d := c.repo.deploymentByID(c.number("deployment_id")); d != nil {
		return d, nil
	}
	return nil, notFound
}

func (s *Server) listStatuses(c *call) (any, error) {
	d, err := c.deployment()
	if err != nil {
		return nil, err
	}
	newest := slices.Clone(d.Statuses)
	slices.Reverse(newest)
	return plain(newest, func(st DeploymentStatus) object { return c.repo.statusJSON(d, st) }), nil
}

// postStatus notes where a deployment stands. A success makes other deployments of the
// environment inactive unless that is switched off.
func (s *Server) postStatus(c *call) (any, error) {
	d, err := c.deployment()
	if err != nil {
		return nil, err
	}
	var ask struct {
		State, Description string
		LogURL             string `json:"log_url"`
		TargetURL          string `json:"target_url"`
		AutoInactive       *bool  `json:"auto_inactive"`
	}
	if err := c.decode(&ask); err != nil {
		return nil, err
	}
	if len([]rune(ask.Description)) > 140 {
		return nil, invalid("description is too long (maximum is 140 characters)")
	}
	if ask.LogURL == "" {
		ask.LogURL = ask.TargetURL
	}
	st := c.repo.addStatus(d, DeploymentStatus{State: ask.State, Description: ask.Description, LogURL: ask.LogURL}, c.account())
	if ask.State == "success" && (ask.AutoInactive == nil || *ask.AutoInactive) {
		c.repo.retire(d, c.account())
	}
	return c.repo.statusJSON(d, st), nil
}

// retire makes the earlier deployments of an environment inactive.
func (r *Repo) retire(by *deployment, account *User) {
	for _, d := range r.deployments {
		if d == by || d.Environment != by.Environment || d.Production || len(d.Statuses) == 0 {
			continue
		}
		if d.Statuses[len(d.Statuses)-1].State == "success" {
			r.addStatus(d, DeploymentStatus{State: "inactive"}, account)
		}
	}
}
