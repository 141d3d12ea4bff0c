package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

type whoamiOptions struct{ env *Env }

func newWhoami(env *Env, run func(context.Context, *whoamiOptions) error) *cobra.Command {
	return &cobra.Command{
		Use: "whoami", Short: "Show who the server takes you for", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), &whoamiOptions{env}) },
	}
}

func runWhoami(ctx context.Context, o *whoamiOptions) error {
	c, _, err := o.env.client()
	if err != nil {
		return err
	}
	p, err := c.Whoami(ctx)
	if err != nil {
		return err
	}
	return o.env.print(view{
		data: p,
		text: func() string {
			s := fmt.Sprintf("%s (%s) at %s\n", p.Ref, p.Name, c.Base())
			for _, g := range p.Groups {
				s += "  " + string(g) + "\n"
			}
			return s
		},
		names: func() []string { return []string{string(p.Ref)} },
	})
}
