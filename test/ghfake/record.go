package ghfake

import "time"

// Lag is how long REST goes on to show what was before: for a number of requests that
// would have shown the new state, or for a time by the server's clock.
type Lag struct {
	Requests int
	For      time.Duration

	until time.Time
}

// over counts one request that would show the state, and reports whether it may.
func (l *Lag) over(now time.Time) bool {
	if l.Requests > 0 {
		l.Requests--
		return false
	}
	return !now.Before(l.until)
}

// record is a piece of state with what REST shows of it while it lags.
type record[T any] struct {
	now  T
	past *T // nil: it was not there
	lag  Lag
}

func fresh[T any](v T, l Lag) *record[T] { return &record[T]{now: v, lag: l} }

// change alters the state; what was shown stays for the lag.
func (r *record[T]) change(at time.Time, l Lag, f func(*T)) {
	peek := r.lag
	if peek.over(at) {
		before := r.now
		r.past = &before
	}
	r.lag = l
	f(&r.now)
}

// look is what a request sees; false when it sees nothing.
func (r *record[T]) look(now time.Time) (T, bool) {
	if r.lag.over(now) {
		return r.now, true
	}
	if r.past != nil {
		return *r.past, true
	}
	var none T
	return none, false
}

// visible is what a request sees of a list.
func visible[T any](now time.Time, all []*record[T]) []T {
	out := make([]T, 0, len(all))
	for _, r := range all {
		if v, ok := r.look(now); ok {
			out = append(out, v)
		}
	}
	return out
}
