package schedule_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/schedule"
)

const m = time.Minute

var (
	plain    = []schedule.Times{{"a", 2 * m, m, false}, {"b", 2 * m, 2 * m, false}, {"c", m, m, false}}
	noReturn = []schedule.Times{{"a", 2 * m, m, false}, {"b", 2 * m, 5 * m, false}, {"c", m, m, true}, {"d", m, 9 * m, false}}
)

func TestTheTimeToBackOut(t *testing.T) {
	tests := map[string]struct {
		steps []schedule.Times
		want  []time.Duration // for done = 0, 1, ...
	}{
		"nothing":            {nil, []time.Duration{0}},
		"all can be undone":  {plain, []time.Duration{0, m, 3 * m, 4 * m}},
		"a point of no way":  {noReturn, []time.Duration{0, m, 6 * m, 0, 0}},
		"from the beginning": {[]schedule.Times{{"a", m, m, true}, {"b", m, m, false}}, []time.Duration{0, 0, 0}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for done, want := range tt.want {
				if got := schedule.BackoutFrom(tt.steps, done); got != want {
					t.Errorf("after %d steps: %s, want %s", done, got, want)
				}
			}
			if got := schedule.BackoutFrom(tt.steps, len(tt.steps)+3); got != tt.want[len(tt.steps)] {
				t.Errorf("beyond the last step: %s", got)
			}
			if got := schedule.BackoutFrom(tt.steps, -1); got != 0 {
				t.Errorf("before the first step: %s", got)
			}
		})
	}
}

func TestWhatAWindowMustHold(t *testing.T) {
	start := time.Date(2027, 3, 6, 22, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		steps          []schedule.Times
		margin, length time.Duration
		want           string // "" when it fits
	}{
		"exactly":       {plain, 3 * m, 12 * m, ""},
		"too short":     {plain, 3 * m, 10 * m, "needs 12m (run 5m, back out 4m, margin 3m), window has 10m; make the window at least 2m longer"},
		"a second":      {plain, 3 * m, 12*m - time.Second, "window has 11m59s; make the window at least 1s longer"},
		"no return":     {noReturn, 0, 12 * m, ""},
		"no return off": {noReturn, 0, 11 * m, "needs 12m (run 6m, back out 6m, margin 0s), window has 11m"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := schedule.Fits(change.Window{Start: start, End: start.Add(tt.length), Zone: "UTC"}, tt.steps, tt.margin)
			if tt.want == "" && err == nil {
				return
			}
			if tt.want == "" || err == nil || !strings.Contains(err.Error(), tt.want) || change.KindOf(err) != change.KindInvalid {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestTheCutoffOfAStep(t *testing.T) {
	end := time.Date(2027, 3, 6, 23, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		steps []schedule.Times
		next  int
		want  time.Duration // before end
	}{
		"first":            {plain, 0, 3 * m},
		"second":           {plain, 1, 5 * m},
		"last":             {plain, 2, 5 * m},
		"behind the last":  {plain, 3, 4 * m},
		"before no return": {noReturn, 1, 8 * m},
		"no return":        {noReturn, 2, m},
		"after no return":  {noReturn, 3, m},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			last := end.Add(-tt.want)
			if ok, cutoff := schedule.MayBegin(last, end, tt.steps, tt.next); !ok || !cutoff.Equal(last) {
				t.Errorf("at the last moment: %v, cutoff %s; want true, %s", ok, cutoff, last)
			}
			if ok, _ := schedule.MayBegin(last.Add(1), end, tt.steps, tt.next); ok {
				t.Error("it may begin after the last moment")
			}
		})
	}
	if got := schedule.Cutoff(end, plain, 2); !got.Equal(end.Add(-3 * m)) {
		t.Errorf("cutoff after two steps: %s", got)
	}
}

// A window that is long enough never cuts off a change whose steps take the time
// that they are expected to take.
func TestAChangeOnTimeIsNeverCutOff(t *testing.T) {
	minutes := rapid.Map(rapid.IntRange(0, 90), func(n int) time.Duration { return time.Duration(n) * m })
	step := rapid.Custom(func(t *rapid.T) schedule.Times {
		return schedule.Times{Expected: minutes.Draw(t, "expected"), Undo: minutes.Draw(t, "undo"), Irreversible: rapid.IntRange(0, 5).Draw(t, "final") == 0}
	})
	rapid.Check(t, func(t *rapid.T) {
		steps := rapid.SliceOfN(step, 0, 12).Draw(t, "steps")
		now := time.Date(2027, 3, 6, 22, 0, 0, 0, time.UTC)
		end := now.Add(schedule.Needed(steps, 0))
		for i := range steps {
			if ok, cutoff := schedule.MayBegin(now, end, steps, i); !ok {
				t.Fatalf("step %d may not begin at %s: cutoff %s", i, now, cutoff)
			}
			now = now.Add(steps[i].Expected)
			if cutoff := schedule.Cutoff(end, steps, i+1); now.After(cutoff) {
				t.Fatalf("after step %d it is %s, behind the cutoff %s", i, now, cutoff)
			}
		}
	})
}

func TestAWindowInThePast(t *testing.T) {
	now := time.Date(2027, 3, 6, 22, 0, 0, 0, time.UTC)
	window := func(from, to time.Duration) change.Window {
		return change.Window{Start: now.Add(from), End: now.Add(to), Zone: "Europe/Berlin"}
	}
	tests := map[string]struct {
		w    change.Window
		want string
	}{
		"to come":    {window(time.Second, time.Hour), ""},
		"beginning":  {window(0, time.Hour), ""},
		"begun":      {window(-5*m, time.Hour), "spec.window.start: the window lies in the past: it began 5m ago, at 2027-03-06 22:55:00 +01:00; choose a start behind 2027-03-06 23:00:00 +01:00"},
		"ending now": {window(-time.Hour, 0), "spec.window.start: the window lies in the past: it ended 0s ago"},
		"ended":      {window(-2*time.Hour, -time.Hour), "it ended 1h ago, at 2027-03-06 22:00:00 +01:00"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := schedule.InPast(tt.w, now)
			if tt.want == "" && err == nil {
				return
			}
			if tt.want == "" || err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestDurationsInWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 45 * time.Second: "45s", 12 * m: "12m", 90 * m: "1h30m", 2 * time.Hour: "2h", time.Hour + 5*time.Second: "1h0m5s",
		250 * time.Millisecond: "250ms", 1500 * time.Millisecond: "1s", -12 * m: "-12m", 10 * time.Hour: "10h", 100 * time.Second: "1m40s",
	} {
		if got := schedule.Words(d); got != want {
			t.Errorf("%d: %s, want %s", d, got, want)
		}
	}
}
