package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/change"
)

// Record writes a change with everything that has become of it.
func Record(r change.Record, now time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n", r.ID, OneLine(r.Plan.Title))
	fmt.Fprintf(&b, "%-12s%s\n", "Status", r.Status)
	if r.Note != "" {
		fmt.Fprintf(&b, "%-12s%s\n", "", OneLine(r.Note))
	}
	fmt.Fprintf(&b, "%-12s%d, submitted %s by %s\n", "Revision", r.Revision, Moment(r.CreatedAt.Truncate(time.Second), r.Plan.Window.Zone), r.Submitter)
	if !r.StartedAt.IsZero() {
		fmt.Fprintf(&b, "%-12s%s\n", "Started", Moment(r.StartedAt.Truncate(time.Second), r.Plan.Window.Zone))
	}
	if !r.EndedAt.IsZero() {
		took := ""
		if !r.StartedAt.IsZero() {
			took = ", after " + Took(r.EndedAt.Sub(r.StartedAt))
		}
		fmt.Fprintf(&b, "%-12s%s%s\n", "Ended", Moment(r.EndedAt.Truncate(time.Second), r.Plan.Window.Zone), took)
	}
	if r.Hold != nil && len(r.Hold.Neighbours) > 0 {
		b.WriteString("\n" + playedWith(r.Hold.Neighbours, now, zone(r.Plan.Window.Zone)))
	}
	b.WriteString("\n" + Plan(r.Plan, r.Digest))
	if len(r.Approvals) > 0 {
		b.WriteString("\nDecisions on this revision\n" + indent(approvals(r).Text()))
	}
	if len(r.Findings) > 0 {
		b.WriteString("\nFindings\n" + indent(Findings(r.Findings)))
	}
	if len(r.Runs) > 0 {
		b.WriteString("\nRuns\n" + indent(Steps(r, now).Text()))
	}
	if r.Hold != nil {
		e := Explain(r, now)
		e.Neighbours, e.Findings = nil, nil // told above
		b.WriteString("\n" + e.Text())
	}
	return b.String()
}

func approvals(r change.Record) Table {
	t := Table{Head: []string{"WHEN", "WHO", "DECISION", "AS", "BY", "REASON"}}
	for _, a := range r.Approvals {
		at := a.At.UTC().Format("2006-01-02 15:04:05 UTC")
		t.Rows = append(t.Rows, []string{at, string(a.Person), string(a.Verb), string(a.Role), by(a), a.Reason})
	}
	return t
}

// by says what an approval rests on: the key that signed it, or what was said at GitHub.
func by(a change.Approval) string {
	if a.Evidence != nil {
		return a.Source()
	}
	return a.Key
}

// Changes returns the table of a list of changes.
func Changes(list []change.Summary) Table {
	t := Table{Head: []string{"CHANGE", "STATUS", "WINDOW", "RISK", "SUBMITTER", "TITLE", "SYSTEMS"}}
	for _, s := range list {
		t.Rows = append(t.Rows, []string{
			string(s.ID), string(s.Status), shortWindow(s.Window), s.Risk, string(s.Submitter), s.Title, few(s.Systems),
		})
	}
	return t
}

func few(l []change.Ref) string {
	if len(l) > 3 {
		return refs(l[:3]) + fmt.Sprintf(" and %d more", len(l)-3)
	}
	return refs(l)
}

// Calendar returns the table of what holds systems: one row for each change or
// declared maintenance and mode, by window.
func Calendar(list []change.Holding) Table {
	type key struct {
		id         change.ID
		title      string
		mode       change.Mode
		start, end time.Time
	}
	var order []key
	held := map[key][]change.Holding{}
	for _, h := range list {
		k := key{h.By, h.Title, h.Mode, h.Window.Start, h.Window.End}
		if held[k] == nil {
			order = append(order, k)
		}
		held[k] = append(held[k], h)
	}
	slices.SortStableFunc(order, func(a, b key) int { return a.start.Compare(b.start) })
	t := Table{Head: []string{"WINDOW", "BY", "STATUS", "MODE", "SYSTEMS", "WHOSE", "TITLE"}}
	for _, k := range order {
		var systems []change.Ref
		for _, h := range held[k] {
			systems = append(systems, h.System)
		}
		h := held[k][0]
		t.Rows = append(t.Rows, []string{shortWindow(h.Window), string(h.By), holdingStatus(h), string(h.Mode), refs(systems), whoseIs(h), h.Title})
	}
	return t
}

// holdingStatus is the status of a change, or the impact of a declared maintenance.
func holdingStatus(h change.Holding) string {
	switch {
	case h.By.Declared() && h.Impact == "":
		return string(change.Outage)
	case h.By.Declared():
		return string(h.Impact)
	case h.Token > 0:
		return string(h.Status) + " (claimed)"
	}
	return string(h.Status)
}

func whoseIs(h change.Holding) string {
	whose := h.Whose
	if whose == "" {
		whose = string(h.Person)
	}
	if h.By.Declared() && h.Contact != "" {
		whose += ", " + h.Contact
	}
	return whose
}
