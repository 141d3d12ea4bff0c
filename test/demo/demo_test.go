package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/request"
	"github.com/changectl/changectl/internal/runbook"
	"github.com/changectl/changectl/test/lab"
)

func TestRunbooksOfTheDemonstrationAreSound(t *testing.T) {
	names, err := fs.Glob(ownRunbooks(), "*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatalf("found %v, %v", names, err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(ownRunbooks(), name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := runbook.Parse(name, text); err != nil {
			t.Error(err)
		}
	}
}

func TestChangeFilesOfTheDemonstrationAreSound(t *testing.T) {
	w, err := window(time.Date(2026, 10, 25, 1, 30, 0, 0, time.UTC)) // shown twice by the clocks of Berlin
	if err != nil {
		t.Fatal(err)
	}
	if want := "2026-10-25T02:30:00+01:00"; !strings.Contains(w, want) {
		t.Errorf("the window is %s, want one from %s", w, want)
	}
	for name, text := range map[string]string{
		"patch": fmt.Sprintf(patchFile, "PostgreSQL 15.20", "Security release", "15.20", "http://127.0.0.1:1/probe", "s", w),
		"stop":  fmt.Sprintf(stopFile, "s", w),
		"naive": fmt.Sprintf(naiveFile, "s", w),
	} {
		if _, _, err := request.Parse(name+".yaml", []byte(text)); err != nil {
			t.Error(err)
		}
	}
}

const printed = `CHG-1 is awaiting-approval

Title       T
Digest      D

Steps
  #  PHASE
  1  patch
  2  patch
  3  patch
CHG-1 waits for somebody
  changectl approve CHG-1
`

func TestLinesAreLeftOutWithAWord(t *testing.T) {
	for _, test := range []struct {
		name string
		keep keeping
		want string
	}{
		{"all", nil, printed},
		{"first steps", firstSteps(1), strings.Replace(printed, "  2  patch\n  3  patch\n", "[... 2 lines: others]\n", 1)},
		{"no plan", notThePlan(), "CHG-1 is awaiting-approval\n\n[... 8 lines: others]\nCHG-1 waits for somebody\n  changectl approve CHG-1\n"},
		{"a single line without a word", notThose("waits"), strings.Replace(printed, "CHG-1 waits for somebody\n", "", 1)},
		{"the story", theStory(2), "CHG-1 is awaiting-approval\n\n[... 10 lines: others]\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			c := &cutter{out: &out, keep: test.keep, what: "others"}
			for line := range lines(printed) {
				c.line(line)
			}
			c.end()
			if diff := cmp.Diff(test.want, strings.ReplaceAll("\n"+out.String(), "\n    ", "\n")[1:]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatIsNotAsPromisedIsAnError(t *testing.T) {
	start := time.Date(2026, 3, 6, 22, 0, 0, 0, time.UTC)
	good := change.Record{
		Status: change.Completed, Plan: change.Plan{Steps: make([]change.Step, 1), Window: change.Window{Start: start}}, StartedAt: start,
		Runs: []change.Run{{RunKey: change.RunKey{Direction: change.Do}, Result: change.Result{Outcome: change.Passed}}},
	}
	held, early, half := good, good, good
	held.Status = change.Held
	early.StartedAt = start.Add(-time.Millisecond)
	half.Runs = nil
	old, patched := map[string]string{"n1": "15.18", "n2": "15.18"}, map[string]string{"n1": "15.20", "n2": "15.20"}
	for _, test := range []struct {
		name  string
		rec   change.Record
		r     lab.Report
		after map[string]string
		wrong string
	}{
		{"as promised", good, lab.Report{}, patched, ""},
		{"lost", good, lab.Report{Lost: 1}, patched, "acknowledged but lost"},
		{"failed", good, lab.Report{Failed: 2}, patched, "failed"},
		{"ambiguous", good, lab.Report{Ambiguous: 1}, patched, "ambiguous"},
		{"old version", good, lab.Report{}, map[string]string{"n1": "15.18", "n2": "15.20"}, "PostgreSQL of orders-db-1"},
		{"held", held, lab.Report{}, patched, "how it ended"},
		{"early", early, lab.Report{}, patched, "started"},
		{"not all steps", half, lab.Report{}, patched, "steps"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var f figures
			f.patch(test.rec, "PostgreSQL", "15.20", old, test.after)
			f.load(test.r, 0)
			err := f.print(&bytes.Buffer{})
			switch {
			case test.wrong == "" && err != nil:
				t.Error(err)
			case test.wrong != "" && (err == nil || !strings.HasPrefix(err.Error(), test.wrong)):
				t.Errorf("got %v, want an error about %s", err, test.wrong)
			}
		})
	}
}

func TestBetweenIsTheMedianGap(t *testing.T) {
	at := func(ms int) time.Time { return time.UnixMilli(int64(ms)) }
	runs := []change.Run{
		{IntentAt: at(0), ResultAt: at(100)},
		{IntentAt: at(110), ResultAt: at(500)},
		{IntentAt: at(505), ResultAt: at(600)},
		{IntentAt: at(900), ResultAt: at(901)},
	}
	if got := between(runs); got != 10*time.Millisecond {
		t.Errorf("the median is %s, want 10ms", got)
	}
	if got := between(nil); got != 0 {
		t.Errorf("without runs it is %s", got)
	}
}
