package report

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/change"
)

// Explanation says what a change waits for, who can end the wait, until when,
// and what can be done about it.
type Explanation struct {
	Change change.ID     `json:"change"`
	Title  string        `json:"title"`
	Status change.Status `json:"status"`
	Waits  []string      `json:"waitsFor"`
	Who    string        `json:"who"`
	Until  string        `json:"until"`
	Next   []string      `json:"next,omitempty"`
	// Findings stand behind the wait, where there are any.
	Findings []change.Finding `json:"findings,omitempty"`
}

// Explain explains a change in any status.
func Explain(r change.Record, now time.Time) Explanation {
	e := Explanation{Change: r.ID, Title: r.Plan.Title, Status: r.Status}
	x := explainer{r: r, now: now, e: &e}
	switch r.Status {
	case change.Submitted:
		x.submitted()
	case change.AwaitingApproval:
		x.awaiting()
	case change.Scheduled:
		x.scheduled()
	case change.Waiting:
		x.waiting()
	case change.Running:
		x.running()
	case change.Held:
		x.held()
	case change.BackingOut:
		x.backingOut()
	case change.ReviewDue:
		x.reviewDue()
	case change.Refused, change.Rejected, change.Completed, change.BackedOut, change.Failed,
		change.Expired, change.Cancelled, change.Closed:
		x.ended()
	}
	return e
}

// Text writes the explanation.
func (e Explanation) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %q is %s.\n", e.Change, OneLine(e.Title), e.Status)
	for i, w := range e.Waits {
		fmt.Fprintf(&b, "%-10s%s\n", label(i, "Waits for"), OneLine(w))
	}
	fmt.Fprintf(&b, "%-10s%s\n", "Who", OneLine(e.Who))
	fmt.Fprintf(&b, "%-10s%s\n", "Until", OneLine(e.Until))
	for i, n := range e.Next {
		fmt.Fprintf(&b, "%-10s%s\n", label(i, "Next"), n)
	}
	if len(e.Findings) > 0 {
		b.WriteString("\n" + Findings(e.Findings))
	}
	return b.String()
}

type explainer struct {
	r   change.Record
	now time.Time
	e   *Explanation
}

func (x explainer) command(format string, args ...any) {
	x.e.Next = append(x.e.Next, "changectl "+fmt.Sprintf(format, args...))
}

func (x explainer) moment(t time.Time) string {
	t = t.Truncate(time.Second)
	return Moment(t, x.r.Plan.Window.Zone) + ", " + away(x.now, t)
}

// note is the record's own sentence, or what to say without one.
func (x explainer) note(otherwise string) []string {
	if x.r.Note != "" {
		return []string{x.r.Note}
	}
	return []string{otherwise}
}

func (x explainer) submitted() {
	x.e.Waits = []string{"the checks: conflicts, windows, risk"}
	x.e.Who = "nobody needs to act; a worker does it"
	x.e.Until = "a few seconds; if it stays so, no worker is running"
	x.command("watch %s", x.r.ID)
}

func (x explainer) awaiting() {
	valid := func(change.Approval) error { return nil } // the ledger keeps only what was verified
	x.e.Waits = change.Unmet(x.r, x.r.Approvals, valid, x.now)
	if len(x.e.Waits) == 0 {
		x.e.Waits = x.note("the worker, which has all approvals and takes it on")
	}
	var groups []string
	for _, q := range x.r.Plan.Approvals {
		groups = append(groups, string(q.Role))
	}
	x.e.Who = "members of " + strings.Join(unique(groups), " and ") + ", except " + string(x.r.Submitter) + ", who submitted it"
	x.e.Until = x.moment(x.r.Plan.Window.End) + "; unapproved by then, it expires"
	x.e.Findings = x.r.Findings
	x.command("approve %s", x.r.ID)
	x.command("reject %s --reason TEXT", x.r.ID)
	x.command("cancel %s", x.r.ID)
}

