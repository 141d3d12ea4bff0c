package catalog

import (
	"slices"
	"strings"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
)

// What a document of ours, which Backstage does not know, says that it is.
const (
	ownVersion = "changectl.dev/v1"
	windowKind = "MaintenanceWindow"
)

// isOwn reports whether a document is one of ours.
func isOwn(d *document.Document) bool {
	version, _ := d.Find("apiVersion")
	kind, _ := d.Find("kind")
	return strings.HasPrefix(version.Value, ours) || kind.Value == windowKind
}

// windowDocument is how a maintenance window is written.
type windowDocument struct {
	APIVersion string `yaml:"apiVersion,required"`
	Kind       string `yaml:"kind,required"`
	Metadata   struct {
		Name  string `yaml:"name,required"`
		Title string `yaml:"title"`
	} `yaml:"metadata,required"`
	Spec struct {
		Owner             string       `yaml:"owner"`
		Scope             change.Scope `yaml:"scope"`
		change.Recurrence `yaml:",inline"`
	} `yaml:"spec,required"`
}

// windowSource is a maintenance window with the places that it was written at.
type windowSource struct {
	*reader
	window window
}

// readWindow returns a maintenance window as far as it can be judged by itself, or nil
// where anything is wrong.
func readWindow(d *document.Document, found *problems) *windowSource {
	s := &windowSource{reader: &reader{doc: d, problems: found}}
	if kind := s.text("kind"); kind != windowKind {
		s.fail(s.at("kind"), "kind", "is %q; of %s, a catalog holds the kind %s", kind, ownVersion, windowKind)
		return nil
	}
	before := len(*found)
	var in windowDocument
	found.add(d.Decode(&in))
	if in.APIVersion != ownVersion {
		s.fail(s.at("apiVersion"), "apiVersion", "is %q; expected %s", in.APIVersion, ownVersion)
	}
	if name := in.Metadata.Name; !namePattern.MatchString(name) || len(name) > longestName {
		s.fail(s.at("metadata.name"), "metadata.name", "is %q; expected letters and digits, with -, _ or . between them, at most %d", name, longestName)
	}
	if len(*found) > before {
		return nil
	}
	var err error
	s.window, err = newWindow(change.MaintenanceWindow{
		Name: strings.ToLower(in.Metadata.Name), Title: in.Metadata.Title, Owner: change.Ref(in.Spec.Owner), Scope: in.Spec.Scope, Recurrence: in.Spec.Recurrence,
	})
	if err != nil {
		s.failField(asError(err))
		return nil
	}
	return s
}

// failField reports what is wrong with a recurrence at the field that the error names.
func (s *windowSource) failField(e *change.Error) {
	path := "spec"
	if e.Field != "" {
		path = "spec." + e.Field[strings.LastIndex(e.Field, ".")+1:]
	}
	s.fail(s.at(path), path, "%s", e.At(""))
}

// linkWindows keeps the windows that are there once and whose owner exists, and takes
// from systems the names of windows that are not.
func (l *linker) linkWindows(windows []*windowSource) []*windowSource {
	byName := map[string]*windowSource{}
	var kept []*windowSource
	for _, s := range windows {
		name := s.window.Name
		if first := byName[name]; first != nil {
			s.fail(s.at("metadata.name"), "metadata.name", "the maintenance window %s is already defined at %s", name, first.where())
			continue
		}
		byName[name] = s
		kept = append(kept, s)
		if owner := s.window.Owner; owner != "" {
			s.window.Owner = l.windowOwner(s, string(owner))
		}
	}
	for _, s := range l.sources {
		s.entity.Maintenance = slices.DeleteFunc(s.entity.Maintenance, func(name string) bool {
			if byName[name] != nil {
				return false
			}
			s.failFact("maintenance-window", "names the maintenance window %s, which is not in the catalog; write a document of the kind %s", name, windowKind)
			return true
		})
	}
	return kept
}

func (l *linker) windowOwner(s *windowSource, text string) change.Ref {
	const path = "spec.owner"
	ref, err := change.ParseRef(text, kindGroup)
	switch {
	case err != nil || !slices.Contains(ownerKinds, ref.Kind()):
		s.fail(s.at(path), path, "is %q; expected a group or user, such as group:dba", text)
	case l.byRef[ref] == nil:
		s.fail(s.at(path), path, "refers to %s, which is not in the catalog%s", ref, l.near(ref))
	default:
		return ref
	}
	return ""
}

// scopeWindows resolves the scopes of windows. Where nothing is left of a field, the
// window is for those alone that name it: without the field it would be for more.
func (c *Catalog) scopeWindows(windows []*windowSource) {
	for _, s := range windows {
		given := s.window.Scope
		scope, faults := c.resolveScope(given)
		for _, f := range faults {
			path := "spec.scope." + f.at
			s.fail(s.at(path), path, "%s", f.err)
		}
		s.window.Scope = scope
		if len(faults) > 0 && narrower(given, scope) {
			s.window.Scope = change.Scope{}
		}
		c.windows = append(c.windows, s.window)
	}
}

// narrower reports whether a field of given has no values left.
func narrower(given, left change.Scope) bool {
	lost := func(a, b int) bool { return a > 0 && b == 0 }
	return lost(len(given.Systems), len(left.Systems)) || lost(len(given.Owners), len(left.Owners)) || lost(len(given.Tiers), len(left.Tiers)) ||
		lost(len(given.Sites), len(left.Sites)) || lost(len(given.Clusters), len(left.Clusters)) || lost(len(given.Regions), len(left.Regions)) ||
		lost(len(given.Redundancy), len(left.Redundancy))
}
