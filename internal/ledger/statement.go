package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/changectl/changectl/internal/change"
)

// Approvals and decisions are kept alike: whole, as JSON, once for each nonce.

// statementRow is what a row keeps beside the document.
type statementRow struct {
	nonce    string
	change   change.ID
	revision int
	use      string // what the nonce is used for
}

// file spends the nonce and writes the document.
func (t *tx) file(ctx context.Context, insert string, row statementRow, document any) error {
	body, err := json.Marshal(document)
	if err != nil {
		return fmt.Errorf("encode a statement about %s: %w", row.change, err)
	}
	if err := t.spend(ctx, row.nonce, row.use); err != nil {
		return err
	}
	if err := t.exec(ctx, insert, row.nonce, number(row.change), row.revision, micros(t.now), string(body)); err != nil {
		return fmt.Errorf("write a statement about %s: %w", row.change, err)
	}
	return nil
}

// documents reads rows of one JSON document each.
func documents[T any](ctx context.Context, c conn, query string, args ...any) ([]T, error) {
	var out []T
	err := c.each(ctx, func(r *sql.Rows) error {
		var body string
		var one T
		if err := r.Scan(&body); err != nil {
			return err
		}
		err := json.Unmarshal([]byte(body), &one)
		out = append(out, one)
		return err
	}, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read statements: %w", err)
	}
	return out, nil
}
