package request

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
)

// What the head of a file must say.
const (
	APIVersion = "changectl.dev/v1"
	Kind       = "Change"
)

// file is a Change as people write it. What must be there is said by mistakes,
// which serves flags too.
type file struct {
	APIVersion string   `yaml:"apiVersion"`
	Kind       string   `yaml:"kind"`
	Metadata   metadata `yaml:"metadata"`
	Spec       spec     `yaml:"spec"`
}

type metadata struct {
	Title string `yaml:"title"`
}

type spec struct {
	Type       string                `yaml:"type"`
	Reason     string                `yaml:"reason"`
	Runbook    string                `yaml:"runbook"`
	Parameters map[string]*yaml.Node `yaml:"parameters"`
	Window     window                `yaml:"window"`
	Controller string                `yaml:"controller"`
	Exceptions []string              `yaml:"exceptions"`
}

type window struct {
	Start    string `yaml:"start"`
	End      string `yaml:"end"`
	Duration string `yaml:"duration"`
	Zone     string `yaml:"zone"`
}

// Parse reads a request from the bytes of the file called name. All that is wrong
// is returned at once, joined and in the order of the file, as Problems with file,
// line and column. The document comes back too, for Locate, unless the bytes are
// not one YAML document.
func Parse(name string, b []byte) (change.Request, *document.Document, error) {
	return ParseWithout(name, b, Missing{})
}

// ParseWithout is Parse for a request of which something may be missing.
func ParseWithout(name string, b []byte, may Missing) (change.Request, *document.Document, error) {
	doc, err := document.One(name, b)
	if err != nil {
		return change.Request{}, nil, err
	}
	head := heading(doc, Kind)
	if kind, there := doc.Find("kind"); there && kind.Value != Kind {
		return change.Request{}, doc, inOrder(head) // of another kind: other complaints would mislead
	}
	var f file
	problems := append(head, document.Problems(doc.Decode(&f))...)
	values, wrong := parameters(doc, f.Spec.Parameters)
	problems = append(problems, wrong...)
	req := f.request(values)
	return req, doc, inOrder(placed(doc, problems, mistakes(req, may)))
}

// placed adds mistakes to the problems of a document, where they are not told yet.
func placed(doc *document.Document, problems []*document.Problem, list []mistake) []*document.Problem {
	for _, m := range list {
		if !reported(problems, m.field) {
			problems = append(problems, doc.Field(m.field, "%s", m.text))
		}
	}
	return problems
}

func (f file) request(values map[string]any) change.Request {
	r := change.Request{
		Title: f.Metadata.Title, Type: change.Type(f.Spec.Type), Reason: f.Spec.Reason, Runbook: f.Spec.Runbook,
		Parameters: values, Window: change.WindowRequest(f.Spec.Window),
		Controller: change.Ref(f.Spec.Controller), Exceptions: ids(f.Spec.Exceptions),
	}
	return tidy(r)
}

func ids(list []string) []change.ID {
	var all []change.ID
	for _, s := range list {
		all = append(all, change.ID(s))
	}
	return all
}

// heading checks apiVersion and kind.
func heading(doc *document.Document, kind string) []*document.Problem {
	if doc.Root.Kind != yaml.MappingNode {
		return nil // Decode says so
	}
	var problems []*document.Problem
	for _, want := range []struct{ key, value string }{{"apiVersion", APIVersion}, {"kind", kind}} {
		n, there := doc.Find(want.key)
		switch {
		case !there:
			problems = append(problems, doc.At(nil, want.key, "is missing; write %s: %s", want.key, want.value))
		case n.Value != want.value:
			problems = append(problems, doc.At(n, want.key, "is %s; expected %s", document.Describe(n), want.value))
		}
	}
	return problems
}

// reported says whether there is a problem already with the field or with what it
// is part of.
func reported(problems []*document.Problem, field string) bool {
	return slices.ContainsFunc(problems, func(p *document.Problem) bool {
		return p.Path == "" || p.Path == field || strings.HasPrefix(field, p.Path+".")
	})
}

func inOrder(problems []*document.Problem) error {
	slices.SortStableFunc(problems, func(a, b *document.Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	errs := make([]error, len(problems))
	for i, p := range problems {
		errs[i] = p
	}
	return errors.Join(errs...)
}
