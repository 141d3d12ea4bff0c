package ghfake

import "fmt"

// requestSuite makes the check suite that GitHub asks each App for after a push.
func (r *Repo) requestSuite(branch string, u refUpdate, pusher *User) {
	if r.s.installationOf(r) == nil || r.existingSuite(u.after) != nil {
		return
	}
	one := r.addSuite(u.after)
	one.branch, one.before, one.after = branch, u.before, u.after
	r.s.emit(r, "check_suite", "requested", pusher, object{"check_suite": r.suiteJSON(one)})
}

// RerequestSuite asks for all check runs of a commit to be made again.
func (r *Repo) RerequestSuite(sha string, by *User) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.s.emit(r, "check_suite", "rerequested", by, object{"check_suite": r.suiteJSON(r.suiteOf(sha))})
}

func (r *Repo) existingSuite(sha string) *suite {
	for _, one := range r.suites {
		if one.head == sha {
			return one
		}
	}
	return nil
}

func (r *Repo) suiteOf(sha string) *suite {
	if one := r.existingSuite(sha); one != nil {
		return one
	}
	return r.addSuite(sha)
}

func (r *Repo) addSuite(sha string) *suite {
	one := &suite{id: r.s.nextID(), head: sha, after: sha, created: r.s.now()}
	r.suites = append(r.suites, one)
	return one
}

func (r *Repo) suiteJSON(one *suite) object {
	at := fmt.Sprintf("%s/check-suites/%d", r.url(), one.id)
	runs := 0
	for _, c := range r.checks {
		if c.now.suite == one {
			runs++
		}
	}
	return object{
		"id": one.id, "node_id": fmt.Sprintf("CS_%d", one.id), "head_sha": one.head, "head_branch": orNull(one.branch),
		"before": orNull(one.before), "after": orNull(one.after), "status": "queued", "conclusion": nil, "url": at,
		"pull_requests": r.minimalPulls(one.head), "app": r.s.appJSON(), "created_at": stamp(one.created),
		"updated_at": stamp(one.created), "head_commit": r.simpleCommit(one.head), "repository": r.json(),
		"check_runs_url": at + "/check-runs", "latest_check_runs_count": runs,
	}
}

// simpleCommit renders a commit in the short form.
func (r *Repo) simpleCommit(sha string) object {
	c, err := r.info(sha)
	if err != nil {
		return object{"id": sha}
	}
	person := func(g signature) object { return object{"name": g.name, "email": g.email} }
	return object{
		"id": sha, "tree_id": c.tree, "message": c.message, "timestamp": c.committer.date,
		"author": person(c.author), "committer": person(c.committer),
	}
}
