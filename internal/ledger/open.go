package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
)

// LongestWindow bounds the length of a window; conflicts are looked for within it.
const LongestWindow = 14 * 24 * time.Hour

// Options say how a ledger is opened. Key is required.
type Options struct {
	Clock     func() time.Time // time.Now where it is nil
	Key       audit.Key        // signs the checkpoints of the log
	Instance  string           // the key's instance where it is empty
	NoMigrate bool             // refuse a database that is not up to date instead of migrating it
}

// Ledger is an open ledger. Its methods may be called from many goroutines.
type Ledger struct {
	d        *dialect
	writer   *sql.DB
	reader   *sql.DB   // the same as writer on PostgreSQL
	prepared *prepared // statements of the writer on SQLite
	looking  *prepared // statements of the reader on SQLite
	where    string    // the database for messages, without password
	clock    func() time.Time
	key      audit.Key

	mu     sync.Mutex
	tree   audit.Tree // edge of the log as last seen; only a cache
	plans  map[string]change.Plan
	agains int64           // transactions that were run again
	asked  map[int64]int64 // changes that Rechecks told of -> the entry that asked for them
}

// Open opens the ledger at dsn: sqlite:/path/to/ledger.db or postgres://...
// It applies the migrations and refuses a log whose signed checkpoint does not
// match the tree that is stored. A database that does not answer is Unavailable.
func Open(ctx context.Context, dsn string, o Options) (*Ledger, error) {
	if o.Instance != "" && !o.Key.IsZero() && o.Instance != o.Key.Instance() {
		return nil, change.Invalid("the log key belongs to the instance %q and not to %q", o.Key.Instance(), o.Instance).
			WithHint("give the key that was generated for this instance")
	}
	if o.Key.IsZero() {
		return nil, change.Invalid("the ledger needs a key to sign the checkpoints of its log with")
	}
	l := &Ledger{clock: o.Clock, key: o.Key, plans: map[string]change.Plan{}}
	if l.clock == nil {
		l.clock = time.Now
	}
	if err := l.connect(dsn); err != nil {
		return nil, err
	}
	if err := l.prepare(ctx, o); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

func (l *Ledger) prepare(ctx context.Context, o Options) error {
	if err := l.Ping(ctx); err != nil {
		return err
	}
	if err := l.migrate(ctx, o.NoMigrate); err != nil {
		return l.explain("migrate the ledger", err)
	}
	if err := l.makeRoom(ctx); err != nil {
		return l.explain("make room for the write-ahead log", err)
	}
	return l.takeUp(ctx)
}

func (l *Ledger) connect(dsn string) error {
	scheme, rest, _ := strings.Cut(dsn, ":")
	switch scheme {
	case "sqlite":
		return l.connectSQLite(rest)
	case "postgres", "postgresql":
		return l.connectPostgres(dsn)
	}
	return change.Invalid("%q is not the address of a ledger", scheme+":...").
		WithHint("write sqlite:/path/to/ledger.db or postgres://user@host/database")
}

func (l *Ledger) connectSQLite(path string) error {
	path = strings.TrimPrefix(path, "//")
	if path == "" || strings.Contains(path, ":memory:") {
		return change.Invalid("the address of the ledger names no file").WithHint("write sqlite:/path/to/ledger.db")
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("find ledger %s: %w", path, err)
	}
	if err := createPrivate(abs); err != nil {
		return change.Unavailable("the ledger %s cannot be opened: %w", abs, err).
			WithHint("check that its directory exists and belongs to the user of the service")
	}
	pragmas := "_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=busy_timeout(10000)" +
		"&_pragma=foreign_keys(1)&_pragma=recursive_triggers(1)&_pragma=cache_size(-16000)"
	u := (&url.URL{Scheme: "file", Path: abs}).String()
	l.d, l.where = sqliteDialect, abs
	if l.writer, err = sql.Open("sqlite", u+"?"+pragmas+"&_txlock=immediate"); err != nil {
		return fmt.Errorf("open ledger %s: %w", abs, err)
	}
	l.writer.SetMaxOpenConns(1)
	l.prepared = newPrepared(l.writer)
	if l.reader, err = sql.Open("sqlite", u+"?"+pragmas+"&_pragma=query_only(1)&_txlock=deferred"); err != nil {
		return fmt.Errorf("open ledger %s: %w", abs, err)
	}
	l.reader.SetMaxOpenConns(8)
	l.reader.SetMaxIdleConns(8)
	l.looking = newPrepared(l.reader)
	return nil
}

// createPrivate makes the file, for its owner alone, if it is not there.
func createPrivate(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

func (l *Ledger) connectPostgres(dsn string) error {
	c, err := pgx.ParseConfig(dsn)
	if err != nil {
		return change.Invalid("the address of the ledger is not one of PostgreSQL").
			WithHint("write postgres://user@host:port/database; a password belongs in PGPASSFILE or the environment")
	}
	if c.RuntimeParams["application_name"] == "" {
		c.RuntimeParams["application_name"] = "changectl"
	}
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = 10 * time.Second
	}
	l.d = postgresDialect
	l.where = fmt.Sprintf("postgres://%s@%s:%d/%s", c.User, c.Host, c.Port, c.Database)
	l.writer = stdlib.OpenDB(*c, stdlib.OptionAfterConnect(func(ctx context.Context, c *pgx.Conn) error {
		// A worker that is cut off in the middle must not keep the lock of the ledger.
		_, err := c.Exec(ctx, "set idle_in_transaction_session_timeout = '60s'")
		return err
	}))
	l.writer.SetMaxOpenConns(16)
	l.writer.SetMaxIdleConns(16)
	l.reader = l.writer
	return nil
}

// Close closes the ledger.
func (l *Ledger) Close() error {
	err := errors.Join(l.prepared.close(), l.looking.close())
	if l.reader != l.writer && l.reader != nil {
		err = errors.Join(err, l.reader.Close())
	}
	if l.writer != nil {
		err = errors.Join(err, l.writer.Close())
	}
	if err != nil {
		return fmt.Errorf("close ledger: %w", err)
	}
	return nil
}

// Ping reports whether the database answers.
func (l *Ledger) Ping(ctx context.Context) error {
	if err := l.reader.PingContext(ctx); err != nil {
		return l.unavailable(err)
	}
	return nil
}

// Retries returns how many transactions the database gave up and the ledger ran
// again since it was opened. More than a few are a reason to look.
func (l *Ledger) Retries() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.agains
}

func (l *Ledger) unavailable(err error) error {
	e := change.Unavailable("the ledger at %s does not answer: %w", l.where, err)
	if l.d == sqliteDialect {
		return e.WithHint("check that the file exists, can be written, is a SQLite database, and that the disk is not full")
	}
	return e.WithHint("check that PostgreSQL runs there, that the network lets us through, and user, password and database")
}

// explain gives an error of the database the words of what was being done; errors
// that are for people already pass as they are.
func (l *Ledger) explain(what string, err error) error {
	switch {
	case err == nil || change.KindOf(err) != "":
		return err
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s: %w", what, err)
	case unreachable(err):
		return l.unavailable(err)
	}
	return fmt.Errorf("%s: %w", what, err)
}
