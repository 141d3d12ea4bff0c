package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
	"github.com/changectl/changectl/internal/request"
	"github.com/changectl/changectl/internal/runbook"
)

type validateOptions struct {
	env   *Env
	files []string
}

// validated is what validate says of one file.
type validated struct {
	File     string              `json:"file"`
	Kind     string              `json:"kind,omitempty"`
	Name     string              `json:"name,omitempty"`
	Problems []*document.Problem `json:"problems,omitempty"`
}

func newValidate(env *Env, run func(context.Context, *validateOptions) error) *cobra.Command {
	o := &validateOptions{env: env}
	return &cobra.Command{
		Use:   "validate FILE...",
		Short: "Check runbooks, change and freeze files here, without a server",
		Long: `Check files of kind Runbook, Change or Freeze, or all YAML files below a directory.
Every problem is named with file, line and column; with any, the exit code is 1.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage(cmd, "expected at least one file; - is standard input")
			}
			o.files = args
			return run(cmd.Context(), o)
		},
	}
}

func runValidate(_ context.Context, o *validateOptions) error {
	files, err := yamlFiles(o.files)
	if err != nil {
		return err
	}
	var all []validated
	bad := 0
	for _, f := range files {
		v, err := validate(o.env, f)
		if err != nil {
			return err
		}
		all = append(all, v)
		if len(v.Problems) > 0 {
			bad++
		}
		for _, p := range v.Problems {
			o.env.say("%s", p)
		}
	}
	if err := o.env.print(view{data: all, text: func() string { return validText(all) }, names: func() []string { return validNames(all) }}); err != nil {
		return err
	}
	if bad > 0 {
		return &codedError{ExitFailed, fmt.Errorf("%d of %d files have problems", bad, len(all))}
	}
	return nil
}

func validText(all []validated) string {
	var b strings.Builder
	for _, v := range all {
		if len(v.Problems) == 0 {
			fmt.Fprintf(&b, "%s: %s %q is valid\n", v.File, v.Kind, v.Name)
		}
	}
	return b.String()
}

func validNames(all []validated) []string {
	var names []string
	for _, v := range all {
		if len(v.Problems) == 0 {
			names = append(names, v.File)
		}
	}
	return names
}

// yamlFiles replaces directories by the YAML files below them.
func yamlFiles(paths []string) ([]string, error) {
	var files []string
	for _, p := range paths {
		info, err := os.Stat(p)
		if p == "-" || (err == nil && !info.IsDir()) {
			files = append(files, p)
			continue
		}
		if err != nil {
			return nil, change.NotFound("open file: %w", err)
		}
		err = filepath.WalkDir(p, func(path string, d fs.DirEntry, err error) error {
			if ext := filepath.Ext(path); err == nil && !d.IsDir() && (ext == ".yaml" || ext == ".yml") {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			return nil, change.FailedTo("read directory: %w", err)
		}
	}
	return files, nil
}

func validate(env *Env, file string) (validated, error) {
	v := validated{File: inputName(file)}
	b, err := readInput(env, file)
	if err != nil {
		return v, err
	}
	err = v.check(b)
	if err == nil {
		return v, nil
	}
	if v.Problems = document.Problems(err); len(v.Problems) == 0 {
		v.Problems = asProblems(v.File, err)
	}
	return v, nil
}

// asProblems keeps what a rule says without a place.
func asProblems(file string, err error) []*document.Problem {
	p := &document.Problem{File: file, Message: err.Error()}
	var e *change.Error
	if errors.As(err, &e) {
		p.Path, p.Message = e.Field, e.Message
	}
	return []*document.Problem{p}
}

func (v *validated) check(b []byte) error {
	d, err := document.One(v.File, b)
	if err != nil {
		return err
	}
	if n, ok := d.Find("kind"); ok {
		v.Kind = n.Value
	}
	switch v.Kind {
	case runbook.KindName:
		r, err := runbook.Parse(v.File, b)
		if err != nil {
			return err
		}
		v.Name = r.Info().Name
		return nil
	case request.Kind:
		r, _, err := request.Parse(v.File, b)
		v.Name = r.Title
		return err
	case request.FreezeKind:
		f, _, err := request.ParseFreeze(v.File, b)
		v.Name = f.Title
		return err
	}
	return d.Field("kind", "is %q; expected %s, %s or %s (a catalog is checked by changectl catalog check)",
		v.Kind, runbook.KindName, request.Kind, request.FreezeKind)
}
