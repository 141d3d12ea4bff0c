package e2e_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/runbooks"
	"github.com/changectl/changectl/test/ghfake"
	"github.com/changectl/changectl/test/lab"
	"github.com/changectl/changectl/test/product"
)

// labPair starts the PostgreSQL pair with a writer that keeps count.
func labPair(ctx context.Context, t *testing.T) (pair *lab.Lab, writer *lab.Writer, probe string) {
	t.Helper()
	quiet := logrus.New()
	quiet.SetLevel(logrus.ErrorLevel)
	pair, err := lab.Start(ctx, lab.Options{Dir: t.TempDir(), Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := pair.Stop(); err != nil {
			t.Error(err)
		}
	})
	writer, err = lab.StartWriter(ctx, lab.WriterOptions{DSN: pair.ApplicationDSN})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(writer.Stop)
	probe, stop, err := writer.Serve(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return pair, writer, probe
}

// patchFile is a change request as the team writes it.
func patchFile(reason, version, probe string, start time.Time, length string) string {
	return fmt.Sprintf(`apiVersion: changectl.dev/v1
kind: Change
metadata: {title: PostgreSQL %[2]s on the orders pair}
spec:
  type: normal
  reason: %[1]s
  runbook: orders-pair-patch
  parameters:
    primary: resource:orders-db-1
    standby: resource:orders-db-2
    pooler: resource:orders-pool
    application: component:orders-api
    version: '%[2]s'
    probe: %[3]s/probe
    secret: %[4]s
  window: {start: '%[5]s', duration: %[6]s}
`, reason, version, probe, product.PasswordSecret, start.UTC().Format(time.RFC3339), length)
}

// teamsRunbook is the shipped runbook as a team takes it into its own repository.
func teamsRunbook(t *testing.T) string {
	t.Helper()
	b, err := fs.ReadFile(runbooks.Files, "postgres-switchover-patch.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(b, []byte("name: postgres-switchover-patch")) {
		t.Fatal("the shipped runbook does not name itself as expected")
	}
	return strings.Replace(string(b), "name: postgres-switchover-patch", "name: orders-pair-patch", 1)
}

// conversation is the pull request as its people see it.
type conversation struct {
	t    *testing.T
	f    *product.Forge
	pull *ghfake.Pull
}

// check waits until the newest check run of a name on the head has a conclusion, and returns it.
func (c conversation) check(name, conclusion string) ghfake.CheckRun {
	c.t.Helper()
	var last ghfake.CheckRun
	await(c.t, func() (string, bool) {
		for _, r := range c.f.Repo.Checks(c.pull.State().HeadSHA) {
			if r.Name == name {
				last = r
			}
		}
		return fmt.Sprintf("%s is %q: %s\n%s\n%s", name, last.Conclusion, last.Title, last.Summary, last.Text), last.Conclusion == conclusion
	})
	return last
}

// comment waits until our comment says all of this.
func (c conversation) comment(want ...string) string {
	c.t.Helper()
	var body string
	await(c.t, func() (string, bool) {
		ours := 0
		for _, one := range c.pull.Comments() {
			if strings.HasPrefix(one.Body(), "<!-- changectl") {
				body = one.Body()
				ours++
			}
		}
		if ours > 1 {
			c.t.Fatalf("there are %d comments of ours", ours)
		}
		return body, !slices.ContainsFunc(want, func(w string) bool { return !strings.Contains(body, w) })
	})
	return body
}

const approvalCheck = "changectl/approval: main"

// TestThePullRequestIsTheChange goes the whole way: a pull request that is refused by
// validation, fixed, planned, in somebody's way, approved, pushed again, approved again,
// merged, run in its window on the live pair, reported, and its record verified.
func TestThePullRequestIsTheChange(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	pair, _, probe := labPair(ctx, t)
	catalog := filepath.Join(t.TempDir(), "catalog")
	if err := product.LabCatalog(catalog, &pair.Topology); err != nil {
		t.Fatal(err)
	}
	f, d := forgeWith(ctx, t, nil, "--catalog", catalog)
	if err := d.Secret(product.PasswordSecret, pair.AdminPassword); err != nil {
		t.Fatal(err)
	}
	f.Repo.Protect("main", ghfake.Rules{Checks: []string{approvalCheck}})
	version := pair.Versions[len(pair.Versions)-1]

	// Somebody else has the pair at the same time.
	alice := as(t, d, "alice")
	other, err := alice.Submit(ctx, change.Request{
		Title: "A new disk for the orders database", Type: change.Normal, Reason: "The old one is slow", Runbook: "steps",
		Parameters: map[string]any{"target": "resource:orders-db-1"},
		Window:     change.WindowRequest{Start: time.Now().Add(time.Hour).UTC().Format(time.RFC3339), Duration: "90m"},
	})
	if err != nil {
		t.Fatal(err)
	}

	push := func(text, message string) {
		t.Helper()
		_, err := f.Repo.Commit("patch", map[string]string{"runbooks/orders-pair-patch.yaml": teamsRunbook(t), "changes/patch.yaml": text},
			ghfake.CommitOptions{Pusher: f.Person("alice"), Message: message})
		if err != nil {
			t.Fatal(err)
		}
	}
	push(strings.Replace(patchFile("Security release", version, probe, time.Now().Add(time.Hour), "1h"), "primary:", "primari:", 1), "Patch the pair")
	pull, err := f.Repo.OpenPull(f.Person("alice"), ghfake.PullOptions{Head: "patch", Title: "Patch the orders pair"})
	if err != nil {
		t.Fatal(err)
	}
	c := conversation{t, f, pull}

	t.Log("refused by validation")
	if got := c.check("changectl/validate", "failure"); got.Annotations == 0 || !strings.Contains(got.Summary+got.Text, "primari") {
		t.Errorf("the refusal does not point at the mistake: %+v", got)
	}
	c.check(approvalCheck, "action_required")

	t.Log("fixed, planned, in somebody's way")
	push(patchFile("Security release", version, probe, time.Now().Add(time.Hour), "1h"), "Name the primary")
	c.check("changectl/validate", "success")
	if got := c.check("changectl/plan", "failure"); !strings.Contains(got.Summary+got.Text, string(other.ID)) {
		t.Errorf("the plan does not say who is in the way: %s\n%s", got.Summary, got.Text)
	}
	if _, err := pull.Merge("squash", f.Person("alice")); err == nil {
		t.Fatal("it could be merged without approval")
	}

	t.Log("moved out of the way")
	start := time.Now().Add(45 * time.Second)
	push(patchFile("Security release", version, probe, start, "58m"), "Before the others come")
	c.check("changectl/plan", "success")
	c.check(approvalCheck, "action_required")

	t.Log("approved, pushed again, approved again")
	review := func() {
		t.Helper()
		for _, name := range []string{"bob", "erin"} {
			pull.Review(f.Person(name), "APPROVED", "")
		}
	}
	review()
	c.check(approvalCheck, "success")
	push(patchFile("Security release of this week", version, probe, start, "58m"), "Say why")
	c.check(approvalCheck, "action_required")
	c.comment("not of the head")
	review()
	c.check(approvalCheck, "success")

	t.Log("merged")
	merged, err := pull.Merge("squash", f.Person("alice"))
	if err != nil {
		t.Fatal(err)
	}
	c.comment("CHG-2")
	rec, err := alice.AwaitStatus(ctx, "CHG-2", change.Scheduled, change.Running)
	if err != nil {
		t.Fatal(err)
	}
	if rec.Plan.Runbook.Commit != merged || rec.Plan.Runbook.Repository != "nordwind/operations" || rec.Plan.Runbook.Path != "runbooks/orders-pair-patch.yaml" {
		t.Errorf("the plan is pinned to %+v, want commit %s", rec.Plan.Runbook, merged)
	}
	for _, a := range rec.Approvals {
		if a.Evidence == nil || a.Evidence.Kind != "review" || a.Evidence.Head != pull.State().HeadSHA {
			t.Errorf("the approval of %s rests on %+v", a.Person, a.Evidence)
		}
	}

	t.Log("run in its window, reported")
	rec, err = alice.AwaitStatus(ctx, rec.ID, change.Completed, change.Held, change.BackedOut)
	if err != nil || rec.Status != change.Completed {
		t.Fatalf("the change is %s: %s (%v)", rec.Status, rec.Note, err)
	}
	if rec.StartedAt.Before(rec.Plan.Window.Start) {
		t.Errorf("it started at %s, before its window opened at %s", rec.StartedAt, rec.Plan.Window.Start)
	}
	final := c.comment("completed", "changectl/"+product.Instance)
	t.Log(final)
	var states []string
	await(t, func() ([]string, bool) {
		states = nil
		for _, dep := range f.Repo.Deployments() {
			for _, s := range dep.Statuses {
				states = append(states, s.State)
			}
		}
		return states, len(states) > 0 && states[len(states)-1] == "success"
	})
	if want := []string{"queued", "queued", "queued", "in_progress", "success"}; !slices.Equal(states, want) {
		t.Errorf("the deployment went %v, want %v", states, want)
	}

	t.Log("the record verifies, from the checkpoint in the comment on")
	if out, problems, code := cli(t, d, "alice", "log", "verify"); code != 0 {
		t.Errorf("log verify: %s%s", out, problems)
	}
	versions, err := pair.ServerVersions(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for node, v := range versions {
		if !strings.HasPrefix(v, version) && !pair.OneVersionOnly {
			t.Errorf("%s runs %s, want %s", node, v, version)
		}
	}
}

// closeForge ends the fake and fails the test for what was at odds with GitHub's own
// description of its API.
func closeForge(t *testing.T, f *product.Forge) {
	t.Helper()
	for _, v := range f.Violations() {
		t.Errorf("at odds with GitHub's description: %s", v)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}
