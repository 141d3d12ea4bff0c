package report

import (
	"strings"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
)

// Moved returns the status that a change entered by an entry of the log, if it did.
func Moved(e audit.Entry) (change.Status, bool) {
	word, ok := strings.CutPrefix(e.Kind, "change.")
	if word == "revised" {
		return change.AwaitingApproval, ok
	}
	s := change.Status(word)
	return s, ok && s.Valid()
}
