package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/report"
)

type breakOptions struct {
	env    *Env
	id     string
	reason string
	yes    bool
}

func newBreakClaim(env *Env, run func(context.Context, *breakOptions) error) *cobra.Command {
	o := &breakOptions{env: env}
	cmd := &cobra.Command{
		Use:   "break-claim CHG --reason TEXT",
		Short: "Take the claim of a change away, with a second person",
		Long: `Take away the claim that a change holds on its systems, so that others can start on
them. Nothing that the change does afterwards passes the gate, and the state of its
systems is for people to find out.

It takes two persons: each signs with their own SSH key, and the claim is taken away
with the second signature. On a terminal it asks before signing.`,
		Example: `  changectl break-claim CHG-5 --reason "its worker is gone, and the disk was moved by hand"`,
		Args:    exactly("CHG"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.id = args[0]
			if strings.TrimSpace(o.reason) == "" {
				return change.Invalid("is missing; say why its systems can be taken from it").At("--reason")
			}
			return run(cmd.Context(), o)
		},
	}
	cmd.Flags().StringVar(&o.reason, "reason", "", "why; it becomes part of what is signed")
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "do not ask before signing")
	return cmd
}

func runBreakClaim(ctx context.Context, o *breakOptions) error {
	c, s, rec, err := o.env.about(ctx, o.id)
	if err != nil {
		return err
	}
	id := rec.ID
	st, err := o.statement(ctx, c, rec)
	if err != nil {
		return err
	}
	o.env.say("%s", claimText(rec))
	if err := o.env.confirm(o.yes, "Sign: take the claim of %s away?", id); err != nil {
		return err
	}
	signed, err := o.env.signAll(ctx, s, []change.Statement{st})
	if err != nil {
		return err
	}
	a, err := c.BreakClaim(ctx, id, signed[0])
	if err != nil {
		return err
	}
	return o.env.print(view{data: a, text: func() string { return brokenText(a) }, names: func() []string { return []string{string(id)} }})
}

// statement returns what the server wants signed, after holding it against what is
// shown. Where there is one for each role, any of them will do.
func (o *breakOptions) statement(ctx context.Context, c *httpapi.Client, rec change.Record) (change.Statement, error) {
	list, err := c.ToSign(ctx, rec.ID, httpapi.SignQuery{Verb: change.BreakClaim, Reason: o.reason})
	if err != nil {
		return change.Statement{}, err
	}
	if len(list) == 0 {
		return change.Statement{}, change.Denied("you cannot sign for breaking the claim of %s", rec.ID).
			WithHint("ask the owners of what it holds: changectl show %s", rec.ID)
	}
	return list[0], matches(list[0], rec, change.BreakClaim, o.reason)
}

func claimText(rec change.Record) string {
	return fmt.Sprintf("%s %q of %s is %s and holds %s since %s", rec.ID, report.OneLine(rec.Plan.Title), rec.Submitter, rec.Status,
		refList(rec.Plan.Footprint.Touch), report.Moment(rec.StartedAt, rec.Plan.Window.Zone))
}

func brokenText(a httpapi.BreakAnswer) string {
	if a.Broken {
		return fmt.Sprintf("the claim of %s is taken away, by %s; it is %s\n", a.Change.ID, refList(a.By), a.Change.Status)
	}
	return fmt.Sprintf("signed by %s; the claim of %s stands until a second person signs:\n  changectl break-claim %s --reason TEXT\n",
		refList(a.By), a.Change.ID, a.Change.ID)
}
