package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/ledger/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }

var epoch = time.Date(2027, 3, 6, 22, 0, 0, 0, time.UTC)

// clock is a time that tests set.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(time.Millisecond)
	return c.at
}

var key = sync.OnceValue(func() audit.Key {
	k, err := audit.GenerateKey("example")
	if err != nil {
		panic(err)
	}
	return k
})

// both runs a test on both databases; each gets the address of an empty one.
func both(t *testing.T, f func(t *testing.T, dsn string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { f(t, "sqlite:"+filepath.Join(t.TempDir(), "ledger.db")) })
	t.Run("postgres", func(t *testing.T) { f(t, pgtest.DSN(t)) })
}

func open(t testing.TB, dsn string) *Ledger {
	t.Helper()
	c := &clock{at: epoch}
	l, err := Open(t.Context(), dsn, Options{Clock: c.now, Key: key(), Instance: "example"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// on opens an empty ledger on both databases.
func on(t *testing.T, f func(t *testing.T, l *Ledger)) {
	t.Helper()
	both(t, func(t *testing.T, dsn string) { f(t, open(t, dsn)) })
}

// window is hours h to h+1 of the night.
func window(h int) change.Window {
	return change.Window{
		Start: epoch.Add(time.Duration(h) * time.Hour), End: epoch.Add(time.Duration(h+1) * time.Hour), Zone: "Europe/Berlin",
	}
}

func plan(title string, w change.Window, touch ...change.Ref) change.Plan {
	p := change.Plan{
		Instance: "example", Title: title, Type: change.Normal, Reason: "Security release 15.20 <b>&", Submitter: "user:ada",
		Runbook:    change.Source{Name: "switchover", Title: "Switch over", Owner: "group:dba", Path: "runbooks/x.yaml", Digest: "sha256:aa"},
		Parameters: map[string]any{"version": "15.20", "n": 3.0, "list": []any{"a", 1.5}},
		Window:     w, Footprint: change.Footprint{Touch: touch}, AtCutoff: change.CutoffBackOut, Margin: change.Duration(time.Minute),
		Catalog: "sha256:cc", Policy: "sha256:dd", Risk: change.Risk{Score: 40, Level: "medium"},
	}
	for i, ref := range touch {
		p.Targets = append(p.Targets, change.System{Ref: ref, Owner: "group:dba"})
		p.Steps = append(p.Steps, change.Step{
			Name: fmt.Sprintf("step-%d", i+1), Title: "Look at " + string(ref), Phase: change.Patch, OnFailure: change.FailureHold,
			Action: change.Action{Uses: "command", With: json.RawMessage(`{"argv":["true"],"system":"` + string(ref) + `"}`)},
			Undo:   &change.Action{Uses: "command", With: json.RawMessage(`{"argv":["false"]}`)},
		})
	}
	return p
}

func submission1(t testing.TB, p change.Plan, nonce string) Submission {
	t.Helper()
	d, err := p.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return Submission{Request: change.Request{Title: p.Title}, Plan: p, Digest: d, Submitter: p.Submitter, Nonce: nonce}
}

func submit(t testing.TB, l *Ledger, p change.Plan) change.Record {
	t.Helper()
	r, created, err := l.Submit(t.Context(), submission1(t, p, ""))
	if err != nil || !created {
		t.Fatalf("submit: created %v, %v", created, err)
	}
	return r
}

// free lets everything pass that overlaps with nobody's touch.
func free(f change.Facts) change.Verdict {
	var v change.Verdict
	for _, h := range f.Holdings {
		v.Findings = append(v.Findings, change.Finding{
			Rule: "overlap", Severity: change.Blocks, Message: fmt.Sprintf("%s is held by %s", h.System, h.By), Other: &h,
		})
	}
	return v
}

func pass(change.GateFacts) error { return nil }

func run(change.Facts) change.Ruling {
	return change.Ruling{To: change.Running, Why: "the window is open"}
}

// scheduled returns a change with a reservation.
func scheduled(t testing.TB, l *Ledger, p change.Plan) change.Record {
	t.Helper()
	r := submit(t, l, p)
	r, err := l.Reserve(t.Context(), r.ID, 1, "reserve", change.Scheduled, free)
	if err != nil || r.Status != change.Scheduled {
		t.Fatalf("reserve %s: %s, %v", r.ID, r.Status, err)
	}
	return r
}

// running returns a change with a claim.
func running(t testing.TB, l *Ledger, p change.Plan) change.Record {
	t.Helper()
	r := scheduled(t, l, p)
	r, err := l.Start(t.Context(), r.ID, 1, "start", run)
	if err != nil || r.Status != change.Running {
		t.Fatalf("start %s: %s, %v", r.ID, r.Status, err)
	}
	return r
}

func enter(t testing.TB, l *Ledger, r change.Record, to change.Status) change.Record {
	t.Helper()
	tr := change.Transition{Change: r.ID, Revision: r.Revision, To: to, Key: "to-" + string(to), Who: self, Why: "for the test"}
	if to == change.Held {
		tr.Hold = &change.Hold{Reason: "step 1 failed", Choices: []change.Verb{change.RetryIt}}
	}
	r, err := l.Enter(t.Context(), tr)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func want(t testing.TB, err error, kind change.Kind) {
	t.Helper()
	if change.KindOf(err) != kind {
		t.Fatalf("got error %v, want kind %s", err, kind)
	}
}

func size(t testing.TB, l *Ledger) int64 {
	t.Helper()
	_, n, err := l.Checkpoint(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// unwritten fails when f appends to the log.
func unwritten(t testing.TB, l *Ledger, f func()) {
	t.Helper()
	before := size(t, l)
	f()
	if after := size(t, l); after != before {
		t.Fatalf("%d entries were written, want none", after-before)
	}
}

func kinds(t testing.TB, l *Ledger, f EntryFilter) []string {
	t.Helper()
	rs, err := l.Entries(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range rs {
		out = append(out, r.Entry.Kind)
	}
	return out
}

func verified(t testing.TB, l *Ledger) {
	t.Helper()
	if err := l.Verify(t.Context()); err != nil {
		t.Fatalf("verify the log: %v", err)
	}
}
