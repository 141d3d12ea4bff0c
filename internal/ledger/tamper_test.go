package ledger

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
)

// unguarded runs a statement with the triggers of the log out of the way, as
// somebody who owns the database can.
func unguarded(t *testing.T, l *Ledger, statement string) {
	t.Helper()
	var before []string
	if l.d == sqliteDialect {
		err := l.read(t.Context(), "list triggers", func(c conn) error {
			return c.each(t.Context(), func(r *sql.Rows) error {
				var name string
				err := r.Scan(&name)
				before = append(before, "drop trigger "+name)
				return err
			}, "select name from sqlite_master where type = 'trigger'")
		})
		if err != nil {
			t.Fatal(err)
		}
	} else {
		for _, table := range []string{"log_entries", "log_systems", "log_hashes", "log_head"} {
			before = append(before, "alter table "+table+" disable trigger user")
		}
		before = append(before, "alter table log_systems drop constraint log_systems_number_fkey")
	}
	if l.d == sqliteDialect {
		before = append(before, "pragma foreign_keys = 0")
	}
	for _, s := range append(before, statement) {
		if _, err := l.writer.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func filled(t testing.TB, l *Ledger) change.Record {
	t.Helper()
	r := running(t, l, plan("Patch", window(1), "resource:a", "resource:b"))
	for i := range 2 {
		if _, err := l.Begin(t.Context(), keyOf(r, i), "w", r.Token, pass); err != nil {
			t.Fatal(err)
		}
		if err := l.Finish(t.Context(), keyOf(r, i), 1, change.Result{Outcome: change.Passed}); err != nil {
			t.Fatal(err)
		}
	}
	return enter(t, l, r, change.Completed)
}

func TestTamperingWithAnyTableOfTheLogIsFound(t *testing.T) {
	blob := func(l *Ledger, s string) string {
		if l.d == sqliteDialect {
			return "cast(" + s + " as blob)"
		}
		return "convert_to(" + s + ", 'UTF8')"
	}
	text := func(l *Ledger) string {
		if l.d == sqliteDialect {
			return "cast(leaf as text)"
		}
		return "convert_from(leaf, 'UTF8')"
	}
	for name, statement := range map[string]func(l *Ledger) string{
		"a leaf": func(l *Ledger) string {
			return "update log_entries set leaf = " + blob(l, "replace("+text(l)+", 'user:ada', 'user:eve')") + ", who = 'user:eve' where number = 1"
		},
		"a leaf made unreadable": func(l *Ledger) string { return "update log_entries set leaf = " + blob(l, "'{'") + " where number = 3" },
		"the time column":        func(*Ledger) string { return "update log_entries set at = at + 1 where number = 3" },
		"the kind column":        func(*Ledger) string { return "update log_entries set kind = 'x' where number = 3" },
		"the change column":      func(*Ledger) string { return "update log_entries set change = 9 where number = 3" },
		"the who column":         func(*Ledger) string { return "update log_entries set who = 'user:eve' where number = 3" },
		"an entry gone":          func(*Ledger) string { return "delete from log_entries where number = 3" },
		"the last entry gone": func(*Ledger) string {
			return "delete from log_entries where number = (select max(number) from log_entries)"
		},
		"an entry added": func(*Ledger) string {
			return "insert into log_entries select number + 1000, leaf, at, kind, change, who from log_entries where number = 3"
		},
		"all entries gone": func(*Ledger) string { return "delete from log_entries" },
		"a hash": func(l *Ledger) string {
			return "update log_hashes set hash = (select hash from log_hashes where place = 1) where place = 0"
		},
		"an inner hash": func(l *Ledger) string {
			return "update log_hashes set hash = (select hash from log_hashes where place = 1) where place = 2"
		},
		"a hash gone": func(*Ledger) string { return "delete from log_hashes where place = 4" },
		"a hash added": func(*Ledger) string {
			return "insert into log_hashes select 99999, hash from log_hashes where place = 0"
		},
		"a system changed": func(*Ledger) string {
			return "update log_systems set system = 'resource:z' where number = 3 and system = 'resource:a'"
		},
		"a system gone":   func(*Ledger) string { return "delete from log_systems where number = 3 and system = 'resource:a'" },
		"a system added":  func(*Ledger) string { return "insert into log_systems (system, number) values ('resource:z', 5000)" },
		"the head's size": func(*Ledger) string { return "update log_head set size = size - 1" },
		"the head's root": func(*Ledger) string {
			return "update log_head set root = (select hash from log_hashes where place = 0)"
		},
		"the checkpoint": func(*Ledger) string {
			return "update log_head set checkpoint = replace(checkpoint, 'example', 'exomple')"
		},
		"no checkpoint": func(*Ledger) string { return "update log_head set checkpoint = ''" },
	} {
		t.Run(name, func(t *testing.T) {
			on(t, func(t *testing.T, l *Ledger) {
				filled(t, l)
				verified(t, l)
				unguarded(t, l, statement(l))
				want(t, l.Verify(t.Context()), change.KindDenied)
			})
		})
	}
}

func TestALogRewrittenWithItsOwnKeyIsFoundByAnEarlierCheckpoint(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		l := open(t, dsn)
		filled(t, l)
		seen, n, err := l.Checkpoint(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		submit(t, l, plan("later", window(7), "resource:q"))
		if err := l.VerifyFrom(t.Context(), []string{seen}); err != nil {
			t.Fatalf("an honest log: %v", err)
		}
		note, proof, err := l.Growth(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		if err := audit.Extends(seen, note, l.Verifier(), proof); err != nil {
			t.Fatalf("an honest log: %v", err)
		}
		p, err := l.Prove(t.Context(), 3)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Check(l.Verifier()); err != nil {
			t.Error(err)
		}
		_, err = l.Prove(t.Context(), 3000)
		want(t, err, change.KindNotFound)

		other := open(t, freshLike(t, dsn))
		for i := range 40 {
			submit(t, other, plan(fmt.Sprintf("made up %d", i), window(i), "resource:a"))
		}
		verified(t, other)
		want(t, other.VerifyFrom(t.Context(), []string{seen}), change.KindDenied)
	})
}

func TestTheLogRefusesToBeRewritten(t *testing.T) {
	on(t, func(t *testing.T, l *Ledger) {
		filled(t, l)
		statements := []string{
			"update log_entries set kind = 'x'", "delete from log_entries", "update log_systems set system = 'x'", "delete from log_systems",
			"update log_hashes set place = place", "delete from log_hashes", "delete from log_head", "update log_head set size = size - 1",
			"update log_head set checkpoint = ''",
		}
		if l.d == postgresDialect {
			statements = append(statements, "truncate log_entries cascade", "truncate log_hashes", "truncate log_systems", "truncate log_head")
		} else {
			statements = append(statements, "insert or replace into log_entries select * from log_entries", "insert or replace into log_hashes select * from log_hashes")
		}
		for _, s := range statements {
			if _, err := l.writer.ExecContext(t.Context(), s); err == nil || !strings.Contains(err.Error(), "append-only") {
				t.Errorf("%s: got %v, want a refusal", s, err)
			}
		}
		verified(t, l)
	})
}

func TestALedgerWhoseHeadDoesNotVerifyIsNotOpened(t *testing.T) {
	for name, statement := range map[string]string{
		"a cut log":         "delete from log_entries where number > 3",
		"another root":      "update log_head set root = (select hash from log_hashes where place = 0)",
		"an older head":     "update log_head set size = size - 1",
		"a broken edge":     "update log_hashes set hash = root from log_head where place = (select max(place) from log_hashes)",
		"an emptied log":    "update log_head set size = 0, checkpoint = ''",
		"a forged note":     "update log_head set checkpoint = replace(checkpoint, 'example', 'exomple')",
		"a checkpoint gone": "update log_head set checkpoint = ''",
	} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, dsn string) {
				l := open(t, dsn)
				filled(t, l)
				unguarded(t, l, statement)
				_, err := Open(t.Context(), dsn, Options{Key: key()})
				want(t, err, change.KindDenied)
			})
		})
	}
}

