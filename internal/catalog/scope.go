package catalog

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/changectl/changectl/internal/change"
)

// InScope reports whether a scope selects a system. Its names are compared as those
// of places are, whatever their case. Systems selects the parts of what it names,
// Owners what the groups below an owner answer for, Redundancy the members of groups
// that are themselves members. An empty scope selects every system, known or not.
func (c *Catalog) InScope(s change.Scope, system change.Ref) bool {
	if s.Empty() {
		return true
	}
	i, ok := c.index[system]
	return ok && c.entities[i].isSystem() && c.selects(s, i)
}

// selects holds a system against all fields of a scope that are given.
func (c *Catalog) selects(s change.Scope, i int32) bool {
	e := &c.entities[i]
	return given(s.Tiers, func(tier int) bool { return e.Tier == tier }) &&
		given(s.Sites, c.isIn(kindSite, i)) && given(s.Clusters, c.isIn(kindCluster, i)) && given(s.Regions, c.isIn(kindRegion, i)) &&
		given(s.Redundancy, func(name string) bool { return c.graph.lies(i, name) }) &&
		given(s.Owners, func(o change.Ref) bool { return e.Owner != "" && c.answers(e.Owner, o) }) &&
		(len(s.Systems) == 0 || slices.ContainsFunc(s.Systems, c.isOrIsPartOf(i)))
}

func given[T any](list []T, match func(T) bool) bool {
	return len(list) == 0 || slices.ContainsFunc(list, match)
}

func (c *Catalog) isIn(kind string, i int32) func(string) bool {
	return func(name string) bool { return slices.Contains(c.placed[i], placeRef(kind, name)) }
}

// answers reports whether an owner is the one that is named, or a group below it.
func (c *Catalog) answers(owner, named change.Ref) bool {
	return owner == named || (owner.Kind() == kindGroup && slices.Contains(c.above(owner), named))
}

// isOrIsPartOf tells whether a reference names a system, something that it is a part
// of, or a place where one of these is.
func (c *Catalog) isOrIsPartOf(i int32) func(change.Ref) bool {
	around := c.around(i)
	return func(ref change.Ref) bool {
		if isPlace(ref) {
			ref = placeRef(ref.Kind(), ref.Name())
			return slices.ContainsFunc(around, func(n int32) bool { return slices.Contains(c.placed[n], ref) })
		}
		return slices.ContainsFunc(around, func(n int32) bool { return c.graph.names[n] == ref })
	}
}

// ResolveScope returns a scope in the form in which it is kept: references in full,
// lists sorted and each value once. A value that selects nothing in this catalog
// would do nothing without a word, so it is an error that names the field: NotFound
// with names that are near, or Invalid.
func (c *Catalog) ResolveScope(s change.Scope) (change.Scope, error) {
	out, faults := c.resolveScope(s)
	if len(faults) > 0 {
		return change.Scope{}, faults[0].err.At("scope." + faults[0].at)
	}
	return out, nil
}

// fault is what is wrong with a value of a scope.
type fault struct {
	at  string // owners[1]
	err *change.Error
}

// resolveScope returns the scope without the values that are wrong.
func (c *Catalog) resolveScope(s change.Scope) (change.Scope, []fault) {
	var faults []fault
	out := change.Scope{
		Systems:    sift("systems", s.Systems, &faults, c.scopeSystem),
		Owners:     sift("owners", s.Owners, &faults, c.scopeOwner),
		Tiers:      sift("tiers", s.Tiers, &faults, scopeTier),
		Sites:      sift("sites", s.Sites, &faults, c.scopePlace(kindSite)),
		Clusters:   sift("clusters", s.Clusters, &faults, c.scopePlace(kindCluster)),
		Regions:    sift("regions", s.Regions, &faults, c.scopePlace(kindRegion)),
		Redundancy: sift("redundancy", s.Redundancy, &faults, c.scopeRedundancy),
	}
	return out, faults
}

func sift[T cmp.Ordered](field string, list []T, faults *[]fault, read func(T) (T, *change.Error)) []T {
	var out []T
	for n, v := range list {
		v, err := read(v)
		if err != nil {
			*faults = append(*faults, fault{fmt.Sprintf("%s[%d]", field, n), err})
			continue
		}
		out = append(out, v)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
