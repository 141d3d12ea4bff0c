package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/httpapi/apitest"
)

// book is a log with its key, as a server has it.
type book struct {
	t       *testing.T
	key     audit.Key
	tree    audit.Tree
	records []audit.Record
}

func newBook(t *testing.T) *book {
	t.Helper()
	k, err := audit.GenerateKey("test")
	if err != nil {
		t.Fatal(err)
	}
	return &book{t: t, key: k}
}

func (b *book) write(whats ...string) {
	b.t.Helper()
	for i, what := range whats {
		e := audit.Entry{At: apitest.Now.Add(time.Duration(i) * time.Second), Kind: "step.intent", Who: "user:alice", What: what, Change: "CHG-7"}
		leaf, err := audit.Leaf(e)
		if err != nil {
			b.t.Fatal(err)
		}
		b.records = append(b.records, audit.Record{Number: b.tree.Size(), Leaf: leaf, Entry: e})
		b.tree, _ = b.tree.Append(leaf)
	}
}

func (b *book) serve(d *desk) {
	b.t.Helper()
	note, err := audit.Checkpoint{Instance: "test", Size: b.tree.Size(), Root: b.tree.Root()}.Sign(b.key)
	if err != nil {
		b.t.Fatal(err)
	}
	d.service.Do(func(s *apitest.Service) {
		s.Entries = append([]audit.Record(nil), b.records...)
		s.Head = httpapi.Checkpoint{Note: note, Verifier: b.key.Verifier(), Size: b.tree.Size()}
	})
}

func TestLogVerifyRecomputesAndRemembers(t *testing.T) {
	d, b := newDesk(t), newBook(t)
	b.write("one", "two", "three")
	b.serve(d)
	r := d.run("log", "verify")
	d.expect(r, 0, "the audit log verifies: 3 entries", b.tree.Root().String(), "is new here")
	b.write("four", "five")
	b.serve(d)
	d.expect(d.run("log", "verify"), 0, "5 entries", "begins with the 3 entries seen before")
	if r := d.run("log", "verify"); strings.Contains(r.err, "is new here") {
		t.Error("the key was forgotten")
	}
}

func TestLogVerifyFindsEveryRewriting(t *testing.T) {
	const loud = "THE AUDIT LOG DOES NOT VERIFY"
	seen := func(t *testing.T) (*desk, *book) {
		d, b := newDesk(t), newBook(t)
		b.write("one", "two", "three")
		b.serve(d)
		d.expect(d.run("log", "verify"), 0)
		return d, b
	}
	t.Run("an entry altered", func(t *testing.T) {
		d, b := seen(t)
		b.records[1].Leaf = []byte(strings.Replace(string(b.records[1].Leaf), "two", "2wo", 1))
		b.serve(d)
		d.expect(d.run("log", "verify"), 1, loud)
	})
	t.Run("shown differently than signed", func(t *testing.T) {
		d, b := seen(t)
		b.records[1].Entry.Who = "user:eve"
		b.serve(d)
		d.expect(d.run("log", "verify"), 1, loud, "entry 1")
	})
	t.Run("an entry left out", func(t *testing.T) {
		d, b := seen(t)
		b.records = append(b.records[:1], b.records[2:]...)
		b.serve(d)
		d.expect(d.run("log", "verify"), 1, loud)
	})
	t.Run("rewritten with the right key", func(t *testing.T) {
		d, b := seen(t)
		other := newBook(t)
		other.key = b.key
		other.write("one", "TWO", "three", "four")
		other.serve(d)
		d.expect(d.run("log", "verify"), 1, loud, "earlier checkpoint")
	})
	t.Run("shortened with the right key", func(t *testing.T) {
		d, b := seen(t)
		other := newBook(t)
		other.key = b.key
		other.write("one", "two")
		other.serve(d)
		d.expect(d.run("log", "verify"), 1, loud)
	})
	t.Run("another key", func(t *testing.T) {
		d, _ := seen(t)
		other := newBook(t)
		other.write("one", "two", "three")
		other.serve(d)
		d.expect(d.run("log", "verify"), 1, loud, "key of the log was")
	})
	t.Run("a key that was given", func(t *testing.T) {
		d, _ := seen(t)
		d.expect(d.run("log", "verify", "--verifier", newBook(t).key.Verifier()), 1, loud)
	})
}

func TestWhatIsRememberedOfALogIsNotGuessed(t *testing.T) {
	d, b := newDesk(t), newBook(t)
	b.write("one")
	b.serve(d)
	d.expect(d.run("log", "verify"), 0)
	files, err := filepath.Glob(filepath.Join(d.env["CHANGECTL_STATE_DIR"], "logs", "*.json"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	if err := os.WriteFile(files[0], []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.expect(d.run("log", "verify"), 1, files[0])
	d.service.Errs["Checkpoint"] = change.Unavailable("the ledger does not answer")
	if err := os.Remove(files[0]); err != nil {
		t.Fatal(err)
	}
	if r := d.run("log", "verify"); r.code != 1 || strings.Contains(r.err, "DOES NOT VERIFY") {
		t.Errorf("%d %s", r.code, r.err)
	}
}

func TestLogPrintsLinesJSONAndCSV(t *testing.T) {
	d, b := newDesk(t), newBook(t)
	for range 1500 {
		b.write("begins")
	}
	b.serve(d)
	r := d.run("log", "--change", "chg-7", "--system", "orders-db-1", "--person", "alice", "--since", "1h", "--until", "2027-03-07")
	d.expect(r, 0, "2027-03-06 22:05:00.000 UTC  user:alice  begins  CHG-7")
	if n := strings.Count(r.out, "\n"); n != 1500 {
		t.Errorf("%d lines", n)
	}
	first := httpapi.LogFilter{}
	for _, c := range d.service.Calls() {
		if c.Method == "Log" {
			first = c.Args[0].(httpapi.LogFilter)
			break
		}
	}
	want := httpapi.LogFilter{
		Limit: 1000, Change: "CHG-7", System: "resource:orders-db-1", Person: "user:alice",
		Since: apitest.Now.Add(-time.Hour), Until: time.Date(2027, 3, 7, 0, 0, 0, 0, time.UTC),
	}
	if first != want {
		t.Errorf("asked for %+v", first)
	}
	d.expect(d.run("log", "-o", "csv"), 0, "number,at,kind,who", "1499,")
	d.expect(d.run("log", "-o", "json"), 0, `"number": 1499`)
	d.expect(d.run("log", "--since", "whenever"), 2, "--since")
	d.expect(d.run("log", "--follow", "-o", "json"), 2, "--follow")
	d.expect(d.run("log", "prove"), 2, "no command")
	d.expect(d.run("list", "-o", "csv"), 2, "only changectl log prints csv")
}
