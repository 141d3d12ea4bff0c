package execute

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// workerVariable makes the test binary play a worker that is killed.
const workerVariable = "EXECUTE_TEST_WORKER"

func TestAKilledWorkerTakesItsCommandAlong(t *testing.T) {
	if file := os.Getenv(workerVariable); file != "" {
		s := shell("echo $$ > " + file + "; exec sleep 300")
		s.Timeout = 0
		newWorld(t, s).do(t, 0)
		return
	}
	file := t.TempDir() + "/pid"
	worker := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	worker.Env = append(os.Environ(), workerVariable+"="+file)
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { return lines(t, file) == 1 })
	if err := worker.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = worker.Wait() // it was killed
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { return !alive(pid) })
}

// BenchmarkStep is what the executor adds to a step that does nothing, gate
// included, with a plan of thirty steps.
func BenchmarkStep(b *testing.B) {
	steps := make(chan int)
	go func() {
		defer close(steps)
		for range b.N {
			steps <- 0
		}
	}()
	t := &testing.T{}
	all := []any{}
	for i := range 30 {
		all = append(all, fmt.Sprint("argument ", i))
	}
	w := newWorld(t)
	plan := &w.book.facts.Record.Plan
	for i := range 30 {
		s := step(action("wait", m{"for": "0s"}))
		s.Name, s.Checklist = fmt.Sprint("step-", i), []string{"Look at the dashboard", "Tell the desk"}
		a := action("command", m{"argv": all})
		s.Undo = &a
		plan.Steps = append(plan.Steps, s)
	}
	w.seal(t)
	in := w.input(0)
	w.now = noon
	b.ResetTimer()
	for range steps {
		w.book.facts.Runs = w.book.facts.Runs[:0]
		if _, err := w.Run(b.Context(), in); err != nil {
			b.Fatal(err)
		}
	}
	_ = time.Now
}
