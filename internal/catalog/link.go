package catalog

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/changectl/changectl/internal/change"
)

// linker puts the entities together.
type linker struct {
	sources  []*source
	byRef    map[change.Ref]*source
	known    []change.Ref
	trees    map[edge]*tree
	problems *problems
	hinted   int // references for which near names were looked up
}

// tree holds the relations of one kind that must not come back to where they began.
type tree struct {
	forest forest
	edges  []kinship
}

type kinship struct {
	relative
	said     *source
	from, to *source
}

// mostHints bounds the search for near names, which looks at the whole catalog.
const mostHints = 50

// link resolves the references between what was read and returns it without what is
// broken.
func link(read collected, found *problems) ([]Entity, []*windowSource) {
	l := linker{byRef: map[change.Ref]*source{}, trees: map[edge]*tree{partOf: {}, memberOf: {}}, problems: found}
	for _, s := range read.sources {
		l.add(s)
	}
	for _, s := range l.sources {
		for _, r := range s.links {
			l.resolve(s, r)
		}
	}
	l.grow(l.trees[partOf])
	l.grow(l.trees[memberOf])
	l.owners()
	l.redundancy()
	l.persons()
	windows := l.linkWindows(read.windows)
	var entities []Entity
	for _, s := range l.sources {
		if s.kind != kindLocation {
			entities = append(entities, s.entity)
		}
	}
	return entities, windows
}

func (l *linker) add(s *source) {
	if first := l.byRef[s.entity.Ref]; first != nil {
		s.fail(s.at("metadata.name"), "metadata.name", "%s is already defined at %s", s.entity.Ref, first.where())
		return
	}
	l.byRef[s.entity.Ref] = s
	l.sources = append(l.sources, s)
	l.known = append(l.known, s.entity.Ref)
}

func (l *linker) resolve(s *source, r relative) {
	to := l.byRef[r.ref]
	if to == nil {
		s.fail(r.node, r.path, "refers to %s, which is not in the catalog%s", r.ref, l.near(r.ref))
		return
	}
	from := s
	if r.reverse {
		from, to = to, s
	}
	if t := l.trees[r.edge]; t != nil {
		t.forest.add(string(from.entity.Ref), string(to.entity.Ref), len(t.edges))
		t.edges = append(t.edges, kinship{r, s, from, to})
		return
	}
	from.entity.connect(r, to.entity.Ref)
}

// grow connects what makes no cycle, and reports what does.
func (l *linker) grow(t *tree) {
	closing := map[int]bool{}
	for _, c := range t.forest.cycles() {
		k := t.edges[c.edge]
		k.said.fail(k.node, k.path, "closes a cycle: %s", strings.Join(c.way, " -> "))
		closing[c.edge] = true
	}
	for n, k := range t.edges {
		if !closing[n] {
			k.from.entity.connect(k.relative, k.to.entity.Ref)
		}
	}
}

func (l *linker) near(ref change.Ref) string {
	if l.hinted++; l.hinted > mostHints {
		return ""
	}
	if near := nearest(ref, l.known); len(near) > 0 {
		return "; near it are " + join(near)
	}
	return ""
}

func (e *Entity) connect(r relative, to change.Ref) {
	switch r.edge {
	case owns:
		e.Owner = to
	case dependsOn:
		e.DependsOn = append(e.DependsOn, to)
	case partOf:
		e.PartOf = append(e.PartOf, to)
	case through:
		e.ReachedThrough = append(e.ReachedThrough, to)
	case memberOf:
		e.MemberOf = append(e.MemberOf, to)
	case contactOf:
		e.Contacts[r.key] = string(to)
	}
}

// owners asks for an owner of every system; one that leads nowhere was reported.
func (l *linker) owners() {
	for _, s := range l.sources {
		n, given := s.doc.Find("spec.owner")
		if !s.entity.isSystem() || (given && n.Tag != "!!null") {
			continue
		}
		s.fail(s.at("spec"), "spec.owner", "is missing; name the group or user that answers for %s", s.entity.Ref)
	}
}

// failFact reports a problem at one of our annotations or labels.
func (s *source) failFact(name, format string, args ...any) {
	for _, path := range []string{"metadata.annotations", "metadata.labels"} {
		n := s.at(path)
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == ours+name {
				s.fail(n.Content[i+1], path+"."+ours+name, format, args...)
				return
			}
		}
	}
}

// persons refuses names that two persons go by: whoever approves is told apart
// from whoever asks by them.
func (l *linker) persons() {
	taken := map[string]*source{}
	for _, s := range l.sources {
		if s.kind != kindUser {
			continue
		}
		for _, name := range s.entity.names() {
			if first := taken[name]; first != nil {
				s.fail(s.nameNode(name), "", "%s goes by %q, and so does %s at %s; a name must be that of one person", s.entity.Ref, name, first.entity.Ref, first.where())
				continue
			}
			taken[name] = s
		}
	}
}

// nameNode returns the place at which a user got one of its names.
func (s *source) nameNode(name string) (n *yaml.Node) {
	n = s.at("metadata.name")
	if principal(s.entity.Email) == name {
		return s.at("spec.profile.email")
	}
	for _, key := range []string{ours + "principals", github} {
		s.pairs("metadata.annotations", func(k, v *yaml.Node) {
			if k.Value == key && slices.ContainsFunc(list(v.Value), func(p string) bool {
				return principal(p) == strings.TrimPrefix(name, "github:") || principal(p) == name
			}) {
				n = v
			}
		})
	}
	return n
}
