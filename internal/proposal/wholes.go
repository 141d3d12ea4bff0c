package proposal

import (
	"cmp"
	"slices"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
)

// wholes judges what is right or wrong only as a whole, as it is after the merge: the
// catalog, and whether what the layout names is there.
func (v *validation) wholes() error {
	l := v.Proposed.Layout
	if v.Checked.Layout != nil {
		l = *v.Checked.Layout
	}
	moved := l.Catalog != v.Proposed.Layout.Catalog
	if moved || v.alters(KindCatalog) {
		if err := v.catalog(l); err != nil {
			return err
		}
	}
	if l.Policy != "" && (l.Policy != v.Proposed.Layout.Policy || v.alters(KindPolicy)) {
		return v.policy(l)
	}
	return nil
}

func (v *validation) alters(kind FileKind) bool {
	return slices.ContainsFunc(v.Altered, func(a Altered) bool { return kindOf(a.Path, v.layouts) == kind })
}

// blame is where a whole is found wrong of which no file is.
func (v *validation) blame(kind FileKind) string {
	for _, a := range v.Altered {
		if kindOf(a.Path, v.layouts) == kind {
			return a.Path
		}
	}
	return LayoutFile
}

func (v *validation) catalog(l Layout) error {
	c, err := LoadCatalog(l, v.Merged, v.Read)
	switch {
	case err == nil:
		v.Catalog = c
	case judgement(err):
		v.wrong(v.blame(KindCatalog), err)
	default:
		return err
	}
	return nil
}

// policy reads the policy where it was not altered itself, and says when it is gone.
func (v *validation) policy(l Layout) error {
	if v.Policy != nil {
		return nil
	}
	p, err := LoadPolicy(l, v.Merged, v.Read)
	switch {
	case err == nil:
		v.Policy = p
	case change.KindOf(err) == change.KindNotFound:
		v.wrong(v.blame(KindPolicy), change.Invalid("%s names the policy %s, which is not there then", LayoutFile, l.Policy))
	case !judgement(err):
		return err
	case !v.alters(KindPolicy): // what is altered has been judged
		v.wrong(l.Policy, err)
	}
	return nil
}

// judgement reports whether an error says something of what was read, and not that it
// could not be.
func judgement(err error) bool {
	k := change.KindOf(err)
	return k == change.KindInvalid || k == change.KindNotFound || len(document.Problems(err)) > 0
}

func sortAnnotations(all []Annotation) {
	slices.SortStableFunc(all, func(a, b Annotation) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}
