package proposal

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
)

// What the head of the layout must say.
const (
	layoutVersion = "changectl.dev/v1"
	layoutKind    = "Repository"
)

type layoutFile struct {
	APIVersion string `yaml:"apiVersion,required"`
	Kind       string `yaml:"kind,required"`
	Metadata   struct {
		Name string `yaml:"name"`
	} `yaml:"metadata"`
	Spec struct {
		Instance string   `yaml:"instance,required"`
		Runbooks []string `yaml:"runbooks"`
		Changes  []string `yaml:"changes"`
		Catalog  string   `yaml:"catalog"`
		Policy   string   `yaml:"policy"`
		Owners   string   `yaml:"owners,required"`
	} `yaml:"spec,required"`
}

// ParseLayout reads the layout from the bytes of the file. All that is wrong is
// returned at once, joined, as document.Problems.
func ParseLayout(file string, b []byte) (Layout, error) {
	doc, err := document.One(file, b)
	if err != nil {
		return Layout{}, err
	}
	r := layoutReader{doc: doc}
	if k, there := doc.Find("kind"); there && k.Value != layoutKind {
		return Layout{}, doc.At(k, "kind", "is %s; expected %s", document.Describe(k), layoutKind)
	}
	var f layoutFile
	r.problems = document.Problems(doc.Decode(&f))
	l := r.layout(f)
	if len(r.problems) > 0 {
		return Layout{}, placed(r.problems)
	}
	return l, nil
}

// placed joins problems in the order of the file.
func placed(problems []*document.Problem) error {
	slices.SortStableFunc(problems, func(a, b *document.Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	errs := make([]error, len(problems))
	for i, p := range problems {
		errs[i] = p
	}
	return errors.Join(errs...)
}

type layoutReader struct {
	doc      *document.Document
	problems []*document.Problem
	claims   []claim
}

// claim is a path that the layout says something of.
type claim struct{ at, path string }

// fail notes a problem where none is told yet.
func (r *layoutReader) fail(at, format string, args ...any) {
	if !slices.ContainsFunc(r.problems, func(p *document.Problem) bool { return p.Path == at || p.Path == "spec" || p.Path == "" }) {
		r.problems = append(r.problems, r.doc.Field(at, format, args...))
	}
}

var instancePattern = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$`)

func (r *layoutReader) layout(f layoutFile) Layout {
	if f.APIVersion != layoutVersion {
		r.fail("apiVersion", "is %q; expected %s", f.APIVersion, layoutVersion)
	}
	if !instancePattern.MatchString(f.Spec.Instance) {
		r.fail("spec.instance", "is %q; expected the name of an installation: letters and digits, with -, _ or . between them", f.Spec.Instance)
	}
	l := Layout{Instance: f.Spec.Instance, Runbooks: f.Spec.Runbooks, Changes: f.Spec.Changes, Catalog: f.Spec.Catalog, Policy: f.Spec.Policy}
	l.Owners = r.owners(f.Spec.Owners)
	for i, dir := range l.Runbooks {
		r.folder(fmt.Sprintf("spec.runbooks[%d]", i), dir)
	}
	for i, dir := range l.Changes {
		r.folder(fmt.Sprintf("spec.changes[%d]", i), dir)
	}
	if l.Catalog != "" {
		r.claim("spec.catalog", l.Catalog)
	}
	if l.Policy != "" {
		if !isYAML(l.Policy) {
			r.fail("spec.policy", "is %q; expected a file *.yaml or *.yml", l.Policy)
		}
		r.claim("spec.policy", l.Policy)
	}
	if len(r.claims) == 0 {
		r.fail("spec", "says of nothing where it is; give runbooks, changes, catalog or policy")
	}
	return l
}

func (r *layoutReader) owners(text string) change.Ref {
	ref, err := change.ParseRef(text, "")
	if err != nil || ref.Kind() != "group" {
		r.fail("spec.owners", "is %q; expected a group, such as group:operators", text)
	}
	return ref
}

func (r *layoutReader) folder(at, dir string) {
	if isYAML(dir) {
		r.fail(at, "is %q; expected a folder", dir)
	}
	r.claim(at, dir)
}

// claim checks a path and that no other one lies in it.
func (r *layoutReader) claim(at, file string) {
	switch fault := pathFault(file); {
	case fault != "":
		r.fail(at, "is %q, which %s", file, fault)
		return
	case path.Clean(file) != file || path.IsAbs(file) || file == "." || file == ".." || strings.HasPrefix(file, "../"):
		r.fail(at, "is %q; expected a path within the repository, such as runbooks/network, without / at its ends", file)
		return
	case file == LayoutFile, slices.Contains(CodeOwnersFiles, file), file == ".git", below(file, ".git"):
		r.fail(at, "is %q, which is something else already", file)
		return
	}
	for _, c := range r.claims {
		switch {
		case c.path == file:
			r.fail(at, "is %q, as %s is; a file can be one thing only", file, c.at)
		case below(file, c.path):
			r.fail(at, "is %q, which lies in %q of %s; a file can be one thing only", file, c.path, c.at)
		case below(c.path, file):
			r.fail(at, "is %q, in which %q of %s lies; a file can be one thing only", file, c.path, c.at)
		}
	}
	r.claims = append(r.claims, claim{at, file})
}
