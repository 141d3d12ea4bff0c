package catalog

import (
	"errors"
	"slices"
	"strings"

	"github.com/changectl/changectl/internal/change"
)

func (c *Catalog) scopeSystem(text change.Ref) (change.Ref, *change.Error) {
	ref, err := change.ParseRef(string(text), "")
	if err != nil {
		return "", change.Invalid("%q is not a reference to a system", text).WithHint("write kind:name, for example resource:orders-db-1 or site:husum")
	}
	if _, err := c.nodes(ref); err != nil {
		return "", asError(err)
	}
	if isPlace(ref) {
		ref = placeRef(ref.Kind(), ref.Name())
	}
	return ref, nil
}

func (c *Catalog) scopeOwner(text change.Ref) (change.Ref, *change.Error) {
	ref, err := change.ParseRef(string(text), kindGroup)
	if err != nil || !slices.Contains(ownerKinds, ref.Kind()) {
		return "", change.Invalid("%q is not a group or user", text).WithHint("write for example group:dba or user:bob")
	}
	if _, err := c.Entity(ref); err != nil {
		return "", asError(err)
	}
	return ref, nil
}

func scopeTier(tier int) (int, *change.Error) {
	if tier < 1 || tier > 4 {
		return 0, change.Invalid("is %d; expected a tier from 1, the most critical, to 4", tier)
	}
	return tier, nil
}

func (c *Catalog) scopePlace(kind string) func(string) (string, *change.Error) {
	return func(name string) (string, *change.Error) {
		ref := placeRef(kind, name)
		if ref == "" {
			return "", change.Invalid("%q is not the name of a %s", name, kind)
		}
		if _, err := c.place(ref); err != nil {
			return "", asError(err)
		}
		return ref.Name(), nil
	}
}

func (c *Catalog) scopeRedundancy(name string) (string, *change.Error) {
	if _, ok := c.graph.byName[name]; ok {
		return name, nil
	}
	groups := make([]change.Ref, len(c.graph.groups))
	for n, g := range c.graph.groups {
		groups[n] = change.Ref(":" + g.name)
	}
	err := change.NotFound("there is no redundancy group %q in the catalog", name)
	if near := nearest(change.Ref(":"+name), groups); len(near) > 0 {
		return "", err.WithHint("near it are %s", strings.ReplaceAll(join(near), ":", ""))
	}
	return "", err
}

// asError returns an error of this package as what it is.
func asError(err error) *change.Error {
	var e *change.Error
	if errors.As(err, &e) {
		return e
	}
	return change.Invalid("%w", err)
}
