package ghfake

import (
	"fmt"
	"slices"
)

// takeHead brings the head's commits into the repository itself, as GitHub does: they
// can be read there although the branch is in a fork.
func (p *Pull) takeHead(sha string) error {
	ref := fmt.Sprintf("refs/pull/%d/head", p.Number)
	from := p.record.now.HeadRepo
	if from != p.Repo {
		if _, err := p.Repo.git("fetch", "--quiet", from.path, "refs/heads/"+p.record.now.HeadRef); err != nil {
			return fmt.Errorf("fetch the head of #%d: %w", p.Number, err)
		}
	}
	if _, err := p.Repo.git("update-ref", ref, sha); err != nil {
		return fmt.Errorf("keep the head of #%d: %w", p.Number, err)
	}
	return nil
}

// pullsMove has the pull requests follow a branch that moved: as their head, in this
// repository or in what it was forked from, or as their base.
func (r *Repo) pullsMove(branch string, u refUpdate, pusher *User) error {
	for _, repo := range []*Repo{r, r.Parent} {
		if repo == nil {
			continue
		}
		for _, p := range repo.pulls {
			now := p.record.now
			if now.Open && now.HeadRepo == r && now.HeadRef == branch {
				if err := p.headMoves(u, pusher); err != nil {
					return err
				}
			}
		}
	}
	for _, p := range r.pulls {
		if now := p.record.now; now.Open && now.BaseRef == branch {
			p.baseMoves(u, pusher)
		}
	}
	return nil
}

func (p *Pull) headMoves(u refUpdate, pusher *User) error {
	if u.after == zeroSHA {
		p.alter(func(v *PullState) { v.Open, v.Closed = false, p.Repo.s.now() })
		p.emit("closed", pusher, nil)
		return nil
	}
	if err := p.takeHead(u.after); err != nil {
		return err
	}
	base := p.Repo.refs["refs/heads/"+p.record.now.BaseRef]
	p.alter(func(v *PullState) { v.HeadSHA, v.BaseSHA = u.after, base })
	p.emit("synchronize", pusher, object{"before": u.before, "after": u.after})
	p.dismissStale(pusher)
	return nil
}

// baseMoves closes a pull request whose base is gone, and takes one for merged whose
// head has come into the base by other ways.
func (p *Pull) baseMoves(u refUpdate, pusher *User) {
	if u.after == zeroSHA {
		p.alter(func(v *PullState) { v.Open, v.Closed = false, p.Repo.s.now() })
		p.emit("closed", pusher, nil)
		return
	}
	head := p.record.now.HeadSHA
	came, err := p.Repo.revisions(u.before + ".." + u.after)
	if err == nil && slices.Contains(came, head) {
		p.merged(p.Repo.bringer(head, u.after), pusher)
	}
}

// bringer finds the merge that brought a commit into a branch, the commit itself when
// it came without.
func (r *Repo) bringer(sha, tip string) string {
	merges, err := r.revisions("--ancestry-path", "--merges", sha+".."+tip)
	if err != nil || len(merges) == 0 {
		return sha
	}
	return merges[0]
}

// merged notes the merge and tells about it.
func (p *Pull) merged(commit string, by *User) {
	p.alter(func(v *PullState) {
		v.Open, v.Merged, v.MergedBy, v.MergeCommit, v.Closed = false, true, by, commit, p.Repo.s.now()
	})
	p.emit("closed", by, nil)
}
