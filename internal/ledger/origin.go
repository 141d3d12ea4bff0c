package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
)

// originate writes where a change comes from, as of its newest revision.
func (t *tx) originate(ctx context.Context, s standing) error {
	o := s.Plan.Origin
	if o == nil {
		return nil
	}
	err := t.exec(ctx, "insert into change_origins (change, repository, number, base, path, commit_sha, told) values (?, ?, ?, ?, ?, ?, '') "+
		"on conflict (change) do update set repository = excluded.repository, number = excluded.number, base = excluded.base, "+
		"path = excluded.path, commit_sha = excluded.commit_sha",
		number(s.ID), o.RepositoryID, o.Number, o.Base, o.Path, o.Commit)
	if err != nil {
		return fmt.Errorf("write where %s comes from: %w", s.ID, err)
	}
	return nil
}

const pins = "select c.number, o.repository, o.number, o.base, o.path, o.commit_sha, c.status, c.detached, " + standingWord + " from change_origins o join changes c on c.number = o.change where "

func (l *Ledger) pins(ctx context.Context, where string, args ...any) (out []change.Pin, err error) {
	err = l.read(ctx, "read where changes come from", func(c conn) error {
		return c.each(ctx, func(r *sql.Rows) error {
			var p change.Pin
			var n int64
			err := r.Scan(&n, &p.RepositoryID, &p.Number, &p.Base, &p.Path, &p.Commit, &p.Status, &p.Detached, &p.Standing)
			p.Change = idOf(n)
			out = append(out, p)
			return err
		}, pins+where+" order by c.number", args...)
	})
	return out, err
}

// PinsOf returns the changes of a pull request, ended ones too.
func (l *Ledger) PinsOf(ctx context.Context, k change.PullKey) ([]change.Pin, error) {
	return l.pins(ctx, "o.repository = ? and o.number = ?", k.RepositoryID, k.Number)
}

// PinsIn returns the changes of a repository that have not started, for all where it
// is 0.
func (l *Ledger) PinsIn(ctx context.Context, repository int64) ([]change.Pin, error) {
	open, args := unended()
	where := "c.started_at = 0 and " + open
	if repository != 0 {
		where, args = where+" and o.repository = ?", append(args, repository)
	}
	return l.pins(ctx, where, args...)
}

// PinsAt returns all changes of a repository that are pinned to a commit, ended ones too.
func (l *Ledger) PinsAt(ctx context.Context, repository int64) ([]change.Pin, error) {
	return l.pins(ctx, "o.repository = ? and o.commit_sha <> ''", repository)
}

// standingWord says in a word where a change stands; it is another after each transition.
const standingWord = "cast(c.revision as text) || '/' || c.status || '/' || cast(c.holds as text) || '/' || c.detached"

// Untold returns the pull requests of which a change has moved since it was last
// told there.
func (l *Ledger) Untold(ctx context.Context) (out []change.PullKey, err error) {
	err = l.read(ctx, "read which pull requests are to be told", func(c conn) error {
		return c.each(ctx, func(r *sql.Rows) error {
			var k change.PullKey
			err := r.Scan(&k.RepositoryID, &k.Number)
			out = append(out, k)
			return err
		}, "select distinct o.repository, o.number from change_origins o join changes c on c.number = o.change where o.number > 0 and o.told <> "+standingWord)
	})
	return out, err
}

// Told notes that it was told where it comes from that a change stands as p.Standing
// says. What has moved since is told next.
func (l *Ledger) Told(ctx context.Context, p change.Pin) error {
	return l.write(ctx, "note what was told of "+string(p.Change), func(t *tx) error {
		return t.exec(ctx, "update change_origins set told = ? where change = ?", p.Standing, number(p.Change))
	})
}

// Detach notes that what a change comes from no longer stands, and why; empty, that it
// does again. The change is asked to be judged again.
func (l *Ledger) Detach(ctx context.Context, id change.ID, why string) error {
	return l.write(ctx, "detach "+string(id), func(t *tx) error {
		s, err := t.planned(ctx, id)
		if err != nil {
			return err
		}
		if s.Detached == why || s.Plan.Origin == nil || s.Status.Final() {
			t.quiet = true
			return nil
		}
		kind, what := "origin.detached", "no longer stands where it was merged"
		if why == "" {
			kind, what = "origin.attached", "stands again where it was merged"
		}
		s.Detached = why
		if err := t.record(&s, entryAbout(s, kind, self, what, why)); err != nil {
			return err
		}
		if err := t.save(ctx, s); err != nil {
			return err
		}
		return t.askFor(ctx, what, "c.number = ?", number(id))
	})
}

// Moves returns the entries about a change by which it moved, with a number of at least
// from, oldest first.
func (l *Ledger) Moves(ctx context.Context, id change.ID, from int64) ([]audit.Record, error) {
	all, err := l.Entries(ctx, EntryFilter{Change: id, From: from})
	return slices.DeleteFunc(all, func(r audit.Record) bool { return !strings.HasPrefix(r.Entry.Kind, "change.") }), err
}
