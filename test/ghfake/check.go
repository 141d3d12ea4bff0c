package ghfake

import (
	"fmt"
	"time"
)

// CheckRun is a check run as a test looks at it.
type CheckRun struct {
	ID                              int64
	Name, Head, Status, Conclusion  string
	Title, Summary, Text, DetailURL string
	ExternalID                      string
	Annotations                     int
	App                             int64
}

type checkRun struct {
	id                   int64
	app                  int64
	name, head           string
	status, conclusion   string
	title, summary, text *string
	details, external    string
	annotations          []object
	started, completed   time.Time
	suite                *suite
}

// suite gathers the check runs of an app on a commit.
type suite struct {
	id                          int64
	head, branch, before, after string
	created                     time.Time
}

// Checks returns the check runs on a commit, oldest first.
func (r *Repo) Checks(sha string) []CheckRun {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	var out []CheckRun
	for _, c := range r.checks {
		if v := c.now; v.head == sha {
			out = append(out, CheckRun{
				v.id, v.name, v.head, v.status, v.conclusion, deref(v.title), deref(v.summary), deref(v.text), v.details,
				v.external, len(v.annotations), v.app,
			})
		}
	}
	return out
}

// ForeignCheck puts a check run onto a commit that another App made.
func (r *Repo) ForeignCheck(app int64, sha, name, conclusion string) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	at := r.s.now()
	r.addCheck(checkRun{app: app, name: name, head: sha, status: "completed", conclusion: conclusion, started: at, completed: at})
}

func (r *Repo) addCheck(c checkRun) *record[checkRun] {
	c.id = r.s.nextID()
	c.suite = r.suiteOf(c.head)
	rec := fresh(c, r.s.lag(Checks))
	r.checks = append(r.checks, rec)
	return rec
}

// RequestAction presses a button of a check run, as somebody does in the browser.
func (r *Repo) RequestAction(check int64, identifier string, by *User) error {
	return r.onCheck(check, "requested_action", by, object{"requested_action": object{"identifier": identifier}})
}

// Rerequest asks for a check run to be made again.
func (r *Repo) Rerequest(check int64, by *User) error {
	return r.onCheck(check, "rerequested", by, nil)
}

func (r *Repo) onCheck(id int64, action string, by *User, more object) error {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	for _, c := range r.checks {
		if c.now.id == id {
			r.tellCheck(action, c.now, by, more)
			return nil
		}
	}
	return fmt.Errorf("have the check run %d %s: there is none such", id, action)
}

func (r *Repo) tellCheck(action string, c checkRun, by *User, more object) {
	r.s.emit(r, "check_run", action, by, with(object{"check_run": r.checkJSON(c)}, more))
}

func (r *Repo) checkJSON(c checkRun) object {
	at := fmt.Sprintf("%s/check-runs/%d", r.url(), c.id)
	return object{
		"id": c.id, "node_id": fmt.Sprintf("CR_%d", c.id), "name": c.name, "head_sha": c.head, "url": at,
		"html_url": fmt.Sprintf("%s/runs/%d", r.html(), c.id), "status": c.status, "conclusion": orNull(c.conclusion),
		"started_at": stamp(c.started), "completed_at": stamp(c.completed), "external_id": c.external, "details_url": orNull(c.details),
		"output": object{
			"title": orNil(c.title), "summary": orNil(c.summary), "text": orNil(c.text),
			"annotations_count": len(c.annotations), "annotations_url": at + "/annotations",
		},
		"app": r.s.appByID(c.app), "pull_requests": r.minimalPulls(c.head), "check_suite": r.suiteJSON(c.suite),
	}
}

// minimalPulls renders the open pull requests whose head a commit is.
func (r *Repo) minimalPulls(sha string) []any {
	out := []any{}
	end := func(to *Repo, ref, sha string) object {
		return object{"ref": ref, "sha": sha, "repo": object{"id": to.ID, "name": to.Name, "url": to.url()}}
	}
	for _, p := range r.pulls {
		if v := p.record.now; v.Open && v.HeadSHA == sha && v.HeadRepo == r {
			out = append(out, object{
				"id": p.id, "number": p.Number, "url": fmt.Sprintf("%s/pulls/%d", r.url(), p.Number),
				"head": end(v.HeadRepo, v.HeadRef, v.HeadSHA), "base": end(r, v.BaseRef, v.BaseSHA),
			})
		}
	}
	return out
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func orNil(s *string) any {
	if s == nil {
		return nil
	}
	return *s
}
