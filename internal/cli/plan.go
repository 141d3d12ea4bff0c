package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/changectl/changectl/internal/request"
)

type planOptions struct {
	env     *Env
	cmd     *cobra.Command
	request requestOptions
}

func newPlan(env *Env, run func(context.Context, *planOptions) error) *cobra.Command {
	o := &planOptions{env: env}
	cmd := &cobra.Command{
		Use:   "plan (-f FILE | --title ... --reason ... --runbook ... --start ... )",
		Short: "Show what submitting a change would come to, and write nothing",
		Long: `Show the plan that a request compiles to: systems, steps with their ways back,
risk, who must approve, and what stands in the way. Nothing is written; the
exit code is 3 if it would be refused.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.cmd = cmd
			return run(cmd.Context(), o)
		},
	}
	o.request.register(cmd)
	return cmd
}

func runPlan(ctx context.Context, o *planOptions) error {
	req, doc, err := o.request.read(o.env, o.cmd, request.Missing{})
	if err != nil {
		return err
	}
	return preview(ctx, o.env, req, doc)
}
