package checker

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
)

// books is what the database says.
type books struct {
	changes  map[int64]*entry
	holdings []holding // of changes
	fences   map[string]int64
	tokens   int64 // how many were given
	report   Report
}

// holding is one row of the calendar. Times are microseconds since 1970.
type holding struct {
	system   string
	mode     string
	from, to int64
	party    int64
	token    int64
}

// hand is what a change holds, or is to hold, of one system.
type hand struct {
	system, mode string
	from, to     int64
}

// amount is how much of its footprint a change must hold.
type amount string

const (
	everything   amount = "all"
	nothing      amount = "none"
	allOrNothing amount = "all or none"
)

// entry is a change with the footprint that it is to hold.
type entry struct {
	status, kind string
	token        int64
	started      bool
	footprint    []hand
	may          amount
}

func read(ctx context.Context, db Database) (*books, error) {
	b := &books{changes: map[int64]*entry{}, fences: map[string]int64{}}
	err := errors.Join(
		each(ctx, db, b.change, "select c.number, c.status, c.type, c.token, c.started_at, c.window_start, c.window_end, c.footprint, p.plan "+
			"from changes c join plans p on p.digest = c.plan_digest order by c.number"),
		each(ctx, db, b.holding, "select system, mode, starts_at, ends_at, party, token from holdings where party > 0 order by system, starts_at, party"),
		each(ctx, db, b.fenceRow, "select system, token from fences"),
	)
	if err != nil {
		return nil, err
	}
	if err := db.QueryRowContext(ctx, "select value from counters where name = 'token'").Scan(&b.tokens); err != nil {
		return nil, fmt.Errorf("read the counter of tokens: %w", err)
	}
	return b, nil
}

func each(ctx context.Context, db Database, scan func(*sql.Rows) error, query string) (err error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return fmt.Errorf("%s: %w", query, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("%s: %w", query, err)
		}
	}
	return rows.Err()
}

func (b *books) change(r *sql.Rows) error {
	var n, started, from, to int64
	var today, plan string
	c := &entry{}
	if err := r.Scan(&n, &c.status, &c.kind, &c.token, &started, &from, &to, &today, &plan); err != nil {
		return err
	}
	c.started = started != 0
	c.may = c.amount()
	b.changes[n] = c
	return c.plan(today, plan, from, to)
}

// footprint is what a plan says that its change holds.
type footprint struct {
	Touch   []string `json:"touch"`
	Impact  []struct{ System string }
	Observe []struct{ System string }
}

// plan reads the footprint by the catalog of today, if there is one, or the plan's.
func (c *entry) plan(today, plan string, from, to int64) error {
	var p struct{ Footprint footprint }
	if err := json.Unmarshal([]byte(plan), &p); err != nil {
		return fmt.Errorf("read a plan: %w", err)
	}
	f := p.Footprint
	if today != "" {
		f = footprint{}
		if err := json.Unmarshal([]byte(today), &f); err != nil {
			return fmt.Errorf("read the footprint of today: %w", err)
		}
	}
	seen := map[hand]bool{}
	add := func(system, mode string) {
		if h := (hand{system, mode, from, to}); !seen[h] {
			seen[h] = true
			c.footprint = append(c.footprint, h)
		}
	}
	for _, s := range f.Touch {
		add(s, "touch")
	}
	for _, a := range f.Impact {
		add(a.System, "impact")
	}
	for _, a := range f.Observe {
		add(a.System, "observe")
	}
	return nil
}

// amount says how much a change must hold as it stands. A claim is held until it is
// given up, whatever the status; an emergency reserves nothing before it is approved, and
// keeps what it has when it must be approved again; a change that is held before its
// start may have been pushed aside.
func (c *entry) amount() amount {
	switch c.status {
	case "awaiting-approval":
		if c.kind == "emergency" {
			return allOrNothing
		}
		return everything
	case "scheduled", "waiting", "running", "backing-out":
		return everything
	case "held":
		if c.started {
			return everything
		}
		return allOrNothing
	}
	if c.token > 0 {
		return everything
	}
	return nothing
}

func (b *books) holding(r *sql.Rows) error {
	var h holding
	err := r.Scan(&h.system, &h.mode, &h.from, &h.to, &h.party, &h.token)
	b.holdings = append(b.holdings, h)
	return err
}

func (b *books) fenceRow(r *sql.Rows) error {
	var system string
	var token int64
	err := r.Scan(&system, &token)
	b.fences[system] = token
	return err
}
