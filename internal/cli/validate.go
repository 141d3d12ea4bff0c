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
	"github.com/changectl/changectl/internal/report"
)

type validateOptions struct {
	env     *Env
	files   []string
	format  string
	matcher bool
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
	cmd := &cobra.Command{
		Use:   "validate FILE...",
		Short: "Check runbooks, changes and other files here, without a server",
		Long: `Check files of kind Runbook, Change, Freeze, Policy or Repository (.changectl.yaml), or
all YAML files below a directory. Every problem is named with file, line and column; with
any, the exit code is 1.

--format github prints the problems as commands of GitHub Actions, which shows them at
their lines (of one step, the first ten), and sarif prints a SARIF 2.1.0 log, for example
for code scanning; the lines for people go to standard error. A workflow that does not know
these reads the lines by a problem matcher:

  changectl validate --problem-matcher >matcher.json
  echo "::add-matcher::matcher.json"
  changectl validate changes runbooks

In a workflow this is advice to whoever writes a pull request and no guard: a pull request
can edit the workflow that looks at it. What keeps others from merging is the check of
changectl's own GitHub App.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 && !o.matcher {
				return usage(cmd, "expected at least one file; - is standard input")
			}
			o.files = args
			return run(cmd.Context(), o)
		},
	}
	registerFormat(cmd, &o.format)
	cmd.Flags().BoolVar(&o.matcher, "problem-matcher", false, "print the problem matcher of GitHub Actions for the lines on standard error")
	return cmd
}

func runValidate(_ context.Context, o *validateOptions) error {
	if o.matcher {
		return printMatcher(o.env)
	}
	if err := checkFormat(o.env, o.format); err != nil {
		return err
	}
	guardActions(o.env, o.format)
	files, err := yamlFiles(o.files)
	if err != nil {
		return err
	}
	var all []validated
	for _, f := range files {
		v, err := validate(o.env, f)
		if err != nil {
			return err
		}
		all = append(all, v)
	}
	return tell(o.env, o.format, all)
}

func validText(all []validated) string {
	var b strings.Builder
	for _, v := range all {
		if len(v.Problems) == 0 {
			fmt.Fprintf(&b, "%s: %s is valid\n", report.OneLine(v.File), v.what())
		}
	}
	return b.String()
}

// what names a file by its kind.
func (v validated) what() string {
	if v.Name == "" {
		return v.Kind
	}
	return fmt.Sprintf("%s %q", v.Kind, v.Name)
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
