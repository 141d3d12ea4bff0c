package proposal

import (
	"fmt"
	"slices"

	"github.com/changectl/changectl/internal/catalog"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/check"
	"github.com/changectl/changectl/internal/document"
	"github.com/changectl/changectl/internal/request"
	"github.com/changectl/changectl/internal/runbook"
)

// Proposed is what a pull request proposes.
type Proposed struct {
	Layout  Layout    // the base's
	Altered []Altered // all, governed or not
	Merged  []Entry   // the tree after the merge
	// Read returns the bytes of a file.
	Read func(Entry) ([]byte, error)
}

// Checked is what the altered files hold.
type Checked struct {
	// Annotations are what is wrong, by path and line. While there are any, what else is
	// here is not all.
	Annotations []Annotation
	Requests    []ProposedChange
	Runbooks    []ProposedRunbook
	// Layout, Policy and Catalog are set where they are altered and sound.
	Layout  *Layout
	Policy  *check.Policy
	Catalog *catalog.Catalog
}

// ProposedChange is an added or edited change request.
type ProposedChange struct {
	Path    string
	Request change.Request
	// Document leads from the answers of the service back to lines.
	Document *document.Document
	Text     []byte
	Old      []byte // nil where it is new
}

// ProposedRunbook is an added or edited runbook.
type ProposedRunbook struct {
	Path    string
	Runbook *runbook.Runbook
	Text    []byte
	Old     []byte // nil where it is new
}

// Names returns the runbooks that the altered change requests name, sorted.
func (c Checked) Names() []string {
	var all []string
	for _, r := range c.Requests {
		all = append(all, r.Request.Runbook)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Validate reads the altered files. What is wrong with them are Annotations; the error
// is one of Read alone. What the pull request's own layout governs is read too.
func Validate(p Proposed) (Checked, error) {
	v := validation{Proposed: p, layouts: []Layout{p.Layout}}
	if err := v.layout(); err != nil {
		return Checked{}, err
	}
	v.Annotations = append(v.Annotations, Refused(p.Altered, v.layouts...)...)
	for _, a := range Governed(p.Altered, v.layouts...) {
		if a.New == nil || a.New.fault() != "" {
			continue // refused already
		}
		if err := v.file(a); err != nil {
			return Checked{}, err
		}
	}
	if err := v.wholes(); err != nil {
		return Checked{}, err
	}
	sortAnnotations(v.Annotations)
	return v.Checked, nil
}

// validation is the work of Validate.
type validation struct {
	Proposed
	Checked
	layouts []Layout
}

// layout reads the pull request's own layout first, where it alters that.
func (v *validation) layout() error {
	i := slices.IndexFunc(v.Altered, func(a Altered) bool { return a.Path == LayoutFile && a.New != nil && a.New.fault() == "" })
	if i < 0 {
		return nil
	}
	b, err := readPlain(*v.Altered[i].New, v.Read)
	if err != nil {
		return err
	}
	l, err := ParseLayout(LayoutFile, b)
	if err != nil {
		v.wrong(LayoutFile, err)
		return nil
	}
	v.Checked.Layout = &l
	v.layouts = append(v.layouts, l)
	return nil
}

// file reads one altered file.
func (v *validation) file(a Altered) error {
	kind := kindOf(a.Path, v.layouts)
	if kind == KindLayout || kind == KindCatalog {
		return nil // the one has been read, the other is one of many
	}
	text, old, err := v.texts(a)
	if err != nil {
		return err
	}
	switch kind {
	case KindRunbook:
		v.runbook(a.Path, text, old)
	case KindChange:
		v.request(a.Path, text, old)
	case KindPolicy:
		p, err := check.ParsePolicy(a.Path, text)
		v.wrong(a.Path, err)
		if err == nil {
			v.Policy = p
		}
	case KindCodeOwners:
		_, err := ParseCodeOwners(a.Path, text)
		v.wrong(a.Path, err)
	case KindNone, KindLayout, KindCatalog:
	}
	return nil
}

// texts reads a file as it is and as it was. What it was may be too much to read.
func (v *validation) texts(a Altered) (text, old []byte, err error) {
	if text, err = readPlain(*a.New, v.Read); err != nil {
		return nil, nil, err
	}
	if a.Old != nil && a.Old.fault() == "" {
		old, err = readPlain(*a.Old, v.Read)
	}
	return text, old, err
}

func (v *validation) request(path string, text, old []byte) {
	req, doc, err := request.Parse(path, text)
	if err != nil {
		v.wrong(path, err)
		return
	}
	v.Requests = append(v.Requests, ProposedChange{path, req, doc, text, old})
}

func (v *validation) runbook(path string, text, old []byte) {
	r, err := runbook.Parse(path, text)
	v.wrong(path, err)
	v.name(path, text)
	if err == nil {
		v.Runbooks = append(v.Runbooks, ProposedRunbook{path, r, text, old})
	}
}

// name holds the name of a runbook against that of its file, and against the others.
func (v *validation) name(path string, text []byte) {
	doc, err := document.One(path, text)
	if err != nil {
		return // told already
	}
	n, there := doc.Find("metadata.name")
	if !there {
		return
	}
	if n.Value != nameOf(path) {
		v.wrong(path, doc.At(n, "metadata.name", "is %q, but the file is called %q; the one must be the other", n.Value, nameOf(path)))
	}
	for _, e := range RunbookFiles(n.Value, v.Merged, v.layouts...) {
		if e.Path != path {
			v.wrong(path, doc.At(n, "metadata.name", "%q is also the name of %s; a change could mean either", n.Value, e.Path))
		}
	}
}

// wrong notes what an error says of a file, nothing without one.
func (v *validation) wrong(path string, err error) {
	if err == nil {
		return
	}
	problems := document.Problems(err)
	if len(problems) == 0 {
		problems = []*document.Problem{{File: path, Message: err.Error()}}
	}
	for _, p := range problems {
		text := p.Message
		if p.Path != "" {
			text = fmt.Sprintf("%s: %s", p.Path, p.Message)
		}
		v.Annotations = append(v.Annotations, Annotation{Path: p.File, Line: max(p.Line, 1), Column: p.Column, Level: failureLevel, Message: text})
	}
}
