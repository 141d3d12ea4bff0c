package catalog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/changectl/changectl/internal/change"
)

// Version 1 knew no maintenance windows.
const snapshotVersion = 2

type snapshot struct {
	Version  int                        `json:"version"`
	Entities []Entity                   `json:"entities"`
	Windows  []change.MaintenanceWindow `json:"windows,omitempty"`
}

func encode(s snapshot) ([]byte, error) {
	b, err := change.Canonical(s)
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
	if err := sound(s); err != nil {
		return nil, err
	}
	c, err := assemble(s.Entities)
	if err != nil {
		return nil, err
	}
	for _, w := range s.Windows {
		if err := c.restore(w); err != nil {
			return nil, err
		}
	}
	if err := c.seal(); err != nil {
		return nil, err
	}
	if !bytes.Equal(c.snapshot, b) {
		return nil, change.Invalid("catalog snapshot is not in its canonical form")
	}
	return c, nil
}

// restore adds a window; a scope that is not as it is kept shows in the digest.
func (c *Catalog) restore(in change.MaintenanceWindow) error {
	w, err := newWindow(in)
	if err != nil {
		return change.Invalid("catalog snapshot: maintenance window %s: %w", in.Name, err)
	}
	if w.Scope, err = c.ResolveScope(in.Scope); err != nil {
		return change.Invalid("catalog snapshot: maintenance window %s: %w", in.Name, err)
	}
	c.windows = append(c.windows, w)
	return nil
}

// sound checks that every reference leads to something that is there once.
func sound(s snapshot) error {
	known, windows := make(map[change.Ref]bool, len(s.Entities)), map[string]bool{}
	for _, e := range s.Entities {
		if known[e.Ref] {
			return change.Invalid("catalog snapshot holds %s twice", e.Ref)
		}
		known[e.Ref] = true
	}
	for _, w := range s.Windows {
		if windows[w.Name] {
			return change.Invalid("catalog snapshot holds the maintenance window %s twice", w.Name)
		}
		windows[w.Name] = true
	}
	for _, e := range s.Entities {
		for _, ref := range slices.Concat(e.DependsOn, e.PartOf, e.ReachedThrough, e.MemberOf) {
			if !known[ref] {
				return change.Invalid("catalog snapshot: %s refers to %s, which is not in it", e.Ref, ref)
			}
		}
		for _, name := range e.Maintenance {
			if !windows[name] {
				return change.Invalid("catalog snapshot: %s names the maintenance window %s, which is not in it", e.Ref, name)
			}
		}
	}
	return nil
}
