package cli

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/report"
	"github.com/changectl/changectl/internal/request"
)

// declareOptions are those of commands that declare, alter or look at a maintenance.
type declareOptions struct {
	env    *Env
	id     string
	on     []string
	impact string
	// state is what --tentative and --confirmed say, and what ending it means.
	tentative, confirmed, ended bool
	reason                      string
	request                     httpapi.DeclareRequest
}

func newDeclare(env *Env, run func(context.Context, *declareOptions) error) *cobra.Command {
	o := &declareOptions{env: env}
	cmd := &cobra.Command{
		Use:   "declare --on SYSTEM --title ... --owner ... --contact ... --start ... --duration ...",
		Short: "Declare somebody else's maintenance: a vendor, a customer, another team",
		Long: `Declare work that is done by somebody who does not use changectl. It holds its
systems like a change, and cannot be refused: changes that it hits are put on
hold, or told if they run, and named here.

What it is declared on is a system, or site:NAME, cluster:NAME, region:NAME. The
impact is NO-IMPACT, REDUCED-REDUNDANCY, DEGRADED or OUTAGE.`,
		Example: `  changectl declare --on resource:lan-1 --title "Splicing of the northern fibre" --owner "Nordkabel GmbH" \
    --contact "NOC +49 4841 1234" --start 2027-03-06T23:00 --duration 2h --zone Europe/Berlin
  changectl declare --on site:husum --impact REDUCED-REDUNDANCY --tentative ...
  changectl declare move MNT-3 --start 2027-03-07T23:00 --duration 2h --zone Europe/Berlin
  changectl declare import https://carrier.example/notices.ics --calendar carrier --on resource:lan-1`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), o) },
	}
	o.register(cmd)
	cmd.AddCommand(newDeclareList(env, runDeclareList), newDeclareShow(env, runDeclareShow), newDeclareMove(env, runRedeclare),
		newDeclareEnd(env, runRedeclare), newDeclareWithdraw(env, runWithdraw), newDeclareImport(env, runDeclareImport))
	return cmd
}

func (o *declareOptions) register(cmd *cobra.Command) {
	f, r := cmd.Flags(), &o.request
	f.StringSliceVar(&o.on, "on", nil, "what is worked on: a system, site:NAME, cluster:NAME or region:NAME; may be repeated")
	f.StringVar(&r.Title, "title", "", "what is done, in a few words")
	f.StringVar(&r.Owner, "owner", "", "whose work it is, in words or as a reference")
	f.StringVar(&r.Contact, "contact", "", "how to reach them")
	f.StringVar(&r.Window.Start, "start", "", "start: 2027-03-06T23:00 in --zone, or with an offset")
	f.StringVar(&r.Window.End, "end", "", "end")
	f.StringVar(&r.Window.Duration, "duration", "", "length instead of the end, such as 2h")
	f.StringVar(&r.Window.Zone, "zone", "", "IANA zone of start and end, such as Europe/Berlin")
	f.StringVar(&o.impact, "impact", "", "NO-IMPACT, REDUCED-REDUNDANCY, DEGRADED or OUTAGE (default OUTAGE)")
	f.BoolVar(&o.tentative, "tentative", false, "announced, may not come; it holds its systems all the same")
	f.StringVar(&r.Reason, "reason", "", "why; it is recorded")
	completes(cmd, "impact", change.ImpactClasses)
}

func runDeclare(ctx context.Context, o *declareOptions) error {
	if err := errors.Join(o.missing(), o.fill()); err != nil {
		return err
	}
	c, _, err := o.env.client()
	if err != nil {
		return err
	}
	a, err := c.Declare(ctx, o.request)
	if err != nil {
		return declareFlag(err)
	}
	return o.print(a)
}

// missing names all flags that a declaration cannot do without.
func (o *declareOptions) missing() error {
	w := o.request.Window
	var problems []error
	for _, needed := range []struct{ flag, value, hint string }{
		{"--on", strings.Join(o.on, ""), "name what is worked on, such as resource:lan-1 or site:husum"},
		{"--title", o.request.Title, "say in a line what is done"},
		{"--owner", o.request.Owner, "say whose work it is"},
		{"--contact", o.request.Contact, "say how to reach them in the night"},
		{"--start", w.Start, "write a local time such as 2027-03-06T23:00"},
		{"--end, --duration", w.End + w.Duration, "give one of them, such as --duration 2h"},
	} {
		if strings.TrimSpace(needed.value) == "" {
			problems = append(problems, change.Invalid("is missing; %s", needed.hint).At(needed.flag))
		}
	}
	return errors.Join(problems...)
}

// fill takes what flags say that is not plain text into the request.
func (o *declareOptions) fill() error {
	targets, err := systemArgs("--on", o.on)
	if err != nil {
		return err
	}
	o.request.Targets, o.request.Nonce = targets, newNonce()
	if o.request.Impact, err = impactFlag(o.impact); err != nil {
		return err
	}
	switch {
	case o.tentative && o.confirmed:
		return change.Invalid("is given besides --tentative; keep one of them").At("--confirmed")
	case o.tentative:
		o.request.State = change.Tentative
	case o.confirmed:
		o.request.State = change.Planned
	case o.ended:
		o.request.State = change.Ended
	}
	return nil
}

// impactFlag reads a class of impact, in any case; nothing is left to the server.
func impactFlag(s string) (change.ImpactClass, error) {
	class := change.ImpactClass(strings.ToUpper(strings.TrimSpace(s)))
	if class == "" || slices.Contains(change.ImpactClasses, class) {
		return class, nil
	}
	return "", change.Invalid("is %q; expected one of %v", s, change.ImpactClasses).At("--impact")
}

// declareFlag names the flag that an answer of the service is about.
func declareFlag(err error) error {
	var e *change.Error
	if errors.As(err, &e) {
		switch field := e.Field; {
		case field == "targets" || strings.HasPrefix(field, "targets["):
			return e.At("--on")
		case slices.Contains([]string{"title", "owner", "contact", "impact", "reason"}, field):
			return e.At("--" + field)
		}
	}
	return request.Locate(nil, err)
}

func (o *declareOptions) print(a httpapi.DeclareAnswer) error {
	verb := "hits"
	if !a.Declaration.State.Holds() {
		verb = "no longer hits"
	}
	return o.env.print(view{
		data:  a,
		text:  func() string { return report.Declaration(a.Declaration) + "\n" + report.Hits(verb, a.Hits) },
		names: func() []string { return []string{string(a.Declaration.ID)} },
	})
}
