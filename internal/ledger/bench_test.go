package ledger

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/ledger/pgtest"
)

// stores runs a benchmark on both databases. The PostgreSQL that the tests start runs
// without fsync; CHANGECTL_TEST_POSTGRES names one that may have it.
func stores(b *testing.B, f func(b *testing.B, l *Ledger)) {
	b.Run("sqlite", func(b *testing.B) { f(b, open(b, "sqlite:"+filepath.Join(b.TempDir(), "ledger.db"))) })
	b.Run("postgres", func(b *testing.B) { f(b, open(b, pgtest.DSN(b))) })
}

// BenchmarkBeginFinish is what the ledger adds to one step: gate, intent, result.
func BenchmarkBeginFinish(b *testing.B) {
	stores(b, func(b *testing.B, l *Ledger) {
		r := running(b, l, plan("Patch", window(1), "resource:a", "resource:b", "resource:c"))
		res := change.Result{Outcome: change.Passed, Message: "fine", Output: "hello", Values: json.RawMessage(`{"exit":0}`)}
		n := 0
		for b.Loop() {
			if n++; n%30 == 0 { // a change has tens of runs, not thousands
				b.StopTimer()
				enter(b, l, r, change.Completed)
				r = running(b, l, plan(fmt.Sprint("Patch ", n), window(1), "resource:a", "resource:b", "resource:c"))
				b.StartTimer()
			}
			k := change.RunKey{Change: r.ID, Revision: 1, Direction: change.Do, Run: n}
			run, err := l.Begin(b.Context(), k, "worker", r.Token, pass)
			if err != nil {
				b.Fatal(err)
			}
			if err := l.Finish(b.Context(), k, run.Attempt, res); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkSubmitReserve is two transactions and 20 systems in a calendar that fills up.
func BenchmarkSubmitReserve(b *testing.B) {
	stores(b, func(b *testing.B, l *Ledger) {
		n := 0
		for b.Loop() {
			var touch []change.Ref
			for i := range 20 {
				touch = append(touch, change.Ref(fmt.Sprintf("resource:r-%d", (n*7+i)%10000)))
			}
			scheduled(b, l, plan("Patch", window(n*2), touch...))
			n++
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	stores(b, func(b *testing.B, l *Ledger) {
		for b.Loop() {
			if err := l.Append(b.Context(), audit.Entry{Kind: "test", What: "measures"}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkChange(b *testing.B) {
	stores(b, func(b *testing.B, l *Ledger) {
		r := filled(b, l)
		for b.Loop() {
			if _, err := l.Change(b.Context(), r.ID); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkVerify reports the cost of one entry of a log of 20,000.
func BenchmarkVerify(b *testing.B) {
	stores(b, func(b *testing.B, l *Ledger) {
		const entries = 20000
		err := l.write(b.Context(), "fill the log", func(t *tx) error {
			for i := range entries - 1 {
				e := audit.Entry{Kind: "step.intent", Change: "CHG-1", What: fmt.Sprint(i), Systems: []change.Ref{"resource:a"}}
				if _, err := t.tell(e); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			verified(b, l)
		}
		b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/entries, "µs/entry")
	})
}
