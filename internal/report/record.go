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
		b.WriteString("\n" + Explain(r, now).Text())
	}
	return b.String()
}

func approvals(r change.Record) Table {
	t := Table{Head: []string{"WHEN", "WHO", "DECISION", "AS", "KEY", "REASON"}}
	for _, a := range r.Approvals {
		at := a.At.UTC().Format("2006-01-02 15:04:05 UTC")
		t.Rows = append(t.Rows, []string{at, string(a.Person), string(a.Verb), string(a.Role), a.Key, a.Reason})
	}
	return t
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

// Calendar returns the table of what holds systems: one row for each change and
// mode, by window.
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
		k := key{h.Change, h.Title, h.Mode, h.Window.Start, h.Window.End}
		if held[k] == nil {
			order = append(order, k)
		}
		held[k] = append(held[k], h)
	}
	slices.SortStableFunc(order, func(a, b key) int { return a.start.Compare(b.start) })
	t := Table{Head: []string{"WINDOW", "CHANGE", "STATUS", "MODE", "SYSTEMS", "WHO", "TITLE"}}
	for _, k := range order {
		var systems []change.Ref
		for _, h := range held[k] {
			systems = append(systems, h.System)
		}
		h := held[k][0]
		status := string(h.Status)
		if h.Token > 0 {
			status += " (claimed)"
		}
		t.Rows = append(t.Rows, []string{shortWindow(h.Window), string(h.Change), status, string(h.Mode), refs(systems), string(h.Person), h.Title})
	}
	return t
}
