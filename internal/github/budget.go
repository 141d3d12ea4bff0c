package github

import (
	"sync"
	"time"
)

// budget counts writes, so that no minute and no hour has more than it may: exactly,
// where a token bucket would let twice as much through at a seam.
type budget struct {
	perMinute, perHour int // 0 is no bound

	mu     sync.Mutex
	writes []time.Time // of the last hour, oldest first
}

func newBudget(perMinute, perHour int) *budget {
	return &budget{perMinute: bound(perMinute, DefaultWritesPerMinute), perHour: bound(perHour, DefaultWritesPerHour)}
}

func bound(asked, otherwise int) int {
	if asked == 0 {
		return otherwise
	}
	return max(asked, 0)
}

// spend counts a write at now, or returns when there is room for one again.
func (b *budget) spend(now time.Time) (until time.Time, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.writes) > 0 && !b.writes[0].Add(time.Hour).After(now) {
		b.writes = b.writes[1:]
	}
	until = later(b.room(b.perMinute, time.Minute), b.room(b.perHour, time.Hour))
	if until.After(now) {
		return until, false
	}
	if b.perMinute > 0 || b.perHour > 0 {
		b.writes = append(b.writes, now)
	}
	return now, true
}

// room returns when one more write is at most n in the span.
func (b *budget) room(n int, span time.Duration) time.Time {
	if n == 0 || len(b.writes) < n {
		return time.Time{}
	}
	return b.writes[len(b.writes)-n].Add(span)
}
