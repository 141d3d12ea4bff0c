// Package checker judges from outside what the product did while it was being
// killed: it holds the journal that the effects themselves have written against
// the audit log and the records of the changes.
//
// It is a second opinion. It must not use the product's own rules to find out
// what may happen, nor talk to the product; it only reads what both sides wrote.
package checker

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
)

// Line is one line of the journal of effects.
type Line struct {
	At        time.Time        `json:"at"`
	Event     Event            `json:"event"`
	Change    change.ID        `json:"change"`
	Step      string           `json:"step"`
	Direction change.Direction `json:"direction"`
	PID       int              `json:"pid"`
	Alone     bool             `json:"alone"` // no other effect of the change was at work
}

// Event says what an effect tells of itself.
type Event string

// The events of an effect.
const (
	Begin Event = "begin"
	End   Event = "end"  // it stands
	Fail  Event = "fail" // it came to nothing
)

// ReadJournal reads a journal, in the order in which it was written.
func ReadJournal(r io.Reader) ([]Line, error) {
	var lines []Line
	for d := json.NewDecoder(r); ; {
		var l Line
		err := d.Decode(&l)
		if err == io.EOF {
			return lines, nil
		}
		if err != nil {
			return lines, fmt.Errorf("read line %d of the journal: %w", len(lines)+1, err)
		}
		lines = append(lines, l)
	}
}

// Evidence is everything that both sides wrote.
type Evidence struct {
	Journal    []Line
	Log        []audit.Record // all of it, from entry 0
	Checkpoint string
	Verifier   string
	Changes    []change.Record
}

// Finding is one thing that must not have happened.
type Finding struct {
	Change change.ID
	Rule   string
	Text   string
}

// String returns the finding as one line.
func (f Finding) String() string { return fmt.Sprintf("%s: %s: %s", f.Change, f.Rule, f.Text) }

// rules are all asked about every change.
var rules = []struct {
	name string
	rule func(*trial)
}{
	{"intent", (*trial).intentFirst},
	{"once", (*trial).once},
	{"alone", (*trial).alone},
	{"order", (*trial).order},
	{"undo-order", (*trial).undoOrder},
	{"window", (*trial).window},
	{"result", (*trial).resultsTrue},
	{"end", (*trial).endedOrHeld},
}

// Check returns everything that is wrong; nothing is the wish.
func Check(e Evidence) []Finding {
	var all []Finding
	if err := audit.Verify(e.Checkpoint, e.Verifier, records(e.Log)); err != nil {
		all = append(all, Finding{Rule: "log", Text: err.Error()})
	}
	known := map[change.ID]bool{}
	for _, rec := range e.Changes {
		known[rec.ID] = true
		t := &trial{rec: rec}
		t.collect(e)
		for _, r := range rules {
			t.rule = r.name
			r.rule(t)
		}
		all = append(all, t.findings...)
	}
	for _, l := range e.Journal {
		if !known[l.Change] {
			all = append(all, Finding{Change: l.Change, Rule: "stranger", Text: fmt.Sprintf("%s of step %q of a change that nobody asked for", l.Event, l.Step)})
		}
	}
	return all
}

func records(list []audit.Record) iter.Seq2[audit.Record, error] {
	return func(yield func(audit.Record, error) bool) {
		for _, r := range list {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// trial is what there is about one change.
type trial struct {
	rec      change.Record
	lines    []Line
	intents  []stepEntry
	results  []stepEntry
	entries  []audit.Entry
	rule     string
	findings []Finding
}

// stepEntry is an entry of the log about a run of a step.
type stepEntry struct {
	At        time.Time        `json:"-"`
	Step      int              `json:"step"`
	Direction change.Direction `json:"direction"`
	Run       int              `json:"run"`
	Attempt   int              `json:"attempt"`
	Outcome   change.Outcome   `json:"outcome"`
}

func (t *trial) say(format string, args ...any) {
	t.findings = append(t.findings, Finding{Change: t.rec.ID, Rule: t.rule, Text: fmt.Sprintf(format, args...)})
}

func (t *trial) collect(e Evidence) {
	for _, l := range e.Journal {
		if l.Change == t.rec.ID {
			t.lines = append(t.lines, l)
		}
	}
	for _, r := range e.Log {
		if r.Entry.Change != t.rec.ID {
			continue
		}
		t.entries = append(t.entries, r.Entry)
		s := stepEntry{At: r.Entry.At}
		switch r.Entry.Kind {
		case "step.intent":
			t.decode(r.Entry, &s)
			t.intents = append(t.intents, s)
		case "step.result":
			t.decode(r.Entry, &s)
			t.results = append(t.results, s)
		}
	}
	slices.SortStableFunc(t.lines, func(a, b Line) int { return a.At.Compare(b.At) })
}

func (t *trial) decode(e audit.Entry, s *stepEntry) {
	t.rule = "log"
	if err := json.Unmarshal(e.Data, s); err != nil {
		t.say("the entry %q of %s does not say which run it is about: %v", e.What, e.At, err)
	}
}

// step returns the index of a step of the plan, or -1.
func (t *trial) step(name string) int {
	return slices.IndexFunc(t.rec.Plan.Steps, func(s change.Step) bool { return s.Name == name })
}

// action returns what a step does in a direction, or nil.
func (t *trial) action(step int, d change.Direction) *change.Action {
	if d == change.Undo {
		return t.rec.Plan.Steps[step].Undo
	}
	return &t.rec.Plan.Steps[step].Action
}

// decided reports whether somebody decided a verb about a step in (after, until].
func (t *trial) decided(verb change.Verb, step string, after, until time.Time) bool {
	return slices.ContainsFunc(t.entries, func(e audit.Entry) bool {
		about := step == "" || strings.HasSuffix(e.What, " "+step)
		return e.Kind == "decision."+string(verb) && about && e.At.After(after) && !e.At.After(until)
	})
}

// effects returns the steps that write into the journal.
func (t *trial) effects() []int {
	var list []int
	for i, s := range t.rec.Plan.Steps {
		if s.Uses == "command" {
			list = append(list, i)
		}
	}
	return list
}

// stands reports whether the effect of a step stands after the first n lines:
// which direction ended last.
func (t *trial) stands(step, n int) bool {
	name, last := t.rec.Plan.Steps[step].Name, change.Undo
	for _, l := range t.lines[:n] {
		if l.Step == name && l.Event == End {
			last = l.Direction
		}
	}
	return last == change.Do
}

func at(t time.Time) string { return t.UTC().Format("15:04:05.000000") }

func named(l Line) string { return fmt.Sprintf("%s %s", cmp.Or(l.Direction, "?"), l.Step) }
