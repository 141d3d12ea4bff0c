package catalog

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
)

// Options says how a catalog is read.
type Options struct {
	// Lenient reports what is broken and goes on without it, for catalogs that
	// were written for something else.
	Lenient bool
}

// Load reads the catalog at root: a file, or a directory of which all *.yaml and
// *.yml are read, hidden ones left out. Locations are followed within fsys, each
// file is read once. Problems carry file, line and column. Strict, any problem is
// an Invalid error that holds them all; lenient, they are returned beside what
// could be read, and only a root that cannot be read is an error.
func Load(fsys fs.FS, root string, opts Options) (*Catalog, []error, error) {
	var found problems
	read, err := collect(fsys, path.Clean(root), &found)
	if err != nil {
		return nil, nil, err
	}
	entities, windows := link(read, &found)
	c, err := assemble(entities)
	if err != nil {
		return nil, nil, err
	}
	c.scopeWindows(windows)
	list := found.inOrder()
	if len(list) > 0 && !opts.Lenient {
		return nil, nil, change.Invalid("the catalog %s has %d problem(s):\n%w", root, len(list), errors.Join(list...))
	}
	if err := c.seal(); err != nil {
		return nil, nil, err
	}
	return c, list, nil
}

// problems gathers what is wrong.
type problems []*document.Problem

func (p *problems) add(err error) { *p = append(*p, document.Problems(err)...) }

func (p *problems) inOrder() []error {
	slices.SortStableFunc(*p, func(a, b *document.Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), a.Line-b.Line, a.Column-b.Column)
	})
	var list []error
	for _, one := range *p {
		list = append(list, one)
	}
	return list
}

// loader opens files and follows Locations.
type loader struct {
	fsys     fs.FS
	queue    []string
	all      []string // every file of fsys, for patterns; filled when first needed
	files    map[string]*file
	texts    map[string]bool // files that an entity includes as text ($text)
	leads    []lead          // from files to those that their Locations name
	problems *problems
}

// file is one that was opened.
type file struct {
	docs []*document.Document
	err  error
}

// collected is what the files hold.
type collected struct {
	sources []*source
	windows []*windowSource
}

// collect returns what all files hold, in the order of their names.
func collect(fsys fs.FS, root string, found *problems) (collected, error) {
	l := loader{fsys: fsys, files: map[string]*file{}, texts: map[string]bool{}, problems: found}
	var err error
	if l.queue, err = yamlFiles(fsys, root); err != nil {
		return collected{}, change.NotFound("read catalog %s: %w", root, err)
	}
	if len(l.queue) == 0 {
		return collected{}, change.NotFound("the catalog %s holds no *.yaml or *.yml", root)
	}
	for len(l.queue) > 0 {
		name := l.queue[0]
		l.queue = l.queue[1:]
		if l.files[name] == nil {
			l.open(name)
		}
	}
	l.rounds()
	return l.collected(), nil
}

func yamlFiles(fsys fs.FS, root string) ([]string, error) {
	var names []string
	err := fs.WalkDir(fsys, root, func(name string, d fs.DirEntry, err error) error {
		hidden := name != root && strings.HasPrefix(d.Name(), ".")
		switch {
		case err != nil:
			return err
		case hidden && d.IsDir():
			return fs.SkipDir
		case !d.IsDir() && !hidden && (name == root || isYAML(name)):
			names = append(names, name)
		}
		return nil
	})
	return names, err
}

func isYAML(name string) bool { return path.Ext(name) == ".yaml" || path.Ext(name) == ".yml" }

func (l *loader) open(name string) {
	f := &file{}
	l.files[name] = f
	b, err := fs.ReadFile(l.fsys, name)
	if err != nil {
		f.err = &document.Problem{File: name, Message: fmt.Sprintf("cannot be read: %s", err)}
		return
	}
	f.docs, f.err = document.Parse(name, b)
	for _, d := range f.docs {
		if n, ok := d.Find("spec.definition.$text"); ok {
			l.texts[path.Join(path.Dir(name), n.Value)] = true
		}
		if n, ok := d.Find("kind"); ok && n.Value == "Location" {
			l.follow(d)
		}
	}
}

// collected reads what the files hold. A file that an entity includes as text is not
// one of the catalog, whatever the directory that it lies in.
func (l *loader) collected() (all collected) {
	names := make([]string, 0, len(l.files))
	for name := range l.files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if l.texts[name] {
			continue
		}
		l.problems.add(l.files[name].err)
		for _, d := range l.files[name].docs {
			all.read(d, l.problems)
		}
	}
	return all
}

func (c *collected) read(d *document.Document, found *problems) {
	if isOwn(d) {
		if w := readWindow(d, found); w != nil {
			c.windows = append(c.windows, w)
		}
		return
	}
	if s := readEntity(d, found); s != nil {
		c.sources = append(c.sources, s)
	}
}
