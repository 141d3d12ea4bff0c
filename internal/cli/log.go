package cli

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/spf13/cobra"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
)

// logPage is how many entries one request asks for.
const logPage = 1000

type logOptions struct {
	env    *Env
	change string
	system string
	person string
	since  string
	until  string
	follow bool
}

func newLog(env *Env) *cobra.Command {
	cmd := newLogShow(env, runLog)
	cmd.AddCommand(newLogVerify(env, runLogVerify))
	return cmd
}

func newLogShow(env *Env, run func(context.Context, *logOptions) error) *cobra.Command {
	o := &logOptions{env: env}
	cmd := &cobra.Command{
		Use:   "log",
		Short: "Read the audit log; log verify checks it",
		Args:  cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return group(cmd, args)
			}
			return run(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.change, "change", "", "only entries about this change")
	f.StringVar(&o.system, "system", "", "only entries about this system")
	f.StringVar(&o.person, "person", "", "only what this person did")
	f.StringVar(&o.since, "since", "", "2027-03-06, 2027-03-06T23:00, RFC 3339, or a duration back from now such as 24h")
	f.StringVar(&o.until, "until", "", "the same; not included")
	f.BoolVar(&o.follow, "follow", false, "go on with what is added")
	cmd.Long = "Read the audit log, oldest entry first. -o csv prints a table for spreadsheets; -o name the numbers of the entries."
	return cmd
}

func (o *logOptions) filter() (f httpapi.LogFilter, err error) {
	f.Limit = logPage
	if o.change != "" {
		if f.Change, err = change.ParseID(o.change); err != nil {
			return f, err
		}
	}
	if f.System, err = systemFlag(o.system); err != nil {
		return f, err
	}
	if o.person != "" {
		if f.Person, err = change.ParseRef(o.person, "user"); err != nil {
			return f, err
		}
	}
	if f.Since, err = o.moment("--since", o.since); err != nil {
		return f, err
	}
	f.Until, err = o.moment("--until", o.until)
	return f, err
}

func (o *logOptions) moment(flag, s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(s); err == nil {
		return o.env.Now().Add(-d), nil
	}
	return o.env.when(flag, s)
}

func runLog(ctx context.Context, o *logOptions) error {
	f, err := o.filter()
	if err != nil {
		return err
	}
	if o.follow && o.env.output != "table" && o.env.output != "name" {
		return change.Invalid("goes with -o table and name only").At("--follow")
	}
	c, _, err := o.env.client()
	if err != nil {
		return err
	}
	switch o.env.output {
	case "csv":
		return audit.CSV(o.env.Out, entries(ctx, c, f))
	case "json", "yaml":
		return o.whole(entries(ctx, c, f))
	}
	next, err := o.lines(entries(ctx, c, f), f.From)
	for err == nil && o.follow {
		if err = pause(ctx, time.Second); err != nil {
			return nil // interrupted, as following ends
		}
		f.From = next
		next, err = o.lines(entries(ctx, c, f), next)
	}
	return err
}

func (o *logOptions) whole(records iter.Seq2[audit.Record, error]) error {
	all := []audit.Record{}
	for r, err := range records {
		if err != nil {
			return err
		}
		all = append(all, r)
	}
	return o.env.print(view{data: all})
}

func (o *logOptions) lines(records iter.Seq2[audit.Record, error], next int64) (int64, error) {
	for r, err := range records {
		if err != nil {
			return next, err
		}
		line := audit.Text(r.Entry, o.env.Local)
		if o.env.output == "name" {
			line = fmt.Sprint(r.Number)
		}
		if _, err := fmt.Fprintln(o.env.Out, line); err != nil {
			return next, fmt.Errorf("write output: %w", err)
		}
		next = r.Number + 1
	}
	return next, nil
}

// entries asks for page after page until the log ends.
func entries(ctx context.Context, c *httpapi.Client, f httpapi.LogFilter) iter.Seq2[audit.Record, error] {
	return func(yield func(audit.Record, error) bool) {
		for {
			page, err := c.Log(ctx, f)
			if err != nil {
				yield(audit.Record{}, err)
				return
			}
			for _, r := range page {
				if r.Number < f.From {
					yield(audit.Record{}, errors.New("the server sends entry "+fmt.Sprint(r.Number)+" again"))
					return
				}
				if !yield(r, nil) {
					return
				}
				f.From = r.Number + 1
			}
			if len(page) == 0 {
				return
			}
		}
	}
}

// pause waits, or ends early with the cause of ctx.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
