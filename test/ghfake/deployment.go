package ghfake

import (
	"fmt"
	"time"
)

// Deployment is a deployment as a test looks at it.
type Deployment struct {
	ID                          int64
	Ref, SHA, Task, Environment string
	Description                 string
	Production                  bool
	Payload                     any
	Statuses                    []DeploymentStatus // oldest first
}

// DeploymentStatus is where a deployment stood.
type DeploymentStatus struct {
	ID                 int64
	State, Description string
	LogURL             string
	At                 time.Time
}

type deployment struct {
	Deployment
	creator *User
	created time.Time
	shown   *record[struct{}]
}

// Deployments returns those of the repository, oldest first.
func (r *Repo) Deployments() []Deployment {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	var out []Deployment
	for _, d := range r.deployments {
		one := d.Deployment
		one.Statuses = append([]DeploymentStatus(nil), d.Statuses...)
		out = append(out, one)
	}
	return out
}

func (r *Repo) addDeployment(d Deployment, by *User) *deployment {
	d.ID = r.s.nextID()
	one := &deployment{Deployment: d, creator: by, created: r.s.now(), shown: fresh(struct{}{}, r.s.lag(Deployments))}
	r.deployments = append(r.deployments, one)
	r.s.emit(r, "deployment", "created", by, object{
		"deployment": r.deploymentJSON(one), "workflow": nil, "workflow_run": nil,
	})
	return one
}

func (r *Repo) deploymentByID(id int64) *deployment {
	for _, d := range r.deployments {
		if d.ID == id {
			return d
		}
	}
	return nil
}

func (r *Repo) addStatus(d *deployment, st DeploymentStatus, by *User) DeploymentStatus {
	st.ID, st.At = r.s.nextID(), r.s.now()
	d.Statuses = append(d.Statuses, st)
	r.s.emit(r, "deployment_status", "created", by, object{
		"deployment": r.deploymentJSON(d), "deployment_status": r.statusJSON(d, st),
	})
	return st
}

func (r *Repo) deploymentJSON(d *deployment) object {
	at := fmt.Sprintf("%s/deployments/%d", r.url(), d.ID)
	return object{
		"id": d.ID, "node_id": fmt.Sprintf("DE_%d", d.ID), "url": at, "ref": d.Ref, "sha": d.SHA, "task": d.Task,
		"environment": d.Environment, "original_environment": d.Environment, "description": orNull(d.Description),
		"production_environment": d.Production, "transient_environment": false, "payload": d.Payload,
		"creator": r.s.userJSON(d.creator), "created_at": stamp(d.created), "updated_at": stamp(d.created),
		"statuses_url": at + "/statuses", "repository_url": r.url(), "performed_via_github_app": r.s.viaApp(d.creator),
	}
}

func (r *Repo) statusJSON(d *deployment, st DeploymentStatus) object {
	at := fmt.Sprintf("%s/deployments/%d", r.url(), d.ID)
	return object{
		"id": st.ID, "node_id": fmt.Sprintf("DES_%d", st.ID), "url": fmt.Sprintf("%s/statuses/%d", at, st.ID), "state": st.State,
		"creator": r.s.userJSON(d.creator), "description": st.Description, "environment": d.Environment,
		"log_url": st.LogURL, "target_url": st.LogURL, "environment_url": "", "deployment_url": at, "repository_url": r.url(),
		"created_at": stamp(st.At), "updated_at": stamp(st.At), "performed_via_github_app": r.s.viaApp(d.creator),
	}
}
