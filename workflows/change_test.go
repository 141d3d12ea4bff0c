package workflows_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/temporal"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/workflows"
)

func (w *world) expect(t *testing.T, got, want change.Status, log ...string) {
	t.Helper()
	if got != want {
		t.Errorf("ended as %s, want %s", got, want)
	}
	if diff := cmp.Diff(log, w.log); diff != "" {
		t.Errorf("it did (-want +got):\n%s", diff)
	}
}

func TestAChangeRunsItsStepsInOrder(t *testing.T) {
	w := newWorld(t)
	w.expect(t, w.run(t), change.Completed, "running", "do one/1", "do two/1", "do three/1", "completed")
}

func TestNothingStartsBeforeTheWindow(t *testing.T) {
	w := newWorld(t)
	w.run(t)
	for _, at := range w.startedAt {
		if at.Before(opens) {
			t.Errorf("the start was asked for at %s, before the window opens at %s", at, opens)
		}
	}
	if len(w.startedAt) != 1 {
		t.Errorf("the start was asked for %d times, want once", len(w.startedAt))
	}
}

func TestAClockThatIsBehindDelaysTheStart(t *testing.T) {
	w := newWorld(t)
	w.starts = []workflows.State{{Status: change.Scheduled, Revision: 1, Digest: "sha256:1", Early: change.Duration(3 * time.Second)}}
	w.expect(t, w.run(t), change.Completed, "running", "do one/1", "do two/1", "do three/1", "completed")
	if len(w.startedAt) != 2 || w.startedAt[1].Before(opens.Add(3*time.Second)) {
		t.Errorf("the start was asked for at %v, want again 3 s later", w.startedAt)
	}
}

func TestAFailedStepUndoesThoseBeforeItLastFirst(t *testing.T) {
	w := newWorld(t)
	w.state.Outline.Steps[1].OnFailure = change.FailureBackOut
	w.outcomes["do two"] = []change.Outcome{change.FailedRun}
	w.expect(t, w.run(t), change.BackedOut, "running", "do one/1", "do two/1", "backing-out", "undo two/1", "undo one/1", "backed-out")
}

func TestAFailedStepHoldsAndRunsAgainOnRetry(t *testing.T) {
	w := newWorld(t)
	w.outcomes["do two"] = []change.Outcome{change.FailedRun}
	a := w.decide(t, 2*time.Hour+10*time.Minute, change.RetryIt, 1)
	w.expect(t, w.run(t), change.Completed,
		"running", "do one/1", "do two/1", "held", "running", "do two/2", "do three/1", "completed")
	if a.refused != nil || !a.finished {
		t.Errorf("the decision was answered with %+v", a)
	}
	if h := w.holds[0]; h.Step != "two" || !slices.Equal(h.Choices, []change.Verb{change.RetryIt, change.Continue, change.BackOut}) {
		t.Errorf("the hold is %+v", h)
	}
}

func TestContinueLeavesAFailedStepBehind(t *testing.T) {
	w := newWorld(t)
	w.outcomes["do two"] = []change.Outcome{change.FailedRun}
	w.decide(t, 2*time.Hour+10*time.Minute, change.Continue, 1)
	w.expect(t, w.run(t), change.Completed, "running", "do one/1", "do two/1", "held", "running", "do three/1", "completed")
}

func TestBackOutInAHoldUndoesWhatMayHaveBeenDone(t *testing.T) {
	w := newWorld(t)
	w.outcomes["do two"] = []change.Outcome{change.Unknown}
	w.decide(t, 2*time.Hour+10*time.Minute, change.BackOut, 1)
	w.expect(t, w.run(t), change.BackedOut, "running", "do one/1", "do two/1", "held", "backing-out", "undo two/1", "undo one/1", "backed-out")
}

func TestAnUnknownOutcomeIsNeverRunAgainByItself(t *testing.T) {
	w := newWorld(t)
	w.state.Outline.Steps[1].OnFailure = change.FailureBackOut
	w.outcomes["do two"] = []change.Outcome{change.Unknown}
	w.decide(t, 2*time.Hour+10*time.Minute, change.BackOut, 1)
	w.run(t)
	if !slices.Contains(w.log, "held") {
		t.Errorf("an unknown outcome did not hold the change: %q", w.log)
	}
}

