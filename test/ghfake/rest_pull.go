package ghfake

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
)

// pull finds the pull request of the path, as REST shows it.
func (c *call) pull() (*Pull, PullState, error) {
	n := c.number("pull_number")
	if n < 1 || int(n) > len(c.repo.pulls) {
		return nil, PullState{}, notFound
	}
	p := c.repo.pulls[n-1]
	v, ok := p.record.look(c.s.now())
	if !ok {
		return nil, v, notFound
	}
	return p, v, nil
}

// shownPull is a pull request with what REST shows of it.
type shownPull struct {
	*Pull
	PullState
}

func (c *call) pulls(keep func(shownPull) bool) []shownPull {
	var out []shownPull
	for _, p := range c.repo.pulls {
		v, ok := p.record.look(c.s.now())
		if ok && keep(shownPull{p, v}) {
			out = append(out, shownPull{p, v})
		}
	}
	return out
}

func (p shownPull) json() object { return p.Pull.json(p.PullState) }

func (s *Server) listPulls(c *call) (any, error) {
	state := cmp.Or(c.query("state"), "open")
	found := c.pulls(func(p shownPull) bool {
		head := p.HeadRepo.Owner.Login + ":" + p.HeadRef
		return (state == "all" || p.Open == (state == "open")) && (c.query("base") == "" || p.BaseRef == c.query("base")) &&
			(c.query("head") == "" || strings.EqualFold(head, c.query("head")))
	})
	if c.query("sort") == "updated" {
		slices.SortStableFunc(found, func(x, y shownPull) int { return x.Updated.Compare(y.Updated) })
	}
	newestFirst := c.query("sort") == "" || c.query("sort") == "created"
	if c.query("direction") == "desc" || (c.query("direction") == "" && newestFirst) {
		slices.Reverse(found)
	}
	return plain(found, shownPull.json), nil
}

func (s *Server) getPull(c *call) (any, error) {
	p, v, err := c.pull()
	if err != nil {
		return nil, err
	}
	return p.detailed(v)
}

// pullsOfCommit finds the pull requests that a commit is in: open ones by their
// commits, merged ones by their merge.
func (s *Server) pullsOfCommit(c *call) (any, error) {
	sha, err := c.commitOf(c.http.PathValue("commit_sha"))
	if err != nil {
		return nil, err
	}
	found := c.pulls(func(p shownPull) bool {
		return p.MergeCommit == sha || (c.repo.ancestor(sha, p.HeadSHA) && !c.repo.ancestor(sha, p.BaseSHA))
	})
	return plain(found, shownPull.json), nil
}

// postPull opens a pull request for a person, from this repository or a fork of his.
func (s *Server) postPull(c *call) (any, error) {
	var ask struct {
		Title, Head, Base, Body string
		Draft                   bool
	}
	if err := c.decode(&ask); err != nil {
		return nil, err
	}
	o := PullOptions{Head: ask.Head, Base: ask.Base, Title: ask.Title, Body: ask.Body, Draft: ask.Draft}
	if owner, branch, other := strings.Cut(ask.Head, ":"); other {
		o.Head = branch
		for _, r := range s.repos {
			if strings.EqualFold(r.Owner.Login, owner) && (r == c.repo || r.Parent == c.repo) {
				o.From = r
			}
		}
	}
	same := c.pulls(func(p shownPull) bool { return p.Open && p.HeadRef == o.Head && p.BaseRef == o.Base })
	if len(same) > 0 {
		return nil, invalid("A pull request already exists for %s.", ask.Head)
	}
	p, err := c.repo.openPull(c.account(), o)
	if err != nil {
		return nil, invalid("%v", err)
	}
	return p.detailed(p.record.now)
}

func (s *Server) patchPull(c *call) (any, error) {
	p, _, err := c.pull()
	if err != nil {
		return nil, err
	}
	var ask struct{ Title, Body, State, Base *string }
	if err := c.decode(&ask); err != nil {
		return nil, err
	}
	if ask.State != nil && p.record.now.Merged {
		return nil, invalid("a merged pull request cannot be opened or closed")
	}
	p.alter(func(v *PullState) {
		v.Title, v.Body = deref(cmp.Or(ask.Title, &v.Title)), deref(cmp.Or(ask.Body, &v.Body))
		v.BaseRef = deref(cmp.Or(ask.Base, &v.BaseRef))
		if ask.State != nil {
			v.Open = *ask.State == "open"
		}
	})
	action := "edited"
	more := object{"changes": object{}}
	if ask.State != nil {
		action, more = map[bool]string{true: "reopened", false: "closed"}[p.record.now.Open], nil
	}
	p.emit(action, c.account(), more)
	return p.detailed(p.record.now)
}

// pullCommits lists at most 250, as GitHub does.
func (s *Server) pullCommits(c *call) (any, error) {
	_, v, err := c.pull()
	if err != nil {
		return nil, err
	}
	compared, err := c.repo.compare(v.BaseSHA, v.HeadSHA)
	if err != nil {
		return nil, err
	}
	return c.repo.commitsJSON(compared.commits[:min(len(compared.commits), 250)]), nil
}

func (s *Server) pullFiles(c *call) (any, error) {
	_, v, err := c.pull()
	if err != nil {
		return nil, err
	}
	compared, err := c.repo.compare(v.BaseSHA, v.HeadSHA)
	if err != nil {
		return nil, err
	}
	return c.repo.files(compared.mergeBase, v.HeadSHA)
}

func (s *Server) isMerged(c *call) (any, error) {
	_, v, err := c.pull()
	if err != nil {
		return nil, err
	}
	if !v.Merged {
		return nil, notFound
	}
	c.status = http.StatusNoContent
	return nil, nil // merged is said by the status alone
}

func (s *Server) putMerge(c *call) (any, error) {
	p, _, err := c.pull()
	if err != nil {
		return nil, err
	}
	var ask struct {
		SHA    string `json:"sha"`
		Method Method `json:"merge_method"`
	}
	if err := c.decode(&ask); err != nil {
		return nil, err
	}
	if ask.SHA != "" && ask.SHA != p.record.now.HeadSHA {
		return nil, refuse(http.StatusConflict, "Head branch was modified. Review and try the merge again.")
	}
	if why := p.obstacle(); why != "" {
		return nil, refuse(http.StatusMethodNotAllowed, why)
	}
	commit, err := p.merge(cmp.Or(ask.Method, MergeCommit), c.account())
	if err != nil {
		return nil, refuse(http.StatusMethodNotAllowed, "Pull Request is not mergeable")
	}
	return object{"sha": commit, "merged": true, "message": "Pull Request successfully merged"}, nil
}
