package e2e_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/test/product"
)

// TestTheMainJob patches a live pair under load: failover and failback, nothing
// failed, nothing lost, both nodes on the new version.
func TestTheMainJob(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	pair, writer, probe := labPair(ctx, t)

	catalog := filepath.Join(t.TempDir(), "catalog")
	if err := product.LabCatalog(catalog, &pair.Topology); err != nil {
		t.Fatal(err)
	}
	d := start(t, "--catalog", catalog)
	if err := d.Secret(product.PasswordSecret, pair.AdminPassword); err != nil {
		t.Fatal(err)
	}
	newer := pair.Versions[len(pair.Versions)-1]
	alice, bob := as(t, d, "alice"), as(t, d, "bob")
	rec, err := alice.Submit(ctx, change.Request{
		Title: "PostgreSQL " + newer + " on the orders pair", Type: change.Normal, Reason: "Security release " + newer, Runbook: "postgres-switchover-patch",
		Parameters: map[string]any{
			"primary": "resource:orders-db-1", "standby": "resource:orders-db-2", "pooler": "resource:orders-pool",
			"application": "component:orders-api", "version": newer, "probe": probe + "/probe", "secret": product.PasswordSecret,
		},
		Window: change.WindowRequest{Start: time.Now().Add(4 * time.Second).UTC().Format(time.RFC3339), Duration: "1h"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, person := range []product.Person{bob, as(t, d, "erin")} {
		if _, err := person.Sign(ctx, rec.ID, httpapi.SignQuery{Verb: change.Approve}); err != nil && change.KindOf(err) != change.KindDenied {
			t.Fatal(err)
		}
	}
	rec, err = alice.AwaitStatus(ctx, rec.ID, change.Completed, change.Held, change.BackedOut)
	for _, r := range rec.Runs {
		t.Logf("%-4s %-28s %-8s %8s  %s", r.Direction, rec.Plan.Steps[r.Step].Name, r.Outcome, r.ResultAt.Sub(r.IntentAt).Round(time.Millisecond), r.Message)
	}
	if err != nil || rec.Status != change.Completed {
		t.Fatalf("the change is %s: %s (%v)", rec.Status, rec.Note, err)
	}
	serving, err := pair.Serving(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if serving.Name != "n1" {
		t.Errorf("after the failback %s serves, want n1", serving.Name)
	}
	writer.Stop()
	report, err := writer.Verify(ctx, serving.OrdersDSN)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", report)
	if report.Failed != 0 || report.Ambiguous != 0 || report.Lost != 0 || report.Acknowledged == 0 {
		t.Errorf("the writer counted %+v; want nothing failed, ambiguous or lost", report)
	}
	versions, err := pair.ServerVersions(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for node, v := range versions {
		if !strings.HasPrefix(v, newer) && !pair.OneVersionOnly {
			t.Errorf("%s runs %s, want %s", node, v, newer)
		}
	}
}
