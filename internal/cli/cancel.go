package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
)

type cancelOptions struct {
	env    *Env
	id     string
	reason string
}

func newCancel(env *Env, run func(context.Context, *cancelOptions) error) *cobra.Command {
	o := &cancelOptions{env: env}
	cmd := &cobra.Command{
		Use:   "cancel CHG",
		Short: "Withdraw a change that has not started",
		Long: `Withdraw a change that has not started, also one that is held before its start.
One that runs is backed out: changectl decide CHG back-out.`,
		Args: exactly("CHG"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.id = args[0]
			return run(cmd.Context(), o)
		},
	}
	cmd.Flags().StringVar(&o.reason, "reason", "", "why; it is recorded")
	return cmd
}

func runCancel(ctx context.Context, o *cancelOptions) error {
	id, err := change.ParseID(o.id)
	if err != nil {
		return err
	}
	c, _, err := o.env.client()
	if err != nil {
		return err
	}
	rec, err := c.Decide(ctx, id, httpapi.DecideRequest{Verb: change.Cancel, Reason: o.reason, Nonce: newNonce()})
	if err != nil {
		return err
	}
	return o.env.print(statusView(rec, o.env))
}
