package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
)

const pullColumns = "number, open, head, base, updated_at, seen_at, version, state"

// Pull returns what was kept of a pull request; its Version is 0 if nothing was.
func (l *Ledger) Pull(ctx context.Context, k change.PullKey) (change.PullState, error) {
	s := change.PullState{PullKey: k}
	err := l.read(ctx, "read what is kept of a pull request", func(c conn) error {
		row := c.row(ctx, "select "+pullColumns+" from github_pulls where repository = ? and number = ?", k.RepositoryID, k.Number)
		if err := scanPull(row, &s); !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		return nil
	})
	return s, err
}

func scanPull(r interface{ Scan(...any) error }, s *change.PullState) error {
	var open int
	var updated, seen int64
	var state string
	err := r.Scan(&s.Number, &open, &s.Head, &s.Base, &updated, &seen, &s.Version, &state)
	s.Open, s.UpdatedAt, s.SeenAt, s.State = open != 0, moment(updated), moment(seen), []byte(state)
	return err
}

// Pulls returns what is kept of all pull requests of a repository, without State.
func (l *Ledger) Pulls(ctx context.Context, repository int64) (out []change.PullState, err error) {
	err = l.read(ctx, "list what is kept of pull requests", func(c conn) error {
		return c.each(ctx, func(r *sql.Rows) error {
			s := change.PullState{PullKey: change.PullKey{RepositoryID: repository}}
			err := scanPull(r, &s)
			s.State = nil
			out = append(out, s)
			return err
		}, "select number, open, head, base, updated_at, seen_at, version, '' from github_pulls where repository = ? and number > 0 order by number", repository)
	})
	return out, err
}

// KeepPull replaces what is kept of a pull request, and writes the entries to the
// log in the same transaction. A Version that is not the newest is a Conflict:
// somebody else looked meanwhile.
func (l *Ledger) KeepPull(ctx context.Context, s change.PullState, entries ...audit.Entry) error {
	return l.write(ctx, "keep what was seen of a pull request", func(t *tx) error {
		var version int64
		err := t.row(ctx, "select version from github_pulls where repository = ? and number = ?", s.RepositoryID, s.Number).Scan(&version)
		if err = ignoreMissing(err); err != nil {
			return fmt.Errorf("read the version of pull request %s: %w", s.PullKey, err)
		}
		if version != s.Version {
			return change.Conflict("pull request %s was looked at by somebody else meanwhile", s.PullKey)
		}
		for _, e := range entries {
			if err := t.about(ctx, e); err != nil {
				return err
			}
		}
		open := 0
		if s.Open {
			open = 1
		}
		return t.exec(ctx, "insert into github_pulls (repository, "+pullColumns+") values (?, ?, ?, ?, ?, ?, ?, ?, ?) "+
			"on conflict (repository, number) do update set open = excluded.open, head = excluded.head, base = excluded.base, "+
			"updated_at = excluded.updated_at, seen_at = excluded.seen_at, version = excluded.version, state = excluded.state",
			s.RepositoryID, s.Number, open, s.Head, s.Base, micros(s.UpdatedAt), micros(t.now), s.Version+1, string(s.State))
	})
}

// about tells an entry: of a change it becomes the newest.
func (t *tx) about(ctx context.Context, e audit.Entry) error {
	if e.Change == "" {
		_, err := t.tell(e)
		return err
	}
	s, err := t.standing(ctx, e.Change)
	if err != nil {
		return err
	}
	if err := t.record(&s, e); err != nil {
		return err
	}
	return t.save(ctx, s)
}
