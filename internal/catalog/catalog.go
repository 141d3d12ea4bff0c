// Package catalog knows the systems of a company, who owns them, how they depend
// on each other, and who the people are. It reads Backstage's entity format
// (https://backstage.io/docs/features/software-catalog/descriptor-format) with
// facts of its own in labels and annotations (changectl.dev/...), and answers
// what a change touches, impacts and observes.
//
// It is pure: it reads through an fs.FS and looks neither at a clock nor at a
// network. A Catalog never changes once it is made, so that any number of
// goroutines may ask it. It does not judge: what a footprint is allowed to do is
// the business of the rules.
package catalog

import (
	"cmp"
	"slices"

	"github.com/changectl/changectl/internal/change"
)

// Catalog is what was loaded, ready to be asked.
type Catalog struct {
	entities   []Entity // by Ref; the graph speaks of them by index
	index      map[change.Ref]int32
	graph      graph
	members    map[change.Ref][]change.Ref // of groups: direct members, and child groups
	principals map[string][]int32
	snapshot   []byte
	digest     string
}

// build makes a Catalog out of sound entities.
func build(entities []Entity) (*Catalog, error) {
	for i := range entities {
		entities[i].normalise()
	}
	slices.SortFunc(entities, func(a, b Entity) int { return cmp.Compare(a.Ref, b.Ref) })
	c := &Catalog{entities: entities, index: make(map[change.Ref]int32, len(entities))}
	for i, e := range entities {
		c.index[e.Ref] = int32(i)
	}
	c.graph = newGraph(entities, c.index)
	c.members = membersOf(entities)
	c.principals = principalsOf(entities)
	b, err := encode(entities)
	if err != nil {
		return nil, err
	}
	c.snapshot, c.digest = b, change.DigestOf(b)
	return c, nil
}

// Entity returns everything that the catalog keeps of one entity. The error is
// NotFound and proposes names that are near.
func (c *Catalog) Entity(ref change.Ref) (Entity, error) {
	i, ok := c.index[ref]
	if !ok {
		return Entity{}, c.unknown(ref)
	}
	return c.entities[i], nil
}

// Entities returns all entities, sorted.
func (c *Catalog) Entities() []Entity { return slices.Clone(c.entities) }

// System returns a system: any Component, Resource, System, API or Domain. The
// error is NotFound and proposes names that are near.
func (c *Catalog) System(ref change.Ref) (change.System, error) {
	i, err := c.system(ref)
	if err != nil {
		return change.System{}, err
	}
	return c.entities[i].system(), nil
}

func (c *Catalog) system(ref change.Ref) (int32, error) {
	i, ok := c.index[ref]
	if !ok {
		return 0, c.unknown(ref)
	}
	if !c.entities[i].isSystem() {
		return 0, change.NotFound("%s is in the catalog, but not a system that can be worked on", ref).
			WithHint("name a component, resource, system, api or domain")
	}
	return i, nil
}

// Systems returns all systems, sorted.
func (c *Catalog) Systems() []change.System {
	var all []change.System
	for _, e := range c.entities {
		if e.isSystem() {
			all = append(all, e.system())
		}
	}
	return all
}

// Owner returns the group or user that answers for a system, or "" where the
// catalog knows neither.
func (c *Catalog) Owner(ref change.Ref) change.Ref {
	i, ok := c.index[ref]
	if !ok {
		return ""
	}
	return c.entities[i].Owner
}

// Group returns the members of a redundancy group and how many of them must stay
// up; no members when there is no such group.
func (c *Catalog) Group(name string) (members []change.Ref, mustRun int) {
	for _, g := range c.graph.groups {
		if g.name == name {
			return c.refs(g.members), g.mustRun
		}
	}
	return nil, 0
}

func (c *Catalog) refs(list []int32) []change.Ref {
	out := make([]change.Ref, len(list))
	for i, n := range list {
		out[i] = c.graph.names[n]
	}
	return out
}
