package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/report"
)

// heard is news of a change, or why there is none.
type heard struct {
	id  change.ID
	rec change.Record
	err error
}

// follow sends every news of a change until it has ended.
func (w *pullWatch) follow(ctx context.Context, id change.ID) {
	rec, err := w.server.Get(ctx, id)
	for {
		select {
		case w.news <- heard{id, rec, err}:
		case <-ctx.Done():
			return
		}
		if err == nil && (rec.Status.Final() || rec.Status == change.ReviewDue) {
			return
		}
		if err != nil && (change.KindOf(err) != change.KindUnavailable || pause(ctx, time.Second) != nil) {
			return
		}
		rec, err = w.newer(ctx, id, rec)
	}
}

// newer waits for a newer version.
func (w *pullWatch) newer(ctx context.Context, id change.ID, rec change.Record) (change.Record, error) {
	for {
		next, err := w.server.Await(ctx, id, rec.Version, w.o.interval)
		if err != nil {
			return rec, err
		}
		if next.Version > rec.Version {
			return next, nil
		}
	}
}

// listen shows news of the changes until GitHub is to be asked again.
func (w *pullWatch) listen(ctx context.Context) error {
	again := time.NewTimer(w.o.interval)
	defer again.Stop()
	for {
		select {
		case <-again.C:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		case h := <-w.news:
			if err := w.hear(ctx, h); err != nil || w.over() {
				return err
			}
		}
	}
}

func (w *pullWatch) hear(ctx context.Context, h heard) error {
	if h.err != nil {
		return w.unlessAway(ctx, h.err)
	}
	f := w.changes[h.id]
	f.rec = h.rec
	f.met = f.met || h.rec.Status == change.Status(w.o.until)
	return f.show(h.rec)
}

// changeLines returns what shows the news of a change.
func (o *prWatchOptions) changeLines() func(change.Record) error {
	if o.env.output == "json" {
		return func(rec change.Record) error { return o.json("change", rec) }
	}
	return o.lines().lines()
}

// pullLines shows what is another at GitHub.
func (o *prWatchOptions) pullLines(old, s pullStatus) error {
	events := pullEvents(old, s)
	if o.env.output == "json" {
		if len(events) == 0 {
			return nil
		}
		return o.json("pull", s)
	}
	at := o.env.Now().In(o.env.Local).Format("15:04:05.000")
	for _, e := range events {
		if _, err := fmt.Fprintf(o.env.Out, "%s  %s#%d  %s\n", at, s.Repository, s.Number, report.OneLine(e)); err != nil {
			return fmt.Errorf("write output: %w", err)
		}
	}
	return nil
}

func (o *prWatchOptions) json(key string, v any) error {
	b, err := json.Marshal(map[string]any{key: v})
	if err != nil {
		return fmt.Errorf("encode output: %w", err)
	}
	if _, err := fmt.Fprintf(o.env.Out, "%s\n", b); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return nil
}

// pullEvents is what happened between two looks at a pull request.
func pullEvents(old, s pullStatus) []string {
	var list []string
	tell := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	if old.Number == 0 {
		tell("%s: %s, by %s", s.State, s.Title, s.Author)
	}
	if old.Head != s.Head {
		tell("head is %s of %s, into %s", s.Head, s.HeadRef, s.Base)
	} else if old.Base != s.Base {
		tell("goes into %s", s.Base)
	}
	for _, c := range s.Checks {
		if old.Head != s.Head || !slices.Contains(old.Checks, c) {
			tell("%s: %s: %s", c.Name, c.Conclusion, c.Title)
		}
	}
	for _, r := range s.Reviews {
		if !slices.Contains(old.Reviews, r) {
			tell("review of %s: %s", r.Login, r.State)
		}
	}
	switch {
	case old.State == s.State:
	case s.State == "merged":
		tell("merged by %s as %s", s.MergedBy, s.MergeCommit)
	case old.Number != 0:
		tell("%s", s.State)
	}
	return list
}
