package identity

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/changectl/changectl/internal/change"
)

// maxStatement is the largest statement that is looked at, in bytes.
const maxStatement = 64 << 10

// parseStatement reads canonical JSON with all the fields of a Statement and no
// others.
func parseStatement(b []byte) (change.Statement, error) {
	var s change.Statement
	if len(b) > maxStatement {
		return s, change.Denied("the statement is %d bytes; at most %d are read", len(b), maxStatement)
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		return s, change.Denied("the signed text is not a statement: %w", err)
	}
	again, err := change.Canonical(s)
	if err != nil {
		return s, change.Denied("the signed text is not a statement: %w", err)
	}
	if !bytes.Equal(again, b) {
		return s, change.Denied("the signed text is not canonical JSON (RFC 8785) of a statement").
			WithHint("sign exactly the bytes that the server hands out, without a line break at the end")
	}
	return s, complete(s)
}

// complete refuses a statement that leaves open what it is about.
func complete(s change.Statement) error {
	missing := []string{}
	for name, empty := range map[string]bool{
		"instance": s.Instance == "", "change": s.Change == "", "revision": s.Revision < 1, "plan": s.Plan == "",
		"decision": s.Verb == "", "expires": s.Expires.IsZero(), "nonce": s.Nonce == "",
	} {
		if empty {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	return change.Denied("the statement does not say %s, so it could be used for more than was meant", strings.Join(missing, ", "))
}
