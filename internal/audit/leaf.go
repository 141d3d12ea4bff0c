package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/changectl/changectl/internal/change"
)

// Leaf returns the canonical JSON (RFC 8785) of e, with its time in UTC and cut to
// microseconds. These bytes are what the tree is computed over.
func Leaf(e Entry) ([]byte, error) {
	e.At = e.At.UTC().Truncate(time.Microsecond)
	b, err := change.Canonical(e)
	if err != nil {
		return nil, fmt.Errorf("encode entry %s: %w", e.Kind, err)
	}
	return b, nil
}

// Decode returns the entry that a leaf holds. A leaf with keys that no entry has,
// or with anything behind the entry, is an error.
func Decode(leaf []byte) (Entry, error) {
	var e Entry
	d := json.NewDecoder(bytes.NewReader(leaf))
	d.DisallowUnknownFields()
	if err := d.Decode(&e); err != nil {
		return Entry{}, fmt.Errorf("decode entry: %w", err)
	}
	if d.More() {
		return Entry{}, fmt.Errorf("decode entry: %d bytes follow it", int64(len(leaf))-d.InputOffset())
	}
	return e, nil
}

// consistent reports whether what r shows people is what its leaf says.
func (r Record) consistent() error {
	if r.Entry.Kind == "" {
		return nil // only the leaf was given
	}
	leaf, err := Leaf(r.Entry)
	if err != nil {
		return err
	}
	if !bytes.Equal(leaf, r.Leaf) {
		return tampered("entry %d reads differently from the leaf that was signed", r.Number)
	}
	return nil
}
