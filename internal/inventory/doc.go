// Package inventory turns what a company knows of its machines elsewhere, a NetBox
// dump or a table in CSV, into entities of the catalog: Backstage's format with the
// annotations of changectl.dev. People review the result, keep it in git, and load
// it like every other catalog.
//
// It is pure: bytes in, entities and notes out, in an order that depends on nothing
// but the input. It guesses nothing. What it cannot express, or would have to guess,
// becomes a Note, so that somebody can write it down by hand. It does not load the
// result, and does not know what else is in the catalog.
package inventory

import (
	"io"

	"github.com/changectl/changectl/internal/change"
)

// The limits of what is read.
const (
	MaxBytes   = 100 << 20 // of the input
	MaxSystems = 100_000   // that come of it, and rows of a table
)

// readAll reads the input up to MaxBytes. A longer one is an Invalid error.
func readAll(r io.Reader, file string) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, change.FailedTo("read %s: %w", file, err)
	}
	if len(b) > MaxBytes {
		return nil, change.Invalid("%s is larger than %d bytes (100 MiB), and is not read", file, MaxBytes).
			WithHint("export it in parts, for example one site at a time")
	}
	return b, nil
}
