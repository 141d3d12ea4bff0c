package execute

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/runbook"
)

// statement sends one statement over a connection of its own and leaves rows, row
// and count. A pool would hand out connections that a restart has broken.
func statement(ctx context.Context, t *task, with *runbook.SQL) (seen, error) {
	conn, err := t.connect(ctx, with)
	if err != nil {
		return seen{}, err
	}
	defer hangUp(ctx, conn)
	r := &rows{text: with.Console}
	if err := send(ctx, conn, with, r); err != nil {
		return r.seen(&t.mask), brokenOff(ctx, err)
	}
	return r.seen(&t.mask), nil
}

// starting is the state of a server that starts or stops and takes no connection
// yet (57P03, cannot_connect_now). Nothing has happened then, so connecting again
// is free.
const (
	starting      = "57P03"
	startingPause = 20 * time.Millisecond
	startingFor   = 2 * time.Second
)

func (t *task) connect(ctx context.Context, with *runbook.SQL) (*pgconn.PgConn, error) {
	config, err := t.dsn(with)
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	for {
		conn, err := pgconn.ConnectConfig(ctx, config)
		if err == nil {
			return conn, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		var pg *pgconn.PgError
		if errors.As(err, &pg) && pg.Code == starting && time.Since(begun) < startingFor && rest(ctx, startingPause) == nil {
			continue
		}
		return nil, change.FailedTo("connect to %s at %s:%d, database %s, as %s: %s",
			with.System, config.Host, config.Port, config.Database, config.User, connectReason(err))
	}
}

// dsn reads the endpoint of the system that the plan holds.
func (t *task) dsn(with *runbook.SQL) (*pgconn.Config, error) {
	system, known := t.scope.Systems[string(with.System)]
	if !known {
		return nil, change.FailedTo("%s is not among the systems of the plan", with.System)
	}
	endpoint := system.Endpoints[with.Endpoint()]
	if endpoint == "" {
		return nil, change.FailedTo("%s has no endpoint %q in the catalog", with.System, with.Endpoint())
	}
	config, err := pgconn.ParseConfig(endpoint)
	if err != nil { // its text may quote the password
		return nil, change.FailedTo("the endpoint %q of %s is not a connection string of PostgreSQL", with.Endpoint(), with.System)
	}
	if with.Database != "" {
		config.Database = with.Database
	}
	if with.Secret != "" {
		if config.Password, err = t.secret(with.Secret); err != nil {
			return nil, err
		}
	}
	t.mask.add(config.Password)
	if with.Console {
		return config, nil
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "changectl " + string(t.run.Change)
	}
	return config, nil
}

// send runs the statement in the simple protocol, which PgBouncer's console and
// its transaction pooling take, or with arguments as one unnamed statement.
func send(ctx context.Context, conn *pgconn.PgConn, with *runbook.SQL, r *rows) error {
	if len(with.Args) > 0 {
		values := make([][]byte, len(with.Args))
		for i, a := range with.Args {
			values[i] = argument(a)
		}
		return r.read(conn.ExecParams(ctx, with.Query, values, nil, nil, nil))
	}
	results := conn.Exec(ctx, with.Query)
	var err error
	for err == nil && results.NextResult() {
		r.reset()
		err = r.read(results.ResultReader())
	}
	return cmp.Or(err, results.Close())
}

// argument writes a value as text; the server knows the type. Lists and mappings
// become JSON.
func argument(v any) []byte {
	switch v := v.(type) {
	case nil:
		return nil
	case string:
		return []byte(v)
	case float64:
		return strconv.AppendFloat(nil, v, 'f', -1, 64)
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Append(nil, v) // came out of JSON, so it goes into it
	}
	return b
}

// brokenOff tells a refusal of the server, after which nothing was done, from a
// connection that was lost while the statement ran.
func brokenOff(ctx context.Context, err error) error {
	var pg *pgconn.PgError
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &pg):
		text := pg.Message
		if pg.Detail != "" {
			text += " (" + pg.Detail + ")"
		}
		return change.FailedTo("the database says: %s [%s]", text, pg.Code)
	}
	// pgconn.SafeToRetry is no help: once it has read the end of the stream, it
	// reports a closed connection and calls that safe.
	return &uncertain{change.FailedTo("the connection was lost while the statement ran: %w", err)}
}

// connectReason returns the innermost causes, without the connection string.
func connectReason(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Message + " [" + pg.Code + "]"
	}
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) && connect.Unwrap() != nil {
		return oneLine(connect.Unwrap().Error())
	}
	return oneLine(err.Error())
}

// hangUp closes the connection, and does not wait for a server that is gone.
func hangUp(ctx context.Context, conn *pgconn.PgConn) {
	short, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = conn.Close(short)
}
