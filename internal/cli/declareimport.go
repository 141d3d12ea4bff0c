package cli

import (
	"cmp"
	"context"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/report"
)

type feedOptions struct {
	env      *Env
	source   string
	calendar string
	on       []string
	impact   string
	owner    string
	contact  string
	dryRun   bool
}

func newDeclareImport(env *Env, run func(context.Context, *feedOptions) error) *cobra.Command {
	o := &feedOptions{env: env}
	cmd := &cobra.Command{
		Use:   "import FILE|URL|- --calendar NAME",
		Short: "Take the events of an iCalendar as declared maintenances, all or none",
		Long: `Take the events of an iCalendar (RFC 5545) as declared maintenances: a file, - for
standard input, or a feed under http:// or https:// of at most 64 MiB. Events are
known again by their UID; imported anew, they are moved and withdrawn as the
calendar says. X-MAINTNOTE fields of network operators are read where present.

--calendar is the name under which this calendar is known; give the same each
time. --on is what events are declared on that name nothing the catalog knows;
--impact, --owner and --contact are for events that do not say them.`,
		Example: `  changectl declare import notice.ics --calendar nordkabel --on resource:lan-1
  changectl declare import https://carrier.example/notices.ics --calendar carrier --dry-run`,
		Args: exactly("FILE|URL|-"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.source = args[0]
			if strings.TrimSpace(o.calendar) == "" {
				return change.Invalid("is missing; give the calendar a name, and the same one each time").At("--calendar")
			}
			return run(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.calendar, "calendar", "", "name under which the calendar is known")
	f.StringSliceVar(&o.on, "on", nil, "what events are declared on that name nothing known; may be repeated")
	f.StringVar(&o.impact, "impact", "", "of events that do not say it: NO-IMPACT, REDUCED-REDUNDANCY, DEGRADED or OUTAGE (default OUTAGE)")
	f.StringVar(&o.owner, "owner", "", "whose work it is, for events that do not say it")
	f.StringVar(&o.contact, "contact", "", "how to reach them, for events that do not say it")
	f.BoolVar(&o.dryRun, "dry-run", false, "only show what would come of it")
	completes(cmd, "impact", change.ImpactClasses)
	return cmd
}

func runDeclareImport(ctx context.Context, o *feedOptions) error {
	req := httpapi.ImportRequest{Calendar: strings.TrimSpace(o.calendar), Owner: o.owner, Contact: o.contact, DryRun: o.dryRun}
	var err error
	if req.Targets, err = systemArgs("--on", o.on); err != nil {
		return err
	}
	if req.Impact, err = impactFlag(o.impact); err != nil {
		return err
	}
	if req.Text, err = o.text(ctx); err != nil {
		return err
	}
	c, _, err := o.env.client()
	if err != nil {
		return err
	}
	a, err := c.Import(ctx, req)
	if err != nil {
		return err
	}
	for _, n := range a.Notes {
		o.env.say("note: %s", report.OneLine(n))
	}
	return o.env.print(view{
		data:  a,
		text:  func() string { return o.imported(a) },
		names: func() []string { return importedNames(a) },
	})
}

func (o *feedOptions) imported(a httpapi.ImportAnswer) string {
	if len(a.Events) == 0 {
		return "the calendar holds no event that is not over\n"
	}
	s := o.env.table(report.Imported(a.Events)) + "\n"
	if o.dryRun {
		return s + "Nothing was recorded.\n" + report.Hits("would hit", a.Hits)
	}
	return s + report.Hits("hits", a.Hits)
}

func importedNames(a httpapi.ImportAnswer) []string {
	var names []string
	for _, e := range a.Events {
		if e.Declaration.ID != "" { // a dry run gives none
			names = append(names, string(e.Declaration.ID))
		}
	}
	return names
}

// text reads the calendar from where it stands, up to what can be imported and a byte
// more, so that too much is noticed.
func (o *feedOptions) text(ctx context.Context) (string, error) {
	scheme, _, isURL := strings.Cut(o.source, "://")
	var b []byte
	var err error
	switch {
	case !isURL:
		b, err = readUpTo(o.env, o.source, httpapi.MaxCalendar)
	case strings.EqualFold(scheme, "http"), strings.EqualFold(scheme, "https"):
		b, err = httpapi.FetchCalendar(ctx, cmp.Or(o.env.HTTP, http.DefaultClient), "changectl/"+Version, o.source)
	default:
		return "", change.Invalid("%s:// cannot be fetched; expected a file, http:// or https:// (for webcal:// write https://)", scheme)
	}
	return string(b), err
}
