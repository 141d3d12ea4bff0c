package execute

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
)

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

func lines(t *testing.T, file string) int {
	t.Helper()
	b, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(b), "\n")
}

// TestALostAttemptIsResumedByTheRules: an effect is one line in a journal.
func TestALostAttemptIsResumedByTheRules(t *testing.T) {
	yes, no := action("command", m{"argv": []string{"true"}}), action("command", m{"argv": []string{"false"}})
	broken := action("command", m{"argv": []string{"/nonexistent/program"}})
	tests := []struct {
		name       string
		doneWhen   *change.Action
		idempotent bool
		lost       bool // an attempt at this run left no result
		retried    bool // it is the second run, after a failed one
		want       change.Outcome
		effects    int
		message    string
	}{
		{name: "the first attempt runs", want: change.Passed, effects: 1},
		{name: "the first attempt does not ask done-when", doneWhen: &yes, want: change.Passed, effects: 1},
		{name: "unknown and not idempotent is not run again", lost: true, want: change.Unknown, message: "worker-0 began this at 2027-03-06 11:59:00 UTC"},
		{name: "idempotent is run again", lost: true, idempotent: true, want: change.Passed, effects: 1},
		{name: "done is not run again", lost: true, doneWhen: &yes, want: change.Passed, message: "already been done"},
		{name: "not done is run again", lost: true, doneWhen: &no, want: change.Passed, effects: 1},
		{name: "a done-when that cannot tell", lost: true, doneWhen: &broken, want: change.Unknown, message: "done-when cannot tell"},
		{name: "done-when counts before idempotent", lost: true, doneWhen: &broken, idempotent: true, want: change.Unknown},
		{name: "a person's retry runs", retried: true, want: change.Passed, effects: 1},
		{name: "a person's retry asks done-when", retried: true, doneWhen: &yes, want: change.Passed, message: "already been done"},
		{name: "a person's retry of what is not done", retried: true, doneWhen: &no, want: change.Passed, effects: 1},
		{name: "a person's retry that is lost", retried: true, lost: true, want: change.Unknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			journal := t.TempDir() + "/journal"
			s := shell("echo done >> " + journal)
			s.DoneWhen, s.Idempotent = tt.doneWhen, tt.idempotent
			w := newWorld(t, s)
			in := w.input(0)
			if tt.retried {
				w.ran(0, change.Do, 1, change.FailedRun)
				w.decide(change.RetryIt, "step-a", noon)
				in.Run = 2
			}
			if tt.lost {
				w.lose(in)
			}
			got, err := w.Run(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			if got.Outcome != tt.want || !strings.Contains(got.Message, tt.message) || lines(t, journal) != tt.effects {
				t.Errorf("outcome %s (%s), %d effects; expected %s (%s), %d", got.Outcome, got.Message, lines(t, journal), tt.want, tt.message, tt.effects)
			}
			runs := w.book.runs()
			if diff := cmp.Diff(got, runs[len(runs)-1].Result); diff != "" {
				t.Errorf("the ledger has another result (-returned +recorded):\n%s", diff)
			}
		})
	}
}

func TestALateRepeatReturnsTheResultThatThereIs(t *testing.T) {
	journal := t.TempDir() + "/journal"
	w := newWorld(t, shell("echo done >> "+journal))
	first := w.do(t, 0)
	w.book.facts.Record.Status = change.Completed // the gate is not even asked
	if diff := cmp.Diff(first, w.do(t, 0)); diff != "" {
		t.Error(diff)
	}
	if lines(t, journal) != 1 || w.book.judged != 1 {
		t.Errorf("%d effects, judged %d times; expected one of each", lines(t, journal), w.book.judged)
	}
}

func TestAStoppingWorkerLeavesTheOutcomeOpen(t *testing.T) {
	dir := t.TempDir()
	w := newWorld(t, shell("echo begun > "+dir+"/begun; sleep 60; echo end > "+dir+"/end"))
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		until(t, func() bool { return lines(t, dir+"/begun") == 1 })
		stop()
	}()
	_, err := w.Run(ctx, w.input(0))
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("the error is %v; expected that of the context", err)
	}
	if r := w.book.runs()[0]; r.Outcome != change.Pending {
		t.Fatalf("the outcome is %q; expected none, as nobody knows it", r.Outcome)
	}
	if got := w.do(t, 0); got.Outcome != change.Unknown {
		t.Errorf("the next attempt came to %s (%s); expected unknown", got.Outcome, got.Message)
	}
}

