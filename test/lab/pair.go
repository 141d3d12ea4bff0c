package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// schema is what the writer and the validation need in the database orders.
const schema = `
CREATE TABLE entries (run text, client int, seq bigint, written_at timestamptz DEFAULT clock_timestamp(), PRIMARY KEY (run, client, seq));
CREATE TABLE tokens (token text PRIMARY KEY, written_at timestamptz DEFAULT clock_timestamp());
GRANT SELECT, INSERT ON entries, tokens TO ` + appUser

func (l *Lab) makePrimary(ctx context.Context) error {
	n := l.Nodes[0]
	l.log.WithField("version", l.builds.Older()).Info("making the primary n1")
	secret := filepath.Join(l.Home, n.Name, "password")
	if err := l.place(secret, l.AdminPassword); err != nil {
		return err
	}
	defer func() { _ = os.Remove(secret) }()
	if err := l.tool(ctx, n, "initdb", "-D", n.DataDir, "-U", adminUser, "--pwfile", secret,
		"-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-instructions", "--no-sync"); err != nil {
		return err
	}
	include := "\ninclude 'lab.conf'\ninclude_if_exists 'settings.conf'\ninclude_if_exists 'follow.conf'\n"
	if err := appendTo(filepath.Join(n.DataDir, "postgresql.conf"), include); err != nil {
		return err
	}
	if err := errors.Join(l.configure(n), l.place(filepath.Join(n.DataDir, "pg_hba.conf"), accessRules)); err != nil {
		return err
	}
	_, err := l.Run(ctx, "node-start", n.Name)
	return err
}

// accessRules: people and replicas prove who they are. The application is
// trusted, it may only add rows, so that a reconnect costs what it must.
const accessRules = `host orders orders 127.0.0.1/32 trust
host all all 127.0.0.1/32 scram-sha-256
host replication replicator 127.0.0.1/32 scram-sha-256
`

// configure writes a node's own settings.
func (l *Lab) configure(n Node) error {
	return l.place(filepath.Join(n.DataDir, "lab.conf"), strings.Join([]string{
		"listen_addresses = '" + loopback + "'",
		"port = " + strconv.Itoa(n.Port),
		"unix_socket_directories = ''",
		"cluster_name = '" + n.Name + "'",
		"wal_log_hints = on",
		"hot_standby_feedback = on",
		"wal_keep_size = 256MB",
		"shared_buffers = 32MB",
		"jit = off", // its library is not unpacked
		"timezone = GMT",
		"log_timezone = GMT",
		"",
	}, "\n"))
}

func (l *Lab) makeDatabase(ctx context.Context) error {
	n := l.Nodes[0]
	err := execute(ctx, n.AdminDSN,
		"CREATE ROLE replicator LOGIN REPLICATION PASSWORD '"+l.replicationPassword+"'",
		"CREATE ROLE "+appUser+" LOGIN",
		"CREATE DATABASE "+database)
	if err != nil {
		return err
	}
	return execute(ctx, n.OrdersDSN, schema)
}

func (l *Lab) makeStandby(ctx context.Context) error {
	n := l.Nodes[1]
	l.log.Info("making the standby n2")
	source := fmt.Sprintf("host=%s port=%d user=replicator password=%s", loopback, l.Nodes[0].Port, l.replicationPassword)
	if err := l.tool(ctx, n, "pg_basebackup", "-d", source, "-D", n.DataDir, "-c", "fast", "-X", "stream", "--no-sync"); err != nil {
		return err
	}
	if err := l.configure(n); err != nil {
		return err
	}
	if _, err := l.Run(ctx, "node-follow", "n2", "n1"); err != nil {
		return err
	}
	_, err := l.Run(ctx, "node-start", n.Name)
	return err
}

func (l *Lab) makePooler(ctx context.Context) error {
	dir := filepath.Dir(l.Pooler.Config)
	users := filepath.Join(dir, "users.txt")
	ini := fmt.Sprintf(`[databases]
%s = host=%s port=%d dbname=%s

[pgbouncer]
listen_addr = %s
listen_port = %d
unix_socket_dir =
auth_type = trust
auth_file = %s
admin_users = pgbouncer
pool_mode = transaction
default_pool_size = 20
server_login_retry = 1
logfile = %s
pidfile = %s
`, database, loopback, l.Nodes[0].Port, database, loopback, l.Pooler.Port, users, l.Pooler.Log, filepath.Join(dir, "pid"))
	if err := errors.Join(l.place(users, "\"orders\" \"\"\n\"pgbouncer\" \"\"\n"), l.place(l.Pooler.Config, ini)); err != nil {
		return err
	}
	_, err := l.Run(ctx, "pooler-start")
	return err
}

// awaitReady waits until the standby streams and a client gets through the pooler.
func (l *Lab) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	err := poll(ctx, func() (bool, error) { return l.streams(ctx, l.Nodes[0], l.Nodes[1].Name) })
	if err != nil {
		return fmt.Errorf("wait until n2 streams from n1: %w; see %s", err, l.Nodes[1].Log)
	}
	return execute(ctx, l.ApplicationDSN, "SELECT count(*) FROM entries")
}

// streams says whether the standby of that name streams from the primary.
func (t *Topology) streams(ctx context.Context, primary Node, standby string) (bool, error) {
	conn, err := pgx.Connect(ctx, primary.AdminDSN)
	if err != nil {
		return false, fmt.Errorf("connect to %s: %w", primary.Name, err)
	}
	defer func() { _ = conn.Close(ctx) }()
	var yes bool
	const query = "SELECT count(*) = 1 FROM pg_stat_replication WHERE application_name = $1 AND state = 'streaming'"
	if err := conn.QueryRow(ctx, query, standby).Scan(&yes); err != nil {
		return false, fmt.Errorf("ask %s who streams: %w", primary.Name, err)
	}
	return yes, nil
}

// tool runs one of a node's own programs as the servers' user.
func (l *Lab) tool(ctx context.Context, n Node, name string, args ...string) error {
	build := filepath.Join(l.builds.Dir, l.builds.Older())
	cmd := exec.CommandContext(ctx, filepath.Join(build, "usr/lib/postgresql/15/bin", name), args...)
	cmd.Dir = filepath.Join(l.Home, n.Name)
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C", "LD_LIBRARY_PATH=" + libraryPath(l.builds.Dir, l.builds.Older())}
	cmd.SysProcAttr = l.who.attributes()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("run %s for %s: %w: %s", name, n.Name, err, tail(string(out), 5))
	}
	return nil
}

// execute runs statements one by one over one connection, in the simple protocol.
func execute(ctx context.Context, dsn string, statements ...string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	for _, s := range statements {
		if _, err := conn.Exec(ctx, s, pgx.QueryExecModeSimpleProtocol); err != nil {
			return fmt.Errorf("execute %.40q: %w", s, err)
		}
	}
	return nil
}

func appendTo(path, text string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("open %s: %w", filepath.Base(path), err)
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("append to %s: %w", filepath.Base(path), err)
	}
	return nil
}