func TestARefusalOfTheGateHolds(t *testing.T) {
	w := newWorld(t)
	w.errs["do two"] = temporal.NewNonRetryableApplicationError("an approval was withdrawn", string(change.KindDenied), nil)
	w.decide(t, 2*time.Hour+10*time.Minute, change.BackOut, 1)
	w.expect(t, w.run(t), change.BackedOut, "running", "do one/1", "do two/1", "held", "backing-out", "undo two/1", "undo one/1", "backed-out")
	if !strings.Contains(w.holds[0].Reason, "an approval was withdrawn") {
		t.Errorf("the hold does not say why: %q", w.holds[0].Reason)
	}
}

func TestAStepWithoutAWayBackIsNotUndone(t *testing.T) {
	w := newWorld(t)
	w.state.Outline.Steps[1].HasUndo = false
	w.state.Outline.Steps[2].OnFailure = change.FailureBackOut
	w.outcomes["do three"] = []change.Outcome{change.FailedRun}
	w.expect(t, w.run(t), change.BackedOut,
		"running", "do one/1", "do two/1", "do three/1", "backing-out", "undo three/1", "undo one/1", "backed-out")
}

func TestBehindAPointOfNoReturnThereIsNoBackOut(t *testing.T) {
	w := newWorld(t)
	w.state.Outline.Steps[0].Irreversible = true
	w.state.Outline.Steps[1].OnFailure = change.FailureBackOut
	w.outcomes["do two"] = []change.Outcome{change.FailedRun}
	refused := w.decide(t, 2*time.Hour+10*time.Minute, change.BackOut, 1)
	w.decide(t, 2*time.Hour+20*time.Minute, change.Continue, 1)
	w.expect(t, w.run(t), change.Completed, "running", "do one/1", "do two/1", "held", "running", "do three/1", "completed")
	if refused.refused == nil {
		t.Error("back-out was taken behind a point of no return")
	}
}

func TestAFailedUndoHoldsAndGivingItUpEndsAsFailed(t *testing.T) {
	w := newWorld(t)
	w.state.Outline.Steps[1].OnFailure = change.FailureBackOut
	w.outcomes["do two"] = []change.Outcome{change.FailedRun}
	w.outcomes["undo two"] = []change.Outcome{change.FailedRun, change.FailedRun}
	w.decide(t, 2*time.Hour+10*time.Minute, change.RetryIt, 1)
	w.decide(t, 2*time.Hour+20*time.Minute, change.Continue, 2)
	w.expect(t, w.run(t), change.Failed,
		"running", "do one/1", "do two/1", "backing-out", "undo two/1", "held", "backing-out", "undo two/2", "held", "backing-out", "undo one/1", "failed")
}

func TestASignOffWaitsForItsPerson(t *testing.T) {
	w := newWorld(t)
	w.outcomes["do two"] = []change.Outcome{change.NeedsPerson}
	w.decide(t, 2*time.Hour+10*time.Minute, change.SignOff, 1)
	w.expect(t, w.run(t), change.Completed, "running", "do one/1", "do two/1", "held", "running", "do two/2", "do three/1", "completed")
	if !slices.Equal(w.holds[0].Choices, []change.Verb{change.SignOff, change.BackOut}) {
		t.Errorf("the choices are %v", w.holds[0].Choices)
	}
}

