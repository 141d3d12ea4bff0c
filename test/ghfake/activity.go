package ghfake

import "time"

// activity is one entry of a repository's activity: who moved a branch.
type activity struct {
	id                 int64
	kind               string
	ref, before, after string
	actor              *User
	at                 time.Time
}

func (r *Repo) record(u refUpdate, actor *User, kind string) {
	switch {
	case u.before == zeroSHA:
		kind = "branch_creation"
	case u.after == zeroSHA:
		kind = "branch_deletion"
	case kind != "":
	case u.forced:
		kind = "force_push"
	default:
		kind = "push"
	}
	r.activities = append(r.activities, fresh(activity{
		r.s.nextID(), kind, u.ref, u.before, u.after, actor, r.s.now(),
	}, r.s.lag(Activities)))
}

func (s *Server) activityJSON(a activity) object {
	return object{
		"id": a.id, "activity_type": a.kind, "ref": a.ref, "before": a.before, "after": a.after,
		"actor": s.userJSON(a.actor), "timestamp": stamp(a.at),
	}
}

// pushed sends the events of a moved ref, and makes the check suite of a branch.
func (r *Repo) pushed(u refUpdate, pusher *User) {
	if r.s.hears(r) {
		r.tellPush(u, pusher)
	}
	if branch, ok := u.branch(); ok && u.after != zeroSHA {
		r.requestSuite(branch, u, pusher)
	}
}

func (r *Repo) tellPush(u refUpdate, pusher *User) {
	s := r.s
	name, isBranch := u.branch()
	kind := "branch"
	if !isBranch {
		name, kind = u.ref[len("refs/tags/"):], "tag"
	}
	switch zeroSHA {
	case u.before:
		s.emit(r, "create", "", pusher, object{
			"ref": name, "ref_type": kind, "master_branch": r.DefaultBranch, "description": nil, "pusher_type": "user",
		})
	case u.after:
		s.emit(r, "delete", "", pusher, object{"ref": name, "ref_type": kind, "pusher_type": "user"})
	}
	s.emit(r, "push", "", pusher, r.pushJSON(u, pusher))
}

// pushJSON renders what is special of a push event. It lists at most 2048 commits.
func (r *Repo) pushJSON(u refUpdate, pusher *User) object {
	commits := []any{}
	if u.after != zeroSHA && u.before != zeroSHA {
		all, err := r.revisions(u.before + ".." + u.after)
		if err == nil {
			for _, sha := range all[:min(len(all), 2048)] {
				commits = append(commits, r.headCommit(sha))
			}
		}
	}
	var head any
	if u.after != zeroSHA {
		head = r.headCommit(u.after)
	}
	return object{
		"ref": u.ref, "before": u.before, "after": u.after, "forced": u.forced, "base_ref": nil,
		"created": u.before == zeroSHA, "deleted": u.after == zeroSHA, "commits": commits, "head_commit": head,
		"compare": r.html() + "/compare/" + u.before + "..." + u.after,
		"pusher":  object{"name": pusher.Login, "email": pusher.Email},
	}
}
