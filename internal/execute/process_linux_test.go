package execute

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
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
