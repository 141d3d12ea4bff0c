package report

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/changectl/changectl/internal/change"
)

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
	x.e.Neighbours, x.e.Findings = h.Neighbours, x.r.Findings
	if h.BeforeStart() && !x.r.Started() {
		x.heldBeforeStart(*h)
		return
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
		case change.Approve, change.Reject, change.RetryIt, change.BackOut, change.Cancel, change.SignOff, change.BreakClaim:
			x.command("decide %s %s", x.r.ID, v)
		}
	}
}

// heldBeforeStart says what to do with a change that was stopped before it began.
func (x explainer) heldBeforeStart(h change.Hold) {
	w := x.r.Plan.Window
	x.e.Who = fmt.Sprintf("%s, who submitted it; the owners of %s", x.r.Submitter, refs(x.r.Plan.Footprint.Touch))
	x.e.Until = x.moment(w.Start) + ", when its window opens; not started by " + Moment(w.End, w.Zone) + ", it expires"
	if !w.Start.After(x.now) {
		x.e.Until = x.moment(w.End) + ": its window is open; not started by then, it expires"
	}
	if len(h.Choices) == 0 || slices.Contains(h.Choices, change.Continue) {
		x.command("decide %s continue --reason TEXT (it may go on in spite of it)", x.r.ID)
	}
	x.command("submit --revise %s -f FILE --next-slot (another window)", x.r.ID)
	x.command("cancel %s --reason TEXT", x.r.ID)
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
