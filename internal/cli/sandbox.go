package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/changectl/changectl/internal/report"
)

type sandboxOptions struct {
	env *Env
	of  string
}

func newSandbox(env *Env, run func(context.Context, *sandboxOptions) error) *cobra.Command {
	o := &sandboxOptions{env: env}
	return &cobra.Command{
		Use:   "sandbox [SYSTEM|CHG]",
		Short: "Show who else is playing: running, overrunning, just ended, next",
		Long: `Show who else is playing around a system or a change: who is still at work after
the end of its window, who runs, who ended within 2 hours, who begins within 24
hours; each with what it has to do with what you asked about, its window, whose
it is and whom to call. Without an argument: everybody.`,
		Example: `  changectl sandbox CHG-17
  changectl sandbox orders-db-1
  changectl sandbox component:web-shop
  changectl sandbox site:husum`,
		Args: atMost("SYSTEM|CHG"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.of = args[0]
			}
			return run(cmd.Context(), o)
		},
	}
}

func runSandbox(ctx context.Context, o *sandboxOptions) error {
	c, _, err := o.env.client()
	if err != nil {
		return err
	}
	s, err := c.Sandbox(ctx, o.of)
	if err != nil {
		return err
	}
	return o.env.print(view{
		data: s,
		text: func() string { return report.Sandbox(s, o.env.Local) },
		names: func() []string {
			var names []string
			for _, n := range s.Neighbours {
				names = append(names, string(n.By))
			}
			return names
		},
	})
}
