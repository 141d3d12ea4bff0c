package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/report"
	"github.com/changectl/changectl/internal/request"
)

type freezeOptions struct {
	env    *Env
	cmd    *cobra.Command
	id     string
	system string
	all    bool
	file   string
	flags  request.FreezeFlags
	reason string
}

func newFreeze(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use: "freeze", Short: "Show, add and lift freezes: times in which nobody may work", Args: cobra.ArbitraryArgs, RunE: group,
	}
	cmd.AddCommand(newFreezeList(env, runFreezeList), newFreezeShow(env, runFreezeShow), newFreezeAdd(env, runFreezeAdd), newFreezeLift(env, runFreezeLift))
	return cmd
}

func newFreezeList(env *Env, run func(context.Context, *freezeOptions) error) *cobra.Command {
	o := &freezeOptions{env: env}
	cmd := &cobra.Command{
		Use: "list", Short: "List the freezes that are on or to come", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), o) },
	}
	cmd.Flags().BoolVar(&o.all, "all", false, "those that are over or lifted too")
	cmd.Flags().StringVar(&o.system, "system", "", "only those that this system falls under")
	return cmd
}

func newFreezeShow(env *Env, run func(context.Context, *freezeOptions) error) *cobra.Command {
	o := &freezeOptions{env: env}
	return &cobra.Command{
		Use: "show FRZ", Short: "Show a freeze: what, when, why, and who can let a change through", Args: exactly("FRZ"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.id = args[0]
			return run(cmd.Context(), o)
		},
	}
}

