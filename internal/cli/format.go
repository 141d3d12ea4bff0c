package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/report"
)

// The formats in which problems are printed.
const (
	formatText   = "text"
	formatGitHub = "github"
	formatSARIF  = "sarif"
)

var formats = []string{formatText, formatGitHub, formatSARIF}

func registerFormat(cmd *cobra.Command, format *string) {
	cmd.Flags().StringVar(format, "format", formatText, "text, github (commands of GitHub Actions) or sarif")
	completes(cmd, "format", formats)
}

func checkFormat(env *Env, format string) error {
	if !slices.Contains(formats, format) {
		return change.Invalid("%q is not a format; expected one of %s", format, strings.Join(formats, ", ")).At("--format")
	}
	if format != formatText && env.output != "table" {
		return change.Invalid("%s is an output of its own; leave --output away", format).At("--format")
	}
	return nil
}

// tell prints what was found in files: problems for people on standard error, and on
// standard output what the format asks for. With problems the exit code is 1.
func tell(env *Env, format string, all []validated) error {
	bad := 0
	for _, v := range all {
		if len(v.Problems) > 0 {
			bad++
		}
		for _, p := range v.Problems {
			env.say("%s", report.OneLine(p.Error()))
		}
	}
	if err := printAs(env, format, all); err != nil {
		return err
	}
	if bad > 0 {
		return &codedError{ExitFailed, fmt.Errorf("%d of %d files have problems", bad, len(all))}
	}
	return nil
}

func printAs(env *Env, format string, all []validated) error {
	out := ""
	switch format {
	case formatGitHub:
		out = actionsErrors(all)
	case formatSARIF:
		var err error
		if out, err = asJSON(sarifOf(all)); err != nil {
			return err
		}
	default:
		return env.print(view{data: all, text: func() string { return validText(all) }, names: func() []string { return validNames(all) }})
	}
	if _, err := fmt.Fprint(env.Out, out); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return nil
}
