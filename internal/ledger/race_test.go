package ledger

import (
	"fmt"
	"sync"
	"testing"

	"github.com/changectl/changectl/internal/change"
)

const racers = 8

// race lets n goroutines go at once and returns how many won.
func race(t *testing.T, n int, f func(i int) (bool, error)) int {
	t.Helper()
	var wg sync.WaitGroup
	var mu sync.Mutex
	gate, won := make(chan struct{}), 0
	for i := range n {
		wg.Go(func() {
			<-gate
			ok, err := f(i)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			if ok {
				won++
			}
		})
	}
	close(gate)
	wg.Wait()
	return won
}

func rounds(l *Ledger) int {
	if l.d == sqliteDialect {
		return 200
	}
	return 100
}

// attempt submits and reserves; it reports whether the reservation won.
func attempt(t *testing.T, l *Ledger, p change.Plan) (bool, error) {
	d, err := p.Digest()
	if err != nil {
		return false, err
	}
	r, _, err := l.Submit(t.Context(), Submission{Plan: p, Digest: d, Submitter: p.Submitter})
	if err != nil {
		return false, err
	}
	r, err = l.Reserve(t.Context(), r.ID, 1, "r", change.Scheduled, free)
	return r.Status == change.Scheduled, err
}

func TestOfRacingSubmissionsExactlyOneWins(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		a, b := open(t, dsn), open(t, dsn) // two workers
		for round := range rounds(a) {
			ref := change.Ref(fmt.Sprintf("resource:slot-%d", round))
			won := race(t, racers, func(i int) (bool, error) {
				return attempt(t, []*Ledger{a, b}[i%2], plan(fmt.Sprintf("racer %d", i), window(1), ref))
			})
			if won != 1 {
				t.Fatalf("round %d: %d winners", round, won)
			}
		}
		if a.Retries()+b.Retries() != 0 {
			t.Errorf("%d transactions were run again", a.Retries()+b.Retries())
		}
		verified(t, b)
	})
}

func TestCrossedPairsDoNotDeadlockNorBothWin(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		a, b := open(t, dsn), open(t, dsn)
		for round := range rounds(a) / 4 {
			x, y := change.Ref(fmt.Sprintf("resource:x-%d", round)), change.Ref(fmt.Sprintf("resource:y-%d", round))
			won := race(t, racers, func(i int) (bool, error) {
				touch := []change.Ref{x, y}
				if i%2 == 1 {
					touch = []change.Ref{y, x}
				}
				return attempt(t, []*Ledger{a, b}[i/2%2], plan("crossed", window(1), touch...))
			})
			if won != 1 {
				t.Fatalf("round %d: %d winners", round, won)
			}
		}
	})
}

func TestOfRacingStartsExactlyOneClaims(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		a, b := open(t, dsn), open(t, dsn)
		for round := range rounds(a) / 4 {
			ref := change.Ref(fmt.Sprintf("resource:c-%d", round))
			var rs []change.Record
			for i := range racers {
				rs = append(rs, scheduled(t, a, plan("claims", window(i), ref)))
			}
			won := race(t, racers, func(i int) (bool, error) {
				r, err := []*Ledger{a, b}[i%2].Start(t.Context(), rs[i].ID, 1, "s", run)
				if change.KindOf(err) == change.KindConflict {
					return false, nil
				}
				return r.Token > 0, err
			})
			if won != 1 {
				t.Fatalf("round %d: %d claims", round, won)
			}
		}
	})
}

func TestRacingRepetitionsOfOneSubmissionMakeOneChange(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		a, b := open(t, dsn), open(t, dsn)
		s := submission1(t, plan("once", window(1), "resource:a"), "nonce")
		won := race(t, 32, func(i int) (bool, error) {
			_, created, err := []*Ledger{a, b}[i%2].Submit(t.Context(), s)
			return created, err
		})
		if won != 1 {
			t.Errorf("created %d times", won)
		}
	})
}
