package workflows_test

import (
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/workflows"
)

// heldBefore makes the ledger hold the change before its start, at a time after the
// start of the test, and says so.
func (w *world) heldBefore(after time.Duration) *answer {
	w.env.RegisterDelayedCallback(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.state.Status, w.state.Note = change.Held, "MNT-1 is in the way"
		w.state.Hold = &change.Hold{
			Number: 1, During: change.Scheduled, Reason: "MNT-1 is in the way", Choices: []change.Verb{change.Continue, change.Cancel},
		}
	}, after)
	return w.update(after, workflows.UpdateSurroundings, workflows.Poke{Revision: 1})
}

func TestAHoldBeforeTheStartGoesOnByDecision(t *testing.T) {
	w := newWorld(t)
	told := w.heldBefore(10 * time.Minute)
	a := w.decide(t, 20*time.Minute, change.Continue, 1)
	w.expect(t, w.run(t), change.Completed, "resume continue-0", "running", "do one/1", "do two/1", "do three/1", "completed")
	if !told.finished || told.view.Status != change.Held || !a.finished || a.view.Status != change.Scheduled {
		t.Errorf("the news was answered with %+v, the decision with %+v", told, a)
	}
}

func TestAHoldBeforeTheStartStaysWhereTheLedgerSaysNo(t *testing.T) {
	w := newWorld(t)
	w.heldBefore(10 * time.Minute)
	w.errs["resume"] = temporal.NewNonRetryableApplicationError("FRZ-1 is in the way", string(change.KindConflict), nil)
	a := w.decide(t, 20*time.Minute, change.Continue, 1)
	w.expect(t, w.run(t), change.Expired, "resume continue-0", "expired")
	if !a.finished || a.view.Status != change.Held || !strings.Contains(a.view.Note, "FRZ-1 is in the way") {
		t.Errorf("the decision was answered with %+v", a)
	}
}

func TestAHoldBeforeTheStartCanBeCancelled(t *testing.T) {
	w := newWorld(t)
	w.heldBefore(10 * time.Minute)
	w.decide(t, 20*time.Minute, change.Cancel, 1)
	w.expect(t, w.run(t), change.Cancelled, "cancelled")
}

func TestAHoldBeforeTheStartExpiresWithTheWindow(t *testing.T) {
	w := newWorld(t)
	w.heldBefore(10 * time.Minute)
	w.expect(t, w.run(t), change.Expired, "expired")
}

func TestAHoldBeforeTheStartEndsWhenWhatIsInTheWayGoes(t *testing.T) {
	w := newWorld(t)
	w.heldBefore(10 * time.Minute)
	w.env.RegisterDelayedCallback(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.state.Status, w.state.Note, w.state.Hold = change.Scheduled, "MNT-1 was withdrawn", nil
	}, 30*time.Minute)
	w.update(30*time.Minute, workflows.UpdateSurroundings, workflows.Poke{Revision: 1})
	w.expect(t, w.run(t), change.Completed, "running", "do one/1", "do two/1", "do three/1", "completed")
}

func TestARunningChangeShowsNewsAtOnceAndGoesOn(t *testing.T) {
	w := newWorld(t)
	w.outcomes["do two"] = []change.Outcome{change.FailedRun} // it is held, started
	w.env.RegisterDelayedCallback(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.state.Outline.Concurrent = []string{"MNT-4 works on resource:lan-1"}
	}, 2*time.Hour+5*time.Minute)
	told := w.update(2*time.Hour+5*time.Minute, workflows.UpdateSurroundings, workflows.Poke{Revision: 1})
	var shown string
	w.env.RegisterDelayedCallback(func() { shown = w.details(t) }, 2*time.Hour+6*time.Minute)
	w.decide(t, 2*time.Hour+10*time.Minute, change.RetryIt, 1)
	w.expect(t, w.run(t), change.Completed,
		"running", "do one/1", "do two/1", "held", "running", "do two/2", "do three/1", "completed")
	if !strings.Contains(shown, "MNT-4 works on resource:lan-1") {
		t.Errorf("the details do not show the news:\n%s", shown)
	}
	if !told.finished || told.refused != nil || told.view.Status != change.Held {
		t.Errorf("the news was answered with %+v", told)
	}
}

func TestABrokenClaimEndsAHeldChange(t *testing.T) {
	w := newWorld(t)
	w.outcomes["do two"] = []change.Outcome{change.FailedRun}
	w.env.RegisterDelayedCallback(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.state.Status, w.state.Note = change.Failed, "its claim was broken by user:bob and user:dave"
	}, 2*time.Hour+5*time.Minute)
	w.update(2*time.Hour+5*time.Minute, workflows.UpdateSurroundings, workflows.Poke{Revision: 1})
	w.expect(t, w.run(t), change.Failed, "running", "do one/1", "do two/1", "held")
}
