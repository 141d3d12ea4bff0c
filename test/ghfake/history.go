package ghfake

import (
	"fmt"
	"strings"
)

// commitInfo is what a commit says.
type commitInfo struct {
	sha, tree         string
	parents           []string
	author, committer signature
	message           string
}

type signature struct{ name, email, date string }

const commitFormat = "--format=%H%x00%T%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B"

func (r *Repo) info(sha string) (commitInfo, error) {
	out, err := r.fixed("show", "--no-patch", "--no-show-signature", commitFormat, sha)
	if err != nil {
		return commitInfo{}, err
	}
	f := strings.SplitN(out, "\x00", 10)
	if len(f) != 10 {
		return commitInfo{}, fmt.Errorf("read the commit %s: git wrote %q", sha, out)
	}
	return commitInfo{
		sha: f[0], tree: f[1], parents: strings.Fields(f[2]), message: strings.TrimSuffix(f[9], "\n"),
		author: signature{f[3], f[4], utc(f[5])}, committer: signature{f[6], f[7], utc(f[8])},
	}, nil
}

func (s signature) json() object { return object{"name": s.name, "email": s.email, "date": s.date} }

// commitJSON renders a commit as REST has it.
func (r *Repo) commitJSON(sha string) (object, error) {
	c, err := r.info(sha)
	if err != nil {
		return nil, err
	}
	at := r.url() + "/commits/" + sha
	parents := []any{}
	for _, p := range c.parents {
		parents = append(parents, object{"sha": p, "url": r.url() + "/commits/" + p, "html_url": r.html() + "/commit/" + p})
	}
	return object{
		"sha": c.sha, "node_id": "C_" + c.sha, "url": at, "html_url": r.html() + "/commit/" + sha, "comments_url": at + "/comments",
		"author": r.s.userJSON(r.s.byEmail(c.author.email)), "committer": r.s.userJSON(r.s.byEmail(c.committer.email)),
		"parents": parents,
		"commit": object{
			"message": c.message, "author": c.author.json(), "committer": c.committer.json(), "comment_count": 0,
			"url": r.url() + "/git/commits/" + sha, "tree": object{"sha": c.tree, "url": r.url() + "/git/trees/" + c.tree},
			"verification": object{"verified": false, "reason": "unsigned", "signature": nil, "payload": nil, "verified_at": nil},
		},
	}, nil
}

func (r *Repo) commitsJSON(shas []string) list {
	return listOf(shas, func(sha string) (object, error) { return r.commitJSON(sha) })
}

// headCommit renders a commit as payloads of webhooks have it.
func (r *Repo) headCommit(sha string) any {
	c, err := r.info(sha)
	if err != nil {
		return nil
	}
	person := func(g signature) object {
		out := object{"name": g.name, "email": g.email, "date": g.date}
		if u := r.s.byEmail(g.email); u != nil {
			out["username"] = u.Login
		}
		return out
	}
	return object{
		"id": c.sha, "tree_id": c.tree, "distinct": true, "message": c.message, "timestamp": c.committer.date,
		"url": r.html() + "/commit/" + sha, "author": person(c.author), "committer": person(c.committer),
		"added": r.touched(c, "A"), "removed": r.touched(c, "D"), "modified": r.touched(c, "M"),
	}
}

// touched lists the files that a commit did something to.
func (r *Repo) touched(c commitInfo, what string) []any {
	files, err := r.diff(parentOf(c), c.sha)
	out := []any{}
	if err != nil {
		return out
	}
	for _, f := range files {
		if f.letter == what {
			out = append(out, f.path)
		}
	}
	return out
}

// emptyTree is git's name for a tree without files.
const emptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

func parentOf(c commitInfo) string {
	if len(c.parents) == 0 {
		return emptyTree
	}
	return c.parents[0]
}
