package execute

import (
	"fmt"
	"testing"
)

// BenchmarkStep is what the executor adds to a step that does nothing, gate
// included, in a plan of thirty steps.
func BenchmarkStep(b *testing.B) {
	w := newWorld(b)
	plan := &w.book.facts.Record.Plan
	undo := action("command", m{"argv": []string{"/opt/control/node-start", "n1", "and", "some", "arguments"}})
	for i := range 30 {
		s := step(action("wait", m{"for": "0s"}))
		s.Name, s.Title, s.Undo = fmt.Sprint("step-", i), "A step that does nothing", &undo
		s.Checklist = []string{"Look at the dashboard", "Tell the desk"}
		plan.Steps = append(plan.Steps, s)
	}
	w.seal(b)
	in := w.input(0)
	for b.Loop() {
		w.book.facts.Runs = nil
		if _, err := w.Run(b.Context(), in); err != nil {
			b.Fatal(err)
		}
	}
}
