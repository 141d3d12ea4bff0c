package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
)

type watchOptions struct {
	env      *Env
	id       string
	interval time.Duration
	until    string
	timeout  time.Duration
	plain    bool
}

func newWatch(env *Env, run func(context.Context, *watchOptions) error) *cobra.Command {
	o := &watchOptions{env: env}
	cmd := &cobra.Command{
		Use:   "watch CHG",
		Short: "Watch a change until it ends",
		Long: `Watch a change: a live screen on a terminal, a line for each event otherwise.
It ends when the change ends, with the exit code of its outcome: 0 completed,
6 backed-out or failed, 3 refused, 4 rejected, 1 expired or cancelled. When
--timeout ends it sooner the exit code is 5 if the change still awaits approval,
1 otherwise. -o json prints the whole record on a line for each news.`,
		Args: exactly("CHG"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.id = args[0]
			return run(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.DurationVar(&o.interval, "interval", 20*time.Second, "ask again after this long without news, at most 60s")
	f.StringVar(&o.until, "until", "", "also end, with exit code 0, when the change reaches this status")
	f.DurationVar(&o.timeout, "timeout", 0, "give up after this long; 0 is never")
	f.BoolVar(&o.plain, "plain", false, "lines instead of the live screen, also on a terminal")
	return cmd
}

func (o *watchOptions) check() (change.ID, error) {
	if err := o.sound(); err != nil {
		return "", err
	}
	return change.ParseID(o.id)
}

// sound checks what is said of how to watch.
func (o *watchOptions) sound() error {
	if o.interval <= 0 || o.interval > httpapi.MaxWait {
		return change.Invalid("%s is not between 0 and %s", o.interval, httpapi.MaxWait).At("--interval")
	}
	if o.until != "" && !change.Status(o.until).Valid() {
		return change.Invalid("%q is not a status; expected one of %v", o.until, change.Statuses).At("--until")
	}
	if o.env.output == "yaml" || o.env.output == "name" {
		return change.Invalid("watch prints table or json").At("--output")
	}
	return nil
}

var errTimeout = errors.New("the time given with --timeout is over")

func runWatch(ctx context.Context, o *watchOptions) error {
	id, err := o.check()
	if err != nil {
		return err
	}
	c, _, err := o.env.client()
	if err != nil {
		return err
	}
	if o.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, o.timeout, errTimeout)
		defer cancel()
	}
	rec, err := c.Get(ctx, id)
	if err != nil {
		return err
	}
	show := o.lines()
	if o.env.output == "json" {
		show = o.json
	}
	live := o.env.output == "table" && !o.plain && o.env.IsTerminal(o.env.Out) && o.env.IsTerminal(o.env.In)
	if live {
		rec, err = o.screen(ctx, c, rec)
	} else {
		rec, err = o.follow(ctx, c, rec, show)
	}
	return o.outcome(ctx, rec, err)
}

// reached reports whether there is nothing more to watch for.
func (o *watchOptions) reached(rec change.Record) bool {
	return rec.Status.Final() || rec.Status == change.ReviewDue || (o.until != "" && rec.Status == change.Status(o.until))
}

// outcome is how watching a change ends.
func (o *watchOptions) outcome(ctx context.Context, rec change.Record, err error) error {
	switch {
	case err == nil && o.reached(rec):
		if o.until != "" && rec.Status == change.Status(o.until) {
			return nil
		}
		return result(rec)
	case errors.Is(context.Cause(ctx), errTimeout):
		code := ExitFailed
		if rec.Status == change.AwaitingApproval {
			code = ExitAwaiting
		}
		return &codedError{code, fmt.Errorf("%s is still %s after %s", rec.ID, rec.Status, o.timeout)}
	case ctx.Err() != nil || err == nil:
		return &codedError{ExitFailed, fmt.Errorf("stopped watching; %s is %s and goes on without you", rec.ID, rec.Status)}
	}
	return err
}

// follow shows a record and its news until there is nothing more to watch for.
func (o *watchOptions) follow(ctx context.Context, c *httpapi.Client, rec change.Record, show func(change.Record) error) (change.Record, error) {
	for {
		if err := show(rec); err != nil {
			return rec, err
		}
		if o.reached(rec) {
			return rec, nil
		}
		next, err := o.news(ctx, c, rec)
		if err != nil {
			return rec, err
		}
		rec = next
	}
}

// news waits for a newer version. A server that is away is asked again: the
// change goes on without it, and so does whoever watches.
func (o *watchOptions) news(ctx context.Context, c *httpapi.Client, rec change.Record) (change.Record, error) {
	told := false
	for {
		next, err := c.Await(ctx, rec.ID, rec.Version, o.interval)
		switch {
		case err == nil && next.Version > rec.Version:
			return next, nil
		case ctx.Err() != nil:
			return rec, context.Cause(ctx)
		case err != nil && change.KindOf(err) != change.KindUnavailable:
			return rec, err
		case err != nil:
			if !told {
				o.env.say("%s; trying again", err)
			}
			told = true
			if err := pause(ctx, time.Second); err != nil {
				return rec, err
			}
		}
	}
}
