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
	"strings"
	"sync"

	"github.com/changectl/changectl/internal/change"
)

// Catalog is what was loaded, ready to be asked.
type Catalog struct {
	entities   []Entity // by Ref; the graph speaks of them by index
	index      map[change.Ref]int32
	graph      graph
	members    map[change.Ref][]change.Ref // of groups: direct members, and child groups
	principals map[string][]int32
	placed     [][]change.Ref         // by system: where it is
	places     map[change.Ref][]int32 // the systems of each place
	knownAs    map[string][]int32     // by name in lower case
	windows    []window               // by name
	snapshot   []byte
	digest     string
	spare      sync.Pool // of *scratch
}

// assemble makes a Catalog out of sound entities. It has neither windows nor a digest
// until it is sealed.
func assemble(entities []Entity) (*Catalog, error) {
	for i := range entities {
		entities[i].normalise()
	}
	slices.SortFunc(entities, func(a, b Entity) int { return cmp.Compare(a.Ref, b.Ref) })
	c := &Catalog{entities: entities, index: make(map[change.Ref]int32, len(entities))}
	for i, e := range entities {
		c.index[e.Ref] = int32(i)
	}
	var err error
	if c.graph, err = newGraph(entities, c.index); err != nil {
		return nil, err
	}
	c.members = membersOf(entities)
	c.principals = principalsOf(entities)
	c.placed, c.places = placesOf(entities)
	c.knownAs = knownAsOf(entities)
	return c, nil
}

// seal fixes the content and works out its digest.
func (c *Catalog) seal() error {
	slices.SortFunc(c.windows, func(a, b window) int { return cmp.Compare(a.Name, b.Name) })
	b, err := encode(snapshot{Version: snapshotVersion, Entities: c.entities, Windows: c.Windows()})
	if err != nil {
		return err
	}
	c.snapshot, c.digest = b, change.DigestOf(b)
	return nil
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

// System returns a system: any Component, Resource, System, API or Domain. A place,
// such as site:husum, is described as one: with the number of systems there as title,
// and its owner where that is the same for all of them. The error is NotFound and
// proposes names that are near.
func (c *Catalog) System(ref change.Ref) (change.System, error) {
	if isPlace(ref) {
		return c.placeAsSystem(ref)
	}
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

func (c *Catalog) refs(list []int32) []change.Ref {
	out := make([]change.Ref, len(list))
	for i, n := range list {
		out[i] = c.graph.names[n]
	}
	return out
}

// KnownAs returns the systems that somebody outside calls by a name, such as a
// carrier's circuit number, sorted. Case does not matter.
func (c *Catalog) KnownAs(name string) []change.Ref {
	list := c.knownAs[outsideName(name)]
	if len(list) == 0 {
		return nil
	}
	return c.refs(list)
}

func outsideName(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

func knownAsOf(entities []Entity) map[string][]int32 {
	m := map[string][]int32{}
	for i, e := range entities {
		for _, name := range e.KnownAs {
			if list := m[outsideName(name)]; !slices.Contains(list, int32(i)) {
				m[outsideName(name)] = append(list, int32(i))
			}
		}
	}
	return m
}
