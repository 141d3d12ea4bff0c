package hostile_test

import (
	"time"

	"github.com/changectl/changectl/test/ghfake"
)

// lacks waits until all was looked at and counts an attempt to have it approved.
func (g *ground) lacks(p *ghfake.Pull, what string) {
	g.Helper()
	g.settled(p)
	g.attempt(what, g.succeeded(p), g.run(p.State().HeadSHA, approval).Title)
}

// right is the counter-check: with an approval that counts, the same pull request is
// approved.
func (g *ground) right(p *ghfake.Pull, who string) {
	g.Helper()
	second(g, time.Now()) // what is said within one second has no order
	p.Review(g.who(who), ghfake.Approved, "")
	g.check(p, approval, "success")
}

// withCatalog is a repository with a catalog of its own, in which Carol is not of the
// database team.
func (g *ground) withCatalog() {
	g.Helper()
	people := `apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: dba}
spec: {type: team, children: []}
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: change-managers}
spec: {type: team, children: []}
`
	for name, group := range map[string]string{"alice": "", "bob": "dba", "carol": "", "erin": "change-managers"} {
		people += "---\napiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {name: " + name +
			", annotations: {github.com/user-login: nordwind-" + name + "}}\nspec: {memberOf: [" + group + "]}\n"
	}
	people += "---\napiVersion: backstage.io/v1alpha1\nkind: Resource\nmetadata: {name: " + g.system[len("resource:"):] + "}\nspec: {type: server, owner: group:dba}\n"
	g.commit("main", map[string]string{".changectl.yaml": layoutText + "  catalog: catalog\n", "catalog/all.yaml": people}, ghfake.CommitOptions{Pusher: g.who("erin")})
	g.tip()
}

// replaced puts another runbook onto the base.
func (g *ground) replaced(word string) {
	g.Helper()
	g.commit("main", map[string]string{"runbooks/h.yaml": runbookText("h", "group:dba", word)}, ghfake.CommitOptions{Pusher: g.who("erin")})
}

