package lab_test

import (
	"strings"
	"testing"

	"github.com/changectl/changectl/test/lab"
)

// gates are looked at on the primary before anything is touched; each must answer t.
var gates = []string{
	`SELECT count(*) = 1 AND coalesce(max(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)), 1048576) < 1048576
	 FROM pg_stat_replication WHERE state = 'streaming'`,
	`SELECT count(*) = 0 FROM pg_stat_activity
	 WHERE backend_type = 'client backend' AND xact_start < now() - interval '30 s'`,
	`SELECT count(*) = 0 FROM pg_prepared_xacts`,
}

// clientsLeft counts the application's connections; autovacuum's workers are not clients.
const clientsLeft = `SELECT count(*) FROM pg_stat_activity WHERE datname = 'orders' AND backend_type = 'client backend'`

// promote does nothing on a primary, and returns as soon as the standby is one.
const promote = `DO $$ BEGIN
	IF pg_is_in_recovery() THEN PERFORM pg_promote(false); END IF;
	WHILE pg_is_in_recovery() LOOP PERFORM pg_sleep(0.005); END LOOP;
END $$`

// switchover takes service from one node to the other, step by step, and puts the
// old node on another build.
func switchover(t *testing.T, l *lab.Lab, from, to lab.Node, version string) {
	t.Helper()
	console := l.Pooler.ConsoleDSN
	for _, gate := range gates {
		if got := ask(t, from.AdminDSN, gate); got != "t" {
			t.Fatalf("gate answered %q: %s", got, gate)
		}
	}
	ask(t, from.AdminDSN, "CHECKPOINT")
	ask(t, console, "PAUSE orders")
	// PAUSE answers when the pooler has let go; the backends take a moment to be gone.
	until(t, "no client is left on the old primary", func() bool {
		return ask(t, from.AdminDSN, clientsLeft) == "0"
	})
	run(t, l, "node-stop", from.Name)
	if facts := run(t, l, "node-controldata", from.Name, "--json"); !strings.Contains(facts, `"state":"shut down"`) {
		t.Fatalf("not a clean stop: %s", facts)
	}
	location := run(t, l, "node-controldata", from.Name)
	until(t, "the standby is beyond the last checkpoint", func() bool {
		return ask(t, to.AdminDSN, "SELECT pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '"+location+"') > 0") == "t"
	})
	ask(t, to.AdminDSN, promote)
	run(t, l, "pooler-target", to.Name)
	ask(t, console, "RELOAD")
	ask(t, console, "RESUME orders")
	run(t, l, "node-follow", from.Name, to.Name)
	run(t, l, "node-build", from.Name, version)
	run(t, l, "node-start", from.Name)
	until(t, "the old node streams", func() bool {
		return ask(t, to.AdminDSN, "SELECT count(*) FROM pg_stat_replication WHERE application_name = '"+from.Name+"' AND state = 'streaming'") == "1"
	})
}

func TestTheOrderThatLosesNothing(t *testing.T) {
	l := start(t)
	newer := l.Versions[len(l.Versions)-1]
	w := write(t, l, lab.WriterOptions{})
	until(t, "100 acknowledgements", acknowledged(w, 100))
	switchover(t, l, l.Nodes[0], l.Nodes[1], newer)
	if serving, err := l.Serving(t.Context()); err != nil || serving.Name != "n2" {
		t.Errorf("after the failover the pooler leads to %q, %v", serving.Name, err)
	}
	switchover(t, l, l.Nodes[1], l.Nodes[0], newer)
	token, err := lab.WriteToken(t.Context(), l.ApplicationDSN)
	if err != nil {
		t.Fatal(err)
	}
	until(t, "the token arrives at the standby", func() bool {
		return lab.ReadToken(t.Context(), l.Nodes[1].OrdersDSN, token) == nil
	})
	w.Stop()
	report, err := w.Verify(t.Context(), l.Nodes[0].OrdersDSN)
	if err != nil {
		t.Fatal(err)
	}
	if report.Failed+report.Ambiguous+report.Lost+report.FailedKept != 0 {
		t.Errorf("the patch step by step: %+v", report)
	}
	versions, err := l.ServerVersions(t.Context())
	if err != nil || versions["n1"] != newer || versions["n2"] != newer {
		t.Errorf("versions %v, %v: want %s on both", versions, err, newer)
	}
	t.Logf("longest stall %v, gap %v", report.LongestStall, report.LongestGap)
}

func TestHelpersCanBeCalledAgainAndSayWhatIsWrong(t *testing.T) {
	l := start(t)
	older := l.Versions[0]
	for _, c := range []struct{ call, want string }{
		{"node-start n1", "n1 is running"},
		{"node-build n1 " + older, "n1 has " + older},
		{"node-follow n2 n1", "n2 follows n1"},
		{"pooler-start", "the pooler is running"},
		{"pooler-target n1", "the pooler's target is n1; RELOAD puts it in force"},
		{"pooler-target n1", "the pooler's target is n1; RELOAD puts it in force"},
		{"node-setting n1 wal_buffers 1MB", "n1 has wal_buffers = 1MB"},
		{"node-stop n1", "n1 stopped"},
		{"node-stop n1", "n1 is not running"},
		{"node-start n1", "n1 started"},
	} {
		words := strings.Fields(c.call)
		if got := run(t, l, words[0], words[1:]...); got != c.want {
			t.Errorf("%s: got %q, want %q", c.call, got, c.want)
		}
	}
	if got := ask(t, l.Nodes[0].AdminDSN, "SHOW wal_buffers"); got != "1MB" {
		t.Errorf("wal_buffers after a restart: %s", got)
	}
	for _, c := range []struct{ call, want string }{
		{"node-stop n3", "unknown node 'n3': expected n1 or n2"},
		{"node-stop", "unknown node '': expected n1 or n2"},
		{"node-stop n1 slowly", "expected fast or immediate"},
		{"node-build n1 14.1", "no build '14.1' for n1: expected one of " + older},
		{"node-build n1", "no build '' for n1"},
		{"node-follow n1 n2", "n1 is running: call node-stop n1 first"},
		{"node-follow n1 n1", "cannot follow itself"},
		{"node-setting n1 X 1", "bad setting name 'X'"},
		{"node-controldata n1 -x", "unknown option '-x'"},
	} {
		words := strings.Fields(c.call)
		_, err := l.Run(t.Context(), words[0], words[1:]...)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error with %q", c.call, err, c.want)
		}
	}
	run(t, l, "node-stop", "n1")
	run(t, l, "node-setting", "n1", "wal_level", "nonsense")
	if _, err := l.Run(t.Context(), "node-start", "n1"); err == nil || !strings.Contains(err.Error(), "ended while starting") {
		t.Errorf("a node with a bad setting: %v", err)
	}
}
