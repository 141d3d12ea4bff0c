package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/changectl/changectl/internal/change"
)

// dialect is where the two databases differ.
type dialect struct {
	name     string
	lockHead string // reads the head of the log and takes the lock of the ledger
	claims   string // holdings x, by way of the few that are claimed
	dollar   bool
	answers  string // see facts.go
}

func (d dialect) complete() *dialect {
	d.answers = d.question()
	return &d
}

var (
	sqliteDialect = dialect{
		name:     "sqlite",
		lockHead: "select size, root from log_head where id = 1", // begin immediate has the lock
		claims:   "holdings x indexed by holdings_claimed",       // it has no statistics to find that out by
	}.complete()
	postgresDialect = dialect{
		name:     "postgres",
		lockHead: "select size, root from log_head where id = 1 for update",
		claims:   "holdings x",
		dollar:   true,
	}.complete()
)

// listed returns how to find the rows of a table x of which a column is in a list, which is
// the argument named so: ? or $1. See list.
func (d dialect) listed(table, column, argument string) (from, where string) {
	if d.dollar {
		return table, "x." + column + " = any(" + argument + ")"
	}
	// As a join, not as a condition: that is a third faster, and needs no statistics.
	return "json_each(" + argument + ") list cross join " + table + " on x." + column + " = list.value", "true"
}

// list returns distinct refs as the one argument that listed takes, so that a statement has
// one text however many there are.
func (d *dialect) list(refs []change.Ref) (any, error) {
	if d == sqliteDialect {
		b, err := json.Marshal(refs)
		if err != nil {
			return nil, fmt.Errorf("encode a list of systems: %w", err)
		}
		return string(b), nil
	}
	texts := make([]string, len(refs))
	for i, r := range refs {
		texts[i] = string(r)
	}
	return texts, nil
}

var rebound sync.Map // text with ? -> text with $1

// rebind returns the query with the placeholders of the database. Queries hold
// no question mark but placeholders.
func (d *dialect) rebind(query string) string {
	if !d.dollar {
		return query
	}
	if done, ok := rebound.Load(query); ok {
		if s, ok := done.(string); ok {
			return s
		}
	}
	var b strings.Builder
	n := 0
	for _, r := range query {
		if r != '?' {
			b.WriteRune(r)
			continue
		}
		n++
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(n))
	}
	rebound.Store(query, b.String())
	return b.String()
}

// placeholders returns group repeated n times with commas: (?, ?), (?, ?).
func placeholders(group string, n int) string {
	return strings.TrimSuffix(strings.Repeat(group+", ", n), ", ")
}

// clean makes texts ones that both databases take: valid UTF-8 without NUL.
func clean(args []any) []any {
	for i, a := range args {
		if s, ok := a.(string); ok {
			args[i] = cleaned(s)
		}
	}
	return args
}

func cleaned(s string) string {
	const replacement = "\uFFFD"
	return strings.ReplaceAll(strings.ToValidUTF8(s, replacement), "\x00", replacement)
}

// querier is a transaction, or the database for what is one statement.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// conn runs queries in the words of one database.
type conn struct {
	querier
	d *dialect
	p *prepared // nil where nothing is kept prepared
}

// kept returns the compiled statement, or nil.
func (c conn) kept(ctx context.Context, query string) statement {
	q, _ := c.querier.(*sql.Tx)
	return c.p.get(ctx, q, query)
}

func (c conn) exec(ctx context.Context, query string, args ...any) error {
	var err error
	if s := c.kept(ctx, query); s != nil {
		_, err = s.ExecContext(ctx, clean(args)...)
	} else {
		_, err = c.ExecContext(ctx, c.d.rebind(query), clean(args)...)
	}
	return err
}

func (c conn) row(ctx context.Context, query string, args ...any) *sql.Row {
	if s := c.kept(ctx, query); s != nil {
		return s.QueryRowContext(ctx, args...)
	}
	return c.QueryRowContext(ctx, c.d.rebind(query), args...)
}

func (c conn) rows(ctx context.Context, query string, args []any) (*sql.Rows, error) {
	if s := c.kept(ctx, query); s != nil {
		return s.QueryContext(ctx, args...)
	}
	return c.QueryContext(ctx, c.d.rebind(query), args...)
}

// each calls scan for every row of the query.
func (c conn) each(ctx context.Context, scan func(*sql.Rows) error, query string, args ...any) (err error) {
	rows, err := c.rows(ctx, query, args)
	if err != nil {
		return err
	}
	defer func() {
		if e := rows.Close(); err == nil {
			err = e
		}
	}()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// chunk is how many rows or values go into one statement at most.
const chunk = 500

// insert writes rows of equal length with as few statements as reasonable; head
// is the statement up to and without "values", tail what follows the rows.
func (c conn) insert(ctx context.Context, head, tail string, rows [][]any) error {
	for len(rows) > 0 {
		part := rows[:min(chunk, len(rows))]
		rows = rows[len(part):]
		group := "(" + placeholders("?", len(part[0])) + ")"
		var args []any
		for _, r := range part {
			args = append(args, r...)
		}
		if err := c.exec(ctx, head+" values "+placeholders(group, len(part))+" "+tail, args...); err != nil {
			return err
		}
	}
	return nil
}

// again reports whether the database gave the transaction up for the sake of
// another one, so that it can simply be run again.
func again(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01")
}

// unreachable reports whether err means that the database does not answer now.
func unreachable(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return strings.HasPrefix(pg.Code, "08") || strings.HasPrefix(pg.Code, "57P") ||
			strings.HasPrefix(pg.Code, "53") || strings.HasPrefix(pg.Code, "28") || pg.Code == "3D000"
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		switch lite.Code() & 0xff {
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR,
			sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
			return true
		}
		return false
	}
	var connect *pgconn.ConnectError
	var network *net.OpError
	return errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, net.ErrClosed)
}
