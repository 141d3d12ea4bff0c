package check

import "github.com/changectl/changectl/internal/change"

// origin keeps a change from starting when what it was approved as no longer stands
// where it was merged, or when nobody can look.
func origin(m *matter) []change.Finding {
	if m.Record.Detached == "" {
		return nil
	}
	return []change.Finding{{Severity: change.Blocks, Message: m.Record.Detached}}
}
