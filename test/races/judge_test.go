package races_test

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver named pgx
	_ "modernc.org/sqlite"             // the driver named sqlite

	"github.com/changectl/changectl/test/races/checker"
)

// connect opens the database under a ledger's address.
func connect(t *testing.T, address string) *sql.DB {
	t.Helper()
	driver, where := "pgx", address
	if file, ok := strings.CutPrefix(address, "sqlite:"); ok {
		driver, where = "sqlite", file
	}
	db, err := sql.Open(driver, where)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// judge has the checker look at the database, which must show the reservations of
// that many winners, and asks whether any transaction had to be given up.
func (f *field) judge(what string, winners int) {
	f.t.Helper()
	db := connect(f.t, f.address)
	r, err := checker.Check(f.t.Context(), db, groups())
	if err != nil {
		f.t.Fatal(err)
	}
	for _, found := range r.Findings {
		f.t.Error(found)
	}
	holding := count(f.t, db, "select count(distinct party) from holdings where party > 0")
	if holding != winners {
		f.t.Errorf("%d changes hold systems, want %d", holding, winners)
	}
	deadlocks := 0
	if strings.HasPrefix(f.address, "postgres") {
		deadlocks = count(f.t, db, "select deadlocks from pg_stat_database where datname = current_database()")
	}
	if deadlocks != 0 || slices.ContainsFunc(f.retries, func(n int64) bool { return n != 0 }) {
		f.t.Errorf("%d deadlocks; %v transactions were run again", deadlocks, f.retries)
	}
	f.t.Logf("%s: %d winners, %s, %d deadlocks, %v retries", what, winners, r, deadlocks, f.retries)
}

func count(t *testing.T, db *sql.DB, query string) (n int) {
	t.Helper()
	if err := db.QueryRowContext(context.WithoutCancel(t.Context()), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
