package fault_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
)

// An approval that was recorded counts, whoever died before the workflow of the
// change was told.
func TestAnApprovalGivenWhileTemporalIsAwayCounts(t *testing.T) {
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
	until(ctx, t, fmt.Sprintf("%s moves on with the approval that the ledger has", id), func() bool {
		rec, err := p.as("alice").Get(ctx, id)
		return err == nil && rec.Status != change.AwaitingApproval
	})
	p.report(ctx, p.settle(ctx, []change.ID{id}))
	p.judge(ctx)
}
