package catalog

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
)

const defaultNamespace = "default"

// source is an entity with the places that it was written at.
type source struct {
	*reader
	entity    Entity
	kind      string
	namespace string
	links     []relative
}

// reader takes values out of a document and notes what is wrong with them.
type reader struct {
	doc      *document.Document
	problems *problems
}

func (r *reader) fail(n *yaml.Node, path, format string, args ...any) {
	r.problems.add(r.doc.At(n, path, format, args...))
}

// text returns the text at a path, or "" where there is none.
func (r *reader) text(path string) string {
	n, ok := r.doc.Find(path)
	if !ok || n.Tag == "!!null" {
		return ""
	}
	if n.Kind != yaml.ScalarNode {
		r.fail(n, path, "is %s; expected text", document.Describe(n))
		return ""
	}
	return n.Value
}

// pairs calls f for each key of the mapping at a path.
func (r *reader) pairs(path string, f func(key, value *yaml.Node)) {
	n, ok := r.doc.Find(path)
	if !ok || n.Tag == "!!null" {
		return
	}
	if n.Kind != yaml.MappingNode {
		r.fail(n, path, "is %s; expected a mapping", document.Describe(n))
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		f(n.Content[i], n.Content[i+1])
	}
}

var topKeys = []string{"apiVersion", "kind", "metadata", "relations", "spec", "status"}

// readEntity reads one document. It returns nil where there is too little to go
// on with: no kind that is known, or no name.
func readEntity(d *document.Document, found *problems) *source {
	s := &source{reader: &reader{doc: d, problems: found}}
	if _, ok := d.Find("kind"); !ok || d.Root.Kind != yaml.MappingNode {
		s.fail(d.Root, "", "is not an entity of Backstage; expected apiVersion: backstage.io/v1alpha1, kind and metadata")
		return nil
	}
	s.pairs("", func(key, _ *yaml.Node) {
		if !slices.Contains(topKeys, key.Value) {
			s.fail(key, key.Value, "is not a key here; expected one of %s", strings.Join(topKeys, ", "))
		}
	})
	if v := s.text("apiVersion"); !strings.HasPrefix(v, "backstage.io/") {
		n, _ := d.Find("apiVersion")
		s.fail(n, "apiVersion", "is %q; expected backstage.io/v1alpha1", v)
	}
	kind := s.text("kind")
	if s.kind = knownKinds[kind]; s.kind == "" {
		n, _ := d.Find("kind")
		s.fail(n, "kind", "is %q; expected one of API, Component, Domain, Group, Location, Resource, System, User", kind)
		return nil
	}
	if !s.name() {
		return nil
	}
	s.describe()
	s.readFacts()
	s.readRelations()
	return s
}

// The names that Backstage accepts: KubernetesValidatorFunctions.isValidObjectName
// and isValidNamespace.
var (
	namePattern      = regexp.MustCompile(`^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$`)
	namespacePattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
)

const longestName = 63

func (s *source) name() bool {
	name, n := s.text("metadata.name"), s.at("metadata.name")
	if name == "" {
		s.fail(n, "metadata.name", "is missing")
		return false
	}
	ref, err := change.ParseRef(s.kind+":"+name, "")
	if !namePattern.MatchString(name) || len(name) > longestName || err != nil || strings.Contains(name, "/") {
		s.fail(n, "metadata.name", "is %q; expected letters and digits, with single -, _ or . between them, at most %d", name, longestName)
		return false
	}
	s.namespace = defaultNamespace
	if ns := s.text("metadata.namespace"); ns != "" {
		s.namespace = strings.ToLower(ns)
		if !namespacePattern.MatchString(ns) || len(ns) > longestName {
			s.fail(s.at("metadata.namespace"), "metadata.namespace", "is %q; expected small letters and digits, with single - between them, at most %d", ns, longestName)
			return false
		}
	}
	if s.namespace != defaultNamespace {
		ref = change.Ref(s.kind + ":" + s.namespace + "/" + ref.Name())
	}
	s.entity.Ref = ref
	return true
}

func (r *reader) at(path string) *yaml.Node {
	n, _ := r.doc.Find(path)
	return n
}

func (s *source) describe() {
	e := &s.entity
	e.Type, e.Lifecycle = s.text("spec.type"), s.text("spec.lifecycle")
	e.Title = s.text("metadata.title")
	if s.kind == kindUser || s.kind == kindGroup {
		if name := s.text("spec.profile.displayName"); name != "" {
			e.Title = name
		}
	}
	if s.kind == kindUser {
		e.Email = s.text("spec.profile.email")
	}
	if e.Title == "" {
		e.Title = s.text("metadata.name")
	}
}

// where names the place of what is read, for problems with another one.
func (r *reader) where() string {
	n := r.at("metadata.name")
	return fmt.Sprintf("%s:%d", r.doc.File, n.Line)
}
