package lab_test

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/sirupsen/logrus"

	"github.com/changectl/changectl/test/lab"
)

// start builds a fresh lab that goes when the test does.
func start(t *testing.T) *lab.Lab {
	t.Helper()
	l, err := lab.Start(t.Context(), lab.Options{Dir: t.TempDir(), Log: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Stop(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func quiet() logrus.FieldLogger {
	log := logrus.New()
	log.SetOutput(io.Discard)
	return log
}

func write(t *testing.T, l *lab.Lab, o lab.WriterOptions) *lab.Writer {
	t.Helper()
	o.DSN = l.ApplicationDSN
	w, err := lab.StartWriter(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
	return w
}

// until waits for a condition with a deadline.
func until(t *testing.T, what string, ask func() bool) {
	t.Helper()
	deadline := time.NewTimer(30 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ask() {
		select {
		case <-deadline.C:
			t.Fatalf("waited in vain: %s", what)
		case <-tick.C:
		}
	}
}

func acknowledged(w *lab.Writer, atLeast int) func() bool {
	return func() bool { return w.Probe().Acknowledged >= atLeast }
}

func run(t *testing.T, l *lab.Lab, helper string, args ...string) string {
	t.Helper()
	out, err := l.Run(t.Context(), helper, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// ask runs one query in the simple protocol and returns the first column of its first row.
func ask(t *testing.T, dsn, query string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	results, err := conn.PgConn().Exec(t.Context(), query).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	if len(results) == 0 || len(results[0].Rows) == 0 {
		return ""
	}
	return string(results[0].Rows[0][0])
}
