package ghfake

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// checkRequest is what a check run is made or altered with; what is not there stays.
type checkRequest struct {
	Name       *string    `json:"name"`
	Head       *string    `json:"head_sha"`
	Details    *string    `json:"details_url"`
	External   *string    `json:"external_id"`
	Status     *string    `json:"status"`
	Conclusion *string    `json:"conclusion"`
	Started    *time.Time `json:"started_at"`
	Completed  *time.Time `json:"completed_at"`
	Output     *struct {
		Title       *string           `json:"title"`
		Summary     *string           `json:"summary"`
		Text        *string           `json:"text"`
		Annotations []json.RawMessage `json:"annotations"`
	} `json:"output"`
	Actions []json.RawMessage `json:"actions"`
}

// put sets a field that was given.
func put[T any](field *T, given *T) {
	if given != nil {
		*field = *given
	}
}

// apply alters the run. Annotations are added to those that are there.
func (q checkRequest) apply(v *checkRun, now time.Time) {
	put(&v.name, q.Name)
	put(&v.details, q.Details)
	put(&v.external, q.External)
	put(&v.started, q.Started)
	if q.Status != nil {
		v.status = *q.Status
		v.conclusion, v.completed = "", time.Time{}
	}
	if q.Conclusion != nil {
		v.status, v.conclusion, v.completed = "completed", *q.Conclusion, now
	}
	put(&v.completed, q.Completed)
	if q.Output == nil {
		return
	}
	v.title, v.summary, v.text = q.Output.Title, q.Output.Summary, q.Output.Text
	added := slices.Clone(v.annotations)
	for _, raw := range q.Output.Annotations {
		var a object
		_ = json.Unmarshal(raw, &a) // it fitted the description
		added = append(added, a)
	}
	v.annotations = added
}

// refused says what GitHub does not take.
func (q checkRequest) refused() error {
	switch {
	case q.Status != nil && *q.Status == "completed" && q.Conclusion == nil:
		return invalid("conclusion is required when the status is completed")
	case q.Output != nil && len(q.Output.Annotations) > 50:
		return invalid("No more than 50 annotations can be submitted at once")
	case len(q.Actions) > 3:
		return invalid("no more than 3 actions")
	}
	return nil
}

func (s *Server) postCheck(c *call) (any, error) {
	if c.token.installation == nil {
		return nil, refuse(http.StatusForbidden, "You must authenticate via a GitHub App.")
	}
	var ask checkRequest
	if err := c.decode(&ask); err != nil {
		return nil, err
	}
	if err := ask.refused(); err != nil {
		return nil, err
	}
	sha := c.repo.resolve(deref(ask.Head))
	if sha == "" || sha != *ask.Head {
		return nil, invalid("No commit found for SHA: %s", deref(ask.Head))
	}
	v := checkRun{app: s.app.ID, head: sha, status: "queued", started: s.now()}
	ask.apply(&v, s.now())
	rec := c.repo.addCheck(v)
	c.repo.tellCheck("created", rec.now, s.app.Bot, nil)
	if rec.now.status == "completed" {
		c.repo.tellCheck("completed", rec.now, s.app.Bot, nil)
	}
	return c.repo.checkJSON(rec.now), nil
}

func (c *call) check() (*record[checkRun], error) {
	for _, rec := range c.repo.checks {
		if rec.now.id == c.number("check_run_id") {
			return rec, nil
		}
	}
	return nil, notFound
}

func (s *Server) patchCheck(c *call) (any, error) {
	rec, err := c.check()
	if err != nil {
		return nil, err
	}
	if rec.now.app != s.app.ID || c.token.installation == nil {
		return nil, refuse(http.StatusForbidden, "Invalid app_id `"+strconv.FormatInt(rec.now.app, 10)+"` - check run can only be modified by the GitHub App that created it.")
	}
	var ask checkRequest
	if err := c.decode(&ask); err != nil {
		return nil, err
	}
	if err := ask.refused(); err != nil {
		return nil, err
	}
	was := rec.now.status
	rec.change(s.now(), s.lag(Checks), func(v *checkRun) { ask.apply(v, s.now()) })
	if rec.now.status == "completed" && was != "completed" {
		c.repo.tellCheck("completed", rec.now, s.app.Bot, nil)
	}
	return c.repo.checkJSON(rec.now), nil
}

func (s *Server) getCheck(c *call) (any, error) {
	rec, err := c.check()
	if err != nil {
		return nil, err
	}
	v, ok := rec.look(s.now())
	if !ok {
		return nil, notFound
	}
	return c.repo.checkJSON(v), nil
}

func (s *Server) listAnnotations(c *call) (any, error) {
	rec, err := c.check()
	if err != nil {
		return nil, err
	}
	return plain(rec.now.annotations, func(a object) object {
		return with(a, object{"blob_href": c.repo.html() + "/blob/" + rec.now.head})
	}), nil
}

// listChecks lists the runs on a commit, newest first; of each name and app only the
// newest unless all are asked for.
func (s *Server) listChecks(c *call) (any, error) {
	sha, err := c.commitOf(c.http.PathValue("ref"))
	if err != nil {
		return nil, err
	}
	all := visible(s.now(), c.repo.checks)
	slices.Reverse(all)
	type key struct {
		app  int64
		name string
	}
	seen := map[key]bool{}
	found := slices.DeleteFunc(all, func(v checkRun) bool {
		k := key{v.app, v.name}
		if v.head != sha || !c.wanted(v) || (seen[k] && c.query("filter") != "all") {
			return true
		}
		seen[k] = true
		return false
	})
	return wrapped{key: "check_runs", list: plain(found, c.repo.checkJSON)}, nil
}

func (c *call) wanted(v checkRun) bool {
	return (c.query("app_id") == "" || c.query("app_id") == strconv.FormatInt(v.app, 10)) &&
		(c.query("check_name") == "" || c.query("check_name") == v.name) &&
		(c.query("status") == "" || c.query("status") == v.status)
}

func (s *Server) listSuites(c *call) (any, error) {
	sha, err := c.commitOf(c.http.PathValue("ref"))
	if err != nil {
		return nil, err
	}
	found := slices.DeleteFunc(slices.Clone(c.repo.suites), func(one *suite) bool { return one.head != sha })
	return wrapped{key: "check_suites", list: plain(found, c.repo.suiteJSON)}, nil
}
