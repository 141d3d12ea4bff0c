package proposal

import (
	"fmt"
	"io/fs"
	"slices"

	"github.com/changectl/changectl/internal/catalog"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/check"
)

// readAt reads the file at a path of a tree. NotFound says that there is none, Invalid
// that it is no plain file; other errors are those of read, but never NotFound.
func readAt(file string, tree []Entry, read func(Entry) ([]byte, error)) ([]byte, error) {
	i := slices.IndexFunc(tree, func(e Entry) bool { return e.Path == file })
	if i < 0 {
		return nil, change.NotFound("there is no %s", file)
	}
	return readPlain(tree[i], read)
}

func readPlain(e Entry, read func(Entry) ([]byte, error)) ([]byte, error) {
	if fault := e.fault(); fault != "" {
		return nil, change.Invalid("%q %s", e.Path, fault)
	}
	b, err := read(e)
	switch {
	case change.KindOf(err) == change.KindNotFound: // it is in the tree: that must not be taken for no such file
		return nil, change.Unavailable("read %q: %w", e.Path, err)
	case err != nil:
		return nil, fmt.Errorf("read %q: %w", e.Path, err)
	}
	return b, nil
}

// LoadLayout reads the layout of a tree. NotFound says that the tree has none.
func LoadLayout(tree []Entry, read func(Entry) ([]byte, error)) (Layout, error) {
	b, err := readAt(LayoutFile, tree, read)
	if err != nil {
		return Layout{}, err
	}
	return ParseLayout(LayoutFile, b)
}

// LoadPolicy reads the layout's policy out of a tree; nil is that the layout names none.
func LoadPolicy(l Layout, tree []Entry, read func(Entry) ([]byte, error)) (*check.Policy, error) {
	if l.Policy == "" {
		return nil, nil
	}
	b, err := readAt(l.Policy, tree, read)
	if err != nil {
		return nil, err
	}
	return check.ParsePolicy(l.Policy, b)
}

// CatalogFS returns the files of a tree that make up the layout's catalog. Nothing else
// is in it, so that a Location cannot lead out of what is governed.
func CatalogFS(l Layout, tree []Entry, read func(Entry) ([]byte, error)) (fs.FS, error) {
	files := memory{}
	for _, e := range tree {
		if l.Kind(e.Path) != KindCatalog {
			continue
		}
		b, err := readPlain(e, read)
		if err != nil {
			return nil, err
		}
		files[e.Path] = b
	}
	return files, nil
}

// LoadCatalog reads the layout's catalog out of a tree, strictly; nil is that the layout
// names none.
func LoadCatalog(l Layout, tree []Entry, read func(Entry) ([]byte, error)) (*catalog.Catalog, error) {
	if l.Catalog == "" {
		return nil, nil
	}
	files, err := CatalogFS(l, tree, read)
	if err != nil {
		return nil, err
	}
	c, _, err := catalog.Load(files, l.Catalog, catalog.Options{})
	return c, err
}
