package check

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/schedule"
)

// ahead is how far the rule looks for the next opening.
const ahead = 90 * 24 * time.Hour

// limits is when some systems may be worked on.
type limits struct {
	names   []string
	open    schedule.Spans
	systems []change.Ref
}

// maintenanceWindow asks whether the owners of all that is touched allow work for the
// whole of the window.
func maintenanceWindow(m *matter) []change.Finding {
	severity := change.Blocks
	if m.urgent() {
		severity = change.Warns
	}
	var found []change.Finding
	for _, l := range m.limits(m.left) {
		if l.open.Contains(m.left) {
			continue
		}
		found = append(found, change.Finding{Severity: severity, Systems: l.systems, Message: fmt.Sprintf(
			"%s may be worked on in the maintenance windows %s only; %s is not within one. %s",
			listing(l.systems), strings.Join(l.names, ", "), span(window(m.left)), m.nextOpening(l))})
	}
	return found
}

// limits returns the maintenance windows of what is touched, of systems with the same
// ones together, in the order of the systems.
func (m *matter) limits(within schedule.Span) []*limits {
	var list []*limits
	for _, s := range m.foot.Touch {
		open, names, limited := m.estate.Open(s, within.Start, within.End)
		if !limited {
			continue
		}
		times := spans(open)
		i := slices.IndexFunc(list, func(l *limits) bool {
			return slices.Equal(l.names, names) && slices.EqualFunc(l.open, times, sameSpan)
		})
		if i < 0 {
			list = append(list, &limits{names: names, open: times})
			i = len(list) - 1
		}
		list[i].systems = append(list[i].systems, s)
	}
	return list
}

func sameSpan(a, b schedule.Span) bool { return a.Start.Equal(b.Start) && a.End.Equal(b.End) }

func window(s schedule.Span) change.Window { return change.Window{Start: s.Start, End: s.End} }

func (m *matter) nextOpening(l *limits) string {
	from, length := m.left.Start, m.plan.Window.Length()
	open, _, _ := m.estate.Open(l.systems[0], from, from.Add(ahead))
	times := spans(open)
	start, found := times.First(from, length)
	if !found {
		return fmt.Sprintf("None of %s opens within 90 days", schedule.Words(length))
	}
	i := slices.IndexFunc(times, func(s schedule.Span) bool { return start.Before(s.End) })
	return fmt.Sprintf("The next opening of at least %s is from %s to %s", schedule.Words(length), moment(start), moment(times[i].End))
}
