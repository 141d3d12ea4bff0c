package checker

import (
	"time"

	"github.com/changectl/changectl/internal/change"
)

// intentFirst: every effect that began has an intent of its own in the log, which
// was there before it and whose run had not ended.
func (t *trial) intentFirst() {
	used := make([]bool, len(t.intents))
	for _, l := range t.lines {
		if l.Event != Begin {
			continue
		}
		step, found := t.step(l.Step), -1
		for i, in := range t.intents {
			if !used[i] && in.Step == step && in.Direction == l.Direction && !in.At.After(l.At) {
				found = i
			}
		}
		if found < 0 {
			t.say("%s began at %s without an intent before it", named(l), at(l.At))
			continue
		}
		used[found] = true
		if r := t.resultOf(t.intents[found]); r != nil && r.At.Before(l.At) {
			t.say("%s began at %s, but its run had its result at %s", named(l), at(l.At), at(r.At))
		}
	}
}

func (t *trial) resultOf(in stepEntry) *stepEntry {
	for i, r := range t.results {
		if r.Step == in.Step && r.Direction == in.Direction && r.Run == in.Run {
			return &t.results[i]
		}
	}
	return nil
}

// once: what is not idempotent does not begin again. An effect that can be asked
// whether it stands may, as long as it does not stand; any may when a person said
// so, or after it was undone.
func (t *trial) once() {
	type past struct {
		began time.Time
		ended bool
	}
	seen := map[string]map[change.Direction]past{}
	for _, l := range t.lines {
		step := t.step(l.Step)
		if step < 0 {
			continue
		}
		if seen[l.Step] == nil {
			seen[l.Step] = map[change.Direction]past{}
		}
		p := seen[l.Step][l.Direction]
		switch l.Event {
		case Begin:
			delete(seen[l.Step], opposite(l.Direction))
			a := t.action(step, l.Direction)
			again := !p.began.IsZero()
			may := a == nil || a.Idempotent || (a.DoneWhen != nil && !p.ended) || t.decided(change.RetryIt, l.Step, p.began, l.At)
			if again && !may {
				t.say("%s began at %s and again at %s, which nothing allowed", named(l), at(p.began), at(l.At))
			}
			p.began = l.At
		case End:
			p.ended = true
		case Fail:
		}
		seen[l.Step][l.Direction] = p
	}
}

func opposite(d change.Direction) change.Direction {
	if d == change.Do {
		return change.Undo
	}
	return change.Do
}

// alone: two effects of one change are never at work at the same time, be it as
// the orphan of a worker that was killed.
func (t *trial) alone() {
	for _, l := range t.lines {
		if l.Event == Begin && !l.Alone {
			t.say("%s began at %s while another effect of the change was at work", named(l), at(l.At))
		}
	}
}

// order: a step begins when the effects of all steps before it stand.
func (t *trial) order() {
	for n, l := range t.lines {
		if l.Event != Begin || l.Direction != change.Do {
			continue
		}
		for _, i := range t.effects() {
			if i < t.step(l.Step) && !t.stands(i, n) {
				t.say("%s began at %s before %s was done", named(l), at(l.At), t.rec.Plan.Steps[i].Name)
			}
		}
	}
}

// undoOrder: a step is undone when all that began after it has been undone.
func (t *trial) undoOrder() {
	for n, l := range t.lines {
		if l.Event != Begin || l.Direction != change.Undo {
			continue
		}
		for _, i := range t.effects() {
			if i > t.step(l.Step) && t.left(i, n) {
				t.say("%s began at %s before %s was undone", named(l), at(l.At), t.rec.Plan.Steps[i].Name)
			}
		}
	}
}

// left reports whether after the first n lines a step is left that had begun, can
// be undone, and has not been undone since.
func (t *trial) left(step, n int) bool {
	s := t.rec.Plan.Steps[step]
	begun := false
	for _, l := range t.lines[:n] {
		switch {
		case l.Step != s.Name:
		case l.Event == Begin && l.Direction == change.Do:
			begun = true
		case l.Event == End && l.Direction == change.Undo:
			begun = false
		}
	}
	return begun && s.Undo != nil
}

// window: forward steps begin inside the window.
func (t *trial) window() {
	w := t.rec.Plan.Window
	for _, l := range t.lines {
		if l.Event == Begin && l.Direction == change.Do && (l.At.Before(w.Start) || !l.At.Before(w.End)) {
			t.say("%s began at %s, outside the window from %s to %s", named(l), at(l.At), at(w.Start), at(w.End))
		}
	}
}

// resultsTrue: a run has one result, after its intent, and one that says passed
// says what the journal says.
func (t *trial) resultsTrue() {
	seen := map[stepEntry]bool{}
	for _, r := range t.results {
		key := stepEntry{Step: r.Step, Direction: r.Direction, Run: r.Run}
		if seen[key] {
			t.say("run %d of %s %s has a second result at %s", r.Run, r.Direction, t.name(r), at(r.At))
		}
		seen[key] = true
		if !t.intended(r) {
			t.say("run %d of %s %s has a result at %s without an intent before it", r.Run, r.Direction, t.name(r), at(r.At))
		}
		if r.Outcome == change.Passed && t.writes(r) && !t.endedBefore(r) {
			t.say("run %d of %s %s passed at %s, but the journal knows no end of it", r.Run, r.Direction, t.name(r), at(r.At))
		}
	}
}

func (t *trial) name(r stepEntry) string {
	if r.Step < 0 || r.Step >= len(t.rec.Plan.Steps) {
		return "a step that the plan does not have"
	}
	return t.rec.Plan.Steps[r.Step].Name
}

func (t *trial) writes(r stepEntry) bool {
	if r.Step < 0 || r.Step >= len(t.rec.Plan.Steps) {
		return false
	}
	a := t.action(r.Step, r.Direction)
	return a != nil && a.Uses == "command"
}

func (t *trial) intended(r stepEntry) bool {
	for _, in := range t.intents {
		if in.Step == r.Step && in.Direction == r.Direction && in.Run == r.Run && in.Attempt == r.Attempt && !in.At.After(r.At) {
			return true
		}
	}
	return false
}

func (t *trial) endedBefore(r stepEntry) bool {
	for _, l := range t.lines {
		if l.Event == End && l.Step == t.name(r) && l.Direction == r.Direction && !l.At.After(r.At) {
			return true
		}
	}
	return false
}

// endedOrHeld: the change has ended, and as its status says, or it is held.
func (t *trial) endedOrHeld() {
	all := len(t.lines)
	switch status := t.rec.Status; {
	case status == change.Held && t.rec.Hold != nil:
	case status == change.Completed:
		for _, i := range t.effects() {
			if !t.stands(i, all) {
				t.say("it is completed, but %s is not done", t.rec.Plan.Steps[i].Name)
			}
		}
	case status == change.BackedOut:
		for _, i := range t.effects() {
			if t.left(i, all) {
				t.say("it is backed out, but %s is not undone", t.rec.Plan.Steps[i].Name)
			}
		}
	case status == change.Failed:
		if !t.decided(change.Continue, "", time.Time{}, t.rec.UpdatedAt.Add(time.Second)) {
			t.say("it failed without anybody's decision")
		}
	case status.Final():
		if all > 0 {
			t.say("it is %s, but had effects", status)
		}
	default:
		t.say("it is %s: neither ended nor held", status)
	}
}