func newFreezeAdd(env *Env, run func(context.Context, *freezeOptions) error) *cobra.Command {
	o := &freezeOptions{env: env}
	cmd := &cobra.Command{
		Use:   "add (-f FILE | --title ... --reason ... --owner ... --from ... )",
		Short: "Add a freeze",
		Long: `Add a freeze. Scheduled changes that fall under it are put on hold, and named.

What is frozen is said by one or more of --systems, --owned-by, --tier, --site,
--cluster, --region and --redundancy: within one of them any value matches, and all
that are given must match. --everything freezes all systems.

With --rule it holds again and again between --from and --to: --every-start is the
first local start, --every-duration how long it lasts each time.`,
		Example: `  changectl freeze add --title "Year end" --reason "the auditors are in" --owner group:finance \
    --from 2027-12-20 --to 2028-01-03T06:00 --zone Europe/Berlin --owned-by group:dba --tier 1 --exception-by group:change-managers
  changectl freeze add --title "Friday afternoons" --reason "nobody is there" --owner group:operators --everything \
    --from 2027-01-01 --to 2028-01-01 --zone Europe/Berlin \
    --rule "FREQ=WEEKLY;BYDAY=FR" --every-start 2027-01-01T12:00 --every-duration 60h
  changectl freeze add -f freeze.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.cmd = cmd
			return run(cmd.Context(), o)
		},
	}
	o.register(cmd)
	return cmd
}

var freezeFlags = []string{
	"title", "reason", "owner", "from", "to", "duration", "zone", "systems", "owned-by", "tier", "site", "cluster", "region",
	"redundancy", "everything", "rule", "every-start", "every-duration", "except", "exception-by",
}

func (o *freezeOptions) register(cmd *cobra.Command) {
	f, v := cmd.Flags(), &o.flags
	f.StringVarP(&o.file, "file", "f", "", "file of kind Freeze; - is standard input")
	f.StringVar(&v.Title, "title", "", "what it is, in a few words")
	f.StringVar(&v.Reason, "reason", "", "why nobody may work; shown to whom it stops")
	f.StringVar(&v.Owner, "owner", "", "the group that answers for it")
	f.StringVar(&v.From, "from", "", "begin: 2027-12-20T18:00 in --zone, or with an offset")
	f.StringVar(&v.To, "to", "", "end")
	f.StringVar(&v.Duration, "duration", "", "length instead of the end, such as 48h")
	f.StringVar(&v.Zone, "zone", "", "IANA zone of all times, such as Europe/Berlin")
	f.StringSliceVar(&v.Systems, "systems", nil, "these systems and their parts; also site:, cluster:, region:")
	f.StringSliceVar(&v.Owners, "owned-by", nil, "systems of these groups or users")
	f.IntSliceVar(&v.Tiers, "tier", nil, "systems of these tiers; 1 is the most critical")
	f.StringSliceVar(&v.Sites, "site", nil, "systems at these sites")
	f.StringSliceVar(&v.Clusters, "cluster", nil, "systems of these clusters")
	f.StringSliceVar(&v.Regions, "region", nil, "systems in these regions")
	f.StringSliceVar(&v.Redundancy, "redundancy", nil, "members of these redundancy groups")
	f.BoolVar(&v.Everything, "everything", false, "all systems")
	f.StringVar(&v.Rule, "rule", "", "it comes again: RFC 5545 rule, such as FREQ=WEEKLY;BYDAY=FR")
	f.StringVar(&v.Every, "every-start", "", "with --rule: the first local start, such as 2027-01-01T12:00")
	f.StringVar(&v.Each, "every-duration", "", "with --rule: how long it lasts each time, such as 60h")
	f.StringSliceVar(&v.Except, "except", nil, "with --rule: local starts or dates that do not happen")
	f.StringVar(&v.ExceptionBy, "exception-by", "", "the group whose approval lets a change through that asks for it")
}

func newFreezeLift(env *Env, run func(context.Context, *freezeOptions) error) *cobra.Command {
	o := &freezeOptions{env: env}
	cmd := &cobra.Command{
		Use: "lift FRZ --reason TEXT", Short: "Lift a freeze before it is over", Args: exactly("FRZ"),
		Example: `  changectl freeze lift FRZ-3 --reason "the books are closed"`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.id = args[0]
			if strings.TrimSpace(o.reason) == "" {
				return change.Invalid("is missing; say why the freeze can go").At("--reason")
			}
			return run(cmd.Context(), o)
		},
	}
	cmd.Flags().StringVar(&o.reason, "reason", "", "why; it is recorded")
	return cmd
}

func runFreezeList(ctx context.Context, o *freezeOptions) error {
	system, err := systemFlag(o.system)
	if err != nil {
		return err
	}
	c, _, err := o.env.client()
	if err != nil {
		return err
	}
	list, err := c.Freezes(ctx, httpapi.FreezeFilter{System: system, All: o.all})
	if err != nil {
		return err
	}
	return listed(o.env, list, listing[change.Freeze]{
		none: "there are no such freezes",
		text: func() string { return o.env.table(report.Freezes(list, o.env.Now())) },
		name: func(f change.Freeze) string { return string(f.ID) },
	})
}

func runFreezeShow(ctx context.Context, o *freezeOptions) error {
	id, err := change.ParseFreezeID(o.id)
	if err != nil {
		return err
	}
	c, _, err := o.env.client()
	if err != nil {
		return err
	}
	list, err := c.Freezes(ctx, httpapi.FreezeFilter{All: true})
	if err != nil {
		return err
	}
	for _, f := range list {
		if f.ID == id {
			return o.env.print(view{
				data:  f,
				text:  func() string { return report.Freeze(f, o.env.Now()) },
				names: func() []string { return []string{string(f.ID)} },
			})
		}
	}
	return change.NotFound("there is no freeze %s", id).WithHint("changectl freeze list --all shows them")
}

func (o *freezeOptions) read() (request.Freeze, *document.Document, error) {
	if o.file == "" {
		f, err := request.FreezeFromFlags(o.flags)
		return f, nil, err
	}
	if err := besidesFile(o.cmd, freezeFlags); err != nil {
		return request.Freeze{}, nil, err
	}
	b, err := readInput(o.env, o.file)
	if err != nil {
		return request.Freeze{}, nil, err
	}
	return request.ParseFreeze(inputName(o.file), b)
}

func runFreezeAdd(ctx context.Context, o *freezeOptions) error {
	f, doc, err := o.read()
	if err != nil {
		return err
	}
	c, _, err := o.env.client()
	if err != nil {
		return err
	}
	a, err := c.AddFreeze(ctx, httpapi.FreezeRequest{
		Title: f.Title, Reason: f.Reason, Owner: f.Owner, Scope: f.Scope, Window: f.Window,
		Recurrence: f.Recurrence, Exception: f.Exception, Nonce: newNonce(),
	})
	if err != nil {
		return request.LocateFreeze(doc, err)
	}
	return o.print(a, "holds")
}

func runFreezeLift(ctx context.Context, o *freezeOptions) error {
	id, err := change.ParseFreezeID(o.id)
	if err != nil {
		return err
	}
	c, _, err := o.env.client()
	if err != nil {
		return err
	}
	a, err := c.LiftFreeze(ctx, id, o.reason)
	if err != nil {
		return err
	}
	return o.print(a, "no longer holds")
}

func (o *freezeOptions) print(a httpapi.FreezeAnswer, verb string) error {
	return o.env.print(view{
		data:  a,
		text:  func() string { return report.Freeze(a.Freeze, o.env.Now()) + "\n" + report.Hits(verb, a.Changes) },
		names: func() []string { return []string{string(a.Freeze.ID)} },
	})
}