func TestAResultIsRecordedAgainstAllOdds(t *testing.T) {
	w := newWorld(t, shell("true"))
	w.book.broken = []error{errors.New("disk full"), change.Unavailable("the database does not answer")}
	if got := w.do(t, 0); got.Outcome != change.Passed || w.book.runs()[0].Outcome != change.Passed {
		t.Errorf("outcome %s, recorded %s; expected passed", got.Outcome, w.book.runs()[0].Outcome)
	}
}

func TestAResultOfAnOldAttemptIsAnError(t *testing.T) {
	w := newWorld(t, shell("true"))
	w.book.broken = []error{change.Conflict("attempt 1 is not the newest")}
	_, err := w.Run(t.Context(), w.input(0))
	if change.KindOf(err) != change.KindConflict {
		t.Errorf("the error is %v; expected the conflict", err)
	}
}

func TestAResultThatIsKnownSurvivesTheEndOfTheContext(t *testing.T) {
	w := newWorld(t, shell("true"))
	ctx, stop := context.WithCancel(t.Context())
	w.book.broken = []error{errors.New("once")}
	w.Clock = w.clock
	stopping := &stopAtFinish{book: w.book, stop: stop}
	w.Ledger = stopping
	if _, err := w.Run(ctx, w.input(0)); err != nil {
		t.Fatal(err)
	}
	if o := w.book.runs()[0].Outcome; o != change.Passed {
		t.Errorf("recorded %q; expected passed", o)
	}
}

// stopAtFinish ends the context of the run just before the result is recorded.
type stopAtFinish struct {
	*book
	stop context.CancelFunc
}

func (s *stopAtFinish) Finish(ctx context.Context, k change.RunKey, attempt int, r change.Result) error {
	s.stop()
	return s.book.Finish(ctx, k, attempt, r)
}

func TestUndo(t *testing.T) {
	tests := []struct {
		name    string
		undo    bool
		outcome change.Outcome // of the forward run, or "none"
		effects int
		message string
	}{
		{"what was done is undone", true, change.Passed, 1, "exit 0"},
		{"what failed is undone", true, change.FailedRun, 1, "exit 0"},
		{"what may have been done is undone", true, change.Unknown, 1, "exit 0"},
		{"what was lost is undone", true, change.Pending, 1, "exit 0"},
		{"what was skipped is not", true, change.Skipped, 0, "was skipped"},
		{"what was not begun is not", true, "none", 0, "was not begun"},
		{"without an undo", false, change.Passed, 0, "has no undo"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			journal := t.TempDir() + "/journal"
			s := shell("true")
			if tt.undo {
				a := shell("echo undone >> " + journal).Action
				s.Undo = &a
			}
			w := newWorld(t, s)
			if tt.outcome != "none" {
				w.ran(0, change.Do, 1, tt.outcome)
			}
			w.book.facts.Record.Status = change.BackingOut
			in := w.input(0)
			in.Direction = change.Undo
			got, err := w.Run(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			if got.Outcome != change.Passed || !strings.Contains(got.Message, tt.message) || lines(t, journal) != tt.effects {
				t.Errorf("%s (%s), %d effects; expected passed (%s), %d", got.Outcome, got.Message, lines(t, journal), tt.message, tt.effects)
			}
		})
	}
}

func TestWhenDecidesWhetherAStepRuns(t *testing.T) {
	tests := []struct {
		when string
		want change.Outcome
	}{
		{`parameters.version == "15.20"`, change.Passed},
		{`parameters.version == "15.18"`, change.Skipped},
		{`steps["step-a"].values.exit == 0`, change.Passed},
		{`steps["step-a"].outcome != "passed"`, change.Skipped},
		{`parameters.nothing == 1`, change.FailedRun},
	}
	for _, tt := range tests {
		t.Run(tt.when, func(t *testing.T) {
			s := shell("true")
			s.When = tt.when
			w := newWorld(t, shell("true"), s)
			w.do(t, 0)
			if got := w.do(t, 1); got.Outcome != tt.want {
				t.Errorf("%s (%s); expected %s", got.Outcome, got.Message, tt.want)
			}
		})
	}
}

// until waits for a condition, half a minute at most.
func until(t *testing.T, holds func() bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Error("the condition did not come true within 30s")
			return
		}
	}
}
