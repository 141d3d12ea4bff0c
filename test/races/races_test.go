package races_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/changectl/changectl/internal/change"
)

// try is an attempt on systems for minutes of a round.
func try(round int, what string, from, to int, touch ...change.Ref) attempt {
	at := start.Add(time.Duration(round) * rounds)
	return attempt{
		Title: fmt.Sprintf("%s in round %d", what, round), Touch: touch,
		From: at.Add(time.Duration(from) * time.Minute), To: at.Add(time.Duration(to) * time.Minute),
	}
}

func ref(kind string, n int) change.Ref {
	return change.Ref(fmt.Sprintf("resource:%s-%d", kind, n))
}

// Half of the clients want a database and half the service on it, in windows that all
// share the middle of the slot and none of which reaches into the next.
func TestOfRacingClientsExactlyOneGetsEachSlot(t *testing.T) {
	n := size().slots
	both(t, func(t *testing.T, f *field) {
		for slot := range n {
			var all []attempt
			for c := range clients {
				kind := []string{"db", "app"}[c/2%2]
				all = append(all, try(slot/estate, "slot", c*20, 181+c*20, ref(kind, slot%estate)))
			}
			if won := winners(f.race(all)); len(won) != 1 {
				t.Fatalf("slot %d: the clients %v won", slot, won)
			}
		}
		f.judge(fmt.Sprintf("%d slots, %d clients in %d processes", n, clients, processes), n)
	})
}

// In even rounds all windows share a moment, so that it is known how many can win; in
// odd ones they lie here and there, and the checker has to tell.
func TestRacingClientsNeverTakeTooManyOfAGroup(t *testing.T) {
	n := size().redundancy
	both(t, func(t *testing.T, f *field) {
		random := rand.New(rand.NewPCG(3, 7))
		won := 0
		for round := range n {
			g := groups()[round%estate]
			var all []attempt
			var members []change.Ref
			for c := range clients {
				m := change.Ref(g.Members[random.IntN(3)])
				members = append(members, m)
				from, to := c*20, 181+c*20
				if round%2 == 1 {
					from = random.IntN(240)
					to = from + 30 + random.IntN(60)
				}
				all = append(all, try(round/estate, "member", from, to, m))
			}
			slices.Sort(members)
			most := min(len(slices.Compact(members)), 3-g.MustRun)
			got := len(winners(f.race(all)))
			won += got
			if got < most || round%2 == 0 && got > most {
				t.Fatalf("round %d on %s, of which %d of 3 must stay up: %d won, want %d", round, g.Name, g.MustRun, got, most)
			}
		}
		f.judge(fmt.Sprintf("%d attempts on members of groups of three", n*clients), won)
	})
}

func TestCrossedPairsNeverDeadlockNorBothWin(t *testing.T) {
	n := size().crossed
	both(t, func(t *testing.T, f *field) {
		for round := range n {
			pair := []change.Ref{ref("left", round%estate), ref("right", round%estate)}
			var all []attempt
			for c := range clients {
				touch := slices.Clone(pair)
				if c/2%2 == 1 { // in each process both orders
					slices.Reverse(touch)
				}
				all = append(all, try(round/estate, "pair", 0, 60, touch...))
			}
			if won := winners(f.race(all)); len(won) != 1 {
				t.Fatalf("round %d: the clients %v won", round, won)
			}
		}
		f.judge(fmt.Sprintf("%d crossed pairs", n), n)
	})
}

// Reservations of one system follow each other; all of them start at the same moment.
func TestOfRacingStartsExactlyOneClaims(t *testing.T) {
	n := size().claims
	both(t, func(t *testing.T, f *field) {
		for round := range n {
			var all []attempt
			for c := range clients {
				all = append(all, try(c, "claim", 0, 60, ref("host", round)))
			}
			reserved := f.race(all)
			if won := winners(reserved); len(won) != clients {
				t.Fatalf("round %d: only the clients %v have reserved windows that follow each other", round, won)
			}
			for c, o := range reserved {
				all[c] = attempt{Title: fmt.Sprintf("start of %s", o.ID), Start: o.ID}
			}
			if won := winners(f.race(all)); len(won) != 1 {
				t.Fatalf("round %d: the clients %v have claimed %s", round, won, ref("host", round))
			}
		}
		f.judge(fmt.Sprintf("%d races to start", n), n*clients)
	})
}
