package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/report"
)

type calendarOptions struct {
	env    *Env
	from   string
	to     string
	system string
}

func newCalendar(env *Env, run func(context.Context, *calendarOptions) error) *cobra.Command {
	o := &calendarOptions{env: env}
	cmd := &cobra.Command{
		Use:   "calendar",
		Short: "Show what holds systems, by window: changes and declared maintenances",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), o) },
	}
	cmd.Flags().StringVar(&o.from, "from", "", "2027-03-06, 2027-03-06T23:00 or RFC 3339 (default now)")
	cmd.Flags().StringVar(&o.to, "to", "", "the same, or a duration after --from such as 48h (default 168h)")
	cmd.Flags().StringVar(&o.system, "system", "", "only what holds this system")
	return cmd
}

func runCalendar(ctx context.Context, o *calendarOptions) error {
	from, to, err := o.env.span(o.from, o.to, 7*24*time.Hour)
	if err != nil {
		return err
	}
	system, err := systemFlag(o.system)
	if err != nil {
		return err
	}
	c, _, err := o.env.client()
	if err != nil {
		return err
	}
	list, err := c.Calendar(ctx, from, to, system)
	if err != nil {
		return err
	}
	if len(list) == 0 && o.env.output == "table" {
		o.env.say("nothing holds a system from %s to %s", from.Format(time.RFC3339), to.Format(time.RFC3339))
		return nil
	}
	return o.env.print(view{
		data: list,
		text: func() string { return o.env.table(report.Calendar(list)) },
		names: func() []string {
			var names []string
			seen := map[change.ID]bool{}
			for _, h := range list {
				if !seen[h.By] {
					seen[h.By] = true
					names = append(names, string(h.By))
				}
			}
			return names
		},
	})
}

// span reads --from and --to: from now where nothing is given, and as long as otherwise says.
func (e *Env) span(fromText, toText string, otherwise time.Duration) (from, to time.Time, err error) {
	from = e.Now()
	if fromText != "" {
		if from, err = e.when("--from", fromText); err != nil {
			return from, to, err
		}
	}
	to = from.Add(otherwise)
	if d, err := time.ParseDuration(toText); err == nil {
		to = from.Add(d)
	} else if toText != "" {
		if to, err = e.when("--to", toText); err != nil {
			return from, to, err
		}
	}
	if !from.Before(to) {
		return from, to, change.Invalid("%s is not after --from", toText).At("--to")
	}
	return from, to, nil
}

// when reads a moment as people write it, in the local zone.
func (e *Env) when(flag, s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, s, e.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, change.Invalid("%q is not a moment; write 2027-03-06, 2027-03-06T23:00 or 2027-03-06T23:00:00Z", s).At(flag)
}
