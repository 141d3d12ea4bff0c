package ledger

import (
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/ledger/pgtest"
)

// freshLike returns the address of another empty database of the same kind.
func freshLike(t *testing.T, dsn string) string {
	t.Helper()
	if strings.HasPrefix(dsn, "sqlite:") {
		return "sqlite:" + filepath.Join(t.TempDir(), "other.db")
	}
	return pgtest.DSN(t)
}

// altered returns the address of a database with a change made to it.
func altered(t *testing.T, dsn string, f func(*url.URL)) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	f(u)
	return u.String()
}

func TestADatabaseThatCannotBeReachedIsUnavailable(t *testing.T) {
	notes := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(notes, []byte(strings.Repeat("these are my notes\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	silent, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := silent.Addr().String()
	if err := silent.Close(); err != nil {
		t.Fatal(err)
	}
	good := pgtest.DSN(t)
	for name, tc := range map[string]struct {
		dsn  string
		kind change.Kind
	}{
		"no such directory": {"sqlite:/nonexistent/ledger.db", change.KindUnavailable},
		"a directory":       {"sqlite:" + t.TempDir(), change.KindUnavailable},
		"another file":      {"sqlite:" + notes, change.KindUnavailable},
		"nobody listens":    {"postgres://x:hunter2@" + closed + "/x", change.KindUnavailable},
		"no such database":  {altered(t, good, func(u *url.URL) { u.Path += "_x" }), change.KindUnavailable},
		"a wrong password":  {altered(t, good, func(u *url.URL) { u.User = url.UserPassword("nobody", "hunter2") }), change.KindUnavailable},
		"no file":           {"sqlite:", change.KindInvalid},
		"in memory":         {"sqlite::memory:", change.KindInvalid},
		"another database":  {"mysql://x", change.KindInvalid},
		"a bad address":     {"postgres://[::1:hunter2", change.KindInvalid},
	} {
		_, err := Open(t.Context(), tc.dsn, Options{Key: key()})
		if change.KindOf(err) != tc.kind {
			t.Errorf("%s: got %v, want %s", name, err, tc.kind)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the message holds the password: %v", name, err)
		}
	}
}

func TestOpeningAgainAndAtTheSameTime(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		_, err := Open(t.Context(), dsn, Options{Key: key(), NoMigrate: true})
		want(t, err, change.KindUnavailable)
		var wg sync.WaitGroup
		ledgers := make([]*Ledger, 6)
		for i := range ledgers {
			wg.Go(func() {
				l, err := Open(t.Context(), dsn, Options{Key: key()})
				if err != nil {
					t.Error(err)
					return
				}
				ledgers[i] = l
			})
		}
		wg.Wait()
		if t.Failed() {
			return
		}
		for _, l := range ledgers {
			submit(t, l, plan("x", window(1), "resource:a"))
		}
		verified(t, ledgers[0])
		for _, l := range ledgers {
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		}
		l, err := Open(t.Context(), dsn, Options{Key: key(), NoMigrate: true})
		if err != nil {
			t.Fatal(err)
		}
		if r := submit(t, l, plan("x", window(1), "resource:a")); r.ID != "CHG-7" {
			t.Errorf("the seventh change is %s", r.ID)
		}
		verified(t, l)
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestASchemaOfANewerProgramIsRefused(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		l := open(t, dsn)
		applied := "true"
		if l.d == sqliteDialect {
			applied = "1"
		}
		if _, err := l.writer.ExecContext(t.Context(), "insert into goose_db_version (version_id, is_applied) values (9000, "+applied+")"); err != nil {
			t.Fatal(err)
		}
		_, err := Open(t.Context(), dsn, Options{Key: key()})
		want(t, err, change.KindInvalid)
	})
}

func TestTheApplicationsRoleMayAppendToTheLogAndNoMore(t *testing.T) {
	dsn := pgtest.DSN(t)
	owner, err := Open(t.Context(), dsn, Options{Key: key(), NoMigrate: true})
	want(t, err, change.KindUnavailable)
	if owner != nil {
		t.Fatal("a ledger came with the error")
	}
	bootstrap := &Ledger{}
	if err := bootstrap.connectPostgres(dsn); err != nil {
		t.Fatal(err)
	}
	const role = "do $$ begin if not exists (select from pg_roles where rolname = 'changectl_app') " +
		"then create role changectl_app login password 'app'; end if; end $$"
	if _, err := bootstrap.writer.ExecContext(t.Context(), role); err != nil {
		t.Fatal(err)
	}
	if err := bootstrap.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, dsn)
	as := altered(t, dsn, func(u *url.URL) { u.User = url.UserPassword("changectl_app", "app") })
	app, err := Open(t.Context(), as, Options{Key: key(), NoMigrate: true})
	if err != nil {
		t.Fatal(err)
	}
	r := filled(t, app)
	a := submit(t, app, plan("approved", window(4), "resource:z"))
	if _, err := app.Approve(t.Context(), approvalOf(a, "user:bob", "n1"), allow); err != nil {
		t.Error(err)
	}
	d := change.Decision{Change: a.ID, Revision: 1, Verb: change.Cancel, Person: "user:ada", Nonce: "n2"}
	if _, err := app.Decide(t.Context(), d, pass); err != nil {
		t.Error(err)
	}
	if err := app.SaveCatalog(t.Context(), "sha256:c", []byte("c")); err != nil {
		t.Error(err)
	}
	if _, err := app.Revise(t.Context(), a.ID, submission1(t, plan("revised", window(5), "resource:z"), "n3"), free); err != nil {
		t.Error(err)
	}
	if r.Status != change.Completed {
		t.Errorf("the change is %s", r.Status)
	}
	surroundingsAs(t, app)
	verified(t, app)
	for _, s := range []string{
		"delete from declarations", "update declaration_revisions set at = 0", "delete from freezes", "delete from claim_breaks", "delete from catalog_active",
		"update log_entries set kind = 'x'", "delete from log_hashes", "truncate log_systems", "delete from changes",
		"alter table log_entries disable trigger user", "delete from approvals", "update decisions set at = 0", "delete from log_head",
	} {
		if _, err := app.writer.ExecContext(t.Context(), s); err == nil || !strings.Contains(err.Error(), "42501") {
			t.Errorf("%s: got %v, want it forbidden", s, err)
		}
	}
	if err := app.Close(); err != nil {
		t.Error(err)
	}
}

// surroundingsAs does everything about what is around changes once.
func surroundingsAs(t *testing.T, l *Ledger) {
	t.Helper()
	p := plan("pushed aside", window(9), "resource:e")
	p.People = []change.Ref{"user:ada"}
	p.Footprint.Degraded = []change.Degraded{{Group: "g", Members: []change.Ref{"resource:e"}}}
	scheduled(t, l, p)
	withdraw(t, l, declare(t, l, event("u1", 1, maintenance("x", window(9), "resource:e")))[0].Declaration)
	if _, err := l.Declare(t.Context(), "user:ann", "d1", []change.Declaration{maintenance("y", window(9), "resource:y")}); err != nil {
		t.Error(err)
	}
	f, err := l.AddFreeze(t.Context(), change.Freeze{Title: "x", By: "user:eve", Window: window(9)}, "f1")
	if err != nil {
		t.Error(err)
	}
	if _, err := l.LiftFreeze(t.Context(), f.ID, "user:eve", ""); err != nil {
		t.Error(err)
	}
	if err := l.ActivateCatalog(t.Context(), "sha256:c9", []byte("c9")); err != nil {
		t.Error(err)
	}
	queued(t, l, nothing)
	e := seize(t, l, emergency(t, l, plan("Leak", window(9), "resource:e")))
	if e, err = l.Start(t.Context(), e.ID, 1, "start", run); err != nil {
		t.Error(err)
	}
	signs(t, l, e, "user:bob", "b1")
	if _, _, broken := signs(t, l, e, "user:eve", "b2"); !broken {
		t.Error("the claim still stands")
	}
	queued(t, l, nothing)
}
