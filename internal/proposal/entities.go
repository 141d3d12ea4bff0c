package proposal

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
)

// entity is one document of a catalog file.
type entity struct {
	key   string // kind and name
	ref   change.Ref
	owner string // as it is written
	node  *yaml.Node
}

// entities asks the owners of all that an alteration of a catalog file changes or takes
// away. What is new, or is owned by nobody, is for the owners of the layout: persons,
// groups, and whatever else says who owns what.
func (f *finder) entities(a Altered) error {
	old, err := f.entitiesIn(a.Old)
	if err != nil {
		return err
	}
	now, err := f.entitiesIn(a.New)
	if err != nil {
		return err
	}
	asked := len(f.needs)
	for _, e := range old {
		if slices.ContainsFunc(now, func(n entity) bool { return n.key == e.key && sameNode(n.node, e.node) }) {
			continue
		}
		if err := f.owner(a.Path, f.ownerOf(e), e.key); err != nil {
			return err
		}
	}
	for _, n := range now {
		if !slices.ContainsFunc(old, func(e entity) bool { return e.key == n.key }) {
			if err := f.layoutOwners(a.Path, n.key+" is new"); err != nil {
				return err
			}
		}
	}
	if len(f.needs) == asked { // comments, or the order
		return f.layoutOwners(a.Path, a.Path+" is theirs")
	}
	return nil
}

func (f *finder) entitiesIn(e *Entry) ([]entity, error) {
	if e == nil {
		return nil, nil
	}
	b, err := readPlain(*e, f.read)
	if err != nil {
		return nil, err
	}
	docs, err := document.Parse(e.Path, b)
	if err != nil {
		return nil, change.Invalid("the catalog cannot be read: %w", err)
	}
	all := make([]entity, len(docs))
	for i, d := range docs {
		all[i] = entityOf(d)
	}
	return all, nil
}

func entityOf(d *document.Document) entity {
	text := func(path string) string {
		if n, there := d.Find(path); there && n.Kind == yaml.ScalarNode {
			return n.Value
		}
		return ""
	}
	kind, name := strings.ToLower(text("kind")), strings.ToLower(text("metadata.name"))
	if ns := strings.ToLower(text("metadata.namespace")); ns != "" && ns != "default" {
		name = ns + "/" + name
	}
	e := entity{key: kind + ":" + name, owner: text("spec.owner"), node: d.Root}
	if ref, err := change.ParseRef(e.key, ""); err == nil && strings.HasPrefix(text("apiVersion"), "backstage.io/") {
		e.ref = ref
	}
	return e
}

// ownerOf returns the owner of an entity as the base's catalog understands it; windows,
// which are no entities, say it in full.
func (f *finder) ownerOf(e entity) change.Ref {
	if e.ref != "" {
		known, err := f.base.Catalog.Entity(e.ref)
		if err != nil {
			return ""
		}
		return known.Owner
	}
	ref, err := change.ParseRef(e.owner, "group")
	if err != nil {
		return ""
	}
	return ref
}

// sameNode reports whether two pieces of YAML say the same, in the same order, in
// whatever style and with whatever comments.
func sameNode(a, b *yaml.Node) bool {
	return a.Kind == b.Kind && a.Tag == b.Tag && a.Value == b.Value && slices.EqualFunc(a.Content, b.Content, sameNode)
}