func unique(l []string) []string {
	var out []string
	seen := map[string]bool{}
	for _, s := range l {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

func (x explainer) scheduled() {
	x.e.Waits = []string{"its window to open: " + Window(x.r.Plan.Window)}
	x.e.Who = "nobody; it starts by itself and not a second before"
	x.e.Until = x.moment(x.r.Plan.Window.Start)
	x.command("watch %s", x.r.ID)
	x.command("cancel %s", x.r.ID)
}

func (x explainer) waiting() {
	x.e.Waits = x.note("what is in the way of its start")
	who := []string{}
	for _, f := range x.r.Findings {
		if f.Other != nil && f.Severity == change.Blocks {
			who = append(who, fmt.Sprintf("%s, who answers for %s", f.Other.Person, f.Other.Change))
		}
	}
	x.e.Who = strings.Join(unique(who), "; ")
	if len(who) == 0 {
		x.e.Who = "it starts by itself as soon as nothing is in the way"
	}
	x.e.Until = x.moment(x.r.Plan.Window.End) + "; not started by then, it expires"
	x.e.Findings = x.r.Findings
	x.command("cancel %s", x.r.ID)
}

func (x explainer) running() {
	at, done := Current(x.r)
	if at < len(x.r.Plan.Steps) {
		s := x.r.Plan.Steps[at]
		text := fmt.Sprintf("step %d of %d, %s: %s", at+1, len(x.r.Plan.Steps), s.Name, s.Title)
		if run, ok := Last(x.r, at, change.Do); ok && run.Outcome == change.Pending {
			text += fmt.Sprintf(" (for %s, expected %s, at most %s)", Took(x.now.Sub(run.IntentAt)), Took(s.Expected.Std()), Took(s.Timeout.Std()))
		}
		x.e.Waits = []string{text}
	} else {
		x.e.Waits = []string{plural(done, "step", "steps") + " done; the record is being written"}
	}
	x.e.Who = "nobody needs to act; its people can back it out"
	x.e.Until = x.moment(x.r.Plan.Window.End) + "; last moment to back out: " + x.moment(Cutoff(x.r))
	x.command("watch %s", x.r.ID)
	x.command("decide %s back-out", x.r.ID)
}

func (x explainer) held() {
	h := x.r.Hold
	if h == nil {
		h = &change.Hold{Reason: x.r.Note}
	}
	text := "a decision: " + h.Reason
	if h.Step != "" && !strings.Contains(h.Reason, h.Step) {
		text = fmt.Sprintf("a decision about step %s: %s", h.Step, h.Reason)
	}
	x.e.Waits = []string{text, fmt.Sprintf("held since %s (hold %d)", x.moment(h.Since), h.Number)}
	x.e.Who = fmt.Sprintf("%s, who submitted it; the owners of %s; operators", x.r.Submitter, refs(x.r.Plan.Footprint.Touch))
	if by := signers(x.r.Plan, h.Step); len(by) > 0 {
		x.e.Who = refs(by) + ", who sign it off; " + x.e.Who + " can back it out"
	}
	cutoff := Cutoff(x.r)
	x.e.Until = x.moment(cutoff)
	if h.During == change.BackingOut {
		x.e.Until = "somebody decides: it is on the way back, which the end of the window does not stop"
	} else if cutoff.After(x.now) {
		x.e.Until += ": the last moment at which backing out still fits in the window"
	} else {
		x.e.Until += ": backing out no longer fits in the window, which ends " + x.moment(x.r.Plan.Window.End)
	}
	for _, v := range h.Choices {
		switch v {
		case change.Continue:
			x.command("decide %s continue --reason TEXT", x.r.ID)
		case change.Approve, change.Reject, change.RetryIt, change.BackOut, change.Cancel, change.SignOff:
			x.command("decide %s %s", x.r.ID, v)
		}
	}
}

// signers returns whom a sign-off step names.
func signers(p change.Plan, step string) []change.Ref {
	for _, s := range p.Steps {
		if s.Name != step || s.Uses != "sign-off" {
			continue
		}
		var with struct {
			By []change.Ref `json:"by"`
		}
		if json.Unmarshal(s.With, &with) == nil {
			return with.By
		}
	}
	return nil
}

func (x explainer) backingOut() {
	x.e.Waits = x.note("the way back")
	for i := len(x.r.Plan.Steps) - 1; i >= 0; i-- {
		if StepState(x.r, i) == "backing out" {
			x.e.Waits = append(x.e.Waits, fmt.Sprintf("undoing step %d, %s: %s", i+1, x.r.Plan.Steps[i].Name, x.r.Plan.Steps[i].Title))
		}
	}
	x.e.Who = "nobody needs to act; if a way back fails, it is held for a person"
	x.e.Until = x.moment(x.r.Plan.Window.End) + ", when the window ends; the way back is not bound by it"
	x.command("watch %s", x.r.ID)
}

func (x explainer) reviewDue() {
	x.e.Waits = x.note("its review")
	x.e.Who = "somebody other than " + string(x.r.Submitter)
	x.e.Until = "24 hours after its end"
	if !x.r.EndedAt.IsZero() {
		x.e.Until += ": " + x.moment(x.r.EndedAt.Add(24*time.Hour))
	}
}

func (x explainer) ended() {
	x.e.Waits = []string{"nothing: its way has ended"}
	if x.r.Note != "" {
		x.e.Waits = append(x.e.Waits, x.r.Note)
	}
	x.e.Who, x.e.Until = "nobody", "-"
	if !x.r.EndedAt.IsZero() {
		x.e.Until = "ended " + x.moment(x.r.EndedAt)
	}
	switch x.r.Status {
	case change.Failed:
		x.e.Waits = []string{"people: it could not be brought back, and the state of its systems is not known"}
		if x.r.Note != "" {
			x.e.Waits = append(x.e.Waits, x.r.Note)
		}
		x.e.Who = "the owners of " + refs(x.r.Plan.Footprint.Touch) + ", which stay claimed so that nothing else starts on them"
		x.command("show %s", x.r.ID)
	case change.Refused, change.Expired, change.Cancelled, change.Rejected:
		x.e.Findings = x.r.Findings
		x.command("submit ... (a new change, with another window or other systems)")
	case change.Completed, change.BackedOut, change.Closed:
		x.command("log --change %s", x.r.ID)
	case change.Submitted, change.AwaitingApproval, change.Scheduled, change.Waiting, change.Running,
		change.Held, change.BackingOut, change.ReviewDue:
	}
}
