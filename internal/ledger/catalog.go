package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
)

// SaveCatalog keeps a snapshot of the catalog under its digest. One that is there
// already is nothing.
func (l *Ledger) SaveCatalog(ctx context.Context, digest string, snapshot []byte) error {
	if digest == "" {
		return change.Invalid("a snapshot of the catalog needs its digest")
	}
	return l.write(ctx, "keep the catalog", func(t *tx) error {
		var n int
		if err := t.row(ctx, "select count(*) from catalogs where digest = ?", digest).Scan(&n); err != nil {
			return fmt.Errorf("look for catalog %s: %w", digest, err)
		}
		if n > 0 {
			t.quiet = true
			return nil
		}
		err := t.exec(ctx, "insert into catalogs (digest, snapshot, loaded_at) values (?, ?, ?)", digest, snapshot, micros(t.now))
		if err != nil {
			return fmt.Errorf("write catalog %s: %w", digest, err)
		}
		_, err = t.tell(audit.Entry{
			Kind: "catalog.loaded", What: "loads a catalog that differs from those before",
			Digests: map[string]string{"catalog": digest, "snapshot": change.DigestOf(snapshot)},
		})
		return err
	})
}

// Catalog returns the snapshot with a digest.
func (l *Ledger) Catalog(ctx context.Context, digest string) ([]byte, error) {
	var b []byte
	err := l.reader.QueryRowContext(ctx, l.d.rebind("select snapshot from catalogs where digest = ?"), digest).Scan(&b)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, change.NotFound("the ledger has no catalog with the digest %s", digest)
	}
	return b, l.explain("read a catalog", err)
}
