package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/change"
)

// calendar is the database of a ledger that is filled up with the reservations of a
// year, by plain SQL: twenty systems and four hours for each change.
type calendar struct {
	db     *sql.DB
	dollar bool
	first  time.Time // of the year
	filled int       // reservations
	tables map[string][]string
}

func openCalendar(address string, first time.Time) (*calendar, error) {
	db, err := openPlain(address)
	return &calendar{db: db, dollar: !strings.HasPrefix(address, "sqlite:"), first: first, tables: map[string][]string{}}, err
}

// columns returns the columns of a table, by name.
func (c *calendar) columns(ctx context.Context, table string) ([]string, error) {
	if c.tables[table] == nil {
		rows, err := c.db.QueryContext(ctx, "select * from "+table+" where 1 = 0")
		if err != nil {
			return nil, err
		}
		defer func() { _ = rows.Close() }() // Err is looked at
		if c.tables[table], err = rows.Columns(); err != nil {
			return nil, err
		}
		return c.tables[table], rows.Err()
	}
	return c.tables[table], nil
}

// fill brings the reservations up to a number. The change with the number 1 is the
// model of those that hold them.
func (c *calendar) fill(ctx context.Context, to int) error {
	from, until := c.filled/bookSystems, to/bookSystems
	start := fmt.Sprintf("(%d + (g.n * 7919 %% 8760) * 3600000000)", c.first.UnixMicro())
	columns, err := c.columns(ctx, "changes")
	if err != nil {
		return err
	}
	chosen := make([]string, len(columns))
	for i, name := range columns {
		switch name {
		case "number":
			chosen[i] = "1000 + g.n"
		case "window_start":
			chosen[i] = start
		case "window_end":
			chosen[i] = start + " + 14400000000"
		default:
			chosen[i] = "m." + name
		}
	}
	series := fmt.Sprintf("with recursive g(n) as (select %d union all select n + 1 from g where n < %d) ", from, until-1)
	for _, statement := range []string{
		"insert into changes (" + strings.Join(columns, ", ") + ") " + series + "select " + strings.Join(chosen, ", ") + " from changes m, g where m.number = 1",
		"insert into holdings (system, starts_at, ends_at, party, mode, access, owner, token, since, path) " + series +
			", i(k) as (select 0 union all select k + 1 from i where k < 19) " +
			"select 'resource:p' || ((g.n * 7 + i.k * 25) % 500) || '-s' || ((g.n * 31 + i.k * 13) % 20), " + start + ", " + start + " + 14400000000, " +
			"1000 + g.n, 'touch', 0, 'group:dba', 0, 0, '' from g, i",
		"insert into change_people (person, starts_at, ends_at, change) " + series +
			"select 'user:p' || (g.n % 200), " + start + ", " + start + " + 14400000000, 1000 + g.n from g",
		"update counters set value = 10000000 where name = 'change' and value < 10000000",
	} {
		if _, err := c.db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("fill the calendar with %d reservations: %w", to, err)
		}
	}
	c.filled = to
	if !c.dollar {
		return nil // SQLite gathers no statistics by itself
	}
	_, err = c.db.ExecContext(ctx, "vacuum analyze")
	return err
}

// change makes a change like the first one, for rows that refer to it.
func (c *calendar) change(ctx context.Context, number int64) error {
	columns, err := c.columns(ctx, "changes")
	if err != nil {
		return err
	}
	chosen := strings.Replace(strings.Join(columns, ", "), "number", fmt.Sprint(number), 1)
	_, err = c.db.ExecContext(ctx, "insert into changes ("+strings.Join(columns, ", ")+") select "+chosen+" from changes where number = 1")
	return err
}

// bare asks for what is held on systems in a window, with nothing around it.
func (c *calendar) bare(ctx context.Context, s *sql.Stmt, systems []change.Ref, w change.Window) (took time.Duration, n int, err error) {
	args := make([]any, 0, len(systems)+3)
	for _, ref := range systems {
		args = append(args, string(ref))
	}
	args = append(args, w.End.UnixMicro(), w.Start.UnixMicro(), w.Start.Add(-14*24*time.Hour).UnixMicro())
	began := time.Now()
	rows, err := s.QueryContext(ctx, args...)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var system, mode string
		var party, starts, ends int64
		if err := rows.Scan(&system, &mode, &party, &starts, &ends); err != nil {
			return 0, 0, err
		}
		n++
	}
	return time.Since(began), n, rows.Err()
}

