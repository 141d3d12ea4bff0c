package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/report"
	"github.com/changectl/changectl/internal/request"
)

type submitOptions struct {
	env     *Env
	cmd     *cobra.Command
	request requestOptions
	revise  string
	dryRun  bool
	// nextSlot has the window chosen: the first free one of the length that is asked for.
	nextSlot  bool
	notBefore string
}

func newSubmit(env *Env, run func(context.Context, *submitOptions) error) *cobra.Command {
	o := &submitOptions{env: env}
	cmd := &cobra.Command{
		Use:   "submit (-f FILE | --title ... --reason ... --runbook ... --start ... )",
		Short: "Submit a change: compile, check, reserve",
		Example: `  changectl submit -f patch.yaml
  changectl submit --title "Patch orders" --reason "Security release" --runbook postgres-switchover-patch \
    --param primary=resource:orders-db-1 --start 2027-03-06T23:00 --duration 90m --zone Europe/Berlin
  changectl submit -f patch.yaml --next-slot --not-before 2027-03-08
  changectl submit -f patch.yaml --revise CHG-17
  changectl submit --type emergency --controller user:dave --title "Broken disk" --reason "orders are down" \
    --runbook replace-disk --param system=resource:orders-db-1 --start 2027-03-06T23:00 --duration 90m --zone Europe/Berlin`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.cmd = cmd
			return run(cmd.Context(), o)
		},
	}
	o.request.register(cmd)
	cmd.Flags().StringVar(&o.revise, "revise", "", "replace the request of this change; approvals of the old one are void")
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "only show what would come of it, like changectl plan")
	cmd.Flags().BoolVar(&o.nextSlot, "next-slot", false, "take the next window in which nothing is in the way; a start is not needed")
	cmd.Flags().StringVar(&o.notBefore, "not-before", "", "with --next-slot: not before 2027-03-08, 2027-03-08T23:00 or RFC 3339")
	return cmd
}

func runSubmit(ctx context.Context, o *submitOptions) error {
	if o.notBefore != "" && !o.nextSlot {
		return change.Invalid("goes with --next-slot only").At("--not-before")
	}
	req, doc, err := o.request.read(o.env, o.cmd, request.Missing{Start: o.nextSlot})
	if err != nil {
		return err
	}
	if o.nextSlot {
		if req, err = o.inNextSlot(ctx, req); err != nil {
			return request.Locate(doc, err)
		}
	}
	if o.dryRun {
		return preview(ctx, o.env, req, doc)
	}
	c, _, err := o.env.client()
	if err != nil {
		return err
	}
	req.Nonce = newNonce()
	var rec change.Record
	if o.revise == "" {
		rec, err = c.Submit(ctx, req)
	} else {
		var id change.ID
		if id, err = change.ParseID(o.revise); err != nil {
			return err
		}
		rec, err = c.Revise(ctx, id, req)
	}
	if rec.ID == "" {
		return request.Locate(doc, err)
	}
	if printErr := o.env.print(o.view(rec)); printErr != nil {
		return printErr
	}
	o.next(rec)
	return request.Locate(doc, err)
}

func (o *submitOptions) view(rec change.Record) view {
	return view{
		data: rec,
		text: func() string {
			s := string(rec.ID) + " is " + string(rec.Status) + "\n\n" + report.Plan(rec.Plan, rec.Digest)
			if len(rec.Findings) > 0 {
				s += "\nFindings\n" + report.Findings(rec.Findings)
			}
			return s
		},
		names: func() []string { return []string{string(rec.ID)} },
	}
}

func (o *submitOptions) next(rec change.Record) {
	if rec.Status.Final() {
		return
	}
	e := report.Explain(rec, o.env.Now())
	o.env.say("%s waits for %s", rec.ID, strings.Join(e.Waits, "; "))
	for _, n := range e.Next {
		o.env.say("  %s", n)
	}
}
