package execute

import (
	"encoding/json"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
)

func TestCommand(t *testing.T) {
	t.Setenv("DATABASE_PASSWORD", "hunter2hunter2") // the worker's own
	tests := []struct {
		name    string
		with    m
		want    change.Outcome
		message string
		output  string
		values  m
	}{
		{"argv is not seen by a shell", m{"argv": []string{"echo", "$HOME; `id`", "a  b"}}, change.Passed, "exit 0", "$HOME; `id` a  b\n", nil},
		{"a shell where it says so", m{"shell": "echo $((40+2))"}, change.Passed, "exit 0", "42\n", m{"exit": 0., "stdout": "42\n", "json": 42.}},
		{"json", m{"argv": []string{"echo", `{"state":"shut down"}`}, "expect": `json.state == "shut down"`}, change.Passed, "exit 0", "", m{"exit": 0., "stdout": "{\"state\":\"shut down\"}\n", "json": m{"state": "shut down"}}},
		{"json that is not as expected", m{"argv": []string{"echo", `{"state":"in production"}`}, "expect": `json.state == "shut down"`}, change.FailedRun, `saw exit 0, json {"state":"in production"}`, "", nil},
		{"a status other than 0", m{"shell": "echo no space left >&2; exit 3"}, change.FailedRun, "expected exit == 0, saw exit 3: no space left", "no space left\n", nil},
		{"a status that is expected", m{"argv": []string{"false"}, "expect": "exit == 1"}, change.Passed, "exit 1", "", nil},
		{"what it says on stderr", m{"shell": "echo a >&2", "expect": `stderr == "b\n"`}, change.FailedRun, `expected stderr == "b\n"`, "a\n", nil},
		{"a program that is not there", m{"argv": []string{"/nonexistent"}}, change.FailedRun, "check that the program is installed", "", nil},
		{"a directory that is not there", m{"argv": []string{"true"}, "dir": "/nonexistent"}, change.FailedRun, "/nonexistent", "", nil},
		{"a signal", m{"shell": "kill -KILL $$"}, change.FailedRun, "ended by a signal", "", nil},
		{"the worker's environment is not inherited", m{"shell": `echo "[$DATABASE_PASSWORD]"`}, change.Passed, "", "[]\n", nil},
		{"what it gets instead", m{"shell": `echo "$CHANGECTL_CHANGE $CHANGECTL_STEP $COLOUR"`, "env": m{"COLOUR": "blue"}}, change.Passed, "", "CHG-7 step-a blue\n", nil},
		{"no input", m{"shell": "cat; echo end"}, change.Passed, "", "end\n", nil},
		{"bytes that are no text", m{"shell": `printf '\377\000x'`}, change.Passed, "", "\uFFFD\uFFFDx", nil},
		{"an expect that cannot be evaluated", m{"argv": []string{"true"}, "expect": "json.x == 1"}, change.FailedRun, "evaluate expect", "", nil},
		{"parameters", m{"argv": []string{"echo", "${{ parameters.version }}"}}, change.Passed, "", "15.20\n", nil},
		{"an unknown parameter", m{"argv": []string{"echo", "${{ parameters.nothing }}"}}, change.FailedRun, "fill in the arguments", "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, step(action("command", tt.with)))
			got := w.do(t, 0)
			if got.Outcome != tt.want || !strings.Contains(got.Message, tt.message) || !strings.Contains(got.Output, tt.output) {
				t.Errorf("%s (%s)\n%s\nexpected %s (%s)\n%s", got.Outcome, got.Message, got.Output, tt.want, tt.message, tt.output)
			}
			if tt.values != nil {
				var values m
				if err := json.Unmarshal(got.Values, &values); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.values, values); diff != "" {
					t.Errorf("values (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestATimeoutEndsTheWholeProcessGroup(t *testing.T) {
	file := t.TempDir() + "/pid"
	// The grandchild ignores SIGTERM and holds the output open.
	s := shell(`sh -c 'trap "" TERM; echo $$ > ` + file + `; while :; do sleep 1; done' & wait`)
	s.Timeout = change.Duration(500 * time.Millisecond)
	w := newWorld(t, s)
	got := w.do(t, 0)
	if got.Outcome != change.FailedRun || !strings.Contains(got.Message, "did not end within 500ms") {
		t.Errorf("%s (%s); expected a failure that names the timeout", got.Outcome, got.Message)
	}
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

// alive reports whether a process runs; one that nobody has reaped does not.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && !strings.Contains(string(b), ") Z ")
}

func TestADaemonThatHoldsTheOutputDoesNotHoldTheStep(t *testing.T) {
	file := t.TempDir() + "/pid"
	w := newWorld(t, shell(`setsid sh -c 'echo $$ > `+file+`; exec sleep 300' & while ! test -s `+file+`; do :; done; echo started`))
	got := w.do(t, 0)
	if got.Outcome != change.Passed || !strings.Contains(got.Output, "started\n") || !strings.Contains(got.Output, "holds its output open") {
		t.Errorf("%s (%s)\n%s", got.Outcome, got.Message, got.Output)
	}
	b, _ := os.ReadFile(file)
	pid, _ := strconv.Atoi(strings.TrimSpace(string(b)))
	if pid == 0 || !alive(pid) {
		t.Error("the daemon that the step started is gone; it must be left alone")
	} else if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Error(err)
	}
}

func TestAFloodOfOutputIsBounded(t *testing.T) {
	const limit = 4096
	w := newWorld(t, step(action("command", m{
		"shell": "echo first; head -c 100000000 /dev/zero | tr '\\0' x; echo; echo last", "output-limit": limit,
	})))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got := w.do(t, 0)
	runtime.ReadMemStats(&after)
	if got.Outcome != change.Passed || !strings.HasPrefix(got.Output, "first\n") || !strings.HasSuffix(got.Output, "last\n") {
		t.Errorf("%s (%s); expected head and tail of the output", got.Outcome, got.Message)
	}
	if n := len(got.Output); n > limit+100 {
		t.Errorf("kept %d bytes; expected about %d", n, limit)
	}
	if !strings.Contains(got.Output, "bytes are not kept") {
		t.Error("nothing says that output was cut")
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 8<<20 {
		t.Errorf("allocated %d bytes for a flood of 100 MB; expected no more than 8 MiB", used)
	}
}

func TestRetry(t *testing.T) {
	tests := []struct {
		name     string
		attempts int
		want     change.Outcome
		effects  int
		message  string
	}{
		{"once by default", 0, change.FailedRun, 1, "expected exit == 0"},
		{"too few", 2, change.FailedRun, 2, "failed 2 times, at last: expected exit == 0"},
		{"enough", 5, change.Passed, 3, "exit 0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			journal := t.TempDir() + "/journal"
			s := shell("echo try >> " + journal + "; test $(wc -l < " + journal + ") -ge 3")
			s.Retry = change.Retry{Attempts: tt.attempts, Every: change.Duration(10 * time.Millisecond)}
			got := newWorld(t, s).do(t, 0)
			if got.Outcome != tt.want || lines(t, journal) != tt.effects || !strings.Contains(got.Message, tt.message) {
				t.Errorf("%s (%s) after %d tries; expected %s (%s) after %d", got.Outcome, got.Message, lines(t, journal), tt.want, tt.message, tt.effects)
			}
		})
	}
}

func TestTheTimeoutBoundsAllTries(t *testing.T) {
	s := shell("exit 7")
	s.Timeout, s.Retry = change.Duration(200*time.Millisecond), change.Retry{Attempts: 1_000_000, Every: change.Duration(10 * time.Millisecond)}
	got := newWorld(t, s).do(t, 0)
	if got.Outcome != change.FailedRun || !strings.Contains(got.Message, "did not end within 200ms; at last: expected exit == 0, saw exit 7") {
		t.Errorf("%s (%s)", got.Outcome, got.Message)
	}
}
