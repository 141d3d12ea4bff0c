package execute

import (
	"context"
	"sync"

	"github.com/changectl/changectl/internal/change"
)

// turns has the attempts at one run take turns within this worker. When Temporal
// gives an attempt up (a machine that slept, a server that was away), it hands out
// the next one while the program of the first may still be at work: two hands on
// one system, and a done-when that looks before the work is done.
type turns struct {
	mu   sync.Mutex
	busy map[change.RunKey]chan struct{}
}

// take waits until no other attempt at the run is at work here. The attempt that
// got its turn calls leave when it is over.
func (t *turns) take(ctx context.Context, k change.RunKey) (leave func(), err error) {
	mine := make(chan struct{})
	for {
		t.mu.Lock()
		other, busy := t.busy[k]
		if !busy {
			break
		}
		t.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	defer t.mu.Unlock()
	if t.busy == nil {
		t.busy = map[change.RunKey]chan struct{}{}
	}
	t.busy[k] = mine
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.busy, k)
		close(mine)
	}, nil
}
