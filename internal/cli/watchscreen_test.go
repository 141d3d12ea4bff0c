package cli

import (
	"flag"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi/apitest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestTheLiveScreenShowsEveryStatus(t *testing.T) {
	var b strings.Builder
	for _, s := range change.Statuses {
		b.WriteString("== " + string(s) + "\n" + liveText(apitest.Sample(s), apitest.Now, 100, 30, false))
	}
	for _, rec := range []change.Record{apitest.Disturbed(), apitest.HeldBeforeStart()} {
		b.WriteString("== " + rec.Hold.Reason + "\n" + liveText(rec, apitest.Now, 100, 30, false))
	}
	if *update {
		if err := os.WriteFile("testdata/screen.txt", []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/screen.txt")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), b.String()); d != "" {
		t.Errorf("-update rewrites it (-want +got):\n%s", d)
	}
}

// The screen fits its terminal, keeps the current step in sight, and colours
// nothing unless it may.
func TestTheLiveScreenFits(t *testing.T) {
	records := []change.Record{apitest.Disturbed(), apitest.HeldBeforeStart()}
	for _, status := range change.Statuses {
		records = append(records, apitest.Sample(status))
	}
	for _, rec := range records {
		status := rec.Status
		for range 40 {
			rec.Plan.Steps = append([]change.Step{{Name: "more", Title: "One of many", Phase: change.Preflight}}, rec.Plan.Steps...)
		}
		for i := range rec.Runs {
			rec.Runs[i].Step += 40
		}
		for i := range 40 {
			r := rec.Plan.Steps[i]
			rec.Runs = append(rec.Runs, change.Run{RunKey: change.RunKey{Change: rec.ID, Revision: 1, Step: i, Direction: change.Do, Run: 1}, Result: change.Result{Outcome: change.Passed, Message: r.Title}})
		}
		for _, size := range [][2]int{{60, 18}, {80, 22}, {80, 24}, {200, 60}} {
			text := liveText(rec, apitest.Now, size[0], size[1], false)
			lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
			if len(lines) > size[1] {
				t.Errorf("%s in %v: %d lines", status, size, len(lines))
			}
			for _, l := range lines {
				if utf8.RuneCountInString(l) > size[0] {
					t.Errorf("%s in %v: %q is too long", status, size, l)
				}
			}
			if status == change.Held && rec.Started() && !strings.Contains(text, "Stop the primary") {
				t.Errorf("in %v the current step is out of sight:\n%s", size, text)
			}
			if rec.Hold != nil && len(rec.Hold.Neighbours) == 4 && size[1] == 22 && !strings.Contains(text, "and 2 more around it: changectl explain CHG-7") {
				t.Errorf("in %v it does not say that there are more neighbours:\n%s", size, text)
			}
			if strings.Contains(text, "\x1b") || !strings.Contains(liveText(rec, apitest.Now, size[0], size[1], true), "\x1b") {
				t.Error("colours where there shall be none, or none where there shall be")
			}
		}
	}
}

func TestTheLiveScreenTakesNewsKeysAndSize(t *testing.T) {
	m := &liveModel{rec: apitest.Sample(change.Running)}
	news := apitest.Sample(change.Held)
	m.Update(news)
	m.Update(tea.WindowSizeMsg{Width: 70, Height: 20})
	if m.rec.Status != change.Held || m.width != 70 || m.height != 20 {
		t.Errorf("%+v", m)
	}
	if _, cmd := m.Update(tea.KeyPressMsg(tea.Key{Code: 'x', Text: "x"})); cmd != nil {
		t.Error("x leaves")
	}
	for _, msg := range []tea.Msg{tea.KeyPressMsg(tea.Key{Code: 'q', Text: "q"}), over{rec: apitest.Sample(change.Completed)}} {
		_, cmd := m.Update(msg)
		if cmd == nil {
			t.Fatalf("%v does not leave", msg)
		}
		if _, quit := cmd().(tea.QuitMsg); !quit {
			t.Errorf("%v does not leave", msg)
		}
	}
	if m.rec.Status != change.Completed {
		t.Errorf("ended with %s", m.rec.Status)
	}
}
