package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/metrics"
	"go.temporal.io/server/common/persistence"
	"go.temporal.io/server/common/persistence/serialization"
	temporalsql "go.temporal.io/server/common/persistence/sql"
	"go.temporal.io/server/common/persistence/sql/sqlplugin"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/common/resolver"
	sqliteschema "go.temporal.io/server/schema/sqlite"
	"google.golang.org/protobuf/types/known/durationpb"
	_ "modernc.org/sqlite" // the driver that the server uses
)

// retention is how long a closed workflow stays to be looked at: ten years.
const retention = 10 * 365 * 24 * time.Hour

// store is the SQLite file, held by this process alone.
type store struct {
	file string
	lock *os.File
	cfg  *config.SQL // how the server opens the file
}

// openStore makes the file if there is none, and refuses one that another program, or another version of the
// server, has made: the server has no migrations for SQLite.
func openStore(ctx context.Context, file string) (*store, error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, fmt.Errorf("make directory of database: %w", err)
	}
	lock, err := lockFile(file)
	if err != nil {
		return nil, err
	}
	if err := prepareFile(ctx, file); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return &store{file: file, lock: lock, cfg: sqlConfig(file)}, nil
}

// sqlConfig says how the server opens the file. One connection: with more, writers refuse each other.
func sqlConfig(file string) *config.SQL {
	return &config.SQL{
		PluginName:   sqlite.PluginName,
		DatabaseName: uriPath(file),
		MaxConns:     1,
		MaxIdleConns: 1,
		ConnectAttributes: map[string]string{
			"mode": "rw", "journal_mode": "wal", "synchronous": "normal", "busy_timeout": "10000",
		},
	}
}

// lockFile keeps a second process off the file. The kernel gives the lock back however this one ends.
func lockFile(file string) (*os.File, error) {
	name := file + ".lock"
	lock, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock of database: %w", err)
	}
	err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		holder, _ := os.ReadFile(name)
		_ = lock.Close()
		return nil, fmt.Errorf("database %s is in use by another temporal-dev (process %s): stop that one or name another file with --db",
			file, strings.TrimSpace(string(holder)))
	}
	if err == nil {
		err = errors.Join(lock.Truncate(0), second(fmt.Fprintln(lock, os.Getpid())))
	}
	if err != nil {
		return nil, fmt.Errorf("lock database %s: %w", file, errors.Join(err, lock.Close()))
	}
	return lock, nil
}

func second(_ int, err error) error { return err }

// prepareFile sets up an empty file, in one transaction, or checks who has made a full one.
func prepareFile(ctx context.Context, file string) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o600) // SQLite would let others read it
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	db, err := sql.Open("sqlite", "file:"+uriPath(file)+"?_txlock=immediate&_pragma=busy_timeout(10000)")
	if err != nil {
		return fmt.Errorf("open database %s: %w", file, err)
	}
	defer func() { _ = db.Close() }()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("open database %s: %w (is it a SQLite file? if not, name another with --db)", file, err)
	}
	defer func() { _ = tx.Rollback() }()
	if err := setUpOrCheck(ctx, tx, file); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("set up database %s: %w", file, err)
	}
	return nil
}

func setUpOrCheck(ctx context.Context, tx *sql.Tx, file string) error {
	var tables, ours int
	const count = `SELECT count(*), coalesce(sum(name = 'temporal_dev_origin'), 0) FROM sqlite_master WHERE type = 'table'`
	if err := tx.QueryRowContext(ctx, count).Scan(&tables, &ours); err != nil {
		return fmt.Errorf("read database %s: %w (is it a SQLite file? if not, name another with --db)", file, err)
	}
	switch {
	case tables == 0:
		return setUp(ctx, tx, file)
	case ours == 0:
		return fmt.Errorf("database %s was not made by temporal-dev: name another file with --db", file)
	}
	return checkOrigin(ctx, tx, file)
}

