package ghfake

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// refUpdate is a ref that is not where it was; the zero name for made or deleted.
type refUpdate struct {
	ref, before, after string
	forced             bool
}

func (u refUpdate) branch() (string, bool) { return strings.CutPrefix(u.ref, "refs/heads/") }

// Sync notices what real git pushed to the repository's path: activity, events, and
// pull requests whose head or base moved.
func (r *Repo) Sync(pusher *User) error {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	return r.sync(r.pusher(pusher), "")
}

// sync does it with a kind of activity that says more than push, where there is one.
func (r *Repo) sync(pusher *User, kind string) error {
	updates, err := r.updates()
	if err != nil {
		return fmt.Errorf("look at the branches of %s: %w", r.FullName(), err)
	}
	for _, u := range updates {
		r.hide(u)
		if branch, ok := u.branch(); ok {
			r.moveTip(branch, u.after)
			r.record(u, pusher, kind)
		}
		r.pushed(u, pusher)
	}
	for _, u := range updates {
		if branch, ok := u.branch(); ok {
			if err := r.pullsMove(branch, u, pusher); err != nil {
				return err
			}
		}
	}
	return nil
}

// updates compares the refs with those known, and knows them from then on.
func (r *Repo) updates() ([]refUpdate, error) {
	out, err := r.git("for-each-ref", "--format=%(refname) %(objectname)", "refs/heads", "refs/tags")
	if err != nil {
		return nil, err
	}
	found := map[string]string{}
	for line := range strings.Lines(out) {
		ref, sha, _ := strings.Cut(strings.TrimSpace(line), " ")
		found[ref] = sha
	}
	both := maps.Clone(r.refs)
	maps.Copy(both, found)
	var all []refUpdate
	for _, ref := range slices.Sorted(maps.Keys(both)) {
		u := refUpdate{ref: ref, before: zeroSHA, after: zeroSHA}
		if sha, ok := r.refs[ref]; ok {
			u.before = sha
		}
		if sha, ok := found[ref]; ok {
			u.after = sha
		}
		if u.before == u.after {
			continue
		}
		u.forced = u.before != zeroSHA && u.after != zeroSHA && !r.ancestor(u.before, u.after)
		all = append(all, u)
	}
	r.refs = found
	return all, nil
}

func (r *Repo) moveTip(branch, sha string) {
	lag := r.s.lag(Branches)
	if sha == zeroSHA {
		sha = ""
	}
	if tip, ok := r.tips[branch]; ok {
		tip.change(r.s.now(), lag, func(v *string) { *v = sha })
		return
	}
	r.tips[branch] = fresh(sha, lag)
}

// hide keeps new commits from REST for as long as is ordered.
func (r *Repo) hide(u refUpdate) {
	lag := r.s.lag(Commits)
	if u.after == zeroSHA || (lag.Requests == 0 && lag.until.IsZero()) {
		return
	}
	span := []string{u.after}
	if u.before != zeroSHA {
		span = append(span, "^"+u.before)
	}
	commits, err := r.revisions(span...)
	if err != nil {
		return
	}
	for _, sha := range commits {
		l := lag
		r.hidden[sha] = &l
	}
}

// knows reports whether REST shows a commit.
func (r *Repo) knows(sha string) bool {
	l, ok := r.hidden[sha]
	if !ok {
		return true
	}
	if l.over(r.s.now()) {
		delete(r.hidden, sha)
		return true
	}
	return false
}
