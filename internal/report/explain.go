package report

import (
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
	// Neighbours is who else was playing when the hold began.
	Neighbours []change.Neighbour `json:"neighbours,omitempty"`
	// Findings stand behind the wait, where there are any.
	Findings []change.Finding `json:"findings,omitempty"`

	now  time.Time
	zone *time.Location
}

// Explain explains a change in any status.
func Explain(r change.Record, now time.Time) Explanation {
	e := Explanation{Change: r.ID, Title: r.Plan.Title, Status: r.Status, now: now, zone: zone(r.Plan.Window.Zone)}
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
	if len(e.Neighbours) > 0 {
		b.WriteString("\n" + playedWith(e.Neighbours, e.now, e.zone) + "\n")
	}
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
	if o := x.r.Plan.Origin; o != nil && len(o.Authors) > 0 {
		x.e.Who += ", and those who wrote " + o.Name() + " (" + refs(o.Authors) + ")"
	}
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
		if f.Severity == change.Blocks {
			who = append(who, inTheWay(f)...)
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

// inTheWay says who can do something about a finding.
func inTheWay(f change.Finding) []string {
	var who []string
	if h := f.Other; h != nil && h.By.Declared() {
		text := h.Whose
		if h.Contact != "" {
			text += " (" + h.Contact + ")"
		}
		who = append(who, text+", whose maintenance "+string(h.By)+" is")
	} else if h != nil {
		who = append(who, fmt.Sprintf("%s, who answers for %s", h.Person, h.By))
	}
	if f.Freeze != nil {
		who = append(who, fmt.Sprintf("%s, who can lift the freeze %s", f.Freeze.Owner, f.Freeze.ID))
	}
	return who
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
	x.e.Findings = x.r.Findings
	x.command("watch %s", x.r.ID)
	x.command("decide %s back-out", x.r.ID)
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
		if _, ok := NextSlot(x.r.Findings); ok {
			x.command("submit ... --next-slot (the same, in the next free slot)")
		}
	case change.Completed, change.BackedOut, change.Closed:
		x.command("log --change %s", x.r.ID)
	case change.Submitted, change.AwaitingApproval, change.Scheduled, change.Waiting, change.Running,
		change.Held, change.BackingOut, change.ReviewDue:
	}
}
