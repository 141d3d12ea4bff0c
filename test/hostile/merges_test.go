package hostile_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/test/ghfake"
)

type auditRecord = audit.Record

var methods = []ghfake.Method{ghfake.MergeCommit, ghfake.Squash, ghfake.Rebase}

// refusedSign has a person try to sign an approval of a change.
func (g *ground) refusedSign(id change.ID, who, what string) {
	g.Helper()
	p, err := g.f.dev.As(who)
	must(g.T, err)
	_, err = p.Sign(g.ctx, id, httpapi.SignQuery{Verb: change.Approve})
	g.attempt(what, err == nil)
}

// merges are ways to bring something to the base that nobody approved.
var merges = func() map[string]func(*ground) {
	all := map[string]func(*ground){}
	for _, m := range methods {
		all[fmt.Sprintf("past all rules, by %s", m)] = func(g *ground) {
			p := g.proposed()
			commit, err := p.AdminMerge(m, g.who("frank"))
			must(g.T, err)
			g.unapproved(p, "a merge without approval is scheduled")
			for _, who := range []string{"alice", "erin", "mallory"} {
				g.heard(p, p.Comment(g.who(who), "/change approve "+commit, false))
				g.attempt(who+" approves what was merged", g.ready(p.Number))
			}
			for _, sha := range []string{commit[:10], p.State().HeadSHA, strings.Repeat("0", 40)} {
				if sha == commit {
					continue
				}
				g.heard(p, p.Comment(g.who("bob"), "/change approve "+sha, false))
				g.attempt("another commit is approved after the merge", g.ready(p.Number))
			}
			p.Review(g.who("bob"), ghfake.Approved, "")
			g.settled(p)
			g.attempt("a review after the merge schedules it", g.ready(p.Number))
			g.heard(p, p.Comment(g.who("bob"), "/change approve "+commit, false))
			g.change(p.Number, change.Scheduled)
		}
		all[fmt.Sprintf("approved and then pushed, by %s", m)] = func(g *ground) {
			p := g.approved()
			g.atOnce(func() {
				g.commit("b", g.changeFile("something else"), ghfake.CommitOptions{})
				_, err := p.AdminMerge(m, g.who("alice"))
				must(g.T, err)
			})
			g.unapproved(p, "a push just before the merge is scheduled")
		}
		all[fmt.Sprintf("as it was approved, by %s", m)] = func(g *ground) {
			p := g.approved()
			commit, err := p.Merge(m, g.who("alice"))
			must(g.T, err)
			if rec := g.change(p.Number, change.Scheduled); rec.Plan.Origin.Commit != commit {
				g.Errorf("it is pinned to %s, want %s", rec.Plan.Origin.Commit, commit)
			}
		}
	}
	for name, play := range otherMerges {
		all[name] = play
	}
	return all
}()

