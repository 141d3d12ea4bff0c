package ghfake

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// commitOf finds the commit that a part of the path names, if REST shows it.
func (c *call) commitOf(name string) (string, error) {
	sha := c.repo.resolve(name)
	if tip, ok := c.repo.tips[name]; ok { // a branch may show late
		sha, _ = tip.look(c.s.now())
	}
	if sha == "" || !c.repo.knows(sha) {
		return "", refuse(http.StatusUnprocessableEntity, "No commit found for SHA: "+name)
	}
	return sha, nil
}

func (s *Server) getCommit(c *call) (any, error) {
	sha, err := c.commitOf(c.http.PathValue("ref"))
	if err != nil {
		return nil, err
	}
	out, err := c.repo.commitJSON(sha)
	if err != nil {
		return nil, err
	}
	info, err := c.repo.info(sha)
	if err != nil {
		return nil, err
	}
	files, err := c.repo.files(parentOf(info), sha)
	if err != nil {
		return nil, err
	}
	out["files"], err = c.page(files)
	return out, err
}

func (s *Server) listCommits(c *call) (any, error) {
	start := c.query("sha")
	if start == "" {
		start = c.repo.DefaultBranch
	}
	sha, err := c.commitOf(start)
	if err != nil {
		return nil, err
	}
	all, err := c.repo.revisions(sha)
	if err != nil {
		return nil, err
	}
	all = slices.Clone(all)
	slices.Reverse(all)
	return c.repo.commitsJSON(all), nil
}

// ends splits base...head. A head in a fork is OWNER:BRANCH.
func (c *call) ends() (base, head string, err error) {
	from, to, ok := strings.Cut(c.http.PathValue("basehead"), "...")
	if !ok {
		return "", "", notFound
	}
	if base, err = c.commitOf(from); err != nil {
		return "", "", notFound
	}
	if owner, branch, other := strings.Cut(to, ":"); other {
		for _, r := range c.s.repos {
			if r.Owner.Login == owner && (r == c.repo || r.Parent == c.repo) {
				to = r.refs["refs/heads/"+branch]
			}
		}
	}
	if head, err = c.commitOf(to); err != nil {
		return "", "", notFound
	}
	return base, head, nil
}

// getComparison compares two commits. Without a page asked for it shows the first 250
// commits; the files are on the first page only, 300 at most.
func (s *Server) getComparison(c *call) (any, error) {
	base, head, err := c.ends()
	if err != nil {
		return nil, err
	}
	v, err := c.repo.compare(base, head)
	if err != nil {
		return nil, err
	}
	commits, err := c.comparedCommits(v.commits)
	if err != nil {
		return nil, err
	}
	baseCommit, err := c.repo.commitJSON(base)
	if err != nil {
		return nil, err
	}
	mergeBase, err := c.repo.commitJSON(v.mergeBase)
	if err != nil {
		return nil, err
	}
	files, err := c.repo.files(v.mergeBase, head)
	if err != nil {
		return nil, err
	}
	shown := []any{}
	if c.whole("page", 1) == 1 {
		if shown, err = files.slice(0, 300); err != nil {
			return nil, err
		}
	}
	at := fmt.Sprintf("%s/compare/%s...%s", c.repo.html(), base, head)
	return object{
		"url": fmt.Sprintf("%s/compare/%s...%s", c.repo.url(), base, head), "html_url": at, "permalink_url": at,
		"diff_url": at + ".diff", "patch_url": at + ".patch", "base_commit": baseCommit, "merge_base_commit": mergeBase,
		"status": v.status, "ahead_by": v.ahead, "behind_by": v.behind, "total_commits": v.ahead, "commits": commits, "files": shown,
	}, nil
}

func (c *call) comparedCommits(shas []string) ([]any, error) {
	l := c.repo.commitsJSON(shas)
	if c.query("page") == "" && c.query("per_page") == "" {
		return l.slice(0, 250)
	}
	return c.page(l)
}
