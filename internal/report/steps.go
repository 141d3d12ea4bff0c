package report

import (
	"strconv"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/schedule"
)

// Last returns the newest run of a step in one direction, for the current revision.
func Last(r change.Record, step int, d change.Direction) (change.Run, bool) {
	for i := len(r.Runs) - 1; i >= 0; i-- {
		k := r.Runs[i].RunKey
		if k.Step == step && k.Direction == d && k.Revision == r.Revision {
			return r.Runs[i], true
		}
	}
	return change.Run{}, false
}

// StepState says in a word where a step stands: waiting, not run, running, passed,
// failed, skipped, unknown, needs person, backing out, backed out or backout failed.
func StepState(r change.Record, step int) string {
	if u, ok := Last(r, step, change.Undo); ok {
		switch u.Outcome {
		case change.Pending:
			return "backing out"
		case change.Passed, change.Skipped:
			return "backed out"
		case change.FailedRun, change.Unknown, change.NeedsPerson:
			return "backout " + outcome(u.Outcome)
		}
	}
	if d, ok := Last(r, step, change.Do); ok {
		return outcome(d.Outcome)
	}
	if r.Status.Final() {
		return "not run"
	}
	return "waiting"
}

func outcome(o change.Outcome) string {
	switch o {
	case change.Pending:
		return "running"
	case change.NeedsPerson:
		return "needs person"
	case change.Passed, change.FailedRun, change.Skipped, change.Unknown:
	}
	return string(o)
}

// Steps returns the table of a change's steps, with what has become of each.
func Steps(r change.Record, now time.Time) Table {
	t := Table{Head: []string{"#", "PHASE", "STEP", "STATE", "BEGAN", "TOOK", "SEEN"}}
	for i, s := range r.Plan.Steps {
		run, began := Last(r, i, change.Do)
		if u, ok := Last(r, i, change.Undo); ok {
			run, began = u, true
		}
		row := []string{strconv.Itoa(i + 1), string(s.Phase), s.Title, StepState(r, i), "", "", ""}
		if began {
			row[4] = run.IntentAt.In(zone(r.Plan.Window.Zone)).Format("15:04:05.000")
			end := run.ResultAt
			if end.IsZero() {
				end = now
			}
			row[5], row[6] = Took(end.Sub(run.IntentAt)), run.Message
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// Current returns the index of the step that a change is at, and how many of its
// steps are done. After the last step the index is their number.
func Current(r change.Record) (at, done int) {
	for i := range r.Plan.Steps {
		run, ok := Last(r, i, change.Do)
		if !ok || (run.Outcome != change.Passed && run.Outcome != change.Skipped) {
			return i, done
		}
		done++
	}
	return len(r.Plan.Steps), done
}

// Cutoff returns the last moment at which backing out what has begun still fits
// in the window.
func Cutoff(r change.Record) time.Time {
	if r.Hold != nil && !r.Hold.Cutoff.IsZero() {
		return r.Hold.Cutoff
	}
	times := make([]schedule.Times, len(r.Plan.Steps))
	begun := 0
	for i, s := range r.Plan.Steps {
		times[i] = schedule.Times{Name: s.Name, Expected: s.Expected.Std(), Irreversible: s.PointOfNoReturn}
		if s.Undo != nil {
			times[i].Undo = s.Undo.Expected.Std()
		}
		if _, ok := Last(r, i, change.Do); ok {
			begun = i + 1
		}
	}
	return schedule.Cutoff(r.Plan.Window.End, times, begun)
}