var otherMerges = map[string]func(*ground){
	"with a runbook that was replaced before": func(g *ground) {
		p := g.approved()
		g.atOnce(func() {
			g.replaced("goodbye")
			_, err := p.AdminMerge(ghfake.MergeCommit, g.who("alice"))
			must(g.T, err)
		})
		g.unapproved(p, "a runbook that was replaced before the merge is scheduled")
	},
	"with a runbook that was replaced, noticed": func(g *ground) {
		p := g.approved()
		g.replaced("goodbye")
		g.check(p, approval, "action_required")
		_, err := p.AdminMerge(ghfake.Squash, g.who("alice"))
		must(g.T, err)
		g.unapproved(p, "a runbook that was replaced before the merge is scheduled")
	},
	"with an approval that was taken back": func(g *ground) {
		p := g.approved()
		g.atOnce(func() {
			p.Review(g.who("bob"), ghfake.ChangesRequested, "")
			_, err := p.AdminMerge(ghfake.Squash, g.who("alice"))
			must(g.T, err)
		})
		g.unapproved(p, "an approval counts that was taken back before the merge")
	},
	"of another branch": func(g *ground) {
		g.commit("release", map[string]string{"README.md": "release"}, ghfake.CommitOptions{Pusher: g.who("erin")})
		g.commit("b", g.changeFile("because"), ghfake.CommitOptions{From: "refs/heads/release"})
		p, err := g.repo.OpenPull(g.who("alice"), ghfake.PullOptions{Head: "b", Base: "release"})
		must(g.T, err)
		const release = "changectl/approval: release"
		g.check(p, release, "action_required")
		p.Review(g.who("bob"), ghfake.Approved, "")
		g.check(p, release, "success")
		commit, err := p.Merge(ghfake.MergeCommit, g.who("alice"))
		must(g.T, err)
		g.settled(p)
		g.attempt("a merge into another branch makes a change", len(g.changes(p.Number)) != 0)
		must(g.T, g.repo.Point("main", commit, g.who("alice")))
		g.tip()
		g.attempt("what was approved for another branch is scheduled", g.ready(0) || g.ready(p.Number))
		g.change(0, change.AwaitingApproval)
	},
	"of nothing: a push": func(g *ground) {
		g.commit("main", g.changeFile("because"), ghfake.CommitOptions{Pusher: g.who("bob")})
		rec := g.change(0, change.AwaitingApproval)
		g.tip()
		g.attempt("a push is scheduled", g.ready(0))
		g.refusedSign(rec.ID, "bob", "who pushed it approves it")
		g.refusedSign(rec.ID, "erin", "who has no say approves it")
		g.attempt("a push is scheduled", g.ready(0))
	},
	"of nothing: a push of nobody known": func(g *ground) {
		g.commit("main", g.changeFile("because"), ghfake.CommitOptions{Pusher: g.who("mallory"), Author: g.who("alice")})
		g.tip()
		g.attempt("a push of somebody unknown is a change", len(g.changes(0)) != 0)
	},
	"of nothing: a push behind which another one comes": func(g *ground) {
		g.atOnce(func() {
			g.commit("main", g.changeFile("because"), ghfake.CommitOptions{Pusher: g.who("bob"), Author: g.who("alice")})
			g.commit("main", map[string]string{"README.md": "a word"}, ghfake.CommitOptions{Pusher: g.who("frank")})
		})
		rec := g.change(0, change.AwaitingApproval)
		g.tip()
		g.refusedSign(rec.ID, "bob", "who pushed it approves it, when somebody else pushed after him")
		g.attempt("it is scheduled", g.ready(0))
	},
	"with other content, by hand": func(g *ground) {
		p := g.approved()
		commit := g.evil(p, changeText(g.system, "h", "something else"), "carol")
		g.unapproved(p, "a merge commit that alters the file is scheduled")
		g.heard(p, p.Comment(g.who("carol"), "/change approve "+commit, false))
		g.attempt("who altered it in the merge approves it by command", g.ready(p.Number))
		g.refusedSign(g.changes(p.Number)[0].ID, "carol", "who altered it in the merge signs for it")
		g.heard(p, p.Comment(g.who("bob"), "/change approve "+commit, false))
		g.change(p.Number, change.Scheduled)
	},
	"with another runbook, by hand": func(g *ground) {
		p := g.approved()
		base, head := g.repo.Branch("main"), p.State().HeadSHA
		commit := g.made(base, head, map[string]string{"changes/c.yaml": changeText(g.system, "h", "because"), "runbooks/h.yaml": runbookText("h", "group:dba", "goodbye")})
		must(g.T, g.repo.Point("main", commit, g.who("alice")))
		g.unapproved(p, "a merge commit that alters the runbook is scheduled")
	},
	"of what an owner pushed as somebody else": func(g *ground) {
		p := g.proposed()
		g.commit("b", g.changeFile("a little more"), ghfake.CommitOptions{Pusher: g.who("carol"), Author: g.who("alice")})
		g.check(p, plan, "success")
		p.Review(g.who("carol"), ghfake.Approved, "")
		g.settled(p)
		commit, err := p.AdminMerge(ghfake.Squash, g.who("alice"))
		must(g.T, err)
		g.unapproved(p, "what its pusher approved is scheduled")
		g.heard(p, p.Comment(g.who("carol"), "/change approve "+commit, false))
		g.attempt("who pushed it approves it after the merge, by command", g.ready(p.Number))
		g.refusedSign(g.changes(p.Number)[0].ID, "carol", "who pushed it signs for it after the merge")
		g.heard(p, p.Comment(g.who("bob"), "/change approve "+commit, false))
		g.change(p.Number, change.Scheduled)
	},
	"of what was submitted early and signed": func(g *ground) {
		p := g.proposed()
		g.heard(p, p.Comment(g.who("alice"), "/change submit", false))
		rec := g.change(p.Number, change.AwaitingApproval)
		bob, err := g.f.dev.As("bob")
		must(g.T, err)
		_, err = bob.Sign(g.ctx, rec.ID, httpapi.SignQuery{Verb: change.Approve})
		must(g.T, err)
		g.settled(p)
		g.attempt("a signature on what is not merged approves the pull request", g.succeeded(p))
		g.commit("b", g.changeFile("something else"), ghfake.CommitOptions{})
		g.settled(p)
		_, err = p.AdminMerge(ghfake.Squash, g.who("alice"))
		must(g.T, err)
		await(g.T, func() (string, bool) {
			r := g.get(rec.ID)
			return fmt.Sprintf("%s is pinned to %q", rec.ID, r.Plan.Origin.Commit), r.Plan.Origin.Commit != ""
		})
		g.unapproved(p, "a signature on what was not merged yet approves what was")
	},
	"that is forced away": func(g *ground) {
		p := g.approved()
		before := g.repo.Branch("main")
		commit, err := p.Merge(ghfake.Squash, g.who("alice"))
		must(g.T, err)
		rec := g.change(p.Number, change.Scheduled)
		other := g.commit("main", map[string]string{"README.md": "another history"}, ghfake.CommitOptions{Pusher: g.who("erin"), From: before})
		g.change(p.Number, change.Held)
		g.attempt("a change goes on whose commit is gone", g.ready(p.Number))
		g.attempt("a change that is held for it is another", g.changes(p.Number)[0].ID != rec.ID)
		must(g.T, g.repo.Point("main", commit, g.who("erin")))
		g.change(p.Number, change.Scheduled)
		must(g.T, g.repo.Point("main", other, g.who("erin")))
		g.change(p.Number, change.Held)
		g.attempt("a change goes on whose commit is gone again", g.ready(p.Number))
	},
	"of an installation that is suspended": func(g *ground) {
		p := g.approved()
		_, err := p.Merge(ghfake.Squash, g.who("alice"))
		must(g.T, err)
		g.change(p.Number, change.Scheduled)
		g.f.SuspendInstallation(g.install, g.repo.Owner)
		g.change(p.Number, change.Held)
		g.attempt("a change goes on that nobody may look after", g.ready(p.Number))
		g.f.UnsuspendInstallation(g.install, g.repo.Owner)
		g.change(p.Number, change.Scheduled)
		g.install.Remove(g.repo.Owner, g.repo)
		g.change(p.Number, change.Held)
		g.attempt("a change goes on of a repository that was taken away", g.ready(p.Number))
		g.install.Add(g.repo.Owner, g.repo)
		g.change(p.Number, change.Scheduled)
	},
	"of a file that another pull request brought": func(g *ground) {
		p := g.approved()
		_, err := p.Merge(ghfake.Squash, g.who("alice"))
		must(g.T, err)
		g.change(p.Number, change.Scheduled)
		g.commit("b2", g.changeFile("quite another reason"), ghfake.CommitOptions{Pusher: g.who("frank")})
		p2 := g.open("b2", "frank")
		g.check(p2, plan, "success")
		_, err = p2.AdminMerge(ghfake.Squash, g.who("frank"))
		must(g.T, err)
		await(g.T, func() (string, bool) { return g.ours(p2), strings.Contains(g.ours(p2), "erged") })
		g.settled(p2)
		g.attempt("the new text of an approved file is scheduled", strings.Contains(fmt.Sprint(g.scheduled()), "quite another reason"))
	},
}

