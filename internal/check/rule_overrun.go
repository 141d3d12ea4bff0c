package check

import (
	"fmt"
	"slices"
	"time"

	"github.com/changectl/changectl/internal/change"
)

// handover is how long before our window another that stands still is taken for one
// that may not be done in time.
const handover = 2 * time.Hour

// overrun warns of claims that may still be there when our window opens: a claim never
// ends by itself, and this change will wait for it.
func overrun(m *matter) []change.Finding {
	var late []clash
	for i := range m.Holdings {
		h := &m.Holdings[i]
		if h.Token == 0 || m.meets(h) || !m.mayOverrun(h) {
			continue
		}
		if c, ok := m.clashOf(h); ok && matrix[c.mode][h.Mode] == change.Blocks {
			late = append(late, c)
		}
	}
	slices.SortStableFunc(late, func(a, b clash) int { return b.strength() - a.strength() })
	found := m.tell(late, func(c clash) string {
		return fmt.Sprintf("%s still holds %s, which this change %s; it is %s. This change will wait if that is not done",
			who(c.other), c.other.System, verbs[c.mode], when(c.other, m.Now))
	})
	for i := range found {
		found[i].Severity = change.Warns
	}
	return found
}

func (m *matter) mayOverrun(h *change.Holding) bool {
	if overruns(h, m.Now) {
		return true
	}
	gap := m.plan.Window.Start.Sub(h.Window.End)
	return (h.Status == change.Held || h.Status == change.BackingOut) && gap >= 0 && gap <= handover
}
