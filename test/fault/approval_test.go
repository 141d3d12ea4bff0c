package fault_test

import (
	"context"
	"testing"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
)

// An approval that meets a Temporal that is away is kept, and counts as soon as
// Temporal is back: a worker tells the workflow what the ledger has.
func TestAnApprovalIsNotLostWithTemporal(t *testing.T) {
	t.Parallel()
	p := newPlant(t, 1, 4, 4*time.Second)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()

	id := p.submit(ctx, 0, "pass", 0)
	p.boxes++
	p.killTemporal()
	if _, err := p.as("bob").Sign(ctx, id, httpapi.SignQuery{Verb: change.Approve}); change.KindOf(err) != change.KindUnavailable {
		t.Fatalf("an approval that reached nobody was answered with %v", err)
	}
	p.killWorker()
	p.startTemporal()
	p.startWorker()
	p.report(ctx, p.settle(ctx, []change.ID{id}))
	p.judge(ctx)
}
