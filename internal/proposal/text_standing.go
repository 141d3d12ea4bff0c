package proposal

import (
	"fmt"
	"slices"
	"strings"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/report"
)

func (v View) phase() Phase {
	if v.Phase == "" {
		return PhaseOpen
	}
	return v.Phase
}

// standing says in a clause, as plain text, where a pull request stands.
func standing(v View) string {
	if submitted := v.submitted(); len(submitted) > 0 {
		return standingOf(submitted)
	}
	switch v.phase() {
	case PhaseClosed:
		return "closed without being merged, nothing will run"
	case PhaseMerged:
		if len(v.Changes) == 0 {
			return "merged, nothing runs by it"
		}
		return "merged, " + counted(len(v.Changes), "change is", "changes are") + " being submitted"
	case PhaseOpen:
	}
	if v.failures() > 0 {
		_, title := validateState(v)
		return "not valid: " + title
	}
	if conclusion, title := planState(v); conclusion != Success {
		return title
	}
	conclusion, title := approvalState(v)
	if conclusion == Failure {
		return title
	}
	if len(v.Stale) > 0 {
		return "what counted before no longer counts; " + title
	}
	if len(v.Changes) == 0 {
		return strings.TrimSuffix(proposes(v), ";") + " valid; " + title
	}
	return "planned, nothing is in the way; " + title
}

// submitted are the changes that have a number.
func (v View) submitted() []ChangeView {
	return slices.DeleteFunc(v.changes(), func(c ChangeView) bool { return c.ID == "" })
}

// standingOf says where changes stand: of one with its number, of several how many
// stand how.
func standingOf(list []ChangeView) string {
	if len(list) == 1 {
		return refText(change.Ref(list[0].ID)) + " " + clause(list[0].Status)
	}
	var parts []string
	for _, s := range change.Statuses {
		n := 0
		for _, c := range list {
			if c.Status == s {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s))
		}
	}
	return counted(len(list), "change", "changes") + ": " + strings.Join(parts, ", ")
}

// clauses say where a change stands, behind its number.
var clauses = map[change.Status]string{
	change.Submitted:        "is submitted and being checked",
	change.Refused:          "is refused",
	change.AwaitingApproval: "waits for signatures",
	change.Rejected:         "is rejected",
	change.Scheduled:        "is scheduled",
	change.Waiting:          "waits: its window is open, something is in the way",
	change.Running:          "is running",
	change.Held:             "is held and waits for a decision",
	change.BackingOut:       "is being backed out",
	change.Completed:        "is completed",
	change.BackedOut:        "is backed out",
	change.Failed:           "has failed and needs people",
	change.Expired:          "has expired without running",
	change.Cancelled:        "is cancelled",
	change.ReviewDue:        "has ended, its review is due",
	change.Closed:           "is closed",
}

func clause(s change.Status) string {
	if c := clauses[s]; c != "" {
		return c
	}
	return "is " + plainText(string(s), titleLength)
}

// stands says where a submitted change stands and why, since when, until when, and where
// to look.
func stands(c ChangeView) string {
	parts := []string{"**It " + clause(c.Status) + ".**"}
	if c.Note != "" {
		parts = append(parts, upper(sentence(c.Note)))
	}
	if h := c.Hold; c.Status == change.Held && h != nil && h.Reason != c.Note {
		parts = append(parts, upper(sentence(h.Reason)))
	}
	f := times(c)
	if at := stepAt(c); at != "" {
		f.add("Now at", at)
	}
	f.add("Look at", links(c))
	return strings.Join(parts, " ") + "\n\n" + f.String()
}

// times are when a change begins, began, ended, and until when it can turn back.
func times(c ChangeView) facts {
	var f facts
	zone := ""
	if c.Plan != nil {
		zone = c.Plan.Window.Zone
		f.add("Window", report.Window(c.Plan.Window))
	}
	if !c.Started.IsZero() {
		f.add("Started", report.Moment(c.Started, zone))
	}
	switch {
	case !c.Ended.IsZero() && !c.Started.IsZero():
		f.add("Ended", report.Moment(c.Ended, zone)+", after "+report.Took(c.Ended.Sub(c.Started)))
	case !c.Ended.IsZero():
		f.add("Ended", report.Moment(c.Ended, zone))
	case !c.Cutoff.IsZero():
		f.add("Turn back by", report.Moment(c.Cutoff, zone)+": later, backing out no longer fits into the window")
	}
	return f
}

// links lead to where a change can be watched.
func links(c ChangeView) string {
	var out []string
	for _, l := range []string{linkTo("Temporal", c.Temporal), linkTo("the record", c.Record)} {
		if strings.HasPrefix(l, "[") {
			out = append(out, l)
		}
	}
	return strings.Join(out, ", ")
}
