package ledger

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/ledger/pgtest"
)

const benchSystems = 10_000

// reservations is how many rows the calendar of a benchmark has:
// CHANGECTL_BENCH_ROWS, 100,000 where it is not set.
func reservations(b *testing.B) int {
	b.Helper()
	n, err := strconv.Atoi(os.Getenv("CHANGECTL_BENCH_ROWS"))
	if err != nil {
		return 100_000
	}
	return n
}

// benchSystem is the i-th system of a large company.
func benchSystem(i int) change.Ref {
	return change.Ref(fmt.Sprintf("resource:r-%05d", i%benchSystems))
}

// fillYear fills the calendar of a year with rows reservations, by changes of 20 systems and 4 hours.
func fillYear(b *testing.B, l *Ledger, rows int) {
	b.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	p := plan("Patch", window(1), "resource:a")
	digest, err := p.Digest()
	if err != nil {
		b.Fatal(err)
	}
	var changes, holdings, people [][]any
	for n := int64(1); len(holdings) < rows; n++ {
		start := epoch.Add(time.Duration(random.IntN(365*24)) * time.Hour)
		from, to := micros(start), micros(start.Add(4*time.Hour))
		person := fmt.Sprintf("user:u%d", n%500)
		changes = append(changes, []any{
			n, 1, "scheduled", digest, p.Title, "normal", "switchover", person, "low", from, to, "UTC", 0, from, from, 0, 0, 0, "", 0, "", "", "", person,
		})
		people = append(people, []any{person, from, to, n})
		first := random.IntN(benchSystems)
		for i := range 20 {
			mode := []string{"touch", "impact", "observe"}[min(i/7, 2)]
			holdings = append(holdings, []any{string(benchSystem(first + i*37)), from, to, n, mode, 0, "group:dba", 0, from, `["resource:x","resource:y"]`})
		}
	}
	err = l.write(b.Context(), "fill the year", func(t *tx) error {
		if err := t.keep(b.Context(), p, digest); err != nil {
			return err
		}
		for _, part := range []struct {
			head string
			rows [][]any
		}{
			{"insert into changes (number, revision, status, plan_digest, title, type, runbook, submitter, risk, window_start, window_end, " +
				"zone, token, created_at, updated_at, started_at, ended_at, version, outcome, holds, note, hold, findings, contact)", changes},
			{"insert into holdings (" + holdingColumns + ")", holdings},
			{"insert into change_people (person, starts_at, ends_at, change)", people},
		} {
			if err := t.insert(b.Context(), part.head, "", part.rows); err != nil {
				return err
			}
		}
		return t.exec(b.Context(), "update counters set value = ? where name = 'change'", len(changes))
	})
	if err != nil {
		b.Fatal(err)
	}
	if l.d == sqliteDialect {
		return // nothing analyzes it in production either
	}
	if _, err := l.writer.ExecContext(b.Context(), "vacuum analyze"); err != nil {
		b.Fatal(err)
	}
}

// asking is a plan that touches 20 systems for 4 hours somewhere in the year.
func asking(random *rand.Rand) change.Plan {
	start := epoch.Add(time.Duration(random.IntN(365*24)) * time.Hour)
	first := random.IntN(benchSystems)
	p := change.Plan{Window: change.Window{Start: start, End: start.Add(4 * time.Hour)}, People: []change.Ref{"user:u7", "user:u8"}}
	for i := range 20 {
		p.Footprint.Touch = append(p.Footprint.Touch, benchSystem(first+i*41))
	}
	return p
}

// BenchmarkFacts compares what a judgement reads with the bare indexed query for the
// same systems and bounds, in turns.
func BenchmarkFacts(b *testing.B) {
	stores(b, func(b *testing.B, l *Ledger) {
		fillYear(b, l, reservations(b))
		random := rand.New(rand.NewPCG(3, 4))
		bare, err := l.reader.PrepareContext(b.Context(), l.d.rebind("select system, mode, party, starts_at, ends_at from holdings x "+
			"where system in ("+placeholders("?", 20)+") and "+overlap))
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = bare.Close() }()
		var took [2][]time.Duration // the bare query's and ours
		found := 0
		for i := 0; b.Loop(); i++ {
			p := asking(random)
			var n [2]int
			for j := range n {
				which := (i + j) % 2 // whoever goes first finds the pages cold
				start := time.Now()
				if n[which], err = ask(b, l, bare, p, which); err != nil {
					b.Fatal(err)
				}
				took[which] = append(took[which], time.Since(start))
			}
			if n[0] != n[1] {
				b.Fatalf("%d holdings, the bare query has %d", n[1], n[0])
			}
			found += n[0]
		}
		reportRatio(b, "bare-µs", took[0], "facts-µs", took[1])
		b.ReportMetric(float64(found)/float64(b.N), "found/op")
	})
}

