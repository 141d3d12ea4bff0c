package check

import "github.com/changectl/changectl/internal/change"

// emergency keeps other changes away from the systems of an emergency, be it at work
// or about to start.
func emergency(m *matter) []change.Finding {
	return m.tell(m.clashes(byEmergency), func(c clash) string {
		return m.clashWords(c) + ". Nobody else starts there before it is over"
	})
}
