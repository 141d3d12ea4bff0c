package execute

import (
	"time"

	"github.com/changectl/changectl/internal/change"
)

// history is the newest run of each step, in each direction, of one revision.
type history struct {
	do, undo map[int]change.Run
	undone   map[int]bool // undone after the newest do
}

func past(runs []change.Run, revision int) history {
	h := history{do: map[int]change.Run{}, undo: map[int]change.Run{}, undone: map[int]bool{}}
	for _, r := range runs {
		if r.Revision != revision {
			continue
		}
		if r.Direction == change.Undo {
			h.undo[r.Step] = r
			h.undone[r.Step] = r.Outcome == change.Passed || r.Outcome == change.Skipped
			continue
		}
		h.do[r.Step] = r
		h.undone[r.Step] = false
	}
	return h
}

// done reports whether the effect of a step stands, or was not wanted.
func (h history) done(step int) bool {
	r, ran := h.do[step]
	return ran && !h.undone[step] && (r.Outcome == change.Passed || r.Outcome == change.Skipped)
}

// windowOpen holds forward steps to the window. Past its end they go on only
// with a person's decision about just that; a decision to go on after a failed
// check says nothing about the window.
func (g *gate) windowOpen() error {
	w := g.Record.Plan.Window
	if g.undoing() || w.Contains(g.Now) {
		return nil
	}
	if g.Now.Before(w.Start) {
		return change.Denied("the window of %s opens at %s; it is %s", g.Record.ID, stamp(w.Start), stamp(g.Now))
	}
	for _, d := range g.decided(change.Continue) {
		if g.aboutWindow(d) {
			return nil
		}
	}
	return change.Denied("the window of %s ended at %s; it is %s", g.Record.ID, stamp(w.End), stamp(g.Now)).
		WithHint("back out, or decide to continue past the end of the window")
}

// aboutWindow reports whether a decision to continue was about running on past
// the window: made after its end, or before the step that it names had begun.
func (g *gate) aboutWindow(d change.Decision) bool {
	if d.Step == "" || !d.At.Before(g.Record.Plan.Window.End) {
		return true
	}
	for _, r := range g.Runs {
		if r.Revision == g.Record.Revision && g.name(r.Step) == d.Step && !r.IntentAt.After(d.At) {
			return false
		}
	}
	return true
}

// inOrder asks that every step before this one is done, or, on the way back,
// that every step after it has been undone.
func (g *gate) inOrder() error {
	if g.undoing() {
		return g.laterUndone()
	}
	for i, s := range g.Record.Plan.Steps[:g.in.Step] {
		if !g.past.done(i) && !g.waived(s.Name, time.Time{}) {
			return change.Denied("the step %q cannot begin before %q is done, which is %s", g.step().Name, s.Name, g.state(i))
		}
	}
	return nil
}

func (g *gate) laterUndone() error {
	for i := len(g.Record.Plan.Steps) - 1; i > g.in.Step; i-- {
		s := g.Record.Plan.Steps[i]
		ran, yes := g.past.do[i]
		if !yes || ran.Outcome == change.Skipped || s.Undo == nil || g.past.undone[i] {
			continue
		}
		if u, tried := g.past.undo[i]; tried && g.waived(s.Name, u.IntentAt) {
			continue
		}
		return change.Denied("the step %q cannot be undone before %q, which ran after it and has not been undone", g.step().Name, s.Name)
	}
	return nil
}

// waived reports whether a person decided, not before since, to go on without
// that step.
func (g *gate) waived(step string, since time.Time) bool {
	for _, d := range g.decided(change.Continue, change.SignOff) {
		if d.Step == step && !d.At.Before(since) {
			return true
		}
	}
	return false
}

// mayRepeat refuses runs that come late or do again what is done. What failed, or
// may have been done, runs again only when a person decided so.
func (g *gate) mayRepeat() error {
	runs := g.past.do
	if g.undoing() {
		runs = g.past.undo
	}
	last, ran := runs[g.in.Step]
	name := g.step().Name
	switch {
	case !ran || last.Run == g.in.Run:
		return nil
	case last.Run > g.in.Run:
		return change.Denied("run %d of the step %q comes late: run %d has begun", g.in.Run, name, last.Run)
	case g.undoing() && g.past.undone[g.in.Step]:
		return change.Denied("the step %q has been undone already, in run %d", name, last.Run)
	case !g.undoing() && g.past.done(g.in.Step):
		return change.Denied("the step %q is done already, in run %d", name, last.Run)
	case last.Outcome == change.NeedsPerson, g.past.undone[g.in.Step]:
		return nil
	case g.undoing() && last.Outcome == change.Passed:
		return nil // it was done again since
	}
	for _, d := range g.decided(change.RetryIt) {
		if (d.Step == "" || d.Step == name) && !d.At.Before(last.IntentAt) {
			return nil
		}
	}
	return change.Denied("the step %q is %s; it runs again only when a person decides to retry it", name, state(last))
}

func (g *gate) name(step int) string {
	if step < 0 || step >= len(g.Record.Plan.Steps) {
		return ""
	}
	return g.Record.Plan.Steps[step].Name
}

func (g *gate) state(step int) string {
	r, ran := g.past.do[step]
	switch {
	case !ran:
		return "not begun"
	case g.past.undone[step]:
		return "undone"
	}
	return state(r)
}

func state(r change.Run) string {
	switch r.Outcome {
	case change.Pending:
		return "begun without a result"
	case change.NeedsPerson:
		return "waiting for a sign-off"
	case change.Unknown:
		return "of unknown outcome"
	case change.Passed, change.FailedRun, change.Skipped:
		return string(r.Outcome)
	}
	return string(r.Outcome)
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
