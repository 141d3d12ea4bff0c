package check

import (
	"fmt"

	"github.com/changectl/changectl/internal/change"
)

// person warns of people whom two changes need at the same time.
func person(m *matter) []change.Finding {
	var found []change.Finding
	for i := range m.Parallel {
		p := &m.Parallel[i]
		found = append(found, change.Finding{Severity: change.Warns, Other: &p.Other, Message: fmt.Sprintf(
			"%s is needed by this change and by %s, %s. Name somebody else for one of them, or move one",
			p.Person, who(&p.Other), when(&p.Other, m.Now)) + reach(&p.Other)})
	}
	return found
}
