package ledger

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/changectl/changectl/internal/change"
)

// keptPlans is how many decoded plans are kept in memory.
const keptPlans = 1000

// plan returns the plan with a digest. Plans never change, so they are kept decoded.
func (l *Ledger) plan(ctx context.Context, c conn, digest string) (change.Plan, error) {
	l.mu.Lock()
	p, ok := l.plans[digest]
	l.mu.Unlock()
	if ok {
		return p, nil
	}
	var text string
	if err := c.row(ctx, "select plan from plans where digest = ?", digest).Scan(&text); err != nil {
		return p, fmt.Errorf("read plan %s: %w", digest, err)
	}
	if got := change.DigestOf([]byte(text)); got != digest {
		return p, broken("the plan kept as %s has the digest %s", digest, got)
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return p, fmt.Errorf("decode plan %s: %w", digest, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.plans) >= keptPlans {
		clear(l.plans)
	}
	l.plans[digest] = p
	return p, nil
}

// keep writes a plan if it is not there yet.
func (t *tx) keep(ctx context.Context, p change.Plan, digest string) error {
	text, err := p.Canonical()
	if err != nil {
		return err
	}
	err = t.exec(ctx, "insert into plans (digest, plan) values (?, ?) on conflict (digest) do nothing", digest, string(text))
	if err != nil {
		return fmt.Errorf("write plan %s: %w", digest, err)
	}
	return nil
}
