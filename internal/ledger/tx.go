package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
)

// self is who the entries of the ledger's own doings name.
const self change.Ref = "system:changectl"

// attempts is how often a transaction is run in all when the database gives it up.
const attempts = 6

// tx is a writing transaction: it holds the lock of the ledger.
type tx struct {
	conn
	l       *Ledger
	now     time.Time
	tree    audit.Tree
	entries []leaf // to be appended when the transaction commits
	quiet   bool   // set when nothing is to be written after all
}

type leaf struct {
	audit.Entry
	bytes []byte
}

// write runs f in a transaction that holds the lock of the ledger, appends the
// entries that it told, and commits. When f returns an error nothing is written.
func (l *Ledger) write(ctx context.Context, what string, f func(*tx) error) error {
	var err error
	for range attempts {
		if err = l.writeOnce(ctx, f); !again(err) {
			return l.explain(what, err)
		}
		l.mu.Lock()
		l.agains++
		l.mu.Unlock()
	}
	return change.Unavailable("%s: the database gave up the transaction %d times: %w", what, attempts, err).
		WithHint("try again; if this goes on, look for other programs that write to the ledger's database")
}

func (l *Ledger) writeOnce(ctx context.Context, f func(*tx) error) (err error) {
	// Reads after the lock must see what the one before us has committed: read committed.
	q, err := l.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	done := false
	defer func() {
		if !done {
			_ = q.Rollback() // the error that led here says more
		}
	}()
	t := &tx{conn: conn{querier: q, d: l.d, p: l.prepared}, l: l}
	if err := t.lock(ctx); err != nil {
		return err
	}
	t.now = l.clock().UTC().Truncate(time.Microsecond)
	if err := f(t); err != nil {
		return err
	}
	if t.quiet {
		return nil
	}
	if err := t.flush(ctx); err != nil {
		return err
	}
	if err := q.Commit(); err != nil {
		return err
	}
	done = true
	l.remember(t.tree)
	l.prepared.prepare(ctx)
	return nil
}

// lock takes the lock of the ledger and finds the edge of the log's tree.
func (t *tx) lock(ctx context.Context) error {
	var size int64
	var root []byte
	if err := t.row(ctx, t.d.lockHead).Scan(&size, &root); err != nil {
		return fmt.Errorf("lock the ledger: %w", err)
	}
	t.l.mu.Lock()
	t.tree = t.l.tree
	t.l.mu.Unlock()
	if h := t.tree.Root(); t.tree.Size() == size && string(h[:]) == string(root) {
		return nil
	}
	tree, err := t.treeAt(ctx, size, root)
	t.tree = tree
	return err
}

// remember keeps the edge of the log for the next transaction.
func (l *Ledger) remember(tree audit.Tree) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if tree.Size() >= l.tree.Size() {
		l.tree = tree
	}
}

// tell adds an entry to those that the transaction appends, and returns its number.
func (t *tx) tell(e audit.Entry) (int64, error) {
	e.At = t.now
	if e.Who == "" {
		e.Who = self
	}
	b, err := audit.Leaf(e)
	if err != nil {
		return 0, err
	}
	t.entries = append(t.entries, leaf{Entry: e, bytes: b})
	return t.tree.Size() + int64(len(t.entries)) - 1, nil
}

// read runs f in a transaction that sees one state of the database and writes nothing.
func (l *Ledger) read(ctx context.Context, what string, f func(conn) error) error {
	o := &sql.TxOptions{ReadOnly: true}
	if l.d == postgresDialect {
		o.Isolation = sql.LevelRepeatableRead
	} else {
		o = nil // the pool of readers is query-only already
	}
	q, err := l.reader.BeginTx(ctx, o)
	if err != nil {
		return l.explain(what, err)
	}
	defer func() { _ = q.Rollback() }() // nothing was written
	return l.explain(what, f(conn{querier: q, d: l.d}))
}

// hashes reads stored hashes of the log.
func (c conn) hashes(ctx context.Context) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		at := map[int64]tlog.Hash{}
		args := make([]any, len(indexes))
		for i, x := range indexes {
			args[i] = x
		}
		scan := func(r *sql.Rows) error {
			var place int64
			var h []byte
			if err := r.Scan(&place, &h); err != nil {
				return err
			}
			if len(h) != tlog.HashSize {
				return broken("hash %d of the log has %d bytes", place, len(h))
			}
			at[place] = tlog.Hash(h)
			return nil
		}
		query := "select place, hash from log_hashes where place in (" + placeholders("?", len(args)) + ")"
		if err := c.each(ctx, scan, query, args...); err != nil {
			return nil, err
		}
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			h, ok := at[x]
			if !ok {
				return nil, broken("hash %d of the log is missing", x)
			}
			out[i] = h
		}
		return out, nil
	})
}

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func moment(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}

// stamp writes a moment for a sentence of the log.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
