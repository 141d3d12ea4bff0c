package lab_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sirupsen/logrus"

	"github.com/changectl/changectl/test/lab"
)

func TestStopLeavesNothingAndStartNeedsADirectory(t *testing.T) {
	if _, err := lab.Start(t.Context(), lab.Options{Log: quiet()}); err == nil {
		t.Error("a lab without a directory was started")
	}
	dir := t.TempDir()
	if _, err := lab.Load(dir); err == nil || !strings.Contains(err.Error(), "start one") {
		t.Errorf("Load of an empty directory: %v", err)
	}
	l, err := lab.Start(t.Context(), lab.Options{Dir: dir, Log: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	pids := processes(t, l)
	if len(pids) != 3 {
		t.Errorf("processes of the lab: %v, want three", pids)
	}
	if err := lab.StopDir(dir); err != nil {
		t.Fatal(err)
	}
	for _, pid := range pids {
		if cmdline, err := os.ReadFile("/proc/" + pid + "/cmdline"); err == nil && strings.Contains(string(cmdline), l.Home) {
			t.Errorf("process %s is still there", pid)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left in the directory: %v, %v", left, err)
	}
	if err := l.Stop(); err != nil {
		t.Errorf("a second stop: %v", err)
	}
}

// breaker is a log hook that breaks a start off when a word is logged, and
// remembers where the nodes were.
type breaker struct {
	word, dir, home string
	off             context.CancelFunc
}

func (*breaker) Levels() []logrus.Level { return logrus.AllLevels }

func (b *breaker) Fire(e *logrus.Entry) error {
	if !strings.Contains(e.Message, b.word) {
		return nil
	}
	b.off()
	l, err := lab.Load(b.dir)
	if err == nil {
		b.home = l.Home
	}
	return err
}

func TestAStartThatIsBrokenOffLeavesNothing(t *testing.T) {
	for _, word := range []string{"primary", "standby"} {
		ctx, off := context.WithCancel(t.Context())
		b := &breaker{word: word, dir: t.TempDir(), off: off}
		log := logrus.New()
		log.SetOutput(io.Discard)
		log.AddHook(b)
		if _, err := lab.Start(ctx, lab.Options{Dir: b.dir, Log: log}); err == nil {
			t.Errorf("broken off at the %s, and yet it started", word)
		}
		off()
		if left, err := os.ReadDir(b.dir); err != nil || len(left) != 0 {
			t.Errorf("broken off at the %s: left %v, %v", word, left, err)
		}
		if b.home == "" {
			t.Fatalf("the start was not broken off at the %s", word)
		}
		cmdlines, err := filepath.Glob("/proc/[0-9]*/cmdline")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range cmdlines {
			if raw, err := os.ReadFile(f); err == nil && strings.Contains(string(raw), b.home) {
				t.Errorf("broken off at the %s: still there: %q", word, raw)
			}
		}
	}
}

func processes(t *testing.T, l *lab.Lab) []string {
	t.Helper()
	var pids []string
	for _, name := range []string{"n1/data/postmaster.pid", "n2/data/postmaster.pid", "pooler/pid"} {
		raw, err := os.ReadFile(filepath.Join(l.Home, name))
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(string(raw), "\n")
		pids = append(pids, strings.TrimSpace(first))
	}
	return pids
}
