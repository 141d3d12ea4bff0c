package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/ledger/pgtest"
	"github.com/changectl/changectl/test/ghfake"
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
		v, ok := ready()
		if ok {
			return v
		}
		select {
		case <-ctx.Done():
			t.Fatalf("what was waited for did not come; last it was: %v", v)
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
	files, err := product.ExampleRepositoryOf("../../docs", "production")
	if err != nil {
		t.Fatal(err)
	}
	f, err := product.StartForge(t.Context(), t.TempDir(), ghfake.Options{}, files)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeForge(t, f) })
	config := filepath.Join(t.TempDir(), "worker.yaml")
	text := strings.NewReplacer("STATE", state, "BOOKS", books, "CALENDARS", calendars(t)).Replace(`
instance: production
ledger: {key-file: STATE/production.key}
temporal: {namespace: changes}
catalog: {path: STATE/catalog}
runbooks: {path: BOOKS}
identity: {allowed-signers: STATE/allowed_signers, tokens: STATE/tokens}
api: {listen: '127.0.0.1:0'}
log: {format: json}
calendars: {path: CALENDARS}
`) + f.Config()
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(binaries(t), "worker"), "--config", config)
	cmd.Env = append(os.Environ(), "CHANGECTL_LEDGER_DSN="+pgtest.DSN(t), "CHANGECTL_TEMPORAL_ADDRESS="+cluster(t), f.SecretEnv())
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
	declared := await(t, func() ([]change.Declaration, bool) {
		list, err := alice.Declarations(t.Context(), httpapi.DeclarationFilter{})
		return list, err == nil && len(list) > 0
	})
	if d := declared[0]; d.Impact != change.ReducedRedundancy || d.Source.Calendar != "carrier" || d.Targets[0] != "resource:core-router" || d.DeclaredBy != "system:changectl" {
		t.Errorf("the feed was taken as %+v", d)
	}
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
	f.DeliverTo("http://" + address)
	queuedAndMerged(t, f, alice)
}

// queuedAndMerged takes a pull request through a merge queue, on whose commit the checks
// are answered too.
func queuedAndMerged(t *testing.T, f *product.Forge, alice product.Person) {
	t.Helper()
	f.Repo.Protect("main", ghfake.Rules{Checks: []string{approvalCheck}})
	c := propose(t, f, "queued", stepsFile("A reason", "component:orders-api", time.Now().Add(time.Hour)))
	c.check(approvalCheck, "action_required")
	c.pull.Review(f.Person("frank"), "APPROVED", "")
	c.check(approvalCheck, "success")
	group, err := c.pull.Enqueue("merge", f.Person("alice"))
	if err != nil {
		t.Fatal(err)
	}
	await(t, func() ([]ghfake.CheckRun, bool) {
		runs := f.Repo.Checks(group.Head)
		return runs, slices.ContainsFunc(runs, func(r ghfake.CheckRun) bool { return r.Name == approvalCheck && r.Conclusion == "success" })
	})
	if err := group.Merge(); err != nil {
		t.Fatal(err)
	}
	c.comment("CHG-2", "scheduled")
	rec, err := alice.AwaitStatus(t.Context(), "CHG-2", change.Scheduled)
	if err != nil {
		t.Fatal(err)
	}
	if len(rec.Approvals) != 1 || rec.Approvals[0].Evidence == nil || rec.Plan.Origin.Commit != c.pull.State().MergeCommit {
		t.Errorf("scheduled as %+v with %+v", rec.Plan.Origin, rec.Approvals)
	}
}

// calendars serves a carrier's feed, and writes the file that names it.
func calendars(t *testing.T) (file string) {
	t.Helper()
	start := time.Now().Add(48 * time.Hour).UTC()
	text := strings.NewReplacer("\n", "\r\n", "{START}", start.Format("20060102T150405Z"), "{END}", start.Add(time.Hour).Format("20060102T150405Z")).Replace(`BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Carrier//NOC//EN
BEGIN:VEVENT
UID:W-1@carrier.example
DTSTAMP:20270101T080000Z
DTSTART:{START}
DTEND:{END}
SUMMARY:Fibre work
X-MAINTNOTE-IMPACT:REDUCED-REDUNDANCY
END:VEVENT
END:VCALENDAR
`)
	feed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }))
	t.Cleanup(feed.Close)
	file = filepath.Join(t.TempDir(), "calendars.yaml")
	list := "calendars:\n  - {name: carrier, url: '" + feed.URL + "/notices.ics', every: 1m, on: [resource:core-router], owner: Carrier, contact: NOC}\n"
	if err := os.WriteFile(file, []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
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