func TestALedgerIsNotOpenedWithAnotherKey(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		open(t, dsn)
		other, err := audit.GenerateKey("example")
		if err != nil {
			t.Fatal(err)
		}
		_, err = Open(t.Context(), dsn, Options{Key: other})
		want(t, err, change.KindDenied)
		_, err = Open(t.Context(), dsn, Options{Key: key(), Instance: "elsewhere"})
		want(t, err, change.KindInvalid)
		_, err = Open(t.Context(), dsn, Options{})
		want(t, err, change.KindInvalid)
	})
}

// TestACopyTakenInTheMiddleOpensAndVerifies copies the files of a database that is
// being written, as they would be found after a crash.
func TestACopyTakenInTheMiddleOpensAndVerifies(t *testing.T) {
	dir := t.TempDir()
	l := open(t, "sqlite:"+filepath.Join(dir, "ledger.db"))
	stop, done := make(chan struct{}), make(chan error, 1)
	go func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
			if err := l.Append(t.Context(), audit.Entry{Kind: "test", What: fmt.Sprint(i)}); err != nil {
				done <- err
				return
			}
		}
	}()
	for range 20 {
		to := t.TempDir()
		// The database before its log: a checkpoint between the two would be a copy
		// that no crash leaves behind, so none may happen while we copy.
		if err := copyFiles(t, l, dir, to); err != nil {
			t.Fatal(err)
		}
		crashed := open(t, "sqlite:"+filepath.Join(to, "ledger.db"))
		verified(t, crashed)
		submit(t, crashed, plan("goes on", window(1), "resource:a"))
		verified(t, crashed)
	}
	close(stop)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func copyFiles(t *testing.T, l *Ledger, from, to string) error {
	t.Helper()
	tx, err := l.reader.BeginTx(t.Context(), nil) // a reader keeps the log from being reset
	if err != nil {
		return err
	}
	var n int
	if err := tx.QueryRowContext(t.Context(), "select count(*) from log_head").Scan(&n); err != nil {
		return err
	}
	for _, name := range []string{"ledger.db", "ledger.db-wal"} {
		b, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, name), b, 0o600); err != nil {
			return err
		}
	}
	return tx.Rollback()
}
