package ledger

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"

	"github.com/changectl/changectl/internal/change"
)

//go:embed migrations
var migrations embed.FS

// migrate brings the schema up to date, or with only says whether it is.
func (l *Ledger) migrate(ctx context.Context, only bool) error {
	p, err := l.migrator()
	if err != nil {
		return err
	}
	current, target, err := p.GetVersions(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("read the version of the schema: %w", err)
	case current > target:
		return change.Invalid("the ledger at %s has schema %d; this program knows schemas up to %d", l.where, current, target).
			WithHint("run the newer changectl that migrated it")
	case current == target:
		return nil
	case only:
		return change.Unavailable("the ledger at %s has schema %d and needs %d", l.where, current, target).
			WithHint("apply the migrations with a user that owns the tables")
	}
	return l.apply(ctx, p)
}

// migrationLock is the key of PostgreSQL's advisory lock under which one process
// migrates while the others wait.
const migrationLock = 0x6368616e67656374 // "changect"

// apply runs the migrations. Another process may do so at the same moment: on
// PostgreSQL the second waits for the lock and finds nothing to do; on SQLite, which
// has no lock for it, the loser looks again.
func (l *Ledger) apply(ctx context.Context, p *goose.Provider) error {
	unlock, err := l.lockMigrations(ctx)
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	for try := 0; err != nil && l.d == sqliteDialect && try < 3; try++ {
		if pending, e := p.HasPending(ctx); e == nil && !pending {
			return nil
		}
		_, err = p.Up(ctx)
	}
	if err = errors.Join(err, unlock()); err != nil {
		return fmt.Errorf("apply migrations: %w", err)
	}
	return nil
}

func (l *Ledger) lockMigrations(ctx context.Context) (unlock func() error, err error) {
	if l.d == sqliteDialect {
		return func() error { return nil }, nil
	}
	c, err := l.writer.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("lock the migrations: %w", err)
	}
	if _, err := c.ExecContext(ctx, "select pg_advisory_lock($1)", int64(migrationLock)); err != nil {
		return nil, errors.Join(fmt.Errorf("lock the migrations: %w", err), c.Close())
	}
	return func() error {
		_, err := c.ExecContext(context.WithoutCancel(ctx), "select pg_advisory_unlock($1)", int64(migrationLock))
		return errors.Join(err, c.Close())
	}, nil
}

func (l *Ledger) migrator() (*goose.Provider, error) {
	dir, err := fs.Sub(migrations, "migrations/"+l.d.name)
	if err != nil {
		return nil, fmt.Errorf("find migrations: %w", err)
	}
	of := goose.DialectPostgres
	if l.d == sqliteDialect {
		of = goose.DialectSQLite3
	}
	return goose.NewProvider(of, l.writer, dir, goose.WithDisableGlobalRegistry(true))
}
