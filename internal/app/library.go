package app

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/runbook"
)

// library finds runbooks in directories, the first that has one wins. Each is
// read anew: what was edited counts from the next submission on.
type library struct {
	shelves []shelf
}

type shelf struct {
	name string // how messages and plans call it
	fsys fs.FS
}

// Find returns the runbook of a name, where it is from, and its text.
func (l library) Find(name string) (*runbook.Runbook, change.Source, []byte, error) {
	if strings.ContainsAny(name, "/\\:") || name == "" {
		return nil, change.Source{}, nil, change.Invalid("%q is not the name of a runbook; changectl runbook list shows them", name).At("spec.runbook")
	}
	for _, s := range l.shelves {
		b, err := fs.ReadFile(s.fsys, name+".yaml")
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, change.Source{}, nil, fmt.Errorf("read runbook %s: %w", name, err)
		}
		book, source, err := runbook.Named(name, path.Join(s.name, name+".yaml"), b)
		return book, source, b, err
	}
	return nil, change.Source{}, nil, change.NotFound("there is no runbook %q", name).At("spec.runbook").WithHint("changectl runbook list shows those that there are")
}

// List returns every runbook, by name. One that cannot be read is left out; Find
// says what is wrong with it.
func (l library) List() ([]*runbook.Runbook, []change.Source, error) {
	found := map[string]bool{}
	for _, s := range l.shelves {
		files, err := fs.Glob(s.fsys, "*.yaml")
		if err != nil {
			return nil, nil, fmt.Errorf("list runbooks of %s: %w", s.name, err)
		}
		for _, f := range files {
			found[strings.TrimSuffix(f, ".yaml")] = true
		}
	}
	names := make([]string, 0, len(found))
	for n := range found {
		names = append(names, n)
	}
	slices.Sort(names)
	var books []*runbook.Runbook
	var sources []change.Source
	for _, n := range names {
		b, src, _, err := l.Find(n)
		if err == nil {
			books, sources = append(books, b), append(sources, src)
		}
	}
	return books, sources, nil
}
