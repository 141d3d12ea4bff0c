package execute

import (
	"encoding/json"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/ledger/pgtest"
)

const orders = change.Ref("resource:orders-db-1")

// database adds a system with endpoints to the plan.
func (w *world) database(t *testing.T, endpoints map[string]string) *world {
	t.Helper()
	w.book.facts.Record.Plan.Targets = []change.System{{Ref: orders, Owner: "group:dba", Endpoints: endpoints}}
	w.seal(t)
	return w
}

func query(q, expect string, args ...any) change.Step {
	with := m{"system": orders, "query": q}
	if expect != "" {
		with["expect"] = expect
	}
	if len(args) > 0 {
		with["args"] = args
	}
	return step(action("sql", with))
}

func TestSQL(t *testing.T) {
	dsn := pgtest.DSN(t)
	tests := []struct {
		name    string
		step    change.Step
		want    change.Outcome
		message string
	}{
		{"a row", query("select 12 as lag, false as recovering", "row.lag < 100 && !row.recovering"), change.Passed, "lag=12 recovering=false"},
		{"a row that is not expected", query("select 2048 as lag", "row.lag < 1024"), change.FailedRun, "expected row.lag < 1024, saw lag=2048"},
		{"numeric compares with whole numbers", query("select pg_wal_lsn_diff('0/500', '0/400') as lag", "row.lag == 256"), change.Passed, ""},
		{"rows", query("select n from generate_series(1,3) n", "count == 3 && rows.all(r, r.n > 0)"), change.Passed, "3 rows"},
		{"no rows", query("select 1 where false", "count == 0 && rows.size() == 0 && !has(row.n)"), change.Passed, "0 rows"},
		{"null", query("select null::int as n", "row.n == null"), change.Passed, "n=null"},
		{"json", query(`select '{"a":[1,2]}'::jsonb as j`, "row.j.a[1] == 2"), change.Passed, ""},
		{"text and what has no kind of its own", query("select '0/5000028'::pg_lsn as lsn, 'x'::text as t", "row.lsn == '0/5000028'"), change.Passed, "lsn=0/5000028 t=x"},
		{"arguments", query("select $1::int + 1 as n, $2::text as t, $3::bool as b, $4::text is null as nil, $5::float8 as f", "row.n == 42 && row.t == \"it's; drop\" && row.b && row.nil && row.f == 0.5", 41, "it's; drop", true, nil, 0.5), change.Passed, ""},
		{"a statement without rows", query("create table a (n int)", "count == 0"), change.Passed, "CREATE TABLE"},
		{"rows that are changed are counted", query("create table b (n int); insert into b select generate_series(1,7)", "count == 7"), change.Passed, "INSERT 0 7"},
		{"returned rows are seen", query("create table c (n int); insert into c values (5) returning n", "row.n == 5"), change.Passed, "n=5"},
		{"many rows are counted and not kept", query("select n from generate_series(1,2500) n", "count == 2500 && rows.size() == 1000"), change.Passed, "2500 rows"},
		{"large values are cut", query("select repeat('x', 5000000) as x", "row.x.size() < 20000"), change.Passed, ""},
		{"an error of the database", query("select nothing", ""), change.FailedRun, `the database says: column "nothing" does not exist [42703]`},
		{"an error after rows", query("select 1/(3-n) from generate_series(1,5) n", ""), change.FailedRun, "division by zero [22012]"},
		{"an error with arguments", query("select 1/$1::int", "", 0), change.FailedRun, "division by zero"},
		{"a backend that is killed says so", query("select pg_terminate_backend(pg_backend_pid())", ""), change.FailedRun, "[57P01]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := newWorld(t, tt.step).database(t, map[string]string{"postgresql": dsn}).do(t, 0)
			if got.Outcome != tt.want || !strings.Contains(got.Message, tt.message) {
				t.Errorf("%s (%s)\n%s\nexpected %s (%s)", got.Outcome, got.Message, got.Output, tt.want, tt.message)
			}
		})
	}
}

func TestSQLLeavesValues(t *testing.T) {
	w := newWorld(t, query("select 7 as n, 'a' as t union all select 8, 'b' order by n", "")).database(t, map[string]string{"postgresql": pgtest.DSN(t)})
	got := w.do(t, 0)
	var values m
	if err := json.Unmarshal(got.Values, &values); err != nil {
		t.Fatal(err)
	}
	first, second := m{"n": 7., "t": "a"}, m{"n": 8., "t": "b"}
	want := m{"count": 2., "row": first, "rows": []any{first, second}}
	if diff := cmp.Diff(want, values); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	if want := "n=7 t=a\nn=8 t=b\nSELECT 2\n"; got.Output != want {
		t.Errorf("output %q; expected %q", got.Output, want)
	}
}

