package e2e_test

import (
	"context"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/test/ghfake"
	"github.com/changectl/changectl/test/product"
)

// forgeWith brings up a GitHub, with files beside those of the example repository, and the
// product as the back end of its App.
func forgeWith(ctx context.Context, t *testing.T, more map[string]string, args ...string) (*product.Forge, *product.Dev) {
	t.Helper()
	files, err := product.ExampleRepository("../../docs")
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(files, more)
	f, err := product.StartForge(ctx, t.TempDir(), ghfake.Options{}, files)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeForge(t, f) })
	d := startWith(t, f.Env(), args...)
	f.Deliver(d)
	return f, d
}

func stepsFile(reason, system string, start time.Time) string {
	return `apiVersion: changectl.dev/v1
kind: Change
metadata: {title: Eight steps}
spec:
  type: normal
  reason: ` + reason + `
  runbook: steps
  parameters: {target: '` + system + `'}
  window: {start: '` + start.UTC().Format(time.RFC3339) + `', duration: 30m}
`
}

// propose opens a pull request that adds or edits a change request.
func propose(t *testing.T, f *product.Forge, branch, text string) conversation {
	t.Helper()
	if _, err := f.Repo.Commit(branch, map[string]string{"changes/" + branch + ".yaml": text}, ghfake.CommitOptions{Pusher: f.Person("alice"), Message: branch}); err != nil {
		t.Fatal(err)
	}
	pull, err := f.Repo.OpenPull(f.Person("alice"), ghfake.PullOptions{Head: branch, Title: branch})
	if err != nil {
		t.Fatal(err)
	}
	return conversation{t, f, pull}
}

const signedPolicy = `apiVersion: changectl.dev/v1
kind: Policy
metadata: {name: with a signature}
spec:
  rules:
    - {name: owners, require: {owners: touched}}
    - {name: operators-sign, require: {group: 'group:operators', signature: true}}
`

// TestWhereAPolicyAsksForASignatureAReviewIsNotEnough merges what the owners have reviewed:
// the comment says whose signature is missing and how to give it, and without it the
// change stays where it is.
func TestWhereAPolicyAsksForASignatureAReviewIsNotEnough(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	layout := strings.Join([]string{
		"apiVersion: changectl.dev/v1", "kind: Repository",
		"spec: {instance: dev, runbooks: [runbooks], changes: [changes], policy: policy.yaml, owners: 'group:change-managers'}", "",
	}, "\n")
	f, d := forgeWith(ctx, t, map[string]string{".changectl.yaml": layout, "policy.yaml": signedPolicy})
	c := propose(t, f, "signed", stepsFile("A reason", "component:orders-api", time.Now().Add(time.Hour)))
	c.check(approvalCheck, "action_required")
	c.comment("group:operators", "signature")
	c.pull.Review(f.Person("dave"), "APPROVED", "") // an operator: his review is not what is asked for
	c.pull.Review(f.Person("frank"), "APPROVED", "")
	c.check(approvalCheck, "success")
	if _, err := c.pull.Merge("squash", f.Person("alice")); err != nil {
		t.Fatal(err)
	}
	c.comment("CHG-1", "changectl approve CHG-1")
	alice := as(t, d, "alice")
	rec, err := alice.Get(ctx, "CHG-1")
	if err != nil || rec.Status != change.AwaitingApproval {
		t.Fatalf("with reviews alone it is %s (%v)", rec.Status, err)
	}
	for _, a := range rec.Approvals {
		if a.Role == "group:operators" {
			t.Errorf("a review was recorded for whom a signature is asked of: %+v", a)
		}
	}
	if _, err := as(t, d, "dave").Sign(ctx, rec.ID, httpapi.SignQuery{Verb: change.Approve}); err != nil {
		t.Fatal(err)
	}
	if _, err := alice.AwaitStatus(ctx, rec.ID, change.Scheduled); err != nil {
		t.Fatal(err)
	}
	c.comment("scheduled")
}

// TestWhatIsSubmittedBeforeTheMergeIsReservedAndFollowsThePullRequest keeps others off the
// systems, is revised by a push, does not run without the merge whoever signs, and is
// withdrawn when the pull request is closed.
func TestWhatIsSubmittedBeforeTheMergeIsReservedAndFollowsThePullRequest(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	f, d := forgeWith(ctx, t, nil)
	start := time.Now().Add(time.Hour)
	c := propose(t, f, "early", stepsFile("A reason", "component:orders-api", start))
	c.check(approvalCheck, "action_required")
	alice := as(t, d, "alice")

	c.pull.Comment(f.Person("bob"), "/change submit", false)
	c.comment("neither wrote the pull request")
	c.pull.Comment(f.Person("alice"), "/change submit", false)
	c.comment("CHG-1", "nothing starts before the merge")
	_, err := alice.Submit(ctx, change.Request{
		Title: "Another", Type: change.Normal, Reason: "In the way", Runbook: "steps", Parameters: map[string]any{"target": "component:orders-api"},
		Window: change.WindowRequest{Start: start.UTC().Format(time.RFC3339), Duration: "30m"},
	})
	if change.KindOf(err) != change.KindConflict || !strings.Contains(err.Error(), "CHG-1") {
		t.Errorf("somebody else got its systems: %v", err)
	}
	rec, err := as(t, d, "frank").Sign(ctx, "CHG-1", httpapi.SignQuery{Verb: change.Approve})
	if err != nil || rec.Status != change.AwaitingApproval {
		t.Errorf("signed before the merge it is %s (%v)", rec.Status, err)
	}

	if _, err := f.Repo.Commit("early", map[string]string{"changes/early.yaml": stepsFile("A better reason", "component:orders-api", start)}, ghfake.CommitOptions{Pusher: f.Person("alice")}); err != nil {
		t.Fatal(err)
	}
	await(t, func() (change.Record, bool) {
		rec, err = alice.Get(ctx, "CHG-1")
		if err != nil {
			t.Fatal(err)
		}
		return rec, rec.Revision == 2
	})
	if rec.Plan.Reason != "A better reason" || rec.Plan.Origin.Head != c.pull.State().HeadSHA || len(rec.Approvals) != 0 {
		t.Errorf("the push revised it to %q at %s with %d approvals", rec.Plan.Reason, rec.Plan.Origin.Head, len(rec.Approvals))
	}
	if _, err := alice.Revise(ctx, "CHG-1", change.Request{Title: "By hand", Type: change.Normal, Reason: "x", Runbook: "steps", Parameters: map[string]any{"target": "component:orders-api"}, Window: change.WindowRequest{Start: start.UTC().Format(time.RFC3339), Duration: "30m"}}); change.KindOf(err) != change.KindDenied {
		t.Errorf("it was revised past the pull request: %v", err)
	}
	if err := c.pull.Close(f.Person("alice")); err != nil {
		t.Fatal(err)
	}
	if _, err := alice.AwaitStatus(ctx, "CHG-1", change.Cancelled); err != nil {
		t.Fatal(err)
	}
	c.comment("cancelled")
}
