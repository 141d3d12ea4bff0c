package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/changectl/changectl/internal/catalog"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
)

type catalogOptions struct {
	env     *Env
	path    string
	lenient bool
}

// checked is what catalog check found.
type checked struct {
	Path     string              `json:"path"`
	Systems  int                 `json:"systems"`
	Groups   int                 `json:"groups"`
	People   int                 `json:"people"`
	Digest   string              `json:"digest,omitempty"`
	Problems []*document.Problem `json:"problems,omitempty"`
}

func newCatalog(env *Env) *cobra.Command {
	cmd := &cobra.Command{Use: "catalog", Short: "Check or import a catalog of systems, owners and people", Args: cobra.ArbitraryArgs, RunE: group}
	cmd.AddCommand(newCatalogCheck(env, runCatalogCheck), newCatalogImport(env))
	return cmd
}

func newCatalogCheck(env *Env, run func(context.Context, *catalogOptions) error) *cobra.Command {
	o := &catalogOptions{env: env}
	cmd := &cobra.Command{
		Use:   "check DIR",
		Short: "Check catalog files here, without a server",
		Long: `Check a catalog in Backstage's entity format: a directory or a file. References to
nothing, cycles, duplicate names and unknown annotations are named with file,
line and column; with any, the exit code is 1.`,
		Args: exactly("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.path = args[0]
			return run(cmd.Context(), o)
		},
	}
	cmd.Flags().BoolVar(&o.lenient, "lenient", false, "report what is broken, leave it out and go on (exit code 0)")
	return cmd
}

func runCatalogCheck(_ context.Context, o *catalogOptions) error {
	info, err := os.Stat(o.path)
	if err != nil {
		return change.NotFound("open catalog: %w", err)
	}
	dir, root := o.path, "."
	if !info.IsDir() {
		dir, root = filepath.Split(filepath.Clean(o.path))
	}
	if dir == "" {
		dir = "."
	}
	cat, left, err := catalog.Load(os.DirFS(dir), root, catalog.Options{Lenient: o.lenient})
	found := checked{Path: o.path, Problems: problemsOf(o.path, errors.Join(append(left, err)...))}
	for _, p := range found.Problems {
		o.env.say("%s", p)
	}
	if cat != nil && err == nil {
		found.Systems, found.Groups, found.People, found.Digest = len(cat.Systems()), len(cat.Groups()), len(cat.People()), cat.Digest()
	}
	if err := o.env.print(view{data: found, text: found.text, names: func() []string { return []string{found.Digest} }}); err != nil {
		return err
	}
	if err != nil {
		return &codedError{ExitFailed, fmt.Errorf("the catalog %s has %d problems", o.path, len(found.Problems))}
	}
	return nil
}

func problemsOf(file string, err error) []*document.Problem {
	if err == nil {
		return nil
	}
	if list := document.Problems(err); len(list) > 0 {
		return list
	}
	return asProblems(file, err)
}

func (c checked) text() string {
	if c.Digest == "" {
		return ""
	}
	s := fmt.Sprintf("%s: %d systems, %d groups, %d people\n%s\n", c.Path, c.Systems, c.Groups, c.People, c.Digest)
	if len(c.Problems) > 0 {
		s += fmt.Sprintf("%d problems, left out\n", len(c.Problems))
	}
	return s
}
