package cli

import (
	"context"

	"github.com/spf13/cobra"
)

type prValidateOptions struct {
	prOptions
	format string
}

func newPRValidate(env *Env, run func(context.Context, *prValidateOptions) error) *cobra.Command {
	o := &prValidateOptions{prOptions: prOptions{env: env}}
	cmd := &cobra.Command{
		Use:   "validate [N]",
		Short: "Check the files of a pull request here, without a server",
		Long: `Check the files that a pull request alters: runbooks, change requests, catalog, policy,
CODEOWNERS and .changectl.yaml, as they will be after the merge. Every problem is named with
file, line and column; with any, the exit code is 1. Nothing of the pull request is checked
out or run.

See changectl validate --help for the formats. A workflow of GitHub Actions gives its own
token: env: {GH_TOKEN: "${{ github.token }}"}. There this is advice and no guard: a pull
request can edit the workflow that looks at it.`,
		Example: `  changectl pr validate
  changectl pr validate 12 -R acme/changes --format github`,
		Args: atMost("N"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.take(args)
			return run(cmd.Context(), o)
		},
	}
	o.register(cmd)
	registerFormat(cmd, &o.format)
	return cmd
}

func runPRValidate(ctx context.Context, o *prValidateOptions) error {
	if err := checkFormat(o.env, o.format); err != nil {
		return err
	}
	guardActions(o.env, o.format)
	f, number, err := o.open(ctx)
	if err != nil {
		return err
	}
	p, err := f.read(ctx, number)
	if err != nil {
		return err
	}
	p.tellNotes(o.env)
	return tell(o.env, o.format, p.files())
}

// tellNotes says what everybody who looks at the pull request should know.
func (p *proposed) tellNotes(env *Env) {
	for _, n := range p.notes {
		env.say("%s: %s", p.name(p.pull.Number), n)
	}
	if len(p.altered) == 0 && len(p.checked.Annotations) == 0 {
		env.say("%s alters nothing that %s says anything of", p.name(p.pull.Number), ".changectl.yaml")
	}
}
