package catalog

import (
	"cmp"
	"slices"
	"strings"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
)

func (c *Catalog) unknown(ref change.Ref) *change.Error {
	known := make([]change.Ref, len(c.entities))
	for i, e := range c.entities {
		known[i] = e.Ref
	}
	err := change.NotFound("%s is not in the catalog", ref)
	if near := nearest(ref, known); len(near) > 0 {
		return err.WithHint("near it are %s", join(near))
	}
	return err
}

func join(refs []change.Ref) string {
	s := make([]string, len(refs))
	for i, r := range refs {
		s[i] = string(r)
	}
	return strings.Join(s, ", ")
}

// nearest returns up to three of the known references that somebody may have
// meant, the likeliest first.
func nearest(ref change.Ref, known []change.Ref) []change.Ref {
	type candidate struct {
		ref      change.Ref
		distance int
	}
	var near []candidate
	reach := (len(ref.Name()) + 1) / 3
	for _, k := range known {
		prefix := strings.HasPrefix(k.Name(), ref.Name())
		if apart := len(k.Name()) - len(ref.Name()); !prefix && (apart > reach || -apart > reach) {
			continue
		}
		d := document.Distance(ref.Name(), k.Name())
		if prefix {
			d = min(d, 1)
		}
		if d <= reach {
			if k.Kind() != ref.Kind() {
				d++
			}
			near = append(near, candidate{k, d})
		}
	}
	slices.SortStableFunc(near, func(a, b candidate) int { return cmp.Or(a.distance-b.distance, cmp.Compare(a.ref, b.ref)) })
	var out []change.Ref
	for _, n := range near[:min(3, len(near))] {
		out = append(out, n.ref)
	}
	return out
}
