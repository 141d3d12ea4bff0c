package icalendar

import (
	"slices"
	"strings"

	"github.com/changectl/changectl/internal/change"
)

// Impact returns the class of what the event does to its objects. An impact that is
// missing, unknown or misspelt counts as an outage, as the notification practice
// asks; an object with a worse impact of its own makes the whole event worse.
func (e Event) Impact() change.ImpactClass {
	worst := impact(e.Maintnote.Impact)
	for _, o := range e.Maintnote.Objects {
		if o.Impact != "" {
			worst = worse(worst, impact(o.Impact))
		}
	}
	return worst
}

func impact(s string) change.ImpactClass {
	class := change.ImpactClass(strings.ToUpper(strings.TrimSpace(s)))
	if slices.Contains(change.ImpactClasses, class) {
		return class
	}
	return change.Outage
}

func worse(a, b change.ImpactClass) change.ImpactClass {
	if slices.Index(change.ImpactClasses, b) > slices.Index(change.ImpactClasses, a) {
		return b
	}
	return a
}

// State returns where the event stands as a declared maintenance. The operator's own
// status goes before the calendar's, but a cancellation holds wherever it is said.
func (e Event) State() change.DeclarationState {
	status, own := token(e.Status), token(e.Maintnote.Status)
	if e.Method == methodCancel || cancelled(status) || cancelled(own) {
		return change.Withdrawn
	}
	if own == "" {
		own = status
	}
	switch own {
	case "COMPLETED":
		return change.Ended
	case "TENTATIVE":
		return change.Tentative
	}
	return change.Planned
}

const methodCancel = "CANCEL"

func token(s string) string { return strings.ToUpper(strings.TrimSpace(s)) }

func cancelled(status string) bool { return status == "CANCELLED" || status == "CANCELED" }
