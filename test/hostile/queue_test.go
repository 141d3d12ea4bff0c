package hostile_test

import (
	"fmt"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/test/ghfake"
)

// refusedIn waits until a commit of a merge queue is answered, and counts an attempt.
func (g *ground) refusedIn(q *ghfake.Group, what string) {
	g.Helper()
	await(g.T, func() (string, bool) {
		r := g.run(q.Head, approval)
		return fmt.Sprintf("%+v", r), r.Conclusion != ""
	})
	g.settled(q.Pull)
	g.attempt(what, g.letsThrough(q.Head, approval), g.run(q.Head, approval).Title)
}

// queue are commits of a merge queue that are not what was approved.
var queue = map[string]func(*ground){
	"the same": func(g *ground) {
		p := g.approved()
		q, err := p.Enqueue(ghfake.MergeCommit, g.who("alice"))
		must(g.T, err)
		g.checkOn(q.Head, approval, "success")
		g.checkOn(q.Head, validate, "success")
		must(g.T, q.Merge())
		g.change(p.Number, change.Scheduled)
	},
	"behind another runbook": func(g *ground) {
		p := g.approved()
		g.commit("b2", map[string]string{"runbooks/h.yaml": runbookText("h", "group:dba", "goodbye")}, ghfake.CommitOptions{})
		p2 := g.open("b2", "alice")
		g.check(p2, approval, "action_required")
		g.right(p2, "bob")
		first, err := p2.Enqueue(ghfake.Squash, g.who("alice"))
		must(g.T, err)
		behind, err := p.Enqueue(ghfake.Squash, g.who("alice"))
		must(g.T, err)
		g.refusedIn(behind, "a change passes the queue behind another runbook")
		g.checkOn(first.Head, approval, "success")
		must(g.T, first.Merge())
		must(g.T, behind.Merge())
		g.unapproved(p, "a change is scheduled that went through the queue behind another runbook")
	},
	"not approved": func(g *ground) {
		p := g.proposed()
		q, err := p.Enqueue(ghfake.MergeCommit, g.who("alice"))
		must(g.T, err)
		g.refusedIn(q, "what is not approved passes the queue")
		p.Review(g.who("bob"), ghfake.Approved, "")
		g.checkOn(q.Head, approval, "success")
		p.Review(g.who("bob"), ghfake.ChangesRequested, "")
		g.checkOn(q.Head, approval, "failure")
		must(g.T, q.Merge())
		g.unapproved(p, "a change is scheduled that an owner rejected in the queue")
	},
	"another file": func(g *ground) {
		p := g.approved()
		g.commit("b2", map[string]string{"changes/c.yaml": changeText(g.system, "h", "because"), "README.md": "x"}, ghfake.CommitOptions{Pusher: g.who("frank")})
		p2 := g.open("b2", "frank")
		g.check(p2, approval, "action_required")
		q, err := p2.Enqueue(ghfake.Squash, g.who("frank"))
		must(g.T, err)
		g.refusedIn(q, "the same file of another pull request passes with the approval of the first")
		if !g.succeeded(p) {
			g.Error("the first is not approved any more")
		}
	},
	"pushed over": func(g *ground) {
		p := g.approved()
		var q *ghfake.Group
		evil := ""
		g.atOnce(func() {
			var err error
			q, err = p.Enqueue(ghfake.Squash, g.who("alice"))
			must(g.T, err)
			evil = g.commit(q.Ref[len("refs/heads/"):], g.changeFile("something else"), ghfake.CommitOptions{Pusher: g.who("mallory")})
		})
		g.settled(p)
		g.attempt("a commit that was pushed over the queue's passes", g.letsThrough(evil, approval))
		g.attempt("a commit that is not in the queue any more passes", g.letsThrough(q.Head, approval))
	},
}
