package ledger

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/changectl/changectl/internal/change"
)

// linear asks ledgers and notes what they say.
type linear struct {
	field
	t       *testing.T
	ledgers []*Ledger
	ids     []change.ID
	began   time.Time

	mu      sync.Mutex
	told    [linearChanges]int64 // tokens that clients have been told
	history []porcupine.Operation
	n       int
}

// newLinear submits the changes of a history on three systems of its own.
func newLinear(t *testing.T, ledgers []*Ledger, round int, random *rand.Rand) *linear {
	t.Helper()
	l := &linear{t: t, ledgers: ledgers, began: time.Now()}
	for i := range linearChanges {
		for s := range 3 {
			if random.IntN(2) == 0 || s == 2 && l.touch[i] == nil {
				l.touch[i] = append(l.touch[i], change.Ref(fmt.Sprintf("resource:linear-%d-%d", round, s)))
			}
		}
		l.hour[i] = random.IntN(2)
		r := submit(t, ledgers[0], plan(fmt.Sprintf("change %d of history %d", i, round), window(l.hour[i]), l.touch[i]...))
		l.ids = append(l.ids, r.ID)
	}
	err := ledgers[0].reader.QueryRowContext(t.Context(), "select value from counters where name = 'token'").Scan(&l.first)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// ask asks a ledger and notes when it was asked, when it answered, and what.
func (l *linear) ask(client int, c call) reply {
	l.mu.Lock()
	l.n++
	key := fmt.Sprintf("linear-%s-%d", l.ids[0], l.n)
	if c.kind == callStep {
		c.token = l.told[c.change]
	}
	l.mu.Unlock()
	from := time.Since(l.began)
	r, err := l.put(l.ledgers[client%len(l.ledgers)], c, key)
	to := time.Since(l.began)
	if k := change.KindOf(err); err != nil && k != change.KindConflict && k != change.KindDenied {
		l.t.Errorf("%+v: %v", c, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.token > 0 {
		l.told[c.change] = r.token
	}
	l.history = append(l.history, porcupine.Operation{ClientId: client, Input: c, Call: int64(from), Output: r, Return: int64(to)})
	return r
}

// put is the call in the words of the ledger.
func (l *linear) put(on *Ledger, c call, key string) (reply, error) {
	ctx, id := l.t.Context(), l.ids[c.change]
	switch c.kind {
	case callReserve:
		var seen string
		rec, err := on.Reserve(ctx, id, 1, key, change.Scheduled, func(f change.Facts) change.Verdict {
			seen = l.sights(f.Holdings)
			return free(f)
		})
		if err != nil {
			return reply{}, err
		}
		return reply{done: rec.Status == change.Scheduled, seen: seen}, nil
	case callStart:
		rec, err := on.Start(ctx, id, 1, key, run)
		return reply{done: err == nil, token: rec.Token}, err
	case callStep:
		l.mu.Lock()
		l.n++
		k := change.RunKey{Change: id, Revision: 1, Direction: change.Do, Run: l.n}
		l.mu.Unlock()
		_, err := on.Begin(ctx, k, "a worker", c.token, pass)
		return reply{done: err == nil}, err
	case callEnd:
		_, err := on.Enter(ctx, change.Transition{Change: id, Revision: 1, To: change.Completed, Key: key, Who: self, Why: "it is done"})
		return reply{done: err == nil}, err
	case callBreak:
		d := change.Decision{
			Change: id, Revision: 1, Verb: change.BreakClaim, Person: []change.Ref{"user:bea", "user:cid"}[c.person], Nonce: key, Reason: "it hangs",
		}
		_, _, broken, err := on.Break(ctx, id, d, func(change.Facts) error { return nil })
		return reply{done: broken}, err
	}
	hs, err := on.CalendarOf(ctx, epoch, epoch.Add(48*time.Hour), l.systems())
	return reply{done: err == nil, seen: l.sights(hs)}, err
}

func (l *linear) systems() []change.Ref {
	var all []change.Ref
	for _, touch := range l.touch {
		all = append(all, touch...)
	}
	return all
}

// sights lists whose holdings they are.
func (l *linear) sights(hs []change.Holding) string {
	var out []string
	for i, id := range l.ids {
		at := slices.IndexFunc(hs, func(h change.Holding) bool { return h.By == id })
		if at >= 0 {
			out = append(out, sight(i, hs[at].Token))
		}
	}
	return strings.Join(out, " ")
}

// drawCall takes what often comes next in the life of a change more often.
func drawCall(random *rand.Rand) call {
	kinds := []string{
		callReserve, callReserve, callReserve, callStart, callStart, callStart, callStep, callStep, callBreak, callBreak, callBreak, callEnd, callLook,
	}
	c := call{kind: kinds[random.IntN(len(kinds))], change: random.IntN(linearChanges), person: random.IntN(2)}
	if c.kind == callBreak {
		c.change %= 2 // it takes two to break a claim: they must agree on which
	}
	return c
}
