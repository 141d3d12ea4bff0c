package races_test

import (
	"database/sql"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/ledger"
	"github.com/changectl/changectl/internal/ledger/pgtest"
	"github.com/changectl/changectl/test/races/checker"
)

// sound writes a ledger in which nothing is wrong: CHG-1 has claimed db-0 (app-0 loses
// service), CHG-2 is scheduled on host-1 at the same time, CHG-3 on a member of trio-1 (two
// of three must stay up), CHG-4 on another member in the next window, CHG-5 was refused,
// CHG-6 has claimed host-2 and come to its end.
func sound(t *testing.T, address string) {
	t.Helper()
	key, err := audit.GenerateKey("races")
	if err != nil {
		t.Fatal(err)
	}
	c, err := company()
	if err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Open(t.Context(), address, ledger.Options{Key: key})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}()
	r := racer{ledger: l, catalog: c}
	for i, a := range []attempt{
		try(0, "claimed", 0, 60, ref("db", 0)),
		try(0, "beside it", 0, 60, ref("host", 1)),
		try(0, "a member", 0, 60, "resource:trio-1-0"),
		try(0, "another member", 60, 120, "resource:trio-1-1"),
		try(0, "refused", 30, 90, ref("app", 0)),
		try(0, "ended", 0, 60, ref("host", 2)),
		{Title: "start of CHG-1", Start: "CHG-1"},
		{Title: "start of CHG-6", Start: "CHG-6"},
	} {
		o, err := r.run(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		if refused := i == 4; o.Won == refused {
			t.Fatalf("%s: won %v", a.Title, o.Won)
		}
	}
	done := change.Transition{Change: "CHG-6", Revision: 1, To: change.Completed, Key: "end", Who: "system:changectl", Why: "it is done"}
	if _, err := l.Enter(t.Context(), done); err != nil {
		t.Fatal(err)
	}
}

const (
	// clone lets CHG-3 hold host-1 too.
	clone = "insert into holdings (system, starts_at, ends_at, party, mode, access, owner, token, since, path) " +
		"select 'resource:host-1', starts_at, ends_at, party, 'MODE', access, owner, token, since, path " +
		"from holdings where party = 3 and mode = 'touch'"
	noIndex = "drop index holdings_one_claim"
)

// Each case alters the database by hand, past the product.
func TestTheCheckerFindsWhatMustNotBeThere(t *testing.T) {
	tests := []struct {
		name string
		sql  []string
		want []string // rules
	}{
		{"nothing was altered", nil, nil},
		{"touched by two", []string{strings.Replace(clone, "MODE", "touch", 1)}, []string{"matrix", "whole"}},
		{"touched and impacted", []string{strings.Replace(clone, "MODE", "impact", 1)}, []string{"matrix", "whole"}},
		{"touched and observed", []string{strings.Replace(clone, "MODE", "observe", 1)}, []string{"matrix", "whole"}},
		{"impacted by two", []string{
			strings.Replace(clone, "MODE", "impact", 1),
			"update holdings set mode = 'impact' where party = 2 and mode = 'touch'",
		}, []string{"whole"}},
		{"an overlap of a moment", []string{
			"update holdings set starts_at = starts_at - 1, system = 'resource:trio-1-0' where party = 4 and mode = 'touch'",
		}, []string{"matrix", "whole"}},
		{"one after the other on one system", []string{
			"update holdings set system = 'resource:trio-1-0' where party = 4 and mode = 'touch'",
		}, []string{"whole"}},
		{"a second member down for a moment", []string{
			"update holdings set starts_at = starts_at - 1 where party = 4",
			"update changes set window_start = window_start - 1 where number = 4",
		}, []string{"redundancy"}},
		{"a member that loses service", []string{
			"update holdings set starts_at = starts_at - 1, mode = 'impact' where party = 4 and mode = 'touch'",
		}, []string{"redundancy", "whole"}},
		{"part of a reservation is missing", []string{"delete from holdings where party = 2 and mode = 'observe'"}, []string{"whole"}},
		{"a reservation is missing", []string{"delete from holdings where party = 2"}, []string{"whole"}},
		{"a reservation of a shorter window", []string{"update holdings set ends_at = ends_at - 1 where party = 2"}, []string{"whole"}},
		{"a refused change holds something", []string{"update changes set status = 'expired' where number = 2"}, []string{"whole"}},
		{"an ended change holds its claim", []string{"update changes set status = 'completed' where number = 1"}, []string{"claim"}},
		{"a change that runs without a claim", []string{"update changes set status = 'running' where number = 2"}, []string{"claim"}},
		{"two claims on one system", []string{
			noIndex,
			"update holdings set system = 'resource:db-0', token = 1 where party = 4 and mode = 'touch'",
		}, []string{"claim", "whole"}},
		{"a claim with the token of another", []string{"update changes set token = 2 where number = 1"}, []string{"claim"}},
		{"one token for two changes", []string{
			"update changes set token = 1, status = 'running' where number = 2",
			"update holdings set token = 1 where party = 2",
			"update fences set token = 1 where system = 'resource:host-2'",
			"insert into fences (system, token) values ('resource:host-1', 1)",
		}, []string{"claim"}},
		{"a fence behind its claim", []string{"update fences set token = 0 where system = 'resource:db-0'"}, []string{"fence"}},
		{"a fence is missing", []string{"delete from fences where system = 'resource:db-0'"}, []string{"fence"}},
		{"a fence ahead of its claim", []string{"update fences set token = 2 where system = 'resource:db-0'"}, []string{"fence"}},
		{"a fence that was never given", []string{"update fences set token = 9 where system = 'resource:host-2'"}, []string{"fence"}},
	}
	file := filepath.Join(t.TempDir(), "ledger.db")
	sound(t, "sqlite:"+file)
	postgres := pgtest.DSN(t)
	sound(t, postgres)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, address := range []string{"sqlite:" + file, postgres} {
				got := doctored(t, connect(t, address), tt.sql)
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("broken rules (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// doctored alters a sound database, asks the checker for the rules that are broken, and
// takes the alteration back.
func doctored(t *testing.T, db *sql.DB, statements []string) (rules []string) {
	t.Helper()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := tx.Rollback(); err != nil {
			t.Error(err)
		}
	}()
	for _, s := range statements {
		result, err := tx.ExecContext(t.Context(), s)
		if err != nil {
			t.Fatalf("%s: %v", s, err)
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 && s != noIndex {
			t.Fatalf("%s altered nothing: %v", s, err)
		}
	}
	r, err := checker.Check(t.Context(), tx, groups())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Findings {
		t.Log(f)
		rules = append(rules, f.Rule)
	}
	slices.Sort(rules)
	return slices.Compact(rules)
}
