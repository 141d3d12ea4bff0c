package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/report"
	"github.com/changectl/changectl/internal/request"
)

// slotsAhead is how far ahead free slots are looked for where nothing else is said.
const slotsAhead = 90 * 24 * time.Hour

// mostSlots is how many slots or openings can be asked for.
const mostSlots = 100

type slotsOptions struct {
	env     *Env
	cmd     *cobra.Command
	request requestOptions
	id      string
	from    string
	to      string
	count   int
}

func newSlots(env *Env, run func(context.Context, *slotsOptions) error) *cobra.Command {
	o := &slotsOptions{env: env}
	cmd := &cobra.Command{
		Use:   "slots (-f FILE | CHG | --runbook ... --duration ... )",
		Short: "Show the next windows in which nothing would be in the way",
		Long: `Show the next windows of the length that is asked for in which a change could be
made: nobody else on its systems, no freeze, and within the maintenance windows
of all it works on. Nothing is reserved; changectl submit --next-slot takes the
first. The exit code is 3 if there is none.`,
		Example: `  changectl slots -f patch.yaml
  changectl slots CHG-17 --from 2027-03-08 -n 3
  changectl slots --runbook reboot --param system=resource:orders-db-1 --duration 30m --zone Europe/Berlin`,
		Args: atMost("CHG"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.cmd = cmd
			if len(args) > 0 {
				o.id = args[0]
			}
			return run(cmd.Context(), o)
		},
	}
	o.request.register(cmd)
	f := cmd.Flags()
	f.StringVar(&o.from, "from", "", "not before 2027-03-08, 2027-03-08T23:00 or RFC 3339 (default: the start, or now)")
	f.StringVar(&o.to, "to", "", "over by then: the same, or a duration after --from such as 336h (default 2160h)")
	f.IntVarP(&o.count, "count", "n", 5, "how many")
	return cmd
}

func runSlots(ctx context.Context, o *slotsOptions) error {
	q, doc, err := o.question()
	if err != nil {
		return err
	}
	c, _, err := o.env.client()
	if err != nil {
		return err
	}
	list, err := c.Slots(ctx, q)
	if err != nil {
		return request.Locate(doc, err)
	}
	if len(list) == 0 && o.env.output == "table" {
		return noSlot(q)
	}
	err = o.env.print(view{
		data:  list,
		text:  func() string { return o.env.table(report.Slots(list, o.env.Now())) },
		names: func() []string { return intervals(list) },
	})
	if err == nil && len(list) == 0 {
		err = noSlot(q)
	}
	return err
}

// intervals writes windows as scripts read them: start and end (ISO 8601 intervals).
func intervals(list []change.Window) []string {
	names := make([]string, len(list))
	for i, w := range list {
		names[i] = w.Start.UTC().Format(time.RFC3339) + "/" + w.End.UTC().Format(time.RFC3339)
	}
	return names
}

func noSlot(q httpapi.SlotsQuery) error {
	until := "within 90 days"
	if !q.To.IsZero() {
		until = "before " + q.To.UTC().Format(time.RFC3339)
	}
	return change.Conflict("there is no free slot %s", until).
		WithHint("look at who is in the way (changectl plan, changectl calendar), ask for a shorter window, or look further ahead with --to")
}

func (o *slotsOptions) question() (httpapi.SlotsQuery, *document.Document, error) {
	q := httpapi.SlotsQuery{Count: o.count}
	if err := counted(o.count); err != nil {
		return q, nil, err
	}
	if err := o.times(&q); err != nil {
		return q, nil, err
	}
	if o.id != "" {
		if err := besidesFile(o.cmd, append([]string{"file"}, requestFlags...)); err != nil {
			return q, nil, change.Invalid("the plan of %s says what it needs; leave out -f and the flags of a request", o.id)
		}
		id, err := change.ParseID(o.id)
		q.Change = id
		return q, nil, err
	}
	req, doc, err := o.request.read(o.env, o.cmd, request.Missing{Start: true, Words: true})
	req.Title, req.Reason = orElse(req.Title, "free slots"), orElse(req.Reason, "free slots")
	q.Request = &req
	return q, doc, err
}

func (o *slotsOptions) times(q *httpapi.SlotsQuery) error {
	if o.from == "" && o.to == "" {
		return nil
	}
	from, to, err := o.env.span(o.from, o.to, slotsAhead)
	if err != nil {
		return err
	}
	if o.from != "" {
		q.From = from
	}
	if o.to != "" {
		q.To = to
	}
	return nil
}

func counted(n int) error {
	if n < 1 || n > mostSlots {
		return change.Invalid("is %d; expected 1 to %d", n, mostSlots).At("--count")
	}
	return nil
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// inNextSlot returns the request with the first free window, and says which.
func (o *submitOptions) inNextSlot(ctx context.Context, req change.Request) (change.Request, error) {
	q := httpapi.SlotsQuery{Request: &req, Count: 1}
	if o.notBefore != "" {
		from, err := o.env.when("--not-before", o.notBefore)
		if err != nil {
			return req, err
		}
		q.From = from
	}
	if o.revise != "" {
		id, err := change.ParseID(o.revise)
		if err != nil {
			return req, err
		}
		q.Revises = id
	}
	c, _, err := o.env.client()
	if err != nil {
		return req, err
	}
	list, err := c.Slots(ctx, q)
	if err != nil {
		return req, err
	}
	if len(list) == 0 {
		return req, noSlot(q)
	}
	w := list[0]
	o.env.say("next free slot: %s", report.Window(w))
	taken := req
	taken.Window = change.WindowRequest{Start: w.Start.UTC().Format(time.RFC3339), End: w.End.UTC().Format(time.RFC3339), Zone: orElse(w.Zone, req.Window.Zone)}
	return taken, nil
}
