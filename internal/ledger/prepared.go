package ledger

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// preparedAtMost bounds how many statements are kept prepared.
const preparedAtMost = 200

// statement is what a transaction does with a *sql.Stmt; the transaction closes it.
type statement interface {
	ExecContext(ctx context.Context, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, args ...any) *sql.Row
}

// prepared keeps statements of SQLite compiled, which is a third of the time of a
// short transaction. pgx does the same by itself. A statement is compiled between two
// transactions, since there is one writing connection.
type prepared struct {
	db    *sql.DB
	mu    sync.Mutex
	ready map[string]*sql.Stmt
	known map[string]bool // ready, or asked for
	asked []string
}

func newPrepared(db *sql.DB) *prepared {
	return &prepared{db: db, ready: map[string]*sql.Stmt{}, known: map[string]bool{}}
}

// get returns the statement, for tx unless that is nil, or nil if it is not compiled.
func (p *prepared) get(ctx context.Context, tx *sql.Tx, query string) statement {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.ready[query]; s != nil {
		if tx == nil {
			return s
		}
		return tx.StmtContext(ctx, s)
	}
	if !p.known[query] && len(p.known) < preparedAtMost {
		p.known[query] = true
		p.asked = append(p.asked, query)
	}
	return nil
}

// prepare compiles what transactions have asked for; the caller has none open. What
// does not compile is left to fail where it is used.
func (p *prepared) prepare(ctx context.Context) {
	if p == nil {
		return
	}
	p.mu.Lock()
	asked := p.asked
	p.asked = nil
	p.mu.Unlock()
	for _, query := range asked {
		s, err := p.db.PrepareContext(context.WithoutCancel(ctx), query) //nolint:sqlclosecheck // kept until close
		if err != nil {
			continue
		}
		p.mu.Lock()
		p.ready[query] = s
		p.mu.Unlock()
	}
}

func (p *prepared) close() error {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var err error
	for query, s := range p.ready {
		err = errors.Join(err, s.Close())
		delete(p.ready, query)
	}
	return err
}
