// Package e2e_test runs whole changes on the real programs: Temporal server,
// worker, ledger and API, as changectl dev brings them up.
package e2e_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/test/product"
)

// binaries is the directory of the built programs.
func binaries(t *testing.T) string {
	t.Helper()
	bin := os.Getenv("CHANGECTL_BIN")
	if bin == "" {
		bin = "../../bin"
	}
	bin, err := filepath.Abs(bin)
	if err != nil {
		t.Fatal(err)
	}
	return bin
}

// start brings up the product with the runbooks of testdata.
func start(t *testing.T, args ...string) *product.Dev {
	t.Helper()
	return startWith(t, nil, args...)
}

// startWith is start with more in the environment.
func startWith(t *testing.T, env []string, args ...string) *product.Dev {
	t.Helper()
	books, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	d, err := product.Start(t.Context(), product.Options{Bin: binaries(t), StateDir: t.TempDir(), Args: append([]string{"--runbooks", books}, args...), Env: env})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Stop(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("changectl dev printed:\n%s", d.Output())
		}
	})
	return d
}

func as(t *testing.T, d *product.Dev, name string) product.Person {
	t.Helper()
	p, err := d.As(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// soon is a request on a system whose window opens in a moment.
func soon(runbook, system string, opens, length time.Duration) change.Request {
	return change.Request{
		Title: "try " + runbook, Type: change.Normal, Reason: "a test", Runbook: runbook,
		Parameters: map[string]any{"target": system},
		Window:     change.WindowRequest{Start: time.Now().Add(opens).UTC().Format(time.RFC3339), Duration: length.String()},
	}
}

func TestAnApprovedChangeRunsInItsWindow(t *testing.T) {
	d := start(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	alice, bob := as(t, d, "alice"), as(t, d, "bob")
	rec, err := alice.Submit(ctx, soon("steps", "resource:orders-db-1", 3*time.Second, time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if rec.Status != change.AwaitingApproval {
		t.Fatalf("after submitting it is %s", rec.Status)
	}
	if _, err := alice.Sign(ctx, rec.ID, httpapi.SignQuery{Verb: change.Approve}); change.KindOf(err) != change.KindDenied {
		t.Errorf("the submitter's approval was answered with %v", err)
	}
	rec, err = bob.Sign(ctx, rec.ID, httpapi.SignQuery{Verb: change.Approve})
	if err != nil {
		t.Fatal(err)
	}
	if rec.Status != change.Scheduled {
		t.Errorf("after the approval it is %s", rec.Status)
	}
	rec, err = alice.AwaitStatus(ctx, rec.ID, change.Completed)
	if err != nil {
		t.Fatal(err)
	}
	if rec.StartedAt.Before(rec.Plan.Window.Start) {
		t.Errorf("it started at %s, before its window opened at %s", rec.StartedAt, rec.Plan.Window.Start)
	}
	if len(rec.Runs) != 8 {
		t.Errorf("%d runs are recorded, want 8", len(rec.Runs))
	}
}
