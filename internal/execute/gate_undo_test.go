package execute

import (
	"testing"
	"time"

	"github.com/changectl/changectl/internal/change"
)

func TestGateOfTheWayBack(t *testing.T) {
	tests := []struct {
		name  string
		alter func(*world, *Input)
		want  string // empty: allowed
	}{
		{"the last step first", func(*world, *Input) {}, ""},
		{"past the window", func(w *world, _ *Input) { w.now = window.End.Add(time.Hour) }, ""},
		{"without approvals", func(w *world, _ *Input) { w.book.facts.Approvals = nil }, ""},
		{"while it runs", func(w *world, _ *Input) { w.book.facts.Record.Status = change.Running }, "must be backing-out"},
		{"an old token", func(_ *world, in *Input) { in.Token = 4 }, "fencing token"},
		{"another plan", func(_ *world, in *Input) { in.Digest = "sha256:beef" }, "sha256:beef"},
		{"the first before the last", func(_ *world, in *Input) { in.Step = 0 }, `before "step-b"`},
		{"the first after the last", func(w *world, in *Input) {
			w.ran(1, change.Undo, 1, change.Passed)
			in.Step = 0
		}, ""},
		{"the first after a later undo that failed", func(w *world, in *Input) {
			w.ran(1, change.Undo, 1, change.FailedRun)
			in.Step = 0
		}, `before "step-b"`},
		{"the first after a later undo that was waived", func(w *world, in *Input) {
			w.ran(1, change.Undo, 1, change.FailedRun)
			w.decide(change.Continue, "step-b", noon)
			in.Step = 0
		}, ""},
		{"a waiver of the step is none of its undo", func(w *world, in *Input) {
			w.decide(change.Continue, "step-b", noon.Add(-59*time.Minute))
			w.ran(1, change.Undo, 1, change.FailedRun)
			in.Step = 0
		}, `before "step-b"`},
		{"a later step without an undo", func(w *world, in *Input) {
			w.book.facts.Record.Plan.Steps[1].Undo = nil
			w.reseal()
			in.Digest, in.Step = w.book.facts.Record.Digest, 0
		}, ""},
		{"a later step that was skipped", func(w *world, in *Input) {
			w.book.facts.Runs[1].Outcome = change.Skipped
			in.Step = 0
		}, ""},
		{"undone already", func(w *world, in *Input) {
			w.ran(1, change.Undo, 1, change.Passed)
			in.Run = 2
		}, "undone already"},
		{"a failed undo again, undecided", func(w *world, in *Input) {
			w.ran(1, change.Undo, 1, change.FailedRun)
			in.Run = 2
		}, "only when a person decides"},
		{"a failed undo again, decided", func(w *world, in *Input) {
			w.ran(1, change.Undo, 1, change.FailedRun)
			w.decide(change.RetryIt, "", noon)
			in.Run = 2
		}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, in := passable(t)
			w.ran(1, change.Do, 1, change.FailedRun)
			w.book.facts.Record.Status = change.BackingOut
			in.Direction = change.Undo
			tt.alter(w, &in)
			err := judge(w, in)
			if tt.want != "" {
				refused(t, err, tt.want)
			} else if err != nil {
				t.Errorf("the gate refuses: %v", err)
			}
		})
	}
}
