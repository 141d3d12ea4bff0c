package ghfake

import "fmt"

// trial is the merge that GitHub makes to see whether it could be done. Its commit is
// what an open pull request has as merge_commit_sha.
type trial struct {
	base, head string
	commit     string // empty where there is a conflict
}

// try makes the test merge of base and head, once for each pair.
func (p *Pull) try(v PullState) trial {
	base := p.Repo.refs["refs/heads/"+v.BaseRef]
	if p.trial.base == base && p.trial.head == v.HeadSHA {
		return p.trial
	}
	p.trial = trial{base: base, head: v.HeadSHA}
	tree, err := p.Repo.fixed("merge-tree", "--write-tree", base, v.HeadSHA)
	if err != nil {
		return p.trial
	}
	message := fmt.Sprintf("Merge %s into %s", v.HeadSHA, base)
	commit, err := p.Repo.commitTree(tree, message, webFlow, webFlow, base, v.HeadSHA)
	if err != nil {
		return p.trial
	}
	if _, err := p.Repo.git("update-ref", fmt.Sprintf("refs/pull/%d/merge", p.Number), commit); err == nil {
		p.trial.commit = commit
	}
	return p.trial
}

// mergeableState is GitHub's word for what stands in the way.
func (p *Pull) mergeableState(v PullState, t trial) string {
	switch {
	case t.commit == "":
		return "dirty"
	case v.Draft:
		return "draft"
	case p.obstacle() != "":
		return "blocked"
	}
	return "clean"
}
