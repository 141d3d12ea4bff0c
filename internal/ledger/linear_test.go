package ledger

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/anishathalye/porcupine"

	"github.com/changectl/changectl/internal/change"
)

// concurrent counts the pairs of calls that were under way at the same time.
func concurrent(history []porcupine.Operation) (pairs int) {
	for i, a := range history {
		for _, b := range history[i+1:] {
			if a.Call < b.Return && b.Call < a.Return {
				pairs++
			}
		}
	}
	return pairs
}

func TestWhatManyClientsSeeCouldHaveHappenedOneAfterTheOther(t *testing.T) {
	both(t, func(t *testing.T, dsn string) {
		ledgers := []*Ledger{open(t, dsn), open(t, dsn)} // two workers
		pairs, done := 0, map[string]int{}
		for round := range linearRounds {
			l := newLinear(t, ledgers, round, rand.New(rand.NewPCG(7, uint64(round))))
			var all sync.WaitGroup
			for client := range linearClients {
				random := rand.New(rand.NewPCG(uint64(round), uint64(client)))
				all.Go(func() {
					for range linearCalls {
						if c := drawCall(random); l.ask(client, c).done {
							l.mu.Lock()
							done[c.kind]++
							l.mu.Unlock()
						}
					}
				})
			}
			all.Wait()
			pairs += concurrent(l.history)
			if !porcupine.CheckOperations(l.model(), l.history) {
				t.Fatalf("no order of these calls explains what was answered:\n%s", l.transcript())
			}
		}
		t.Logf("%d pairs of calls at the same time; done: %v", pairs, done)
		for _, kind := range []string{callReserve, callStart, callStep, callEnd, callBreak, callLook} {
			if done[kind] == 0 || pairs == 0 {
				t.Errorf("no %s came to anything, or nothing happened at the same time: %d pairs, %v", kind, pairs, done)
			}
		}
		verified(t, ledgers[1])
	})
}

// transcript is the history in the order in which the calls began.
func (l *linear) transcript() string {
	slices.SortFunc(l.history, func(a, b porcupine.Operation) int { return int(a.Call - b.Call) })
	var b strings.Builder
	for _, o := range l.history {
		fmt.Fprintf(&b, "%8d to %8d us, client %d: %+v -> %+v\n", o.Call/1000, o.Return/1000, o.ClientId, o.Input, o.Output)
	}
	return fmt.Sprintf("%s%+v", b.String(), l.field)
}

// told is a history of one client: 0 and 1 want one system in two windows, 2 that of 0;
// the claim of 0 is broken, and 1 runs to its end.
func told(t *testing.T) *linear {
	t.Helper()
	ledger := open(t, "sqlite:"+t.TempDir()+"/ledger.db")
	l := newLinear(t, []*Ledger{ledger}, 0, rand.New(rand.NewPCG(1, 1)))
	for i, hour := range []int{0, 1, 0} {
		l.touch[i], l.hour[i] = []change.Ref{"resource:told"}, hour
		l.ids[i] = submit(t, ledger, plan("told", window(hour), l.touch[i]...)).ID
	}
	for _, c := range []call{
		{kind: callReserve},
		{kind: callReserve, change: 1},
		{kind: callReserve, change: 2},
		{kind: callStart},
		{kind: callStart, change: 1},
		{kind: callStep},
		{kind: callLook},
		{kind: callBreak},
		{kind: callBreak, person: 1},
		{kind: callStep},
		{kind: callStart, change: 1},
		{kind: callEnd, change: 1},
		{kind: callLook},
	} {
		l.ask(0, c)
	}
	return l
}

func TestAHistoryThatCouldNotHaveHappenedIsFound(t *testing.T) {
	l := told(t)
	if !porcupine.CheckOperations(l.model(), l.history) {
		t.Fatalf("the history as it was is not explained:\n%s", l.transcript())
	}
	at := func(h []porcupine.Operation, n int) reply { return h[n].Output.(reply) }
	tests := map[string]struct {
		alter func(h []porcupine.Operation)
		could bool
	}{
		"two got one window":           {alter: func(h []porcupine.Operation) { h[2].Output = reply{done: true} }},
		"the loser saw nobody":         {alter: func(h []porcupine.Operation) { h[2].Output = reply{} }},
		"a start over a claim":         {alter: func(h []porcupine.Operation) { h[4].Output = reply{done: true, token: at(h, 3).token + 1} }},
		"a step was refused":           {alter: func(h []porcupine.Operation) { h[5].Output = reply{} }},
		"the calendar was behind":      {alter: func(h []porcupine.Operation) { h[6].Output = reply{done: true, seen: "0/0 1/0"} }},
		"one person broke a claim":     {alter: func(h []porcupine.Operation) { h[7].Output = reply{done: true} }},
		"two persons did not break it": {alter: func(h []porcupine.Operation) { h[8].Output = reply{} }},
		"a step after its claim":       {alter: func(h []porcupine.Operation) { h[9].Output = reply{done: true} }},
		"a token was given twice":      {alter: func(h []porcupine.Operation) { h[10].Output = reply{done: true, token: at(h, 3).token} }},
		"an ended change is seen":      {alter: func(h []porcupine.Operation) { h[12].Output = reply{done: true, seen: sight(1, at(h, 10).token)} }},
		"a step beside the break of its claim": {could: true, alter: func(h []porcupine.Operation) {
			h[9].Output, h[9].Call, h[9].ClientId = reply{done: true}, h[8].Call, 1
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h := slices.Clone(l.history)
			tt.alter(h)
			if could := porcupine.CheckOperations(l.model(), h); could != tt.could {
				t.Errorf("it could have happened: %v, want %v", could, tt.could)
			}
		})
	}
}
