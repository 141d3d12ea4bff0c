package proposal

import (
	"fmt"
	"slices"
	"strings"

	"github.com/changectl/changectl/internal/catalog"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
)

// Catalog is what is asked of the base's catalog about owners. A *catalog.Catalog is
// one.
type Catalog interface {
	Entity(ref change.Ref) (catalog.Entity, error)
	PersonByPrincipal(name string) (change.Person, error)
	// GroupByTeam returns the group of a team at the forge, given as organisation/slug:
	// NotFound for nobody's, Denied for that of several.
	GroupByTeam(slug string) (change.Ref, error)
	IsMember(person, group change.Ref) bool
	Members(group change.Ref) []change.Ref
}

// PeopleOf returns the persons of a catalog.
func PeopleOf(c Catalog) People { return peopleOf{c} }

type peopleOf struct{ Catalog }

// ByLogin returns the person with a login at the forge.
func (p peopleOf) ByLogin(login string) (change.Person, error) {
	return p.PersonByPrincipal("github:" + login)
}

// Base is what holds at the tip of the base: by it, and never by what the pull request
// proposes, is judged who must approve.
type Base struct {
	Layout     Layout
	Catalog    Catalog
	CodeOwners *CodeOwners // nil where there is no such file
}

// Planned is an altered change request with a plan that it was compiled to. There may
// be several for one, by different rules: then all of them hold.
type Planned struct {
	Path string
	Plan change.Plan
}

// NeedsOf returns who must approve the altered files. The pull request's own layout is
// after, where it alters it, so that what is governed only from then on is asked for
// too. Old files are read as they were at the merge base; that they are still so at the
// tip is what Stale looks after. Errors of read are returned; every other error says
// that the base itself is broken, or that the files are not valid: nothing is approved
// then.
func NeedsOf(base Base, after *Layout, altered []Altered, plans []Planned, read func(Entry) ([]byte, error)) ([]Need, error) {
	f := finder{base: base, layouts: []Layout{base.Layout}, plans: plans, read: read}
	if after != nil {
		f.layouts = append(f.layouts, *after)
	}
	for _, a := range Governed(altered, f.layouts...) {
		if err := f.file(a); err != nil {
			return nil, err
		}
		if err := f.byPath(a.Path); err != nil {
			return nil, err
		}
	}
	return mergedNeeds(f.needs), nil
}

// finder gathers needs.
type finder struct {
	base    Base
	layouts []Layout
	plans   []Planned
	read    func(Entry) ([]byte, error)
	needs   []Need
}

func (f *finder) file(a Altered) error {
	switch kindOf(a.Path, f.layouts) {
	case KindRunbook:
		return f.runbook(a)
	case KindChange:
		return f.request(a)
	case KindCatalog:
		return f.entities(a)
	case KindPolicy, KindLayout, KindCodeOwners:
		return f.layoutOwners(a.Path, a.Path+" is theirs")
	case KindNone:
	}
	return nil
}

// one adds the need of one approval by an owner.
func (f *finder) one(path string, why string, owners ...change.Ref) {
	f.needs = append(f.needs, Need{AnyOf: owners, Count: 1, Why: why, Paths: []string{path}})
}

// layoutOwners asks those who own what nobody else does.
func (f *finder) layoutOwners(path, why string) error {
	owners := f.base.Layout.Owners
	if _, err := f.base.Catalog.Entity(owners); owners == "" || err != nil {
		return change.Invalid("the owners of the layout, %q, are not in the catalog", owners)
	}
	f.one(path, why, owners)
	return nil
}

// owner asks an owner, or those of the layout where the catalog does not know it.
func (f *finder) owner(path string, owner change.Ref, what string) error {
	if k := owner.Kind(); k == "group" || k == "user" {
		if _, err := f.base.Catalog.Entity(owner); err == nil {
			f.one(path, what+" is theirs", owner)
			return nil
		}
	}
	return f.layoutOwners(path, what+" is nobody else's")
}

// byPath asks whom CODEOWNERS names.
func (f *finder) byPath(path string) error {
	owners, err := f.base.CodeOwners.Owners(path, f.base.Catalog)
	if err != nil || len(owners) == 0 {
		return err
	}
	f.one(path, "CODEOWNERS names them for "+path, owners...)
	return nil
}

// runbook asks the owner that it had. Only of a new one is it the owner that it says.
func (f *finder) runbook(a Altered) error {
	e := a.Old
	if e == nil {
		e = a.New
	}
	if e.fault() != "" {
		return f.layoutOwners(a.Path, a.Path+" is nobody else's")
	}
	b, err := readPlain(*e, f.read)
	if err != nil {
		return err
	}
	return f.owner(a.Path, runbookOwner(b), a.Path)
}

// runbookOwner reads the owner also of a runbook that is wrong otherwise, which has to be
// corrected by somebody.
func runbookOwner(b []byte) change.Ref {
	doc, err := document.One("", b)
	if err != nil {
		return ""
	}
	n, there := doc.Find("metadata.owner")
	if !there {
		return ""
	}
	ref, err := change.ParseRef(n.Value, "")
	if err != nil {
		return ""
	}
	return ref
}

// request asks those whom the plans ask for.
func (f *finder) request(a Altered) error {
	if a.New == nil {
		return f.layoutOwners(a.Path, a.Path+" is taken away")
	}
	planned := false
	for _, p := range f.plans {
		if p.Path != a.Path {
			continue
		}
		planned = true
		for _, q := range p.Plan.Approvals {
			f.needs = append(f.needs, requirement(p, q))
		}
	}
	if !planned {
		return change.Invalid("there is no plan of %s", a.Path)
	}
	return nil
}

func requirement(p Planned, q change.Requirement) Need {
	n := Need{
		AnyOf: []change.Ref{q.Role}, Count: max(q.Count, 1), Second: q.Second, Signature: q.Signature,
		Why: fmt.Sprintf("the policy asks for them for %s", p.Path), Paths: []string{p.Path}, Systems: slices.Clone(q.Systems),
	}
	if q.Rule != "" {
		n.Rules = []string{q.Rule}
	}
	if p.Plan.Controller != "" {
		n.Except = []change.Ref{p.Plan.Controller}
	}
	if len(q.Systems) > 0 {
		n.Why = fmt.Sprintf("%s works on what is theirs", p.Path)
	}
	return n
}

// mergedNeeds asks the same persons once.
func mergedNeeds(all []Need) []Need {
	var merged []Need
	for _, n := range all {
		slices.Sort(n.AnyOf)
		i := slices.IndexFunc(merged, func(m Need) bool {
			return slices.Equal(m.AnyOf, n.AnyOf) && m.Second == n.Second && m.Signature == n.Signature
		})
		if i < 0 {
			merged = append(merged, n)
			continue
		}
		m := &merged[i]
		m.Count = max(m.Count, n.Count)
		if !strings.Contains(m.Why, n.Why) {
			m.Why += "; " + n.Why
		}
		m.Except, m.Rules = union(m.Except, n.Except), union(m.Rules, n.Rules)
		m.Paths, m.Systems = union(m.Paths, n.Paths), union(m.Systems, n.Systems)
	}
	return merged
}

func union[T comparable](a, b []T) []T {
	for _, x := range b {
		if !slices.Contains(a, x) {
			a = append(a, x)
		}
	}
	return a
}