// setUp makes the server's tables and notes who made them.
func setUp(ctx context.Context, tx *sql.Tx, file string) error {
	if err := sqliteschema.SetupSchemaOnDB(schemaTx{ctx: ctx, tx: tx}); err != nil {
		return fmt.Errorf("set up database %s: %w", file, err)
	}
	const table = `CREATE TABLE temporal_dev_origin (origin TEXT NOT NULL)`
	if _, err := tx.ExecContext(ctx, table); err != nil {
		return fmt.Errorf("note origin of database %s: %w", file, err)
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO temporal_dev_origin VALUES (?)`, origin()); err != nil {
		return fmt.Errorf("note origin of database %s: %w", file, err)
	}
	return nil
}

func checkOrigin(ctx context.Context, tx *sql.Tx, file string) error {
	var made string
	if err := tx.QueryRowContext(ctx, `SELECT origin FROM temporal_dev_origin`).Scan(&made); err != nil {
		return fmt.Errorf("read origin of database %s: %w", file, err)
	}
	if made != origin() {
		return fmt.Errorf("database %s was made by %s, and this program carries %s: SQLite files cannot be carried over, "+
			"so run the program that made it, or move %s, -wal and -shm away together and start with a new one",
			file, made, origin(), filepath.Base(file))
	}
	return nil
}

// schemaTx lets the server's schema be set up inside a transaction; nothing else of AdminDB is used for that.
type schemaTx struct {
	sqlplugin.AdminDB
	ctx context.Context
	tx  *sql.Tx
}

// Exec runs one statement of the schema.
func (s schemaTx) Exec(stmt string, args ...any) error {
	_, err := s.tx.ExecContext(s.ctx, stmt, args...)
	return err
}

// ensureNamespace registers the namespace and its search attributes, or adds those that are new. It writes to the
// file before the server reads it, so that both can be used from the first request on.
func (s *store) ensureNamespace(ctx context.Context, name string, wanted map[string]enumspb.IndexedValueType) error {
	db, err := temporalsql.NewSQLDB(sqlplugin.DbKindMain, s.cfg, resolver.NewNoopResolver(), log.NewNoopLogger(), metrics.NoopMetricsHandler)
	if err != nil {
		return fmt.Errorf("open database %s: %w", s.file, err)
	}
	defer func() { _ = db.Close() }()
	rows, err := db.SelectFromNamespace(ctx, sqlplugin.NamespaceFilter{Name: &name})
	switch {
	case errors.Is(err, sql.ErrNoRows):
		err = s.register(name, wanted)
	case err == nil:
		err = addAttributes(ctx, db, rows[0], wanted)
	}
	if err != nil {
		return fmt.Errorf("prepare namespace %s in %s: %w", name, s.file, err)
	}
	return nil
}

func (s *store) register(name string, wanted map[string]enumspb.IndexedValueType) error {
	ns, err := sqliteschema.NewNamespaceConfig(clusterName, name, false, nil)
	if err != nil {
		return err
	}
	ns.Detail.Config.Retention = durationpb.New(retention)
	if _, err := assign(ns.Detail.Config.CustomSearchAttributeAliases, wanted); err != nil {
		return err
	}
	return sqliteschema.CreateNamespaces(s.cfg, ns)
}

func addAttributes(ctx context.Context, db sqlplugin.DB, row sqlplugin.NamespaceRow, wanted map[string]enumspb.IndexedValueType) error {
	serializer := serialization.NewSerializer()
	detail, err := serializer.NamespaceDetailFromBlob(persistence.NewDataBlob(row.Data, row.DataEncoding))
	if err != nil {
		return err
	}
	if detail.Config.CustomSearchAttributeAliases == nil {
		detail.Config.CustomSearchAttributeAliases = map[string]string{}
	}
	changed, err := assign(detail.Config.CustomSearchAttributeAliases, wanted)
	if err != nil || !changed {
		return err
	}
	detail.ConfigVersion++
	blob, err := serializer.NamespaceDetailToBlob(detail)
	if err != nil {
		return err
	}
	row.Data, row.DataEncoding = blob.GetData(), blob.GetEncodingType().String()
	_, err = db.UpdateNamespace(ctx, &row)
	return err
}

// close moves what is in the write-ahead log into the file, so that after a clean stop the file alone is everything.
func (s *store) close() error {
	db, err := sql.Open("sqlite", "file:"+uriPath(s.file)+"?mode=rw&_pragma=busy_timeout(1000)")
	if err == nil {
		_, err = db.ExecContext(context.Background(), `PRAGMA wal_checkpoint(TRUNCATE)`)
		err = errors.Join(err, db.Close())
	}
	return errors.Join(err, s.lock.Close())
}

// uriPath is a path as part of a SQLite URI.
func uriPath(file string) string { return (&url.URL{Path: file}).EscapedPath() }
