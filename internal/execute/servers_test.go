package execute

import (
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/changectl/changectl/internal/change"
)

// unprivileged returns the user that servers run as, who must not be root.
func unprivileged(t *testing.T) *syscall.SysProcAttr {
	t.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		t.Fatalf("look up the user postgres: %v; install the package postgresql", err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}

// workshop is a directory that such a server can use.
func workshop(t *testing.T, as *syscall.SysProcAttr) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "execute") //nolint:usetesting // the server's user cannot enter t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if as != nil {
		if err := os.Chown(dir, int(as.Credential.Uid), int(as.Credential.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// postgres is a PostgreSQL that a test may stop and kill.
type postgres struct {
	dir  string
	port int
	as   *syscall.SysProcAttr
	bin  string
	up   bool
}

func newServer(t *testing.T) *postgres {
	t.Helper()
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pg_ctl")
	if len(found) == 0 {
		t.Fatal("PostgreSQL is missing; install the package postgresql")
	}
	p := &postgres{as: unprivileged(t), port: closedPort(t), bin: filepath.Dir(found[len(found)-1])}
	p.dir = workshop(t, p.as)
	p.run(t, "initdb", "-D", p.dir+"/data", "-U", "postgres", "-A", "trust", "--no-sync")
	t.Cleanup(func() {
		if p.up {
			p.stop(t)
		}
	})
	return p
}

func (p *postgres) run(t *testing.T, program string, args ...string) {
	t.Helper()
	cmd := exec.Command(filepath.Join(p.bin, program), args...)
	cmd.SysProcAttr, cmd.Dir = p.as, p.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", program, err, out)
	}
}

func (p *postgres) start(t *testing.T) {
	t.Helper()
	p.run(t, "pg_ctl", "-D", p.dir+"/data", "-l", p.dir+"/log", "-w", "-o",
		fmt.Sprintf("-p %d -c listen_addresses=127.0.0.1 -c unix_socket_directories=%s -c fsync=off", p.port, p.dir), "start")
	p.up = true
}

func (p *postgres) stop(t *testing.T) {
	t.Helper()
	p.run(t, "pg_ctl", "-D", p.dir+"/data", "-m", "immediate", "-w", "stop")
	p.up = false
}

func (p *postgres) dsn() string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", p.port)
}

// sleeper returns the process of the backend that runs pg_sleep, or 0.
func (p *postgres) sleeper(t *testing.T) int {
	t.Helper()
	w := newWorld(t, query("select pid from pg_stat_activity where query like 'select pg_sleep%'", "")).database(t, map[string]string{"postgresql": p.dsn()})
	var values struct{ Row struct{ PID int } }
	if err := json.Unmarshal(w.do(t, 0).Values, &values); err != nil {
		t.Error(err)
	}
	return values.Row.PID
}

// bouncer starts a PgBouncer before a database and returns the address of its
// console.
func bouncer(t *testing.T, dsn string) string {
	t.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		program = "/usr/sbin/pgbouncer"
	}
	if _, err := os.Stat(program); err != nil {
		t.Fatal("PgBouncer is missing; install the package pgbouncer")
	}
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	as, port := unprivileged(t), closedPort(t)
	dir := workshop(t, as)
	ini := fmt.Sprintf(`[databases]
orders = host=%s port=%s dbname=%s user=%s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = plain
auth_file = %s/users
admin_users = admin
pool_mode = transaction
`, u.Hostname(), u.Port(), strings.TrimPrefix(u.Path, "/"), u.User.Username(), port, dir)
	for name, text := range map[string]string{"ini": ini, "users": `"admin" "console-password"` + "\n"} {
		if err := os.WriteFile(dir+"/"+name, []byte(text), 0o644); err != nil { //nolint:gosec // read by the server's user
			t.Fatal(err)
		}
	}
	cmd := exec.Command(program, "-q", dir+"/ini")
	cmd.SysProcAttr = as
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	console := fmt.Sprintf("postgres://admin@127.0.0.1:%d/pgbouncer?sslmode=disable", port)
	until(t, func() bool {
		s := step(action("sql", m{"system": orders, "console": true, "query": "SHOW VERSION", "secret": "console"}))
		w := newWorld(t, s).database(t, map[string]string{"pgbouncer": console})
		w.secrets["console"] = "console-password"
		return w.do(t, 0).Outcome == change.Passed
	})
	return console
}

// closedPort returns a loopback port on which nobody listens.
func closedPort(t *testing.T) int {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}
