package cli

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/report"
)

type windowOptions struct {
	env     *Env
	system  string
	name    string
	systems []string
	from    string
	count   int
	length  time.Duration
}

func newWindow(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use: "window", Short: "Show when the owners of systems allow work", Args: cobra.ArbitraryArgs, RunE: group,
		Long: `Show maintenance windows: when the owners of systems allow work on them. They stand
in the catalog (kind MaintenanceWindow); a system without one may be worked on at
any time.`,
	}
	cmd.AddCommand(newWindowList(env, runWindowList), newWindowShow(env, runWindowShow), newWindowNext(env, runWindowNext))
	return cmd
}

func newWindowList(env *Env, run func(context.Context, *windowOptions) error) *cobra.Command {
	o := &windowOptions{env: env}
	cmd := &cobra.Command{
		Use: "list", Short: "List the maintenance windows", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), o) },
	}
	cmd.Flags().StringVar(&o.system, "system", "", "only those that this system has")
	return cmd
}

func newWindowShow(env *Env, run func(context.Context, *windowOptions) error) *cobra.Command {
	o := &windowOptions{env: env}
	return &cobra.Command{
		Use: "show NAME", Short: "Show a maintenance window and when it is open next", Args: exactly("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.name = args[0]
			return run(cmd.Context(), o)
		},
	}
}

func newWindowNext(env *Env, run func(context.Context, *windowOptions) error) *cobra.Command {
	o := &windowOptions{env: env}
	cmd := &cobra.Command{
		Use:   "next SYSTEM...",
		Short: "Show the next times in which all of these systems may be worked on",
		Long: `Show the next times in which the owners of all these systems allow work. Whether
somebody else is at work then is another question: changectl slots answers both.
The exit code is 3 if there is no such time within 90 days.`,
		Example: `  changectl window next orders-db-1 component:web-shop
  changectl window next site:husum --from 2027-03-08 --for 2h -n 3`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage(cmd, "expected at least one system")
			}
			o.systems = args
			return run(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.from, "from", "", "not before 2027-03-08, 2027-03-08T23:00 or RFC 3339 (default now)")
	f.IntVarP(&o.count, "count", "n", 5, "how many")
	f.DurationVar(&o.length, "for", 0, "only those that are at least this long, such as 90m")
	return cmd
}

func runWindowList(ctx context.Context, o *windowOptions) error {
	system, err := systemFlag(o.system)
	if err != nil {
		return err
	}
	c, _, err := o.env.client()
	if err != nil {
		return err
	}
	list, err := c.Windows(ctx, system)
	if err != nil {
		return err
	}
	return listed(o.env, list, listing[change.MaintenanceWindow]{
		none: "there are no such maintenance windows: work is allowed at any time",
		text: func() string { return o.env.table(report.MaintenanceWindows(list)) },
		name: func(w change.MaintenanceWindow) string { return w.Name },
	})
}

func runWindowShow(ctx context.Context, o *windowOptions) error {
	c, _, err := o.env.client()
	if err != nil {
		return err
	}
	list, err := c.Windows(ctx, "")
	if err != nil {
		return err
	}
	for _, w := range list {
		if strings.EqualFold(w.Name, o.name) {
			return o.env.print(view{
				data:  w,
				text:  func() string { return report.MaintenanceWindow(w, o.env.Now()) },
				names: func() []string { return []string{w.Name} },
			})
		}
	}
	return change.NotFound("there is no maintenance window %s", o.name).WithHint("changectl window list shows them")
}

func runWindowNext(ctx context.Context, o *windowOptions) error {
	if err := counted(o.count); err != nil {
		return err
	}
	systems, err := systemArgs("SYSTEM", o.systems)
	if err != nil {
		return err
	}
	from, to, err := o.env.span(o.from, "", slotsAhead)
	if err != nil {
		return err
	}
	c, _, err := o.env.client()
	if err != nil {
		return err
	}
	open, err := c.Open(ctx, systems, from, to)
	if err != nil {
		return err
	}
	open.Open = o.chosen(open.Open)
	if !open.Limited && o.env.output == "table" {
		o.env.say("at any time: no maintenance window limits work on %s", refList(systems))
		return nil
	}
	if len(open.Names) > 0 {
		o.env.say("by the maintenance windows %s", strings.Join(open.Names, ", "))
	}
	if len(open.Open) == 0 && open.Limited {
		return change.Conflict("there is no time within 90 days in which all of %s may be worked on", refList(systems)).
			WithHint("look at each: changectl window list --system SYSTEM")
	}
	return o.env.print(view{
		data:  open,
		text:  func() string { return o.env.table(report.Slots(open.Open, o.env.Now())) },
		names: func() []string { return intervals(open.Open) },
	})
}

// chosen keeps as many of the openings as are asked for, and only those long enough.
func (o *windowOptions) chosen(all []change.Window) []change.Window {
	list := []change.Window{}
	for _, w := range all {
		if w.Length() >= o.length && len(list) < o.count {
			list = append(list, w)
		}
	}
	return list
}

// systemArgs reads references of systems; without a kind they are resources.
func systemArgs(at string, list []string) ([]change.Ref, error) {
	var refs []change.Ref
	for _, s := range list {
		ref, err := change.ParseRef(s, "resource")
		if err != nil {
			return nil, change.Invalid("%q is not a reference to a system; write kind:name, for example resource:orders-db-1 or site:husum", s).At(at)
		}
		refs = append(refs, ref)
	}
	return refs, nil
}

func refList(list []change.Ref) string {
	names := make([]string, len(list))
	for i, r := range list {
		names[i] = string(r)
	}
	return strings.Join(names, ", ")
}
