package check

import (
	"fmt"

	"github.com/changectl/changectl/internal/change"
)

// overlap lays the conflict matrix over every system that two share. It leaves to the
// rules emergency and access-path what these tell better.
func overlap(m *matter) []change.Finding {
	return m.tell(m.clashes(byOverlap), m.clashWords)
}

func (m *matter) clashWords(c clash) string {
	return fmt.Sprintf("this change %s %s, which %s %s, %s",
		verbs[c.mode], c.other.System, who(c.other), verb(c.other.By, c.other.Mode), when(c.other, m.Now))
}
