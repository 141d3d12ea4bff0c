// Package pgtest gives tests a real PostgreSQL: a throw-away server on a free
// loopback port, started once for the test binary, and a database of its own for
// each test. CHANGECTL_TEST_POSTGRES names a server to use instead, as a postgres://
// address whose user may create databases.
//
// Nothing here is skipped: without PostgreSQL a test fails and says what to install.
// The package is for tests alone and must not be imported by the product.
package pgtest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver named pgx
)

// Variable is the name of the environment variable with the address of a server to use.
const Variable = "CHANGECTL_TEST_POSTGRES"

var shared struct {
	sync.Mutex
	running bool // inside Run
	server  *server
	err     error
}

// Run runs the tests of a package and stops the server that they started, if any.
// A package whose tests call DSN has
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }
func Run(m *testing.M) int {
	shared.Lock()
	shared.running = true
	shared.Unlock()
	code := m.Run()
	shared.Lock()
	defer shared.Unlock()
	if shared.server != nil {
		if err := shared.server.stop(); err != nil {
			fmt.Fprintln(os.Stderr, "pgtest:", err)
			return max(code, 1)
		}
	}
	return code
}

// DSN creates a database for this test and returns its address. The database is
// dropped when the test ends.
func DSN(t testing.TB) string {
	t.Helper()
	base, err := address()
	if err != nil {
		t.Fatalf("start PostgreSQL for the test: %v", err)
	}
	name := "changectl_" + strings.ToLower(rand.Text()[:16])
	if err := execute(base, "create database "+name); err != nil {
		t.Fatalf("create a database for the test: %v", err)
	}
	t.Cleanup(func() {
		if err := execute(base, "drop database "+name+" with (force)"); err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
	})
	u, err := url.Parse(base)
	if err != nil {
		t.Fatalf("read the address of PostgreSQL: %v", err)
	}
	u.Path = "/" + name
	return u.String()
}

// address returns the server's address, after starting it if need be.
func address() (string, error) {
	if given := os.Getenv(Variable); given != "" {
		return given, nil
	}
	shared.Lock()
	defer shared.Unlock()
	if !shared.running {
		return "", fmt.Errorf("this package needs func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }, which stops the server at the end")
	}
	if shared.server == nil && shared.err == nil {
		shared.server, shared.err = start()
	}
	if shared.err != nil {
		return "", shared.err
	}
	return shared.server.address, nil
}

func execute(address, statement string) error {
	db, err := sql.Open("pgx", address)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	_, err = db.ExecContext(ctx, statement)
	if e := db.Close(); err == nil {
		err = e
	}
	return err
}