func TestAtTheCutoff(t *testing.T) {
	tests := map[change.AtCutoff][]string{
		change.CutoffBackOut:  {"running", "backing-out", "backed-out"},
		change.CutoffHold:     {"running", "held", "running", "do one/1", "do two/1", "do three/1", "completed"},
		change.CutoffContinue: {"running", "held", "running", "do one/1", "do two/1", "do three/1", "completed"},
	}
	for at, log := range tests {
		t.Run(string(at), func(t *testing.T) {
			w := newWorld(t)
			w.state.Outline.AtCutoff = at
			w.state.Outline.Window.End = opens.Add(90 * time.Second) // a step and its undo take two minutes
			w.decide(t, 2*time.Hour+10*time.Minute, change.Continue, 1)
			w.run(t)
			if diff := cmp.Diff(log, w.log); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWithoutApprovalTheChangeExpires(t *testing.T) {
	w := newWorld(t)
	w.state.Status = change.AwaitingApproval
	w.expect(t, w.run(t), change.Expired, "expired")
	if got, want := w.env.Now(), w.state.Outline.LastStart; got.Before(want) {
		t.Errorf("it expired at %s, before its last moment to start %s", got, want)
	}
}

func TestApprovalSchedulesTheChange(t *testing.T) {
	w := newWorld(t)
	w.state.Status = change.AwaitingApproval
	w.env.RegisterDelayedCallback(func() { w.state.Status = change.Scheduled }, 5*time.Minute)
	a := w.update(6*time.Minute, workflows.UpdateApproval, workflows.Poke{})
	w.expect(t, w.run(t), change.Completed, "running", "do one/1", "do two/1", "do three/1", "completed")
	if a.view.Status != change.Scheduled {
		t.Errorf("the approver was told %q, want scheduled", a.view.Status)
	}
}

func TestARejectionEndsTheChange(t *testing.T) {
	w := newWorld(t)
	w.state.Status = change.AwaitingApproval
	w.env.RegisterDelayedCallback(func() { w.state.Status = change.Rejected }, 5*time.Minute)
	w.update(6*time.Minute, workflows.UpdateApproval, workflows.Poke{})
	w.expect(t, w.run(t), change.Rejected)
}

func TestCancelBeforeTheStart(t *testing.T) {
	for _, status := range []change.Status{change.AwaitingApproval, change.Scheduled} {
		t.Run(string(status), func(t *testing.T) {
			w := newWorld(t)
			w.state.Status = status
			a := w.decide(t, time.Minute, change.Cancel, 0)
			w.expect(t, w.run(t), change.Cancelled, "cancelled")
			if a.view.Status != change.Cancelled {
				t.Errorf("the caller was told %q", a.view.Status)
			}
		})
	}
}

func TestCancelIsRefusedOnceItHasStarted(t *testing.T) {
	w := newWorld(t)
	w.outcomes["do two"] = []change.Outcome{change.FailedRun}
	a := w.decide(t, 2*time.Hour+5*time.Minute, change.Cancel, 0)
	w.decide(t, 2*time.Hour+10*time.Minute, change.RetryIt, 1)
	w.run(t)
	if a.refused == nil || !strings.Contains(a.refused.Error(), "back-out") {
		t.Errorf("cancel of a running change was answered with %v", a.refused)
	}
}

func TestADecisionThatTheLedgerDoesNotHoldIsRefused(t *testing.T) {
	w := newWorld(t)
	w.outcomes["do two"] = []change.Outcome{change.FailedRun}
	forged := w.update(2*time.Hour+5*time.Minute, workflows.UpdateDecision, workflows.Poke{Nonce: "forged", Verb: change.Continue, Hold: 1})
	w.decide(t, 2*time.Hour+10*time.Minute, change.RetryIt, 1)
	w.expect(t, w.run(t), change.Completed,
		"running", "do one/1", "do two/1", "held", "running", "do two/2", "do three/1", "completed")
	if forged.refused == nil {
		t.Error("a decision that nobody made was taken")
	}
}

func TestADecisionAboutAnEarlierHoldIsRefused(t *testing.T) {
	w := newWorld(t)
	w.outcomes["do two"] = []change.Outcome{change.FailedRun, change.FailedRun}
	w.decide(t, 2*time.Hour+5*time.Minute, change.RetryIt, 1)
	late := w.decide(t, 2*time.Hour+10*time.Minute, change.Continue, 1)
	w.decide(t, 2*time.Hour+15*time.Minute, change.RetryIt, 2)
	w.run(t)
	if late.refused == nil || !strings.Contains(late.refused.Error(), "hold 2") {
		t.Errorf("a decision about hold 1 in hold 2 was answered with %v", late.refused)
	}
}

func TestWaitsForSystemsThatOthersHold(t *testing.T) {
	w := newWorld(t)
	w.starts = []workflows.State{{Status: change.Waiting, Note: "CHG-9 overruns", Revision: 1, Digest: "sha256:1"}}
	w.expect(t, w.run(t), change.Completed, "freed", "running", "do one/1", "do two/1", "do three/1", "completed")
}

func TestCancellationThroughTemporalHoldsAChangeThatRuns(t *testing.T) {
	w := newWorld(t)
	w.outcomes["do two"] = []change.Outcome{change.FailedRun}
	w.env.RegisterDelayedCallback(w.env.CancelWorkflow, 2*time.Hour+5*time.Minute)
	w.decide(t, 2*time.Hour+10*time.Minute, change.RetryIt, 1)
	w.decide(t, 2*time.Hour+15*time.Minute, change.BackOut, 2)
	w.expect(t, w.run(t), change.BackedOut, "running", "do one/1", "do two/1", "held", "running", "held", "backing-out", "undo two/1", "undo one/1", "backed-out")
	if !strings.Contains(w.holds[1].Reason, "through Temporal") {
		t.Errorf("the hold does not say why: %q", w.holds[1].Reason)
	}
}

func TestCancellationThroughTemporalBeforeTheStart(t *testing.T) {
	w := newWorld(t)
	w.env.RegisterDelayedCallback(w.env.CancelWorkflow, time.Minute)
	w.expect(t, w.run(t), change.Cancelled, "cancelled")
}

func TestAWorkflowThatWasLostIsTakenUpInAHold(t *testing.T) {
	w := newWorld(t)
	w.state.Status, w.state.Token = change.Running, 7
	w.state.Runs = []change.Run{
		{RunKey: change.RunKey{Step: 0, Direction: change.Do, Run: 1}, Result: change.Result{Outcome: change.Passed}},
		{RunKey: change.RunKey{Step: 1, Direction: change.Do, Run: 1}}, // begun, no result
	}
	w.decide(t, 2*time.Hour+5*time.Minute, change.RetryIt, 1)
	w.expect(t, w.run(t), change.Completed, "held", "running", "do two/1", "do three/1", "completed")
}

func TestALostWorkflowThatIsBackedOutUndoesWhatMayHaveBeenDone(t *testing.T) {
	w := newWorld(t)
	w.state.Status, w.state.Token = change.Running, 7
	w.state.Runs = []change.Run{{RunKey: change.RunKey{Step: 0, Direction: change.Do, Run: 1}}}
	w.decide(t, 2*time.Hour+5*time.Minute, change.BackOut, 1)
	w.expect(t, w.run(t), change.BackedOut, "held", "backing-out", "undo one/1", "backed-out")
}

func TestALedgerThatIsAheadIsFollowed(t *testing.T) {
	w := newWorld(t)
	w.outcomes["do two"] = []change.Outcome{change.FailedRun}
	w.ahead = &workflows.State{Status: change.Held, Hold: &change.Hold{
		Number: 1, Step: "two", During: change.Running, Choices: []change.Verb{change.RetryIt}, Cutoff: opens.Add(30 * time.Minute),
	}, Runs: []change.Run{
		{RunKey: change.RunKey{Step: 0, Direction: change.Do, Run: 1}, Result: change.Result{Outcome: change.Passed}},
		{RunKey: change.RunKey{Step: 1, Direction: change.Do, Run: 1}, Result: change.Result{Outcome: change.FailedRun}},
	}}
	w.decide(t, 2*time.Hour+10*time.Minute, change.RetryIt, 1)
	w.expect(t, w.run(t), change.Completed, "running", "do one/1", "do two/1", "running", "do two/2", "do three/1", "completed")
}

func TestWhatAPersonLeftBehindStaysBehind(t *testing.T) {
	w := newWorld(t)
	w.state.Status, w.state.Token = change.Running, 7
	w.state.Runs = []change.Run{
		{RunKey: change.RunKey{Step: 0, Direction: change.Do, Run: 1}, Result: change.Result{Outcome: change.Passed}},
		{RunKey: change.RunKey{Step: 1, Direction: change.Do, Run: 1}, Result: change.Result{Outcome: change.FailedRun}},
	}
	w.state.Past = []change.Decision{{Verb: change.Continue, Step: "two"}}
	w.decide(t, 2*time.Hour+5*time.Minute, change.RetryIt, 1)
	w.expect(t, w.run(t), change.Completed, "held", "running", "do three/1", "completed")
}

func TestAnUndoThatAPersonSawDoneCountsAsDone(t *testing.T) {
	for outcome, end := range map[change.Outcome]change.Status{change.Unknown: change.BackedOut, change.FailedRun: change.Failed} {
		t.Run(string(outcome), func(t *testing.T) {
			w := newWorld(t)
			w.state.Outline.Steps[1].OnFailure = change.FailureBackOut
			w.outcomes["do two"] = []change.Outcome{change.FailedRun}
			w.outcomes["undo two"] = []change.Outcome{outcome}
			w.decide(t, 2*time.Hour+10*time.Minute, change.Continue, 1)
			if got := w.run(t); got != end {
				t.Errorf("ended as %s, want %s", got, end)
			}
		})
	}
}
