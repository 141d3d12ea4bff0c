package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/changectl/changectl/internal/change"
)

func newDeclareMove(env *Env, run func(context.Context, *declareOptions) error) *cobra.Command {
	o := &declareOptions{env: env}
	cmd := &cobra.Command{
		Use:   "move MNT [--start ... --duration ...]",
		Short: "Move or otherwise alter a declared maintenance",
		Long:  "Move or otherwise alter a declared maintenance. What is not given stays as it is.",
		Example: `  changectl declare move MNT-3 --start 2027-03-07T23:00 --duration 2h --zone Europe/Berlin --reason "called by the NOC"
  changectl declare move MNT-3 --confirmed
  changectl declare move MNT-3 --impact NO-IMPACT --contact "NOC +49 4841 5678"`,
		Args: exactly("MNT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.id = args[0]
			if !altered(cmd) {
				return usage(cmd, "nothing to alter is given")
			}
			return run(cmd.Context(), o)
		},
	}
	o.register(cmd)
	cmd.Flags().BoolVar(&o.confirmed, "confirmed", false, "it will come, and is no longer tentative")
	return cmd
}

// altered reports whether any flag of the command itself, beside the reason, is given.
func altered(cmd *cobra.Command) bool {
	given := false
	cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		given = given || (f.Changed && f.Name != "reason")
	})
	return given
}

func newDeclareEnd(env *Env, run func(context.Context, *declareOptions) error) *cobra.Command {
	o := &declareOptions{env: env, ended: true}
	cmd := &cobra.Command{
		Use: "end MNT", Short: "Say that a declared maintenance is done before its window is over", Args: exactly("MNT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.id = args[0]
			return run(cmd.Context(), o)
		},
	}
	cmd.Flags().StringVar(&o.request.Reason, "reason", "", "who says so; it is recorded")
	return cmd
}

func newDeclareWithdraw(env *Env, run func(context.Context, *declareOptions) error) *cobra.Command {
	o := &declareOptions{env: env}
	cmd := &cobra.Command{
		Use: "withdraw MNT --reason TEXT", Short: "Withdraw a declared maintenance that will not come", Args: exactly("MNT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.id = args[0]
			if strings.TrimSpace(o.reason) == "" {
				return change.Invalid("is missing; say why it will not come").At("--reason")
			}
			return run(cmd.Context(), o)
		},
	}
	cmd.Flags().StringVar(&o.reason, "reason", "", "why; it is recorded")
	return cmd
}

func runRedeclare(ctx context.Context, o *declareOptions) error {
	id, err := change.ParseMaintenanceID(o.id)
	if err != nil {
		return err
	}
	if err := o.fill(); err != nil {
		return err
	}
	c, _, err := o.env.client()
	if err != nil {
		return err
	}
	a, err := c.Redeclare(ctx, id, o.request)
	if err != nil {
		return declareFlag(err)
	}
	return o.print(a)
}

func runWithdraw(ctx context.Context, o *declareOptions) error {
	id, err := change.ParseMaintenanceID(o.id)
	if err != nil {
		return err
	}
	c, _, err := o.env.client()
	if err != nil {
		return err
	}
	a, err := c.Withdraw(ctx, id, o.reason)
	if err != nil {
		return declareFlag(err)
	}
	return o.print(a)
}
