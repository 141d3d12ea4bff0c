package lab

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// observation is one transaction as its client saw it.
type observation struct {
	client  int
	seq     int64
	due, at time.Time
	outcome Outcome
	err     error
}

// key names a row of the writer's run.
type key struct {
	client int
	seq    int64
}

// tally is the writer's count, safe for many clients at once.
type tally struct {
	mu        sync.Mutex
	started   time.Time
	ended     time.Time
	rows      map[Outcome][]key
	errors    map[string]int
	perSecond []int
	longest   time.Duration // from due to known, the longest
	gap       time.Duration // between two acknowledgements, the longest
	lastAck   time.Time
	owed      []time.Time // for each client, when its open transaction was due
}

func (t *tally) begin(at time.Time, clients int) {
	t.started, t.lastAck = at, at
	t.rows, t.errors = map[Outcome][]key{}, map[string]int{}
	t.owed = make([]time.Time, clients)
	for i := range t.owed {
		t.owed[i] = at
	}
}

// owe notes that the client's next transaction is due at that moment.
func (t *tally) owe(client int, due time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.owed[client] = due
}

func (t *tally) count(o observation) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rows[o.outcome] = append(t.rows[o.outcome], key{o.client, o.seq})
	t.longest = max(t.longest, o.at.Sub(o.due))
	if o.err != nil {
		t.errors[reason(o.err)]++
		return
	}
	second := int(o.at.Sub(t.started) / time.Second)
	for len(t.perSecond) <= second {
		t.perSecond = append(t.perSecond, 0)
	}
	t.perSecond[second]++
	if o.at.After(t.lastAck) {
		t.gap = max(t.gap, o.at.Sub(t.lastAck))
		t.lastAck = o.at
	}
}

// end closes the books: what was due and never got its turn stalled until now.
func (t *tally) end(at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.ended.IsZero() {
		return
	}
	t.longest = max(t.longest, t.stalled(at))
	t.gap = max(t.gap, at.Sub(t.lastAck))
	t.ended = at
}

// stalled is how long the oldest transaction that is due has been waiting.
func (t *tally) stalled(at time.Time) time.Duration {
	var longest time.Duration
	for _, due := range t.owed {
		longest = max(longest, at.Sub(due))
	}
	return longest
}

// reason groups errors: the server's code and words where it sent some.
func reason(err error) string {
	var answer *pgconn.PgError
	if errors.As(err, &answer) {
		return answer.Code + " " + answer.Message
	}
	if pgconn.Timeout(err) || errors.Is(err, context.DeadlineExceeded) {
		return "timeout"
	}
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return err.Error()
}