// prepareBare prepares the query of bare for a number of systems.
func (c *calendar) prepareBare(ctx context.Context, systems int) (*sql.Stmt, error) {
	places := make([]string, systems+3)
	for i := range places {
		places[i] = "?"
		if c.dollar {
			places[i] = fmt.Sprintf("$%d", i+1)
		}
	}
	return c.db.PrepareContext(ctx, "select system, mode, party, starts_at, ends_at from holdings where system in ("+
		strings.Join(places[:systems], ", ")+") and starts_at < "+places[systems]+" and ends_at > "+places[systems+1]+" and starts_at > "+places[systems+2])
}

// all fetches every change that has not ended with what it holds, and compares: what
// is to be done where nothing is indexed by system and time.
func (c *calendar) all(ctx context.Context, p change.Plan) (took time.Duration, hits int, err error) {
	mine := map[string]bool{}
	for _, ref := range p.Footprint.Concerned() {
		mine[string(ref)] = true
	}
	from, to := p.Window.Start.UnixMicro(), p.Window.End.UnixMicro()
	began := time.Now()
	rows, err := c.db.QueryContext(ctx, "select h.system, h.mode, h.party, h.starts_at, h.ends_at from holdings h")
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var system, mode string
		var party, starts, ends int64
		if err := rows.Scan(&system, &mode, &party, &starts, &ends); err != nil {
			return 0, 0, err
		}
		if mine[system] && starts < to && ends > from {
			hits++
		}
	}
	return time.Since(began), hits, rows.Err()
}

// batch is a statement that writes rows of one table.
type batch struct {
	query string
	args  []any
}

// written are the rows that a reservation and what it wrote to the log consist of, a
// statement for each table.
func (c *calendar) written(ctx context.Context, number, log int64) ([]batch, error) {
	var all []batch
	for _, t := range []struct {
		table, where string
		arg          int64
	}{
		{"holdings", "party = ", number},
		{"transitions", "change = ", number},
		{"change_systems", "change = ", number},
		{"change_members", "change = ", number},
		{"change_people", "change = ", number},
		{"log_entries", "number >= ", log},
		{"log_systems", "number >= ", log},
	} {
		rows, err := c.read(ctx, t.table, t.where+fmt.Sprint(t.arg))
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", t.table, err)
		}
		if len(rows) > 0 {
			all = append(all, c.insert(t.table, rows))
		}
	}
	return all, nil
}

// insert is the one statement that writes rows.
func (c *calendar) insert(table string, rows [][]any) batch {
	b := batch{query: "insert into " + table + " (" + strings.Join(c.tables[table], ", ") + ") values "}
	for i, values := range rows {
		places := make([]string, len(values))
		for j, v := range values {
			b.args = append(b.args, v)
			places[j] = "?"
			if c.dollar {
				places[j] = fmt.Sprintf("$%d", len(b.args))
			}
		}
		if i > 0 {
			b.query += ", "
		}
		b.query += "(" + strings.Join(places, ", ") + ")"
	}
	return b
}

// write writes batches in one durable transaction that reads and judges nothing.
func (c *calendar) write(ctx context.Context, batches []batch) error {
	tx, err := c.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin a bare transaction: %w", err)
	}
	for _, b := range batches {
		if _, err := tx.ExecContext(ctx, b.query, b.args...); err != nil {
			return errors.Join(fmt.Errorf("write bare rows: %w", err), tx.Rollback())
		}
	}
	return tx.Commit()
}

func (c *calendar) read(ctx context.Context, table, where string) ([][]any, error) {
	columns, err := c.columns(ctx, table)
	if err != nil {
		return nil, err
	}
	rows, err := c.db.QueryContext(ctx, "select * from "+table+" where "+where)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // Err is looked at
	var list [][]any
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		list = append(list, values)
	}
	return list, rows.Err()
}
