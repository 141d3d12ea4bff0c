package catalog

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
)

// edge is what a relation comes to in the normalised catalog.
type edge int

const (
	owns edge = iota
	dependsOn
	partOf
	through
	memberOf
	contactOf
)

// relation is a key of spec that refers to other entities.
type relation struct {
	key     string
	on      []string // kinds that may carry it
	kind    string   // of a reference that names none
	many    bool
	to      []string // kinds that it may lead to
	edge    edge
	reverse bool // the entity referred to has the edge, to this one
}

var (
	one       = func(kind string) []string { return []string{kind} }
	relations = []relation{
		{"owner", systemKinds, kindGroup, false, ownerKinds, owns, false},
		{"dependsOn", systemKinds, "", true, systemKinds, dependsOn, false},
		{"dependencyOf", systemKinds, "", true, systemKinds, dependsOn, true},
		{"consumesApis", systemKinds, kindAPI, true, systemKinds, dependsOn, false},
		{"providesApis", systemKinds, kindAPI, true, systemKinds, dependsOn, true},
		{"system", systemKinds, kindSystem, false, one(kindSystem), partOf, false},
		{"subcomponentOf", systemKinds, kindComponent, false, one(kindComponent), partOf, false},
		{"domain", systemKinds, kindDomain, false, one(kindDomain), partOf, false},
		{"subdomainOf", systemKinds, kindDomain, false, one(kindDomain), partOf, false},
		{"parent", one(kindGroup), kindGroup, false, one(kindGroup), memberOf, false},
		{"children", one(kindGroup), kindGroup, true, one(kindGroup), memberOf, true},
		{"members", one(kindGroup), kindUser, true, one(kindUser), memberOf, true},
		{"memberOf", one(kindUser), kindGroup, true, one(kindGroup), memberOf, false},
	}
	reachedThrough = relation{key: "reached-through", to: systemKinds, edge: through}
	contact        = relation{to: ownerKinds, edge: contactOf}
)

// relative is a reference as it was written.
type relative struct {
	relation
	ref  change.Ref
	node *yaml.Node
	path string
}

func (s *source) readRelations() {
	for _, r := range relations {
		n, ok := s.doc.Find("spec." + r.key)
		if !ok || n.Tag == "!!null" || !slices.Contains(r.on, s.kind) {
			continue
		}
		s.readRelation(r, n)
	}
	s.pairs("spec", func(key, _ *yaml.Node) {
		if near := s.meant(key.Value); near != "" {
			s.fail(key, "spec."+key.Value, "is not a key of Backstage; write %s", near)
		}
	})
}

func (s *source) readRelation(r relation, n *yaml.Node) {
	path := "spec." + r.key
	if !r.many {
		s.referNode(r, n, path)
		return
	}
	if n.Kind != yaml.SequenceNode {
		s.fail(n, path, "is %s; expected a list", document.Describe(n))
		return
	}
	for i, c := range n.Content {
		s.referNode(r, c, fmt.Sprintf("%s[%d]", path, i))
	}
}

var separators = strings.NewReplacer("-", "", "_", "")

// meant returns the relation that a key differs from in nothing but case, - and _:
// as a key that is not known it would be passed over, and an edge lost.
func (s *source) meant(key string) string {
	plain := func(k string) string { return strings.ToLower(separators.Replace(k)) }
	for _, r := range relations {
		if slices.Contains(r.on, s.kind) && key != r.key && plain(key) == plain(r.key) {
			return r.key
		}
	}
	return ""
}

func (s *source) referNode(r relation, n *yaml.Node, path string) {
	if n.Kind != yaml.ScalarNode || n.Value == "" {
		s.fail(n, path, "is %s; expected a reference such as %s", document.Describe(n), r.example())
		return
	}
	s.refer(r, n, path, n.Value)
}

func (s *source) refer(r relation, n *yaml.Node, path, text string) {
	ref, err := qualify(text, r.kind, s.namespace)
	switch {
	case err != nil:
		s.fail(n, path, "%q is not a reference; write for example %s", text, r.example())
	case !slices.Contains(r.to, ref.Kind()):
		s.fail(n, path, "is %s, of the kind %s; expected one of the kind %s", ref, ref.Kind(), strings.Join(r.to, ", "))
	default:
		s.links = append(s.links, relative{r, ref, n, path})
	}
}

func (r relation) example() string {
	kind := r.kind
	if kind == "" {
		kind = r.to[0]
	}
	return kind + ":name"
}

// qualify reads a reference as Backstage does: what it leaves out are the kind of
// its place and the namespace of the entity that it is written in.
func qualify(text, kind, namespace string) (change.Ref, error) {
	rest := strings.TrimSpace(text)
	if k, r, ok := strings.Cut(rest, ":"); ok {
		kind, rest = k, r
	}
	if kind == "" {
		return "", change.Invalid("%q names no kind", text)
	}
	if !strings.Contains(rest, "/") && namespace != defaultNamespace {
		rest = namespace + "/" + rest
	}
	return change.ParseRef(kind+":"+rest, "")
}
