package ghfake

import "fmt"

// Group is a merge group: pull requests that the merge queue tries together with the
// base branch, on a branch of its own.
type Group struct {
	Repo *Repo
	Pull *Pull
	// Ref is the branch refs/heads/gh-readonly-queue/BASE/pr-N-SHA with the base's
	// commit; Head is the commit to be checked.
	Ref, Head, Base string

	done bool
}

// Enqueue puts a pull request into the merge queue, which makes a merge group of it and
// asks for checks. A group builds on those before it.
func (p *Pull) Enqueue(m Method, by *User) (*Group, error) {
	r := p.Repo
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	v := p.record.now
	base := r.refs["refs/heads/"+v.BaseRef]
	for _, g := range r.groups {
		if !g.done && g.Pull.record.now.BaseRef == v.BaseRef {
			base = g.Head
		}
	}
	head, err := r.join(m, base, v, by, p.Number)
	if err != nil {
		return nil, fmt.Errorf("queue #%d: %w", p.Number, err)
	}
	branch := fmt.Sprintf("gh-readonly-queue/%s/pr-%d-%s", v.BaseRef, p.Number, base)
	g := &Group{Repo: r, Pull: p, Ref: "refs/heads/" + branch, Head: head, Base: base}
	r.groups = append(r.groups, g)
	p.emit("enqueued", by, nil)
	if err := r.point(branch, head); err != nil {
		return nil, err
	}
	if err := r.sync(queuer, ""); err != nil {
		return nil, err
	}
	r.s.emit(r, "merge_group", "checks_requested", queuer, object{"merge_group": g.json()})
	return g, nil
}

// Merge ends the group by what it was for: the base branch moves to its head.
func (g *Group) Merge() error {
	return g.finish("merged", func() error {
		base := g.Pull.record.now.BaseRef
		if err := g.Repo.point(base, g.Head); err != nil {
			return err
		}
		g.Pull.merged(g.Head, queuer)
		return g.Repo.sync(queuer, "merge_queue_merge")
	})
}

// Destroy ends the group without a merge: invalidated when the queue makes a new one,
// dequeued when the pull request leaves the queue.
func (g *Group) Destroy(reason string) error {
	return g.finish(reason, func() error {
		g.Pull.emit("dequeued", queuer, object{"reason": "UNKNOWN_REMOVAL_REASON"})
		return nil
	})
}

func (g *Group) finish(reason string, act func() error) error {
	s := g.Repo.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if g.done {
		return fmt.Errorf("end the merge group of #%d: it has ended", g.Pull.Number)
	}
	g.done = true
	payload := object{"merge_group": g.json(), "reason": reason}
	if err := act(); err != nil {
		return err
	}
	s.emit(g.Repo, "merge_group", "destroyed", queuer, payload)
	if err := g.Repo.point(g.Ref[len("refs/heads/"):], ""); err != nil {
		return err
	}
	return g.Repo.sync(queuer, "")
}

func (g *Group) json() object {
	return object{
		"head_sha": g.Head, "head_ref": g.Ref, "base_sha": g.Base, "base_ref": "refs/heads/" + g.Pull.record.now.BaseRef,
		"head_commit": g.Repo.simpleCommit(g.Head),
	}
}
