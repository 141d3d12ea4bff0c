package check

import (
	"fmt"
	"slices"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/schedule"
)

// freeze asks whether nobody may work on what the change touches or takes service from.
func freeze(m *matter) []change.Finding {
	var found []change.Finding
	for i := range m.Freezes {
		fr := &m.Freezes[i]
		systems := m.inScope(fr.Scope)
		if len(systems) == 0 {
			continue
		}
		times, first := frozen(fr, m.left)
		if len(times) == 0 {
			continue
		}
		found = append(found, change.Finding{
			Severity: m.freezeSeverity(fr), Systems: systems, Freeze: fr,
			Message: fmt.Sprintf("%s (%q, of %s) allows no work on %s from %s, because: %s. %s",
				fr.ID, fr.Title, fr.Owner, listing(systems), span(first), fr.Reason, m.wayOut(fr)),
		})
	}
	return found
}

// frozen returns the times within a span at which a freeze holds, and the first of these
// in full. One whose recurrence cannot be read holds all the time: better asked for once
// too often.
func frozen(fr *change.Freeze, within schedule.Span) (times schedule.Spans, first change.Window) {
	bounds := schedule.Merge(schedule.Span{Start: fr.Window.Start, End: fr.Window.End}).Intersect(schedule.Merge(within))
	if !fr.LiftedAt.IsZero() || len(bounds) == 0 {
		return nil, fr.Window
	}
	if fr.Recurrence == nil {
		return bounds, fr.Window
	}
	r, err := schedule.Recur(*fr.Recurrence)
	if err != nil {
		return bounds, fr.Window
	}
	occurrences := r.Between(bounds[0].Start, bounds[0].End)
	if len(occurrences) == 0 {
		return nil, fr.Window
	}
	return spans(occurrences).Intersect(bounds), occurrences[0]
}

func spans(windows []change.Window) schedule.Spans {
	list := make([]schedule.Span, len(windows))
	for i, w := range windows {
		list[i] = schedule.Span{Start: w.Start, End: w.End}
	}
	return schedule.Merge(list...)
}

// inScope returns the systems that the change touches or takes service from and that a
// scope selects.
func (m *matter) inScope(s change.Scope) []change.Ref {
	var in []change.Ref
	for _, r := range m.foot.Touch {
		if m.estate.InScope(s, r) {
			in = append(in, r)
		}
	}
	for _, a := range m.foot.Impact {
		if m.estate.InScope(s, a.System) {
			in = append(in, a.System)
		}
	}
	return in
}

func (m *matter) freezeSeverity(fr *change.Freeze) change.Severity {
	if m.urgent() || m.excepted(fr) {
		return change.Warns
	}
	return change.Blocks
}

// excepted reports whether the plan asks for an exception and cannot be approved
// without those who grant it.
func (m *matter) excepted(fr *change.Freeze) bool {
	return fr.Exception != "" && slices.Contains(m.plan.Exceptions, fr.ID) &&
		slices.ContainsFunc(m.plan.Approvals, func(q change.Requirement) bool {
			return q.Role == fr.Exception && q.Rule == exceptionRule(fr.ID) && q.Count > 0
		})
}

// wayOut says what can be done about a freeze.
func (m *matter) wayOut(fr *change.Freeze) string {
	switch {
	case m.urgent():
		return "An emergency goes on all the same: tell them"
	case m.excepted(fr):
		return fmt.Sprintf("This change asks to be excepted, which %s must approve", fr.Exception)
	case fr.Exception == "":
		return "It allows no exceptions: choose a window outside of it"
	}
	return fmt.Sprintf("Choose a window outside of it, or ask for an exception that %s must approve: exceptions: [%s] in the file, or --exception %s",
		fr.Exception, fr.ID, fr.ID)
}

func exceptionRule(id change.ID) string { return "exception " + string(id) }

// Exceptions returns the approvals that a plan needs because it asks to be excepted from
// freezes: one person of the group that grants exceptions from each. The errors are
// Invalid: a freeze that is not among freezes, has been lifted, or allows no exceptions.
func Exceptions(plan change.Plan, freezes []change.Freeze) ([]change.Requirement, error) {
	var list []change.Requirement
	for n, id := range plan.Exceptions {
		at := fmt.Sprintf("spec.exceptions[%d]", n)
		i := slices.IndexFunc(freezes, func(f change.Freeze) bool { return f.ID == id })
		switch {
		case i < 0:
			return nil, change.Invalid("%s is not a freeze in the window of this change", id).At(at).
				WithHint("changectl freeze list shows those that there are; leave out what does not concern the change")
		case !freezes[i].LiftedAt.IsZero():
			return nil, change.Invalid("%s (%q) was lifted by %s at %s", id, freezes[i].Title, freezes[i].LiftedBy, moment(freezes[i].LiftedAt)).
				At(at).WithHint("leave it out: no exception is needed")
		case freezes[i].Exception == "":
			return nil, change.Invalid("%s (%q, of %s) allows no exceptions", id, freezes[i].Title, freezes[i].Owner).
				At(at).WithHint("choose a window outside of it; changectl slots shows the next ones")
		}
		// Without Systems: who grants exceptions does not own the systems.
		q := change.Requirement{Role: freezes[i].Exception, Count: 1, Rule: exceptionRule(id)}
		if !slices.ContainsFunc(list, func(o change.Requirement) bool { return o.Rule == q.Rule }) {
			list = append(list, q)
		}
	}
	return list, nil
}
