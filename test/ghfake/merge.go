package ghfake

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Method is how a pull request is merged.
type Method string

// The methods of merging.
const (
	MergeCommit Method = "merge"
	Squash      Method = "squash"
	Rebase      Method = "rebase"
)

// Merge merges as somebody who has to keep to the branch's rules, and returns the
// commit on the base branch.
func (p *Pull) Merge(m Method, by *User) (string, error) {
	p.Repo.s.mu.Lock()
	defer p.Repo.s.mu.Unlock()
	if why := p.obstacle(); why != "" {
		return "", fmt.Errorf("merge #%d: %s", p.Number, why)
	}
	return p.merge(m, by)
}

// AdminMerge merges past all rules.
func (p *Pull) AdminMerge(m Method, by *User) (string, error) {
	p.Repo.s.mu.Lock()
	defer p.Repo.s.mu.Unlock()
	return p.merge(m, by)
}

func (p *Pull) merge(m Method, by *User) (string, error) {
	v := p.record.now
	if !v.Open {
		return "", fmt.Errorf("merge #%d: it is closed", p.Number)
	}
	base := p.Repo.refs["refs/heads/"+v.BaseRef]
	commit, err := p.Repo.join(m, base, v, by, p.Number)
	if err != nil {
		return "", fmt.Errorf("merge #%d: %w", p.Number, err)
	}
	if err := p.Repo.point(v.BaseRef, commit); err != nil {
		return "", err
	}
	p.merged(commit, by)
	return commit, p.Repo.sync(by, "pr_merge")
}

// join makes the commit that a base branch gets by a merge.
func (r *Repo) join(m Method, base string, v PullState, by *User, number int) (string, error) {
	if m == Rebase {
		return r.rebase(base, v.HeadSHA, by)
	}
	tree, err := r.fixed("merge-tree", "--write-tree", base, v.HeadSHA)
	if err != nil {
		return "", errors.New("merge conflict")
	}
	if m == Squash {
		return r.commitTree(tree, fmt.Sprintf("%s (#%d)", v.Title, number), v.Author.shown(), webFlow, base)
	}
	message := fmt.Sprintf("Merge pull request #%d from %s/%s\n\n%s", number, v.HeadRepo.Owner.Login, v.HeadRef, v.Title)
	return r.commitTree(tree, message, by, webFlow, base, v.HeadSHA)
}

func (r *Repo) commitTree(tree, message string, author, committer *User, parents ...string) (string, error) {
	args := []string{"commit-tree", tree, "-m", message}
	for _, p := range parents {
		args = append(args, "-p", p)
	}
	cmd := r.command(args...)
	at := fmt.Sprintf("%d +0000", r.s.now().Unix())
	cmd.Env = append(
		cmd.Env,
		"GIT_AUTHOR_NAME="+author.Name, "GIT_AUTHOR_EMAIL="+author.Email, "GIT_AUTHOR_DATE="+at,
		"GIT_COMMITTER_NAME="+committer.Name, "GIT_COMMITTER_EMAIL="+committer.Email, "GIT_COMMITTER_DATE="+at,
	)
	return output(cmd, nil)
}

// rebase puts the head's commits onto the base in a worktree of its own. Their
// committer is who merges.
func (r *Repo) rebase(base, head string, by *User) (_ string, err error) {
	commits, err := r.revisions("--no-merges", base+".."+head)
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(r.s.dir, "rebase-")
	if err != nil {
		return "", fmt.Errorf("make a folder for the rebase: %w", err)
	}
	tree := filepath.Join(dir, "tree")
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if _, err := r.git("worktree", "add", "--quiet", "--detach", tree, base); err != nil {
		return "", err
	}
	defer func() {
		_, gone := r.git("worktree", "remove", "--force", tree)
		err = errors.Join(err, gone)
	}()
	pick := r.command(append([]string{"-C", tree, "cherry-pick", "--allow-empty", "--keep-redundant-commits"}, commits...)...)
	pick.Env = append(withoutDir(pick.Env), "GIT_COMMITTER_NAME="+by.Name, "GIT_COMMITTER_EMAIL="+by.Email)
	if _, err := output(pick, nil); err != nil {
		return "", errors.New("this branch can't be rebased")
	}
	where := r.command("-C", tree, "rev-parse", "HEAD")
	where.Env = withoutDir(where.Env)
	return output(where, nil)
}

// withoutDir lets git find the repository by its working tree.
func withoutDir(env []string) []string {
	var out []string
	for _, v := range env {
		if !strings.HasPrefix(v, "GIT_DIR=") {
			out = append(out, v)
		}
	}
	return out
}
