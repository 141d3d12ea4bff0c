package catalog

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/changectl/changectl/internal/document"
)

// follow puts the files that a Location names into the queue.
func (l *loader) follow(d *document.Document) {
	if n, ok := d.Find("spec.type"); ok && n.Value != "file" {
		l.problems.add(d.At(n, "spec.type", "is %q; only file is read, because a catalog is loaded without a network", n.Value))
		return
	}
	if n, ok := d.Find("spec.target"); ok {
		l.target(d, n, "spec.target")
	}
	n, ok := d.Find("spec.targets")
	if !ok {
		return
	}
	if n.Kind != yaml.SequenceNode {
		l.problems.add(d.At(n, "spec.targets", "is %s; expected a list", document.Describe(n)))
		return
	}
	for i, one := range n.Content {
		l.target(d, one, fmt.Sprintf("spec.targets[%d]", i))
	}
}

func (l *loader) target(d *document.Document, n *yaml.Node, at string) {
	names, message := l.expand(d.File, n)
	if message != "" {
		l.problems.add(d.At(n, at, "%s", message))
	}
	for _, name := range names {
		l.leads = append(l.leads, lead{d.File, name, d.At(n, at, "")})
		l.queue = append(l.queue, name)
	}
}

// expand returns the files that a target stands for, or what is wrong with it.
func (l *loader) expand(from string, n *yaml.Node) ([]string, string) {
	target := n.Value
	name := path.Join(path.Dir(from), target)
	switch {
	case n.Kind != yaml.ScalarNode || target == "":
		return nil, fmt.Sprintf("is %s; expected the path of a file", document.Describe(n))
	case strings.Contains(target, "://"):
		return nil, fmt.Sprintf("is the URL %q; only files are read, because a catalog is loaded without a network: write a path relative to this file", target)
	case path.IsAbs(target) || !fs.ValidPath(name):
		return nil, fmt.Sprintf("%q lies outside the catalog; write a path below it, relative to this file", target)
	case strings.ContainsAny(target, "*?["):
		return l.glob(from, name, target)
	}
	info, err := fs.Stat(l.fsys, name)
	if err != nil || info.IsDir() {
		return nil, fmt.Sprintf("%q is not a file of the catalog; paths are relative to %s", target, path.Dir(from))
	}
	return []string{name}, ""
}

func (l *loader) glob(from, pattern, target string) ([]string, string) {
	if _, err := path.Match(pattern, ""); err != nil {
		return nil, fmt.Sprintf("%q is not a pattern; *, ?, [a-z] and ** (any folders) are read", target)
	}
	if l.all == nil {
		var err error
		if l.all, err = yamlFiles(l.fsys, "."); err != nil {
			return nil, fmt.Sprintf("the folders cannot be read: %s", err)
		}
	}
	names := slices.DeleteFunc(slices.Clone(l.all), func(name string) bool {
		return name == from || !matches(strings.Split(pattern, "/"), strings.Split(name, "/"))
	})
	if len(names) == 0 {
		return nil, fmt.Sprintf("%q matches no *.yaml or *.yml; patterns are relative to %s", target, path.Dir(from))
	}
	return names, ""
}

// matches compares part by part; ** stands for any number of folders.
func matches(pattern, name []string) bool {
	switch {
	case len(pattern) == 0:
		return len(name) == 0
	case pattern[0] == "**":
		return matches(pattern[1:], name) || (len(name) > 0 && matches(pattern, name[1:]))
	case len(name) == 0:
		return false
	}
	ok, _ := path.Match(pattern[0], name[0])
	return ok && matches(pattern[1:], name[1:])
}

// lead is one file that a Location names, and where it does so.
type lead struct {
	from, to string
	place    *document.Problem
}

// rounds reports Locations that lead back to themselves.
func (l *loader) rounds() {
	var f forest
	for n, lead := range l.leads {
		f.add(lead.from, lead.to, n)
	}
	for _, c := range f.cycles() {
		p := *l.leads[c.edge].place
		p.Message = "leads back to itself: " + strings.Join(c.way, " -> ")
		l.problems.add(&p)
	}
}
