package execute

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/runbook"
)

func TestEveryKindThatARunbookKnowsCanBeRun(t *testing.T) {
	if diff := cmp.Diff(runbook.Kinds(), slices.Sorted(maps.Keys(kinds))); diff != "" {
		t.Errorf("the kinds of runbooks and of the executor differ (-runbook +execute):\n%s", diff)
	}
}

func TestAKindThatIsNotKnownFails(t *testing.T) {
	if got := newWorld(t, step(action("teleport", m{}))).do(t, 0); got.Outcome != change.FailedRun || !strings.Contains(got.Message, "teleport") {
		t.Errorf("%s (%s)", got.Outcome, got.Message)
	}
}

func TestWaitForGoesOnWhereALostAttemptStood(t *testing.T) {
	w := newWorld(t, step(action("wait", m{"for": "1h"})))
	in := w.input(0)
	w.lose(in) // a minute ago
	w.now = noon.Add(59*time.Minute - 50*time.Millisecond)
	if got := w.do(t, 0); got.Outcome != change.Passed || got.Message != "waited 1h0m0s" {
		t.Errorf("%s (%s)", got.Outcome, got.Message)
	}
}

func TestAStepSeesWhatAnEarlierOnePrinted(t *testing.T) {
	w := newWorld(t, shell("echo to stderr >&2"),
		step(action("command", m{"argv": []string{"echo", "before: ${{ steps['step-a'].output }}"}})))
	w.do(t, 0)
	if got := w.do(t, 1); got.Output != "before: to stderr\n\n" {
		t.Errorf("printed %q (%s)", got.Output, got.Message)
	}
}

func TestWaitForNothing(t *testing.T) {
	if got := newWorld(t, step(action("wait", m{"for": "0s"}))).do(t, 0); got.Outcome != change.Passed {
		t.Errorf("%s (%s)", got.Outcome, got.Message)
	}
}

func TestWaitUntil(t *testing.T) {
	journal := t.TempDir() + "/journal"
	s := step(action("wait", m{"every": "10ms", "until": m{"uses": "command", "with": m{
		"shell": "echo look >> " + journal + "; wc -l < " + journal, "expect": "json >= 4",
	}}}))
	got := newWorld(t, s).do(t, 0)
	if got.Outcome != change.Passed || lines(t, journal) != 4 || !strings.Contains(got.Message, "holds at look 4") {
		t.Errorf("%s (%s) after %d looks; expected passed after 4", got.Outcome, got.Message, lines(t, journal))
	}
}

func TestWaitUntilSaysWhatItSawLast(t *testing.T) {
	s := step(action("wait", m{"every": "10ms", "until": m{"uses": "command", "with": m{"shell": "echo not yet >&2; exit 1"}}}))
	s.Timeout = change.Duration(150 * time.Millisecond)
	got := newWorld(t, s).do(t, 0)
	if got.Outcome != change.FailedRun || got.Message != "it did not end within 150ms; at last: it does not hold yet: expected exit == 0, saw exit 1: not yet" {
		t.Errorf("%s (%s)", got.Outcome, got.Message)
	}
}

func TestSignOff(t *testing.T) {
	with := m{"by": []string{"group:dba"}, "text": "The dashboards look normal"}
	w := newWorld(t, step(action("sign-off", with)))
	got := w.do(t, 0)
	if got.Outcome != change.NeedsPerson || got.Message != "waits for the sign-off of group:dba: The dashboards look normal" {
		t.Fatalf("%s (%s)", got.Outcome, got.Message)
	}
	in := w.input(0)
	in.Run = 2
	w.decide(change.SignOff, "another", noon)
	w.decide(change.SignOff, "step-a", noon)
	w.book.facts.Decisions[1].Signed.Signature = "forged"
	if got, err := w.Run(t.Context(), in); err != nil || got.Outcome != change.NeedsPerson {
		t.Fatalf("%s (%s), %v; expected a forged one and one for another step not to count", got.Outcome, got.Message, err)
	}
	in.Run = 3
	w.decide(change.SignOff, "step-a", noon)
	if got, err := w.Run(t.Context(), in); err != nil || got.Outcome != change.Passed || got.Message != "signed off by user:ada" {
		t.Errorf("%s (%s), %v", got.Outcome, got.Message, err)
	}
}

// elsewhere is another worker with its activities.
type elsewhere struct {
	calls []string
	args  []any
	err   error
}

func (e *elsewhere) Run(_ context.Context, id string, a *runbook.Activity) (json.RawMessage, error) {
	name, queue, args := a.Name, a.TaskQueue, a.Args
	e.calls, e.args = append(e.calls, id+" "+name+" "+queue), args
	return json.RawMessage(`{"drained": 3}`), e.err
}

func TestActivity(t *testing.T) {
	with := m{"name": "Drain", "task-queue": "net", "args": []any{"lb-1", 3}, "expect": "result.drained == 3"}
	w := newWorld(t, step(action("activity", with)))
	other := &elsewhere{}
	w.Activities = other
	in := w.input(0)
	w.lose(in) // a later attempt asks for the very same run
	got := w.do(t, 0)
	if got.Outcome != change.Passed || string(got.Values) != `{"result":{"drained":3}}` {
		t.Errorf("%s (%s) %s", got.Outcome, got.Message, got.Values)
	}
	if diff := cmp.Diff([]string{"CHG-7/1/step-a/do/1 Drain net"}, other.calls); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]any{"lb-1", int64(3)}, other.args); diff != "" {
		t.Error(diff)
	}
}

func TestAnActivityThatCannotBeReachedHasNoOutcome(t *testing.T) {
	tests := []struct {
		err     error
		outcome change.Outcome
		kind    change.Kind
	}{
		{change.FailedTo("the load balancer refuses"), change.FailedRun, ""},
		{change.Unavailable("the engine does not answer"), change.Pending, change.KindUnavailable},
	}
	for _, tt := range tests {
		w := newWorld(t, step(action("activity", m{"name": "Drain", "task-queue": "net"})))
		w.Activities = &elsewhere{err: tt.err}
		got, err := w.Run(t.Context(), w.input(0))
		if got.Outcome != tt.outcome || change.KindOf(err) != tt.kind || w.book.runs()[0].Outcome != tt.outcome {
			t.Errorf("%v: outcome %q, error %v; expected %q, kind %q", tt.err, got.Outcome, err, tt.outcome, tt.kind)
		}
	}
}

func TestTheHeartbeatBeatsWhileAStepWorks(t *testing.T) {
	beats := make(chan any, 100)
	w := newWorld(t, step(action("wait", m{"for": "1h"})))
	w.Heartbeat = func(_ context.Context, detail any) { beats <- detail }
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := w.Run(ctx, w.input(0))
		ended <- err
	}()
	for range 2 {
		select {
		case <-beats:
		case <-time.After(30 * time.Second):
			t.Fatal("no heartbeat within 30s")
		}
	}
	stop()
	if err := <-ended; err == nil {
		t.Error("the run ended without the error of its context")
	}
}
