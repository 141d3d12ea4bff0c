package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
	"github.com/changectl/changectl/internal/inventory"
)

func (o *importOptions) print(e *inventory.Estate) error {
	text, err := e.YAML()
	if err != nil {
		return err
	}
	if o.env.output == "json" || o.env.output == "name" || o.env.output == "csv" {
		return o.env.print(view{data: e, names: e.Refs})
	}
	if len(text) > document.MaxBytes {
		o.env.say("this is more than one file of a catalog may hold (%d bytes of %d); with --out DIR it is split", len(text), document.MaxBytes)
	}
	if _, err := o.env.Out.Write(text); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return nil
}

// write puts the result into files. All of them are complete before any of them
// takes its place.
func (o *importOptions) write(e *inventory.Estate) error {
	dir, files, err := o.files(e)
	if err != nil {
		return err
	}
	stale, err := o.standing(dir, files, e)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	var done []string
	for _, f := range files {
		name := filepath.Join(dir, "."+f.Name+".new") // hidden: a catalog does not read it
		if err = os.WriteFile(name, f.Text, 0o644); err != nil {
			break
		}
		done = append(done, name)
	}
	if err != nil {
		for _, name := range done {
			err = errors.Join(err, os.Remove(name))
		}
		return fmt.Errorf("--out: nothing was replaced: %w", err)
	}
	for i, f := range files {
		if err := os.Rename(done[i], filepath.Join(dir, f.Name)); err != nil {
			return fmt.Errorf("--out: %w", err)
		}
		o.env.say("%s", filepath.Join(dir, f.Name))
	}
	for _, name := range stale {
		if err := os.Remove(name); err != nil {
			return fmt.Errorf("--out: %w", err)
		}
		o.env.say("%s: removed, nothing is left in it", name)
	}
	return nil
}

func (o *importOptions) files(e *inventory.Estate) (string, []inventory.File, error) {
	if !o.single() {
		files, err := e.Files()
		return o.out, files, err
	}
	text, err := e.YAML()
	if err == nil && len(text) > document.MaxBytes {
		err = change.Invalid("%s would be %d bytes; a catalog reads at most %d in a file", o.out, len(text), document.MaxBytes).
			At("--out").WithHint("name a directory, and the result is split")
	}
	return filepath.Dir(o.out), []inventory.File{{Name: filepath.Base(o.out), Text: text}}, err
}

// single reports whether --out names a file.
func (o *importOptions) single() bool {
	return filepath.Ext(o.out) == ".yaml" || filepath.Ext(o.out) == ".yml"
}

// standing looks at what is there already. A file that no import has written is in
// the way; one that this import had written before, and is not written again, is stale.
func (o *importOptions) standing(dir string, files []inventory.File, e *inventory.Estate) (stale []string, err error) {
	fresh := map[string]bool{}
	for _, f := range files {
		fresh[f.Name] = true
	}
	there, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("--out: %w", err)
	}
	for _, entry := range there {
		mine := !o.single() && e.Mine(entry.Name())
		if !fresh[entry.Name()] && !mine {
			continue
		}
		name := filepath.Join(dir, entry.Name())
		b, err := os.ReadFile(name)
		switch ours := e.Wrote(b); {
		case err != nil:
			return nil, fmt.Errorf("--out: %w", err)
		case !ours && fresh[entry.Name()]:
			return nil, change.Conflict("%s is not from an import, and is not replaced", name).WithHint("choose another directory, or move it away")
		case ours && !fresh[entry.Name()]:
			stale = append(stale, name)
		}
	}
	return stale, nil
}
