package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver named pgx
	_ "modernc.org/sqlite"             // the driver named sqlite
)

// copied lists the tables of a ledger in the order in which rows can be written.
// Where a row can change, key says by what it is found again.
var copied = []struct{ name, key string }{
	{"counters", "name"},
	{"plans", "digest"},
	{"changes", "number"},
	{"revisions", "change, revision"},
	{"change_systems", "system, change"},
	{"transitions", "change, once"},
	{"change_people", "person, starts_at, ends_at, change"}, // without ends_at on SQLite
	{"change_members", "system, change"},
	{"holdings", "system, starts_at, ends_at, party, mode"}, // likewise
	{"fences", "system"},
	{"runs", "change, revision, step, direction, run"},
	{"log_entries", ""},
	{"log_systems", ""},
	{"log_hashes", ""},
	{"log_head", "id"},
}

// rowCopy carries what is new in one database into another of the same shape.
type rowCopy struct {
	from, to *sql.DB
	dollar   bool
	have     map[string]map[string]bool // by table, the rows that are there
	ready    map[string]*sql.Stmt
}

func openCopy(ctx context.Context, from, to string) (*rowCopy, error) {
	c := &rowCopy{have: map[string]map[string]bool{}, ready: map[string]*sql.Stmt{}}
	var err error
	if c.from, err = openPlain(from); err != nil {
		return nil, err
	}
	if c.to, err = openPlain(to); err != nil {
		return nil, err
	}
	c.to.SetMaxOpenConns(1)
	c.dollar = !strings.HasPrefix(from, "sqlite:")
	_, err = c.gather(ctx) // what is there in the beginning is there in both
	return c, err
}

// openPlain opens a database as durable as the ledger does.
func openPlain(address string) (*sql.DB, error) {
	path, sqlite := strings.CutPrefix(address, "sqlite:")
	if !sqlite {
		return sql.Open("pgx", address)
	}
	u := (&url.URL{Scheme: "file", Path: path}).String()
	return sql.Open("sqlite", u+"?_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=busy_timeout(10000)&_txlock=immediate")
}

// row is a new row and how it is written.
type row struct {
	query string
	args  []any
}

// copy writes what is new in one durable transaction and returns how long that
// took, without the reading.
func (c *rowCopy) copy(ctx context.Context) (time.Duration, error) {
	news, err := c.gather(ctx)
	if err != nil {
		return 0, err
	}
	for _, r := range news {
		if c.ready[r.query] == nil {
			s, err := c.to.PrepareContext(ctx, r.query) //nolint:sqlclosecheck // kept until close
			if err != nil {
				return 0, fmt.Errorf("prepare %s: %w", r.query, err)
			}
			c.ready[r.query] = s
		}
	}
	began := time.Now()
	err = c.write(ctx, news)
	return time.Since(began), err
}

func (c *rowCopy) write(ctx context.Context, news []row) error {
	tx, err := c.to.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin a bare transaction: %w", err)
	}
	for _, r := range news {
		s := tx.StmtContext(ctx, c.ready[r.query]) //nolint:sqlclosecheck // the transaction closes it
		if _, err := s.ExecContext(ctx, r.args...); err != nil {
			return errors.Join(fmt.Errorf("write a bare row: %w", err), tx.Rollback())
		}
	}
	return tx.Commit()
}

// gather returns what is new in every table.
func (c *rowCopy) gather(ctx context.Context) ([]row, error) {
	var all []row
	for _, t := range copied {
		rows, err := c.news(ctx, t.name, t.key)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", t.name, err)
		}
		all = append(all, rows...)
	}
	return all, nil
}

// news returns the rows of a table that are not in the copy yet, or differ there.
func (c *rowCopy) news(ctx context.Context, table, key string) ([]row, error) {
	rows, err := c.from.QueryContext(ctx, "select * from "+table)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // Err is looked at
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	if c.have[table] == nil {
		c.have[table] = map[string]bool{}
	}
	query := c.insert(table, columns, key)
	var news []row
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		if id := fmt.Sprint(values...); !c.have[table][id] {
			c.have[table][id] = true
			news = append(news, row{query, values})
		}
	}
	return news, rows.Err()
}

// insert is the statement that writes a row, anew or over the one that is there.
func (c *rowCopy) insert(table string, columns []string, key string) string {
	places, sets := make([]string, len(columns)), make([]string, len(columns))
	for i, column := range columns {
		places[i] = "?"
		if c.dollar {
			places[i] = fmt.Sprintf("$%d", i+1)
		}
		sets[i] = column + " = excluded." + column
	}
	query := fmt.Sprintf("insert into %s (%s) values (%s)", table, strings.Join(columns, ", "), strings.Join(places, ", "))
	if key == "" {
		return query
	}
	if !c.dollar {
		key = strings.Replace(key, "ends_at, ", "", 1)
	}
	return fmt.Sprintf("%s on conflict (%s) do update set %s", query, key, strings.Join(sets, ", "))
}

func (c *rowCopy) close() error {
	var problems []error
	for _, s := range c.ready {
		problems = append(problems, s.Close())
	}
	return errors.Join(append(problems, c.from.Close(), c.to.Close())...)
}

// sibling is the address of another database on the same server.
func sibling(dsn, database string) (string, error) {
	u, err := url.Parse(dsn)
	if err != nil {
		return "", fmt.Errorf("read connection string of the lab: %w", err)
	}
	u.Path = "/" + database
	return u.String(), nil
}
