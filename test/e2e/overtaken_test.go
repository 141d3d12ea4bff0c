package e2e_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/ledger"
	"github.com/changectl/changectl/test/product"
)

// books opens the ledger of a changectl dev beside it.
func books(t *testing.T, d *product.Dev) *ledger.Ledger {
	t.Helper()
	state := filepath.Join(d.StateDir, "dev")
	secret, err := os.ReadFile(filepath.Join(state, "log.key"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := audit.ParseKey(string(secret))
	if err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Open(t.Context(), "sqlite:"+filepath.Join(state, "ledger.db"), ledger.Options{Clock: time.Now, Key: key, Instance: "dev"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// TestAWorkflowThatTheLedgerHasOvertakenGoesOn has the ledger follow a decision of
// which the workflow never heard, as when worker and Temporal die together in that
// moment. The workflow is told, and takes the change up where it stands.
func TestAWorkflowThatTheLedgerHasOvertakenGoesOn(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	d := start(t)
	rec := held(ctx, t, d, "resource:orders-db-1", "bob")
	l := books(t, d)
	decision := change.Decision{
		Change: rec.ID, Revision: rec.Revision, Verb: change.BackOut, Hold: rec.Hold.Number, Step: rec.Hold.Step,
		Person: "user:dave", Reason: "enough", Nonce: "of-which-nobody-heard", At: time.Now(),
	}
	if _, err := l.Decide(ctx, decision, func(change.GateFacts) error { return nil }); err != nil {
		t.Fatal(err)
	}
	_, err := l.Enter(ctx, change.Transition{
		Change: rec.ID, Revision: rec.Revision, To: change.BackingOut, Key: "died-with-the-worker", Who: "user:dave", Why: "enough", At: time.Now(),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := as(t, d, "alice").AwaitStatus(ctx, rec.ID, change.BackedOut); err != nil {
		t.Fatal(err)
	}
}
