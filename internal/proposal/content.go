package proposal

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/changectl/changectl/internal/change"
)

// Altered is a file that is not as it was: Old is nil where it is new, New where it is
// gone. A rename is both, at two paths.
type Altered struct {
	Path string `json:"path"`
	Old  *Entry `json:"old,omitempty"`
	New  *Entry `json:"new,omitempty"`
}

// Compare returns the files in which head differs from base, by path.
func Compare(base, head []Entry) []Altered {
	old, now := byPath(base), byPath(head)
	var all []Altered
	for p, e := range old {
		if n, there := now[p]; !there {
			all = append(all, Altered{Path: p, Old: &e})
		} else if !same(e, n) {
			all = append(all, Altered{Path: p, Old: &e, New: &n})
		}
	}
	for p, n := range now {
		if _, there := old[p]; !there {
			all = append(all, Altered{Path: p, New: &n})
		}
	}
	slices.SortFunc(all, func(a, b Altered) int { return cmp.Compare(a.Path, b.Path) })
	return all
}

func byPath(tree []Entry) map[string]Entry {
	m := make(map[string]Entry, len(tree))
	for _, e := range tree {
		m[e.Path] = e
	}
	return m
}

func same(a, b Entry) bool { return a.Mode == b.Mode && a.Blob == b.Blob }

// Governed keeps the files that any of the layouts says something of: the base's, and
// the one that the pull request proposes where it alters that.
func Governed(altered []Altered, layouts ...Layout) []Altered {
	var kept []Altered
	for _, a := range altered {
		if kindOf(a.Path, layouts) != KindNone {
			kept = append(kept, a)
		}
	}
	return kept
}

// Merged returns the tree as it will be after the merge: what is altered as in the
// head, everything else as at the tip of the base.
func Merged(tip []Entry, altered []Altered) []Entry {
	tree := byPath(tip)
	for _, a := range altered {
		delete(tree, a.Path)
		if a.New != nil {
			tree[a.Path] = *a.New
		}
	}
	return sortedTree(tree)
}

func sortedTree(tree map[string]Entry) []Entry {
	all := make([]Entry, 0, len(tree))
	for _, e := range tree {
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b Entry) int { return cmp.Compare(a.Path, b.Path) })
	return all
}

// Stale returns the altered paths that the base has altered too since the merge base.
// While there are any, nothing is planned or counted.
func Stale(mergeBase, tip []Entry, altered []Altered) []string {
	mine := map[string]bool{}
	for _, a := range altered {
		mine[a.Path] = true
	}
	var all []string
	for _, a := range Compare(mergeBase, tip) {
		if mine[a.Path] {
			all = append(all, a.Path)
		}
	}
	return all
}

// Content returns what exactly is approved, by path: the altered files that any of the
// layouts governs, and the files of the runbooks that altered change requests name, all
// of them as they are in the tree. What is not there is an Entry without mode and blob.
// The tree is the one after the merge: Merged before it, the merge commit's own after it.
func Content(altered []Altered, tree []Entry, runbooks []string, layouts ...Layout) []Entry {
	there, all := byPath(tree), map[string]Entry{}
	add := func(p string) {
		if e, ok := there[p]; ok {
			all[p] = e
			return
		}
		all[p] = Entry{Path: p}
	}
	for _, a := range Governed(altered, layouts...) {
		add(a.Path)
	}
	for _, name := range runbooks {
		for _, p := range runbookPaths(name, tree, layouts) {
			add(p)
		}
	}
	return sortedTree(all)
}

// RunbookFiles returns the files that a runbook of that name is in. More than one is
// a mistake that Validate reports.
func RunbookFiles(name string, tree []Entry, layouts ...Layout) []Entry {
	var all []Entry
	for _, e := range tree {
		if kindOf(e.Path, layouts) == KindRunbook && nameOf(e.Path) == name {
			all = append(all, e)
		}
	}
	return all
}

// runbookPaths returns where a runbook is, or, where there is none, a place where it
// might come to be: that it is not there is part of the content too.
func runbookPaths(name string, tree []Entry, layouts []Layout) []string {
	var all []string
	for _, e := range RunbookFiles(name, tree, layouts...) {
		all = append(all, e.Path)
	}
	for _, l := range layouts {
		if len(all) == 0 && len(l.Runbooks) > 0 && name != "" && name == path.Base(name) {
			all = append(all, l.Runbooks[0]+"/"+name+".yaml")
		}
	}
	return all
}

// nameOf is the name that a runbook has by its file.
func nameOf(file string) string { return strings.TrimSuffix(path.Base(file), path.Ext(file)) }

// contentVersion is the first line of what Digest hashes.
const contentVersion = "changectl content 1"

// Digest returns "sha256:" and the hex SHA-256 over the entries, in whatever order they
// come, and the version of the policy by which they are judged.
func Digest(entries []Entry, policyVersion string) string {
	lines := make([]string, len(entries))
	for i, e := range entries {
		lines[i] = measured(e.Path, e.Mode, e.Blob)
	}
	slices.Sort(lines)
	lines = slices.Compact(lines)
	return change.DigestOf([]byte(measured(contentVersion, policyVersion) + "\n" + strings.Join(lines, "\n") + "\n"))
}

// measured writes each text after its length, so that no two lists read the same.
func measured(texts ...string) string {
	var b strings.Builder
	for _, t := range texts {
		fmt.Fprintf(&b, "%d:%s ", len(t), t)
	}
	return b.String()
}