func TestSQLConnectsOrSaysWhyNot(t *testing.T) {
	port := strconv.Itoa(closedPort(t))
	tests := []struct {
		name      string
		endpoints map[string]string
		with      m
		message   string
	}{
		{"nobody there", map[string]string{"postgresql": "postgres://admin:hunter2hunter2@127.0.0.1:" + port + "/orders?sslmode=disable"}, m{}, "connect to resource:orders-db-1 at 127.0.0.1:" + port + ", database orders, as admin: "},
		{"another database", map[string]string{"postgresql": "postgres://admin:hunter2hunter2@127.0.0.1:" + port + "/orders?sslmode=disable"}, m{"database": "stock"}, "database stock"},
		{"no endpoint", map[string]string{"ssh": "db-1"}, m{}, `has no endpoint "postgresql"`},
		{"no endpoint of the console", map[string]string{"postgresql": "x"}, m{"console": true}, `has no endpoint "pgbouncer"`},
		{"no connection string", map[string]string{"postgresql": "postgres://admin:hunter2hunter2@127.0.0.1:notaport/x"}, m{}, "is not a connection string"},
		{"no such secret", map[string]string{"postgresql": "postgres://admin@127.0.0.1:" + port + "/x"}, m{"secret": "db"}, `there is no secret "db"`},
		{"a system that is not in the plan", nil, m{"system": "resource:stock-db"}, "not among the systems"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			with := m{"system": orders, "query": "select 1"}
			for k, v := range tt.with {
				with[k] = v
			}
			got := newWorld(t, step(action("sql", with))).database(t, tt.endpoints).do(t, 0)
			if got.Outcome != change.FailedRun || !strings.Contains(got.Message, tt.message) || strings.Contains(got.Message, "hunter2") {
				t.Errorf("%s (%s); expected a failure with %q", got.Outcome, got.Message, tt.message)
			}
		})
	}
}

func TestAStatementIsEndedByItsTimeout(t *testing.T) {
	dsn := pgtest.DSN(t)
	s := query("select pg_sleep(300)", "")
	s.Timeout = change.Duration(200 * time.Millisecond)
	got := newWorld(t, s).database(t, map[string]string{"postgresql": dsn}).do(t, 0)
	if got.Outcome != change.FailedRun || !strings.Contains(got.Message, "did not end within 200ms") {
		t.Errorf("%s (%s)", got.Outcome, got.Message)
	}
}

// TestARestartedServerIsReached polls a server of its own over a restart, as a
// patch does, with tries as close as they may be.
func TestARestartedServerIsReached(t *testing.T) {
	pg := newServer(t)
	pg.start(t)
	w := newWorld(t, query("select 1", ""), step(action("wait", m{"every": "10ms", "until": m{"uses": "sql", "with": m{
		"system": orders, "query": "select pg_postmaster_start_time() > now() - interval '1 hour' as up", "expect": "row.up",
	}}}))).database(t, map[string]string{"postgresql": pg.dsn()})
	if got := w.do(t, 0); got.Outcome != change.Passed {
		t.Fatalf("%s (%s)", got.Outcome, got.Message)
	}
	pg.stop(t)
	result := make(chan change.Result, 1)
	go func() {
		r, err := w.Run(t.Context(), w.input(1))
		if err != nil {
			t.Error(err)
		}
		result <- r
	}()
	pg.start(t)
	if got := <-result; got.Outcome != change.Passed {
		t.Errorf("%s (%s)", got.Outcome, got.Message)
	}
}

// TestAStatementThatIsBrokenOffIsNotRepeated kills the server under a statement.
func TestAStatementThatIsBrokenOffIsNotRepeated(t *testing.T) {
	pg := newServer(t)
	pg.start(t)
	s := query("select pg_sleep(60)", "")
	s.Timeout = change.Duration(time.Minute)
	s.Retry.Attempts = 1
	w := newWorld(t, s).database(t, map[string]string{"postgresql": pg.dsn()})
	result := make(chan change.Result, 1)
	go func() {
		r, err := w.Run(t.Context(), w.input(0))
		if err != nil {
			t.Error(err)
		}
		result <- r
	}()
	var backend int
	until(t, func() bool { backend = pg.sleeper(t); return backend > 0 })
	if err := syscall.Kill(backend, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if got := <-result; got.Outcome != change.Unknown || !strings.Contains(got.Message, "the connection was lost") {
		t.Errorf("%s (%s); expected unknown", got.Outcome, got.Message)
	}
}

func TestTheConsoleOfPgBouncer(t *testing.T) {
	dsn := pgtest.DSN(t)
	console := bouncer(t, dsn)
	ask := func(q, expect string) change.Step {
		with := m{"system": orders, "console": true, "query": q, "secret": "console"}
		if expect != "" {
			with["expect"] = expect
		}
		return step(action("sql", with))
	}
	paused := func(is string) string { return `rows.exists(r, r.name == "orders" && r.paused == "` + is + `")` }
	w := newWorld(t,
		ask("PAUSE orders", ""), ask("SHOW DATABASES", paused("1")),
		ask("RESUME orders", ""), ask("SHOW DATABASES", paused("0")),
		ask("SHOW NONSENSE", ""),
	).database(t, map[string]string{"pgbouncer": console})
	w.secrets["console"] = "console-password"
	for i, want := range []struct {
		outcome change.Outcome
		message string
	}{{change.Passed, "PAUSE"}, {change.Passed, ""}, {change.Passed, "RESUME"}, {change.Passed, ""}, {change.FailedRun, "the database says"}} {
		if got := w.do(t, i); got.Outcome != want.outcome || !strings.Contains(got.Message, want.message) {
			t.Errorf("step %d: %s (%s)\n%s\nexpected %s (%s)", i, got.Outcome, got.Message, got.Output, want.outcome, want.message)
		}
	}
	w.secrets["console"] = "wrong"
	w.book.facts.Runs = nil
	if got := w.do(t, 0); got.Outcome != change.FailedRun || !strings.Contains(got.Message, "connect to resource:orders-db-1") {
		t.Errorf("%s (%s); expected a refusal of the password", got.Outcome, got.Message)
	}
}