// scheduled returns the reasons of all changes of the case's system that would run.
func (g *ground) scheduled() (reasons []string) {
	for n := range 4 {
		for _, r := range g.changes(n) {
			if r.Status == change.Scheduled {
				reasons = append(reasons, r.Plan.Reason)
			}
		}
	}
	return reasons
}

// made is a merge commit of two commits with files of its own, by real git.
func (g *ground) made(base, head string, files map[string]string) string {
	g.Helper()
	branch := fmt.Sprintf("made-%d", time.Now().UnixNano())
	tip, err := g.repo.Commit(branch, files, ghfake.CommitOptions{Pusher: g.who("carol"), From: base, Quiet: true})
	must(g.T, err)
	tree := g.git("rev-parse", tip+"^{tree}")
	commit := g.git("commit-tree", tree, "-p", base, "-p", head, "-m", "Merge")
	g.git("update-ref", "-d", "refs/heads/"+branch)
	return commit
}

// evil merges a pull request with a text of its own.
func (g *ground) evil(p *ghfake.Pull, text, by string) string {
	g.Helper()
	commit := g.made(g.repo.Branch("main"), p.State().HeadSHA, map[string]string{"changes/c.yaml": text})
	must(g.T, g.repo.Point("main", commit, g.who(by)))
	if !p.State().Merged {
		g.Fatal("GitHub does not take it for merged")
	}
	return commit
}
