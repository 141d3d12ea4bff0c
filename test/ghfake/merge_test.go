package ghfake_test

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-github/v60/github"

	"github.com/changectl/changectl/test/ghfake"
)

func TestTheMethodsOfMerging(t *testing.T) {
	for method, want := range map[ghfake.Method]string{
		ghfake.MergeCommit: "2 parents, by bob/web-flow, 2 new",
		ghfake.Squash:      "1 parents, by alice/web-flow, 1 new",
		ghfake.Rebase:      "1 parents, by alice/bob, 1 new",
	} {
		t.Run(string(method), func(t *testing.T) {
			w := newWorld(t, ghfake.Options{})
			p := w.open(t, "resize")
			before := w.commit(t, "main", map[string]string{"between": "x"}, ghfake.CommitOptions{})
			sha := ghfake.Must(p.Merge(method, w.bob))
			c := ok[*github.RepositoryCommit](t)(w.client.Repositories.GetCommit(t.Context(), "acme", "infra", sha, nil))
			cmp := ok[*github.CommitsComparison](t)(w.client.Repositories.CompareCommits(t.Context(), "acme", "infra", before, sha, nil))
			got := fmt.Sprintf("%d parents, by %s/%s, %d new", len(c.Parents), c.GetAuthor().GetLogin(), c.GetCommitter().GetLogin(), cmp.GetTotalCommits())
			if got != want || w.repo.Branch("main") != sha || !p.State().Merged {
				t.Errorf("merged: %s, want %s", got, want)
			}
			entries, err := activity(t, w, "main")
			if err != nil || entries[0].Type != "pr_merge" || entries[0].Actor.GetLogin() != "bob" {
				t.Errorf("the activity is %v: %v", entries, err)
			}
			of := ok[[]*github.PullRequest](t)(w.client.PullRequests.ListPullRequestsWithCommit(t.Context(), "acme", "infra", sha, nil))
			if len(of) != 1 || of[0].GetNumber() != p.Number {
				t.Errorf("the commit's pull requests are %v", of)
			}
		})
	}
}

func TestRulesStandInTheWayOfAMerge(t *testing.T) {
	w := newWorld(t, ghfake.Options{})
	w.repo.Protect("main", ghfake.Rules{Checks: []string{"changectl"}, Approvals: 1, DismissStale: true})
	p := w.open(t, "resize")
	p.Review(w.bob, ghfake.Approved, "")
	w.commit(t, "resize", map[string]string{"x": "y"}, ghfake.CommitOptions{Pusher: w.alice})
	if _, err := p.Merge(ghfake.Squash, w.bob); err == nil || !strings.Contains(err.Error(), "approving review") {
		t.Errorf("a push takes approvals away: %v", err)
	}
	p.Review(w.bob, ghfake.Approved, "")
	if _, err := p.Merge(ghfake.Squash, w.bob); err == nil || !strings.Contains(err.Error(), "status check") {
		t.Errorf("the check is missing: %v", err)
	}
	w.repo.ForeignCheck(99, p.State().HeadSHA, "changectl", "success")
	pull := ok[*github.PullRequest](t)(w.client.PullRequests.Get(t.Context(), "acme", "infra", p.Number))
	if pull.GetMergeableState() != "clean" {
		t.Errorf("nothing stands in the way, and the state is %s", pull.GetMergeableState())
	}
	q := w.open(t, "other")
	ghfake.Must(q.AdminMerge(ghfake.Squash, w.repo.Owner))
	ghfake.Must(p.Merge(ghfake.Squash, w.bob))
}

func TestConflictsAndForcedPushes(t *testing.T) {
	w := newWorld(t, ghfake.Options{})
	p := w.open(t, "resize")
	w.commit(t, "main", map[string]string{"changes/resize.yaml": "name: mine\n"}, ghfake.CommitOptions{})
	for _, m := range []ghfake.Method{ghfake.MergeCommit, ghfake.Squash, ghfake.Rebase} {
		if _, err := p.Merge(m, w.bob); err == nil {
			t.Errorf("%s: a conflict was merged", m)
		}
	}
	pull := ok[*github.PullRequest](t)(w.client.PullRequests.Get(t.Context(), "acme", "infra", p.Number))
	if pull.GetMergeable() || pull.GetMergeableState() != "dirty" {
		t.Errorf("with a conflict it is %s", pull.GetMergeableState())
	}
	sha := ghfake.Must(w.repo.ForcePush("resize", map[string]string{"else": "x"}, w.bob))
	entries, err := activity(t, w, "resize")
	if err != nil || entries[0].Type != "force_push" || entries[0].After != sha || entries[0].Actor.GetLogin() != "bob" {
		t.Errorf("the activity is %v: %v", entries, err)
	}
	if p.State().HeadSHA != sha {
		t.Error("the head did not follow")
	}
}

// Real git pushes from a fork; what it brought is in the repository itself then.
func TestAForkThatRealGitPushesTo(t *testing.T) {
	w := newWorld(t, ghfake.Options{})
	fork := ghfake.Must(w.repo.Fork("mallory"))
	mallory := w.User("mallory")
	dir := t.TempDir()
	for _, args := range [][]string{
		{"clone", "-q", fork.Path(), dir},
		{"-C", dir, "checkout", "-q", "-b", "mine"},
		{"-C", dir, "-c", "user.name=X", "-c", "user.email=nobody@nowhere", "commit", "-q", "--allow-empty", "-m", "mine"},
		{"-C", dir, "push", "-q", "origin", "mine"},
	} {
		if out, err := exec.CommandContext(t.Context(), "git", args...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v: %s", args, err, out)
		}
	}
	must(t, fork.Sync(mallory))
	p := ghfake.Must(w.repo.OpenPull(mallory, ghfake.PullOptions{Head: "mine", From: fork}))
	c := ok[*github.RepositoryCommit](t)(w.client.Repositories.GetCommit(t.Context(), "acme", "infra", p.State().HeadSHA, nil))
	if c.Author != nil {
		t.Errorf("nobody has this address, and the author is %v", c.Author)
	}
	w.DeleteUser(mallory)
	fork.Delete()
	pull := ok[*github.PullRequest](t)(w.client.PullRequests.Get(t.Context(), "acme", "infra", p.Number))
	if pull.GetHead().Repo != nil || pull.GetUser().GetLogin() != "ghost" {
		t.Errorf("the fork and its owner are gone, and there is %v", pull)
	}
}

func TestExamplesAreThere(t *testing.T) {
	all := ghfake.Examples(t)
	for _, event := range []string{"pull_request", "pull_request_review", "push", "issue_comment", "merge_group", "check_run", "installation"} {
		if len(all[event]) == 0 {
			t.Errorf("there is no example of %s", event)
		}
	}
}
