package cli

import (
	"context"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
)

type prWatchOptions struct {
	prOptions
	interval time.Duration
	until    string
	timeout  time.Duration
}

func newPRWatch(env *Env, run func(context.Context, *prWatchOptions) error) *cobra.Command {
	o := &prWatchOptions{prOptions: prOptions{env: env}}
	cmd := &cobra.Command{
		Use:   "watch [N]",
		Short: "Watch a pull request and its changes until all have ended",
		Long: `Watch a pull request: a line when its state, its head, a check of changectl or a review
is another, and for each event of the changes that it leads to. It ends when the pull
request is closed and its changes have ended, with the exit codes of changectl watch; of
several the worst. A pull request that is closed without being merged, or that was
merged and led to no change though it asks for one, is 1. When --timeout ends it
sooner the exit code is 5 if approvals are awaited, 1 otherwise. -o json prints an object
with pull or change on a line for each news.`,
		Args: atMost("N"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.take(args)
			return run(cmd.Context(), o)
		},
	}
	o.register(cmd)
	f := cmd.Flags()
	f.DurationVar(&o.interval, "interval", 15*time.Second, "ask GitHub again after this long, at most 60s")
	f.StringVar(&o.until, "until", "", "also end, with exit code 0, when each of its changes has reached this status")
	f.DurationVar(&o.timeout, "timeout", 0, "give up after this long; 0 is never")
	completes(cmd, "until", change.Statuses)
	return cmd
}

// lines are the options for showing the changes.
func (o *prWatchOptions) lines() *watchOptions {
	return &watchOptions{env: o.env, interval: o.interval, until: o.until, timeout: o.timeout}
}

func runPRWatch(ctx context.Context, o *prWatchOptions) error {
	guardActions(o.env, formatText)
	if err := o.lines().sound(); err != nil {
		return err
	}
	c, _, err := o.env.client()
	if err != nil {
		return err
	}
	f, number, err := o.open(ctx)
	if err != nil {
		return err
	}
	if o.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, o.timeout, errTimeout)
		defer cancel()
	}
	w := &pullWatch{o: o, forge: f, server: c, number: number, changes: map[change.ID]*followed{}, news: make(chan heard)}
	return w.outcome(ctx, w.run(ctx))
}

// pullWatch is the watching of one pull request.
type pullWatch struct {
	o      *prWatchOptions
	forge  forge
	server *httpapi.Client
	number int

	seen     pullStatus
	away     string // what does not answer, as it was told last
	expected int    // changes that it asks for, known once it is merged
	late     int    // looks since it was merged
	changes  map[change.ID]*followed
	news     chan heard
}

// followed is a change that is followed.
type followed struct {
	rec  change.Record
	met  bool // it has reached the status of --until
	show func(change.Record) error
}

// patienceForChanges is how many looks after a merge its changes may take to show.
const patienceForChanges = 8

func (w *pullWatch) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var following sync.WaitGroup
	defer following.Wait()
	defer cancel()
	for {
		fresh, err := w.look(ctx)
		if err != nil {
			return err
		}
		for _, id := range fresh {
			following.Go(func() { w.follow(ctx, id) })
		}
		if w.over() {
			return nil
		}
		if err := w.listen(ctx); err != nil {
			return err
		}
		if w.over() {
			return nil
		}
	}
}

// look asks GitHub and the server for what is new, and returns the changes that are.
// What does not answer is asked again the next time.
func (w *pullWatch) look(ctx context.Context) ([]change.ID, error) {
	s, err := w.forge.status(ctx, w.number)
	if err == nil {
		err = w.told(ctx, s)
	}
	var list []change.Summary
	if err == nil {
		list, err = w.server.List(ctx, w.forge.changesOf(w.number))
	}
	if err != nil {
		return nil, w.unlessAway(ctx, err)
	}
	w.away = ""
	if s.over() {
		w.late++
	}
	var fresh []change.ID
	for _, c := range list {
		if w.changes[c.ID] == nil {
			w.changes[c.ID] = &followed{show: w.o.changeLines()}
			fresh = append(fresh, c.ID)
		}
	}
	return fresh, nil
}

// told shows what is another at GitHub. At the merge it counts what was asked for.
func (w *pullWatch) told(ctx context.Context, s pullStatus) error {
	if s.State == "merged" && w.seen.State != "merged" {
		p, err := w.forge.read(ctx, w.number)
		if err != nil && change.KindOf(err) != change.KindNotFound { // nothing of it is governed
			return err
		}
		if err == nil {
			w.expected = len(p.checked.Requests)
		}
	}
	err := w.o.pullLines(w.seen, s)
	w.seen = s
	return err
}

// unlessAway tells once that something does not answer; other errors end the watching.
func (w *pullWatch) unlessAway(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if change.KindOf(err) != change.KindUnavailable {
		return err
	}
	if text := err.Error(); text != w.away {
		w.o.env.say("%s; trying again", text)
		w.away = text
	}
	return nil
}
