package proposal

import (
	"path"
	"slices"
	"strings"

	"github.com/changectl/changectl/internal/change"
)

// LayoutFile is where a repository says what is where in it.
const LayoutFile = ".changectl.yaml"

// FileKind says what a file of a repository is to changectl.
type FileKind string

// The kinds of files. KindNone is of those that are none of changectl's business.
const (
	KindNone       FileKind = ""
	KindRunbook    FileKind = "runbook"
	KindChange     FileKind = "change request"
	KindCatalog    FileKind = "catalog"
	KindPolicy     FileKind = "policy"
	KindLayout     FileKind = "layout"
	KindCodeOwners FileKind = "CODEOWNERS"
)

// Layout is what LayoutFile says. The zero Layout is that of a repository without one.
type Layout struct {
	Instance string   `json:"instance"`          // name of the installation that serves the repository
	Runbooks []string `json:"runbooks"`          // folders
	Changes  []string `json:"changes"`           // folders
	Catalog  string   `json:"catalog,omitempty"` // file or folder
	Policy   string   `json:"policy,omitempty"`  // file
	// Owners own the layout, the policy, CODEOWNERS and whatever has no other owner.
	Owners change.Ref `json:"owners"`
}

// Kind says what the file at a path is.
func (l Layout) Kind(file string) FileKind {
	switch {
	case file == LayoutFile:
		return KindLayout
	case slices.Contains(CodeOwnersFiles, file):
		return KindCodeOwners
	case file == "" || !isYAML(file):
		return KindNone
	case file == l.Policy:
		return KindPolicy
	case file == l.Catalog, below(file, l.Catalog):
		return KindCatalog
	case slices.ContainsFunc(l.Runbooks, func(dir string) bool { return below(file, dir) }):
		return KindRunbook
	case slices.ContainsFunc(l.Changes, func(dir string) bool { return below(file, dir) }):
		return KindChange
	}
	return KindNone
}

// folders returns the folders of which the layout says something.
func (l Layout) folders() []string {
	all := slices.Concat(l.Runbooks, l.Changes)
	if l.Catalog != "" && !isYAML(l.Catalog) {
		all = append(all, l.Catalog)
	}
	return all
}

// kindOf is what a file is to the first of the layouts that says something of it.
func kindOf(file string, layouts []Layout) FileKind {
	for _, l := range layouts {
		if k := l.Kind(file); k != KindNone {
			return k
		}
	}
	return KindNone
}

func isYAML(file string) bool { return path.Ext(file) == ".yaml" || path.Ext(file) == ".yml" }

func below(file, dir string) bool { return dir != "" && strings.HasPrefix(file, dir+"/") }
