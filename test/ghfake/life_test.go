package ghfake_test

import (
	"testing"

	"github.com/google/go-github/v60/github"

	"github.com/changectl/changectl/test/ghfake"
)

// A client that others wrote leads a pull request from its opening to its merge, and
// nothing of it is at odds with GitHub's description.
func TestTheLifeOfAPullRequest(t *testing.T) {
	w := newWorld(t, ghfake.Options{})
	ctx := t.Context()
	p := w.open(t, "resize")
	head := p.State().HeadSHA

	pulls := ok[[]*github.PullRequest](t)(w.client.PullRequests.List(ctx, "acme", "infra", nil))
	if len(pulls) != 1 || pulls[0].GetNumber() != p.Number || pulls[0].GetHead().GetSHA() != head {
		t.Fatalf("the list of pull requests is %v", pulls)
	}
	pull := ok[*github.PullRequest](t)(w.client.PullRequests.Get(ctx, "acme", "infra", p.Number))
	if !pull.GetMergeable() || pull.GetMergeCommitSHA() == "" || pull.GetMerged() {
		t.Errorf("an open pull request has a test merge: %v", pull)
	}
	cmp := ok[*github.CommitsComparison](t)(w.client.Repositories.CompareCommits(ctx, "acme", "infra", "main", head, nil))
	if cmp.GetStatus() != "ahead" || cmp.GetTotalCommits() != 1 || cmp.Commits[0].GetAuthor().GetLogin() != "alice" {
		t.Errorf("the comparison is %v", cmp)
	}

	check := ok[*github.CheckRun](t)(w.client.Checks.CreateCheckRun(ctx, "acme", "infra", github.CreateCheckRunOptions{
		Name: "changectl", HeadSHA: head, Status: github.String("in_progress"),
	}))
	ok[*github.CheckRun](t)(w.client.Checks.UpdateCheckRun(ctx, "acme", "infra", check.GetID(), github.UpdateCheckRunOptions{
		Name: "changectl", Conclusion: github.String("success"), Output: &github.CheckRunOutput{
			Title: github.String("Fine"), Summary: github.String("Nothing to say"), Annotations: []*github.CheckRunAnnotation{{
				Path: github.String("changes/resize.yaml"), StartLine: github.Int(1), EndLine: github.Int(1),
				AnnotationLevel: github.String("notice"), Message: github.String("good"),
			}},
		},
	}))
	runs := ok[*github.ListCheckRunsResults](t)(w.client.Checks.ListCheckRunsForRef(ctx, "acme", "infra", head, &github.ListCheckRunsOptions{
		AppID: github.Int64(w.App().ID), Filter: github.String("latest"),
	}))
	if runs.GetTotal() != 1 || runs.CheckRuns[0].GetConclusion() != "success" || runs.CheckRuns[0].GetOutput().GetAnnotationsCount() != 1 {
		t.Errorf("the check runs are %v", runs)
	}
	ok[[]*github.CheckRunAnnotation](t)(w.client.Checks.ListCheckRunAnnotations(ctx, "acme", "infra", check.GetID(), nil))

	ok[*github.PullRequestReview](t)(w.bobs.PullRequests.CreateReview(ctx, "acme", "infra", p.Number, &github.PullRequestReviewRequest{
		Event: github.String("APPROVE"), CommitID: &head,
	}))
	reviews := ok[[]*github.PullRequestReview](t)(w.client.PullRequests.ListReviews(ctx, "acme", "infra", p.Number, nil))
	if len(reviews) != 1 || reviews[0].GetState() != "APPROVED" || reviews[0].GetUser().GetLogin() != "bob" {
		t.Errorf("the reviews are %v", reviews)
	}
	merged := ok[*github.PullRequestMergeResult](t)(w.bobs.PullRequests.Merge(ctx, "acme", "infra", p.Number, "", &github.PullRequestOptions{SHA: head}))
	pull = ok[*github.PullRequest](t)(w.client.PullRequests.Get(ctx, "acme", "infra", p.Number))
	if !pull.GetMerged() || pull.GetMergeCommitSHA() != merged.GetSHA() || pull.GetMergedBy().GetLogin() != "bob" {
		t.Errorf("after the merge it is %v", pull)
	}
	branch := ok[*github.Branch](t)(w.client.Repositories.GetBranch(ctx, "acme", "infra", "main", 1))
	if branch.GetCommit().GetSHA() != merged.GetSHA() || branch.GetCommit().GetCommitter().GetLogin() != "web-flow" {
		t.Errorf("main is at %v", branch)
	}
}

func TestCommentsAndReactions(t *testing.T) {
	w := newWorld(t, ghfake.Options{})
	ctx := t.Context()
	p := w.open(t, "resize")
	c := ok[*github.IssueComment](t)(w.client.Issues.CreateComment(ctx, "acme", "infra", p.Number, &github.IssueComment{Body: github.String("plan")}))
	w.Advance(2e9)
	ok[*github.IssueComment](t)(w.client.Issues.EditComment(ctx, "acme", "infra", c.GetID(), &github.IssueComment{Body: github.String("plan 2")}))
	said := p.Comment(w.alice, "/changectl go", false)
	ok[*github.Reaction](t)(w.client.Reactions.CreateIssueCommentReaction(ctx, "acme", "infra", said.ID, "eyes"))
	ok[*github.Reaction](t)(w.client.Reactions.CreateIssueCommentReaction(ctx, "acme", "infra", said.ID, "eyes"))
	if got := said.Reactions(); len(got) != 1 {
		t.Errorf("a reaction counts once, and there are %v", got)
	}
	all := ok[[]*github.IssueComment](t)(w.client.Issues.ListComments(ctx, "acme", "infra", p.Number, nil))
	if len(all) != 2 || all[0].GetBody() != "plan 2" || all[0].GetUser().GetLogin() != "changectl[bot]" || !all[0].GetUpdatedAt().After(all[0].GetCreatedAt().Time) {
		t.Errorf("the comments are %v", all)
	}
	if _, err := w.client.Issues.DeleteComment(ctx, "acme", "infra", c.GetID()); err != nil {
		t.Error(err)
	}
}

func TestDeployments(t *testing.T) {
	w := newWorld(t, ghfake.Options{})
	ctx := t.Context()
	head := w.open(t, "resize").State().HeadSHA
	d := ok[*github.Deployment](t)(w.client.Repositories.CreateDeployment(ctx, "acme", "infra", &github.DeploymentRequest{
		Ref: &head, Task: github.String("change"), Environment: github.String("production"), AutoMerge: github.Bool(false),
		RequiredContexts: &[]string{}, Description: github.String("a change"), Payload: map[string]string{"change": "1"},
	}))
	ok[*github.DeploymentStatus](t)(w.client.Repositories.CreateDeploymentStatus(ctx, "acme", "infra", d.GetID(), &github.DeploymentStatusRequest{
		State: github.String("in_progress"), LogURL: github.String("http://localhost/changes/1"),
	}))
	list := ok[[]*github.Deployment](t)(w.client.Repositories.ListDeployments(ctx, "acme", "infra", &github.DeploymentsListOptions{Ref: head}))
	if len(list) != 1 || list[0].GetTask() != "change" {
		t.Errorf("the deployments are %v", list)
	}
	statuses := ok[[]*github.DeploymentStatus](t)(w.client.Repositories.ListDeploymentStatuses(ctx, "acme", "infra", d.GetID(), nil))
	if len(statuses) != 1 || statuses[0].GetState() != "in_progress" {
		t.Errorf("the statuses are %v", statuses)
	}
}
