package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/report"
)

// lookOptions are those of commands that show one change.
type lookOptions struct {
	env *Env
	id  string
}

func newShow(env *Env, run func(context.Context, *lookOptions) error) *cobra.Command {
	return newLook(env, "show CHG", "Show a change: plan, approvals, findings, runs", run)
}

func newExplain(env *Env, run func(context.Context, *lookOptions) error) *cobra.Command {
	return newLook(env, "explain CHG", "Explain what a change waits for, who can end the wait, until when", run)
}

func newLook(env *Env, use, short string, run func(context.Context, *lookOptions) error) *cobra.Command {
	o := &lookOptions{env: env}
	return &cobra.Command{
		Use:   use,
		Short: short,
		Args:  exactly("CHG"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.id = args[0]
			return run(cmd.Context(), o)
		},
	}
}

func runShow(ctx context.Context, o *lookOptions) error {
	rec, err := o.get(ctx)
	if err != nil {
		return err
	}
	return o.env.print(view{
		data:  rec,
		text:  func() string { return report.Record(rec, o.env.Now()) },
		names: func() []string { return []string{string(rec.ID)} },
	})
}

func runExplain(ctx context.Context, o *lookOptions) error {
	rec, err := o.get(ctx)
	if err != nil {
		return err
	}
	e := report.Explain(rec, o.env.Now())
	return o.env.print(view{data: e, text: e.Text, names: func() []string { return []string{string(rec.ID)} }})
}

func (o *lookOptions) get(ctx context.Context) (change.Record, error) {
	id, err := change.ParseID(o.id)
	if err != nil {
		return change.Record{}, err
	}
	c, _, err := o.env.client()
	if err != nil {
		return change.Record{}, err
	}
	return c.Get(ctx, id)
}

// statusView is a change after something was done to it, in a few lines.
func statusView(rec change.Record, env *Env) view {
	return view{
		data: rec,
		text: func() string {
			s := fmt.Sprintf("%s is %s\n", rec.ID, rec.Status)
			if !rec.Status.Final() {
				s += "waits for " + strings.Join(report.Explain(rec, env.Now()).Waits, "; ") + "\n"
			}
			return s
		},
		names: func() []string { return []string{string(rec.ID)} },
	}
}
