package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/report"
)

type declareListOptions struct {
	env    *Env
	from   string
	to     string
	system string
	all    bool
}

func newDeclareList(env *Env, run func(context.Context, *declareListOptions) error) *cobra.Command {
	o := &declareListOptions{env: env}
	cmd := &cobra.Command{
		Use: "list", Short: "List declared maintenances that are on or to come", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.from, "from", "", "not over by 2027-03-06, 2027-03-06T23:00 or RFC 3339 (default now; with --all any time)")
	f.StringVar(&o.to, "to", "", "beginning before: the same, or a duration after --from such as 48h")
	f.StringVar(&o.system, "system", "", "only those that hold this system")
	f.BoolVar(&o.all, "all", false, "those that are over, ended or withdrawn too")
	return cmd
}

func (o *declareListOptions) filter() (httpapi.DeclarationFilter, error) {
	f := httpapi.DeclarationFilter{All: o.all}
	var err error
	if f.System, err = systemFlag(o.system); err != nil {
		return f, err
	}
	from, to, err := o.env.span(o.from, o.to, time.Hour)
	if err != nil {
		return f, err
	}
	if o.from != "" || !o.all {
		f.From = from
	}
	if o.to != "" {
		f.To = to
	}
	return f, nil
}

func runDeclareList(ctx context.Context, o *declareListOptions) error {
	f, err := o.filter()
	if err != nil {
		return err
	}
	c, _, err := o.env.client()
	if err != nil {
		return err
	}
	list, err := c.Declarations(ctx, f)
	if err != nil {
		return err
	}
	return listed(o.env, list, listing[change.Declaration]{
		none: "there are no such declared maintenances",
		text: func() string { return o.env.table(report.Declarations(list)) },
		name: func(d change.Declaration) string { return string(d.ID) },
	})
}

func newDeclareShow(env *Env, run func(context.Context, *declareOptions) error) *cobra.Command {
	o := &declareOptions{env: env}
	return &cobra.Command{
		Use: "show MNT", Short: "Show a declared maintenance and the systems that it holds", Args: exactly("MNT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.id = args[0]
			return run(cmd.Context(), o)
		},
	}
}

func runDeclareShow(ctx context.Context, o *declareOptions) error {
	id, err := change.ParseMaintenanceID(o.id)
	if err != nil {
		return err
	}
	c, _, err := o.env.client()
	if err != nil {
		return err
	}
	d, err := c.Declaration(ctx, id)
	if err != nil {
		return err
	}
	return o.env.print(view{
		data:  d,
		text:  func() string { return report.Declaration(d) },
		names: func() []string { return []string{string(d.ID)} },
	})
}
