package check

import (
	"fmt"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/change"
)

var verbs = map[change.Mode]string{change.Touch: "works on", change.Impact: "takes service from", change.Observe: "validates through"}

// verb says what another does with a system. What a declared maintenance observes it
// works on without impact.
func verb(by change.ID, m change.Mode) string {
	if by.Declared() && m == change.Observe {
		return "has announced work without impact on"
	}
	return verbs[m]
}

// who names the other party, with whose work it is.
func who(h *change.Holding) string {
	if !h.By.Declared() {
		s := fmt.Sprintf("%s (%q, submitted by %s)", h.By, h.Title, h.Person)
		if h.Type == change.Emergency {
			return "the emergency " + s
		}
		return s
	}
	whose := h.Whose
	if whose == "" {
		whose = string(h.Person)
	}
	return fmt.Sprintf("%s (%q, declared maintenance, %s, of %s)", h.By, h.Title, h.Impact, whose)
}

// reach says how to reach the other party, where that is another word than who names.
func reach(h *change.Holding) string {
	if h.Contact == "" || h.Contact == string(h.Person) {
		return ""
	}
	return "; their contact: " + h.Contact
}

// when says at which times another holds a system, and how it stands.
func when(h *change.Holding, now time.Time) string {
	switch {
	case overruns(h, now):
		return state(h) + ", and over its window which ended at " + moment(h.Window.End)
	case h.Token > 0:
		return state(h) + ", from " + span(h.Window)
	}
	return "from " + span(h.Window)
}

// states says how a claim stands that does not simply run.
var states = map[change.Status]string{change.Held: "on hold", change.BackingOut: "backing out", change.Failed: "failed and not brought back"}

func state(h *change.Holding) string {
	if s, special := states[h.Status]; special {
		return s
	}
	return "running"
}

func moment(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func span(w change.Window) string { return moment(w.Start) + " to " + moment(w.End) }

// arrows writes a path through the graph.
func arrows(path []change.Ref) string { return joined(path, " -> ") }

func joined(refs []change.Ref, by string) string {
	s := make([]string, len(refs))
	for i, r := range refs {
		s[i] = string(r)
	}
	return strings.Join(s, by)
}

// namedSystems is how many systems a sentence names before it counts the others.
const namedSystems = 3

// listing names the first of some systems and counts the others.
func listing(refs []change.Ref) string {
	if more := len(refs) - namedSystems; more > 0 {
		return fmt.Sprintf("%s and %d more", joined(refs[:namedSystems], ", "), more)
	}
	return joined(refs, ", ")
}
