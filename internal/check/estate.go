package check

import (
	"time"

	"github.com/changectl/changectl/internal/change"
)

// Estate is what a judgement asks of the catalog of the moment.
type Estate interface {
	Owner(system change.Ref) change.Ref
	IsMember(person, group change.Ref) bool
	// InScope reports whether a scope selects a system.
	InScope(scope change.Scope, system change.Ref) bool
	// Open returns the windows in which the owner of a system allows work, that overlap
	// [from, to), by start and merged where they meet. Not limited means that work is
	// allowed at any time.
	Open(system change.Ref, from, to time.Time) (open []change.Window, names []string, limited bool)
}
