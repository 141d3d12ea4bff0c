package cli

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/report"
)

// json prints the record on one line.
func (o *watchOptions) json(rec change.Record) error {
	b, err := json.Marshal(rec)
	if err != nil {
		return fmt.Errorf("encode output: %w", err)
	}
	if _, err := fmt.Fprintf(o.env.Out, "%s\n", b); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return nil
}

// lines returns what prints a line for each event that a record has more than the
// one before.
func (o *watchOptions) lines() func(change.Record) error {
	var last change.Record
	return func(rec change.Record) error {
		for _, e := range events(last, rec) {
			at := e.at.In(o.env.Local).Format("15:04:05.000")
			if _, err := fmt.Fprintf(o.env.Out, "%s  %s  %s\n", at, rec.ID, report.OneLine(e.text)); err != nil {
				return fmt.Errorf("write output: %w", err)
			}
		}
		last = rec
		return nil
	}
}

type event struct {
	at   time.Time
	text string
}

// events returns what happened between two looks at a change, in order of time.
// What a change enters before its steps move is told before them.
func events(old, rec change.Record) []event {
	list := runEvents(old, rec)
	for _, a := range rec.Approvals {
		if !slices.ContainsFunc(old.Approvals, func(b change.Approval) bool { return a.Nonce == b.Nonce }) {
			list = append(list, event{a.At, strings.TrimSpace(fmt.Sprintf("%s: %s as %s %s", a.Verb, a.Person, a.Role, a.Reason))})
		}
	}
	slices.SortStableFunc(list, func(a, b event) int { return a.at.Compare(b.at) })
	if e, moved := statusEvent(old, rec); moved {
		first := old.ID != "" && (rec.Status == change.Running || rec.Status == change.BackingOut)
		if first && len(list) > 0 {
			if list[0].at.Before(e.at) {
				e.at = list[0].at
			}
			list = slices.Insert(list, 0, e)
		} else {
			list = append(list, e)
		}
	}
	for _, f := range newFindings(old, rec) {
		list = append(list, event{rec.UpdatedAt, findingLine(f)})
	}
	if rec.Hold != nil && (old.Hold == nil || old.Hold.Number != rec.Hold.Number) {
		for _, l := range report.NeighbourLines(rec.Hold.Neighbours, rec.Hold.Since) {
			list = append(list, event{rec.Hold.Since, "who else is playing: " + l})
		}
		list = append(list, event{rec.Hold.Since, fmt.Sprintf("hold %d: %s; decide: %s", rec.Hold.Number, rec.Hold.Reason, choices(rec.Hold.Choices))})
	}
	return list
}

func statusEvent(old, rec change.Record) (event, bool) {
	if old.Revision == rec.Revision && old.Status == rec.Status && (old.Note == rec.Note || rec.Note == "") {
		return event{}, false
	}
	text := string(rec.Status)
	if old.ID == "" {
		text += ": " + rec.Plan.Title + ", " + report.Window(rec.Plan.Window)
	}
	if rec.Note != "" && (rec.Hold == nil || rec.Hold.Reason != rec.Note) {
		text += ": " + rec.Note
	}
	return event{rec.UpdatedAt, text}, true
}

// newFindings are those that have come up since the last look while the change holds
// its systems or stands still; before that its status tells them.
func newFindings(old, rec change.Record) []change.Finding {
	if rec.Hold == nil && !rec.Status.Active() {
		return nil
	}
	var list []change.Finding
	for _, f := range rec.Findings {
		if !slices.ContainsFunc(old.Findings, func(o change.Finding) bool { return o.Rule == f.Rule && o.Message == f.Message }) {
			list = append(list, f)
		}
	}
	return list
}

func findingLine(f change.Finding) string {
	mark := "warning: "
	if f.Severity == change.Blocks {
		mark = "in the way: "
	}
	if h := f.Other; h != nil && h.Contact != "" {
		return mark + f.Message + " (" + h.Contact + ")"
	}
	return mark + f.Message
}

func choices(l []change.Verb) string {
	s := ""
	for i, v := range l {
		if i > 0 {
			s += ", "
		}
		s += string(v)
	}
	return s
}

func runEvents(old, rec change.Record) []event {
	var list []event
	for _, r := range rec.Runs {
		before := change.Run{}
		for _, b := range old.Runs {
			if b.RunKey == r.RunKey {
				before = b
			}
		}
		name := stepName(rec, r)
		if before.Attempt != r.Attempt {
			again := ""
			if r.Attempt > 1 {
				again = fmt.Sprintf(" again (attempt %d)", r.Attempt)
			}
			list = append(list, event{r.IntentAt, name + " begins" + again})
		}
		if r.Outcome != change.Pending && (before.Outcome != r.Outcome || before.Attempt != r.Attempt) {
			text := fmt.Sprintf("%s %s in %s", name, r.Outcome, report.Took(r.ResultAt.Sub(r.IntentAt)))
			if r.Message != "" {
				text += ": " + r.Message
			}
			list = append(list, event{r.ResultAt, text})
		}
	}
	return list
}

func stepName(rec change.Record, r change.Run) string {
	if r.Step < 0 || r.Step >= len(rec.Plan.Steps) {
		return fmt.Sprintf("step %d", r.Step+1)
	}
	s := rec.Plan.Steps[r.Step]
	if r.Direction == change.Undo {
		return fmt.Sprintf("undo of step %d/%d %s", r.Step+1, len(rec.Plan.Steps), s.Name)
	}
	return fmt.Sprintf("step %d/%d %s", r.Step+1, len(rec.Plan.Steps), s.Name)
}
