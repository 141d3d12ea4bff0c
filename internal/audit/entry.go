package audit

import (
	"encoding/json"
	"time"

	"github.com/changectl/changectl/internal/change"
)

// Entry says what happened, why, who did it, when, on which systems and in
// which change, with digests of what it rests on. Its canonical JSON is the leaf
// of the Merkle tree.
type Entry struct {
	At       time.Time         `json:"at"`
	Kind     string            `json:"kind"` // such as change.submitted, step.intent, approval.given
	Change   change.ID         `json:"change,omitempty"`
	Revision int               `json:"revision,omitempty"`
	Who      change.Ref        `json:"who"`
	What     string            `json:"what"`
	Why      string            `json:"why,omitempty"`
	Systems  []change.Ref      `json:"systems,omitempty"`
	Digests  map[string]string `json:"digests,omitempty"`
	Data     json.RawMessage   `json:"data,omitempty"`
}

// Record is an entry in the log: its number and the exact bytes of its leaf.
type Record struct {
	Number int64  `json:"number"` // from 0
	Leaf   []byte `json:"leaf"`
	Entry  Entry  `json:"entry"` // decoded from Leaf, for reading
}
