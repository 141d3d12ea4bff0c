package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/ledger/pgtest"
	"github.com/changectl/changectl/test/product"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }

// cluster starts a Temporal server of its own, as if it were a company's cluster.
func cluster(t *testing.T) (address string) {
	t.Helper()
	dir := t.TempDir()
	ready := filepath.Join(dir, "ready")
	cmd := exec.Command(filepath.Join(binaries(t), "temporal-dev"), "--db", filepath.Join(dir, "temporal.db"),
		"--port", "0", "--ui-port", "0", "--namespace", "somebody-elses", "--ready-file", ready)
	background(t, cmd)
	return await(t, func() (string, bool) {
		var r struct{ Address string }
		b, err := os.ReadFile(ready)
		if err == nil {
			err = json.Unmarshal(b, &r)
		}
		return r.Address, err == nil
	})
}

// background starts a command and ends it with the test.
func background(t *testing.T, cmd *exec.Cmd) *bytes.Buffer {
	t.Helper()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s printed:\n%s", cmd.Path, out.String())
		}
	})
	return &out
}

// await polls a condition until it holds, or fails the test after a minute.
func await[T any](t *testing.T, ready func() (T, bool)) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if v, ok := ready(); ok {
			return v
		}
		select {
		case <-ctx.Done():
			t.Fatal("what was waited for did not come")
		case <-tick.C:
		}
	}
}

// TestAWorkerOnAClusterAndPostgreSQL runs a change on cmd/worker, configured by a
// file and the environment, with the people and the catalog of the example company.
func TestAWorkerOnAClusterAndPostgreSQL(t *testing.T) {
	people := start(t) // its state has people, keys, tokens and a catalog to use
	state := filepath.Join(people.StateDir, "dev")
	books, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(t.TempDir(), "worker.yaml")
	text := strings.NewReplacer("STATE", state, "BOOKS", books).Replace(`
instance: production
ledger: {key-file: STATE/production.key}
temporal: {namespace: changes}
catalog: {path: STATE/catalog}
runbooks: {path: BOOKS}
identity: {allowed-signers: STATE/allowed_signers, tokens: STATE/tokens}
api: {listen: '127.0.0.1:0'}
log: {format: json}
`)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(binaries(t), "worker"), "--config", config)
	cmd.Env = append(os.Environ(), "CHANGECTL_LEDGER_DSN="+pgtest.DSN(t), "CHANGECTL_TEMPORAL_ADDRESS="+cluster(t))
	out := background(t, cmd)
	address := await(t, func() (string, bool) {
		for line := range strings.Lines(out.String()) {
			var entry struct{ Msg, Address string }
			if json.Unmarshal([]byte(line), &entry) == nil && entry.Msg == "API listens" {
				return entry.Address, true
			}
		}
		return "", false
	})
	alice, bob := at(t, people, "alice", address), at(t, people, "bob", address)
	rec, err := alice.Submit(t.Context(), soon("steps", "resource:orders-db-2", 3*time.Second, time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bob.Sign(t.Context(), rec.ID, httpapi.SignQuery{Verb: change.Approve}); err != nil {
		t.Fatal(err)
	}
	if _, err := alice.AwaitStatus(t.Context(), rec.ID, change.Completed); err != nil {
		t.Fatal(err)
	}
}

// at is a person at another server.
func at(t *testing.T, d *product.Dev, name, address string) product.Person {
	t.Helper()
	token, err := os.ReadFile(filepath.Join(d.StateDir, "dev", "people", name, "token"))
	if err != nil {
		t.Fatal(err)
	}
	p := as(t, d, name)
	p.Client = httpapi.NewClient("http://"+address, strings.TrimSpace(string(token)), nil)
	return p
}
