package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/report"
)

type listOptions struct {
	env    *Env
	status []string
	system string
	mine   bool
	open   bool
	limit  int
}

func newList(env *Env, run func(context.Context, *listOptions) error) *cobra.Command {
	o := &listOptions{env: env}
	cmd := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List changes, newest first",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), o) },
	}
	f := cmd.Flags()
	f.StringSliceVar(&o.status, "status", nil, "only these statuses, separated by commas")
	f.StringVar(&o.system, "system", "", "only changes that touch this system")
	f.BoolVar(&o.mine, "mine", false, "only those you submitted, or that await your approval")
	f.BoolVar(&o.open, "open", false, "only those that have not ended")
	f.IntVar(&o.limit, "limit", 0, "at most this many; 0 is the server's limit")
	return cmd
}

func (o *listOptions) filter() (httpapi.Filter, error) {
	f := httpapi.Filter{Open: o.open, Limit: o.limit}
	for _, s := range o.status {
		st := change.Status(strings.ToLower(s))
		if !st.Valid() {
			return f, change.Invalid("%q is not a status; expected one of %v", s, change.Statuses).At("--status")
		}
		f.Status = append(f.Status, st)
	}
	if o.limit < 0 {
		return f, change.Invalid("%d is below zero", o.limit).At("--limit")
	}
	if o.mine {
		f.Mine = "me"
	}
	var err error
	f.System, err = systemFlag(o.system)
	return f, err
}

// systemFlag reads the reference of a system; without a kind it is a resource.
func systemFlag(s string) (change.Ref, error) {
	if s == "" {
		return "", nil
	}
	ref, err := change.ParseRef(s, "resource")
	if err != nil {
		return "", change.Invalid("%q is not a reference to a system; write kind:name, for example resource:orders-db-1", s).At("--system")
	}
	return ref, nil
}

func runList(ctx context.Context, o *listOptions) error {
	f, err := o.filter()
	if err != nil {
		return err
	}
	c, _, err := o.env.client()
	if err != nil {
		return err
	}
	list, err := c.List(ctx, f)
	if err != nil {
		return err
	}
	return listed(o.env, list, listing[change.Summary]{
		none: "there are no such changes",
		text: func() string { return o.env.table(report.Changes(list)) },
		name: func(s change.Summary) string { return string(s.ID) },
	})
}