// ask asks the bare query (0) or the ledger (1).
func ask(b *testing.B, l *Ledger, bare *sql.Stmt, p change.Plan, which int) (int, error) {
	b.Helper()
	if which == 0 {
		return bareQuery(b, bare, p)
	}
	f, err := l.Review(b.Context(), p, "")
	return len(f.Holdings), err
}

func bareQuery(b *testing.B, s *sql.Stmt, p change.Plan) (n int, err error) {
	var args []any
	for _, ref := range p.Footprint.Touch {
		args = append(args, string(ref))
	}
	rows, err := s.QueryContext(b.Context(), append(args, span(p.Window)...)...)
	if err != nil {
		return 0, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var system, mode string
		var party, from, to int64
		if err := rows.Scan(&system, &mode, &party, &from, &to); err != nil {
			return 0, err
		}
		n++
	}
	return n, rows.Err()
}

// BenchmarkReserveGrowth compares reserving in a calendar of 10,000 rows with one of many.
func BenchmarkReserveGrowth(b *testing.B) {
	for name, dsn := range map[string]func() string{
		"sqlite":   func() string { return "sqlite:" + filepath.Join(b.TempDir(), "ledger.db") },
		"postgres": func() string { return pgtest.DSN(b) },
	} {
		b.Run(name, func(b *testing.B) {
			ledgers := []*Ledger{open(b, dsn()), open(b, dsn())}
			fillYear(b, ledgers[0], 10_000)
			fillYear(b, ledgers[1], reservations(b))
			random := rand.New(rand.NewPCG(5, 6))
			var took [2][]time.Duration
			for n := 0; b.Loop(); n++ {
				a := asking(random)
				p := plan(fmt.Sprint("Patch ", n), a.Window, a.Footprint.Touch...)
				p.People = a.People
				for i, l := range ledgers {
					r := submit(b, l, p)
					start := time.Now()
					if _, err := l.Reserve(b.Context(), r.ID, 1, "k", change.Scheduled, nothing); err != nil {
						b.Fatal(err)
					}
					took[i] = append(took[i], time.Since(start))
				}
			}
			reportRatio(b, "small-µs", took[0], "large-µs", took[1])
		})
	}
}

// reportRatio reports medians and their ratio.
func reportRatio(b *testing.B, nameA string, a []time.Duration, nameB string, other []time.Duration) {
	b.Helper()
	median := func(d []time.Duration) float64 {
		slices.Sort(d)
		return float64(d[len(d)/2].Nanoseconds()) / 1000
	}
	x, y := median(a), median(other)
	b.ReportMetric(x, nameA)
	b.ReportMetric(y, nameB)
	b.ReportMetric(y/x, "ratio")
}

// BenchmarkImport takes over a calendar of 2,000 events, and then the same again.
func BenchmarkImport(b *testing.B) {
	stores(b, func(b *testing.B, l *Ledger) {
		fillYear(b, l, 100_000)
		var first, again time.Duration
		n := 0
		for b.Loop() {
			n++
			var feed []change.Declaration
			for i := range 2000 {
				feed = append(feed, event(fmt.Sprintf("%d-%d", n, i), 1, maintenance("x", window(i), benchSystem(i*7))))
			}
			start := time.Now()
			declare(b, l, feed...)
			between := time.Now()
			declare(b, l, feed...)
			first, again = first+between.Sub(start), again+time.Since(between)
		}
		b.ReportMetric(float64(first.Microseconds())/float64(n)/2000, "new-µs/event")
		b.ReportMetric(float64(again.Microseconds())/float64(n)/2000, "again-µs/event")
	})
}
