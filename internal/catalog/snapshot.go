package catalog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/changectl/changectl/internal/change"
)

const snapshotVersion = 1

type snapshot struct {
	Version  int      `json:"version"`
	Entities []Entity `json:"entities"`
}

func encode(entities []Entity) ([]byte, error) {
	b, err := change.Canonical(snapshot{Version: snapshotVersion, Entities: entities})
	if err != nil {
		return nil, fmt.Errorf("encode catalog: %w", err)
	}
	return b, nil
}

// Digest returns "sha256:" and the hex SHA-256 over Snapshot. It does not depend
// on the files that the entities came from, nor on their order.
func (c *Catalog) Digest() string { return c.digest }

// Snapshot returns the normalised content as canonical JSON (RFC 8785).
func (c *Catalog) Snapshot() ([]byte, error) { return bytes.Clone(c.snapshot), nil }

// FromSnapshot makes a Catalog out of what Snapshot returned; it has the same
// digest. Anything else is an Invalid error.
func FromSnapshot(b []byte) (*Catalog, error) {
	var s snapshot
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		return nil, change.Invalid("read catalog snapshot: %w", err)
	}
	if s.Version != snapshotVersion {
		return nil, change.Invalid("catalog snapshot has version %d; this program reads version %d", s.Version, snapshotVersion)
	}
	if err := sound(s.Entities); err != nil {
		return nil, err
	}
	c, err := build(s.Entities)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(c.snapshot, b) {
		return nil, change.Invalid("catalog snapshot is not in its canonical form")
	}
	return c, nil
}

// sound checks that every reference leads to an entity.
func sound(entities []Entity) error {
	known := make(map[change.Ref]bool, len(entities))
	for _, e := range entities {
		if known[e.Ref] {
			return change.Invalid("catalog snapshot holds %s twice", e.Ref)
		}
		known[e.Ref] = true
	}
	for _, e := range entities {
		for _, ref := range slices.Concat(e.DependsOn, e.PartOf, e.ReachedThrough, e.MemberOf) {
			if !known[ref] {
				return change.Invalid("catalog snapshot: %s refers to %s, which is not in it", e.Ref, ref)
			}
		}
	}
	return nil
}