var reviews = map[string]func(*ground){
	"of a commit that is not the head any more": func(g *ground) {
		p := g.approved()
		g.commit("b", g.changeFile("another reason"), ghfake.CommitOptions{})
		g.lacks(p, "an approval survives a push")
		g.right(p, "bob")
	},
	"of an older commit, given after the push": func(g *ground) {
		p := g.proposed()
		old := p.State().HeadSHA
		g.commit("b", g.changeFile("another reason"), ghfake.CommitOptions{})
		p.Review(g.who("bob"), ghfake.Approved, old)
		g.lacks(p, "an approval of an older commit counts")
		g.right(p, "carol")
	},
	"before the base is another": func(g *ground) {
		g.commit("release", map[string]string{"README.md": "release"}, ghfake.CommitOptions{Pusher: g.who("erin")})
		p := g.approved()
		must(g.T, p.Retarget("release", g.who("alice")))
		g.settled(p)
		g.attempt("an approval for main counts for release", g.letsThrough(p.State().HeadSHA, "changectl/approval: release"))
		must(g.T, p.Retarget("main", g.who("alice")))
		g.lacks(p, "an approval survives a way over another base")
		p.Review(g.who("bob"), ghfake.Commented, "")
		g.lacks(p, "a comment counts")
	},
	"before the base is another, then away and back": func(g *ground) {
		g.commit("release", map[string]string{"README.md": "release"}, ghfake.CommitOptions{Pusher: g.who("erin")})
		g.commit("b", g.changeFile("because"), ghfake.CommitOptions{From: "refs/heads/main"})
		p, err := g.repo.OpenPull(g.who("alice"), ghfake.PullOptions{Head: "b", Base: "release"})
		must(g.T, err)
		const release = "changectl/approval: release"
		g.check(p, release, "action_required")
		p.Review(g.who("bob"), ghfake.Approved, "")
		g.check(p, release, "success")
		head := p.State().HeadSHA
		must(g.T, p.Retarget("main", g.who("alice")))
		g.lacks(p, "an approval for release counts for main")
		g.commit("b", g.changeFile("something else"), ghfake.CommitOptions{})
		g.settled(p)
		must(g.T, g.repo.Point("b", head, g.who("alice")))
		g.lacks(p, "an approval for release counts for main after a push and a push back")
	},
	"of the author": func(g *ground) {
		p := g.proposedBy("bob")
		p.Review(g.who("bob"), ghfake.Approved, "")
		g.lacks(p, "the author approves")
		p.Review(g.who("bob-two"), ghfake.Approved, "")
		g.lacks(p, "the author approves with a second account")
		g.right(p, "carol")
	},
	"of the author, who opened it with a second account": func(g *ground) {
		g.commit("b", g.changeFile("because"), ghfake.CommitOptions{Pusher: g.who("alice")})
		p := g.open("b", "bob-two")
		g.check(p, approval, "action_required")
		p.Review(g.who("bob"), ghfake.Approved, "")
		g.lacks(p, "the author approves with the first account")
		g.right(p, "carol")
	},
	"of accounts that are no person's": func(g *ground) {
		p := g.proposed()
		for _, login := range []string{"dba-helper[bot]", "carol-robot", "mallory", "ghost"} {
			p.Review(g.who(login), ghfake.Approved, "")
		}
		for _, login := range []string{"dba-helper[bot]", "carol-robot", "mallory", "ghost"} {
			g.lacks(p, "an approval of @"+login+" counts")
		}
		g.right(p, "bob")
	},
	"of an account that is gone": func(g *ground) {
		p := g.proposed()
		gone := g.who("carol-gone")
		g.f.DeleteUser(func() *ghfake.User { p.Review(gone, ghfake.Approved, ""); return gone }())
		g.lacks(p, "an approval of a deleted account counts")
		g.right(p, "bob")
	},
	"of persons of other groups": func(g *ground) {
		p := g.proposed()
		for _, name := range []string{"dave", "erin", "frank"} {
			p.Review(g.who(name), ghfake.Approved, "")
			g.lacks(p, "an approval of "+name+" counts for group:dba")
		}
		g.right(p, "bob")
	},
	"of the committer of an earlier commit": func(g *ground) {
		g.commit("b", g.changeFile("because"), ghfake.CommitOptions{Author: g.who("alice"), Committer: g.who("carol")})
		g.commit("b", g.changeFile("because of that"), ghfake.CommitOptions{})
		p := g.open("b", "alice")
		g.check(p, approval, "action_required")
		p.Review(g.who("carol"), ghfake.Approved, "")
		g.lacks(p, "a committer approves")
		g.right(p, "bob")
	},
	"of the writer of an earlier commit": func(g *ground) {
		g.commit("b", g.changeFile("because"), ghfake.CommitOptions{Author: g.who("bob-two"), Committer: g.who("alice")})
		g.commit("b", g.changeFile("because of that"), ghfake.CommitOptions{})
		p := g.open("b", "alice")
		g.check(p, approval, "action_required")
		p.Review(g.who("bob"), ghfake.Approved, "")
		g.lacks(p, "the writer of a commit approves")
		g.right(p, "carol")
	},
	"of who pushed last, as somebody else": func(g *ground) {
		p := g.proposed()
		g.commit("b", g.changeFile("a little more"), ghfake.CommitOptions{Pusher: g.who("carol"), Author: g.who("alice")})
		p.Review(g.who("carol"), ghfake.Approved, "")
		g.lacks(p, "who pushed last approves")
		g.right(p, "bob")
	},
	"of who pushed last, as nobody known": func(g *ground) {
		p := g.proposed()
		nobody := &ghfake.User{Name: "N. N.", Email: "nn@example.com"}
		g.commit("b", g.changeFile("a little more"), ghfake.CommitOptions{Pusher: g.who("bob-two"), Author: nobody})
		p.Review(g.who("bob"), ghfake.Approved, "")
		g.lacks(p, "who pushed last with a second account approves")
	},
	"behind a push of an account that nobody knows": func(g *ground) {
		p := g.proposed()
		g.commit("b", g.changeFile("a little more"), ghfake.CommitOptions{Pusher: g.who("mallory"), Author: g.who("alice")})
		p.Review(g.who("bob"), ghfake.Approved, "")
		g.lacks(p, "an approval counts although it is not known who pushed")
	},
	"against an owner's rejection": func(g *ground) {
		p := g.proposed()
		p.Review(g.who("bob"), ghfake.ChangesRequested, "")
		g.check(p, approval, "failure")
		p.Review(g.who("carol"), ghfake.Approved, "")
		g.lacks(p, "an approval outvotes a rejection")
		g.commit("b", g.changeFile("another reason"), ghfake.CommitOptions{})
		p.Review(g.who("carol"), ghfake.Approved, "")
		g.lacks(p, "a push takes a rejection away")
		g.right(p, "bob")
	},
	"that was dismissed": func(g *ground) {
		p := g.proposed()
		r := p.Review(g.who("bob"), ghfake.Approved, "")
		g.check(p, approval, "success")
		must(g.T, p.Dismiss(r.ID, g.who("alice")))
		g.lacks(p, "a dismissed approval counts")
		p.Review(g.who("carol"), ghfake.Pending, "")
		g.lacks(p, "a review that was not submitted counts")
		g.right(p, "carol")
	},
	"of whom the base's catalog has in no group": func(g *ground) {
		g.withCatalog()
		p := g.proposed()
		p.Review(g.who("carol"), ghfake.Approved, "")
		g.lacks(p, "an approval counts of whom only one catalog has in the group")
		g.right(p, "bob")
	},
	"before the runbook on the base is another": func(g *ground) {
		p := g.approved()
		g.replaced("goodbye")
		g.check(p, approval, "action_required")
		g.lacks(p, "an approval counts for a runbook that came later")
		g.right(p, "bob")
	},
	"before the runbook is another, away and back": func(g *ground) {
		p := g.approved()
		head := p.State().HeadSHA
		g.replaced("goodbye")
		g.check(p, approval, "action_required")
		g.commit("b", g.changeFile("something else"), ghfake.CommitOptions{})
		g.check(p, approval, "action_required")
		g.settled(p)
		must(g.T, g.repo.Point("b", head, g.who("alice")))
		g.lacks(p, "an approval counts for a later runbook after a push and a push back")
		g.right(p, "bob")
	},
	"before the runbook is another meanwhile": func(g *ground) {
		g.commit("main", map[string]string{"runbooks/other.yaml": runbookText("other", "group:dba", "other")}, ghfake.CommitOptions{Pusher: g.who("erin")})
		p := g.approved()
		head := p.State().HeadSHA
		g.commit("b", map[string]string{"changes/c.yaml": changeText(g.system, "other", "because")}, ghfake.CommitOptions{})
		g.check(p, approval, "action_required")
		g.settled(p)
		g.replaced("goodbye")
		g.tip()
		g.settled(p)
		must(g.T, g.repo.Point("b", head, g.who("alice")))
		g.lacks(p, "an approval counts for a runbook that came while the head was another")
		g.right(p, "bob")
	},
	"before the runbook can be read at all": func(g *ground) {
		g.commit("main", map[string]string{"runbooks/h.yaml": "kind: [broken"}, ghfake.CommitOptions{Pusher: g.who("erin")})
		g.commit("b", g.changeFile("because"), ghfake.CommitOptions{})
		p := g.open("b", "alice")
		g.check(p, approval, "action_required")
		p.Review(g.who("bob"), ghfake.Approved, "")
		g.settled(p)
		second(g, time.Now())
		g.replaced("goodbye")
		g.check(p, plan, "success")
		g.lacks(p, "an approval counts for a runbook that could not be read when it was given")
		g.right(p, "carol")
	},
	"in the second in which the runbook is replaced": func(g *ground) {
		p := g.proposed()
		g.settled(p)
		second(g, time.Now())
		g.atOnce(func() {
			p.Review(g.who("bob"), ghfake.Approved, "")
			g.replaced("goodbye")
		})
		g.lacks(p, "an approval counts for a runbook of the same second")
		second(g, time.Now())
		g.right(p, "bob")
	},
	"for a branch whose name reads as main": func(g *ground) {
		const twin = "main\u00a0"
		g.commit(twin, map[string]string{".changectl.yaml": "apiVersion: changectl.dev/v1\nkind: Repository\nspec: {instance: dev, changes: [nowhere], owners: group:platform}\n"},
			ghfake.CommitOptions{From: "refs/heads/main"})
		p := g.proposed()
		_, err := g.repo.OpenPull(g.who("alice"), ghfake.PullOptions{Head: "b", Base: twin, Title: "The twin"})
		must(g.T, err)
		var second *ghfake.Pull
		await(g.T, func() (int, bool) {
			second = g.repo.Pull(p.Number + 1)
			return 0, second != nil && g.kept(second.Number).Version >= 2
		})
		g.lacks(p, "a check for another branch passes for that of main")
	},
	"by a rejection in a command": func(g *ground) {
		p := g.proposed()
		p.Comment(g.who("bob"), "/change reject not tonight", false)
		g.check(p, approval, "failure")
		p.Review(g.who("carol"), ghfake.Approved, "")
		g.lacks(p, "an approval outvotes a rejection by command")
		if len(g.changes(p.Number)) != 0 {
			g.Error("there is a change before the merge")
		}
	},
}
