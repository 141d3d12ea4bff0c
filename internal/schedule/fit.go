package schedule

import (
	"strings"
	"time"

	"github.com/changectl/changectl/internal/change"
)

// Times is what the arithmetic needs to know of a step.
type Times struct {
	Name     string
	Expected time.Duration // to do it
	Undo     time.Duration // to back it out again
	// Irreversible marks a point of no return: once the step is done, nothing is
	// backed out any more, neither it nor what came before or comes after.
	Irreversible bool
}

// BackoutFrom returns the time to back out the first done steps: the sum of
// their undo times, or 0 behind a point of no return.
func BackoutFrom(steps []Times, done int) time.Duration {
	var sum time.Duration
	for _, s := range steps[:min(max(done, 0), len(steps))] {
		if s.Irreversible {
			return 0
		}
		sum += s.Undo
	}
	return sum
}

// LongestBackout returns the time to back out from wherever that takes longest.
func LongestBackout(steps []Times) time.Duration {
	var longest time.Duration
	for done := range len(steps) + 1 {
		longest = max(longest, BackoutFrom(steps, done))
	}
	return longest
}

// RunTime returns the time that all steps are expected to take.
func RunTime(steps []Times) time.Duration {
	var sum time.Duration
	for _, s := range steps {
		sum += s.Expected
	}
	return sum
}

// Needed returns how long a window must be: the steps, the longest way back, and
// the margin.
func Needed(steps []Times, margin time.Duration) time.Duration {
	return RunTime(steps) + LongestBackout(steps) + margin
}

// Fits returns nil when the window is at least as long as Needed says, and
// otherwise an Invalid error with the numbers.
func Fits(w change.Window, steps []Times, margin time.Duration) error {
	needed := Needed(steps, margin)
	if needed <= w.Length() {
		return nil
	}
	return change.Invalid("the change needs %s (run %s, back out %s, margin %s), window has %s",
		Words(needed), Words(RunTime(steps)), Words(LongestBackout(steps)), Words(margin), Words(w.Length())).
		At("spec.window").WithHint("make the window at least %s longer", Words(needed-w.Length()))
}

// Cutoff returns the last moment at which backing out the first done steps still
// ends in the window.
func Cutoff(end time.Time, steps []Times, done int) time.Time {
	return end.Add(-BackoutFrom(steps, done))
}

// MayBegin reports whether step number next, from 0, may begin now: done at its
// expected time, everything up to it can still be backed out by end. It also
// returns the last moment at which that holds. Without such a step, the last
// moment is the cutoff behind all of them.
func MayBegin(now, end time.Time, steps []Times, next int) (bool, time.Time) {
	cutoff := Cutoff(end, steps, next+1)
	if next >= 0 && next < len(steps) {
		cutoff = cutoff.Add(-steps[next].Expected)
	}
	return !now.After(cutoff), cutoff
}

// InPast returns an Invalid error when the window has begun before now.
func InPast(w change.Window, now time.Time) error {
	switch {
	case !w.End.After(now):
		return change.Invalid("the window lies in the past: it ended %s ago, at %s", Words(now.Sub(w.End)), show(w.End, w.Zone)).
			At(fieldStart).WithHint("choose a start behind %s", show(now, w.Zone))
	case w.Start.Before(now):
		return change.Invalid("the window lies in the past: it began %s ago, at %s", Words(now.Sub(w.Start)), show(w.Start, w.Zone)).
			At(fieldStart).WithHint("choose a start behind %s", show(now, w.Zone))
	}
	return nil
}

// Words writes a duration without parts that are zero: 12m, 1h30m, 45s. From a
// second on, fractions of a second are left out.
func Words(d time.Duration) string {
	if d.Abs() >= time.Second {
		d = d.Truncate(time.Second)
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
