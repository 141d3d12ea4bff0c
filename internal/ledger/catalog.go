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
		kept, err := t.keepCatalog(ctx, digest, snapshot)
		t.quiet = err == nil && kept
		return err
	})
}

// keepCatalog writes a snapshot unless it is kept already.
func (t *tx) keepCatalog(ctx context.Context, digest string, snapshot []byte) (kept bool, err error) {
	var n int
	if err := t.row(ctx, "select count(*) from catalogs where digest = ?", digest).Scan(&n); err != nil {
		return false, fmt.Errorf("look for catalog %s: %w", digest, err)
	}
	if n > 0 {
		return true, nil
	}
	err = t.exec(ctx, "insert into catalogs (digest, snapshot, loaded_at) values (?, ?, ?)", digest, snapshot, micros(t.now))
	if err != nil {
		return false, fmt.Errorf("write catalog %s: %w", digest, err)
	}
	_, err = t.tell(audit.Entry{
		Kind: "catalog.loaded", What: "loads a catalog that differs from those before",
		Digests: map[string]string{"catalog": digest, "snapshot": change.DigestOf(snapshot)},
	})
	return false, err
}

// ActivateCatalog keeps a snapshot and makes it the catalog of today. If another one
// was, that is written to the log and every change that has not ended is asked to be
// judged again: its footprint may be another one now.
func (l *Ledger) ActivateCatalog(ctx context.Context, digest string, snapshot []byte) error {
	if digest == "" {
		return change.Invalid("a snapshot of the catalog needs its digest")
	}
	return l.write(ctx, "activate the catalog", func(t *tx) error {
		var before string
		if err := t.row(ctx, "select digest from catalog_active where id = 1").Scan(&before); err != nil {
			return fmt.Errorf("read which catalog is active: %w", err)
		}
		if before == digest {
			t.quiet = true
			return nil
		}
		if _, err := t.keepCatalog(ctx, digest, snapshot); err != nil {
			return err
		}
		return t.activate(ctx, before, digest)
	})
}

func (t *tx) activate(ctx context.Context, before, digest string) error {
	if err := t.exec(ctx, "update catalog_active set digest = ?, at = ? where id = 1", digest, micros(t.now)); err != nil {
		return fmt.Errorf("write which catalog is active: %w", err)
	}
	e := audit.Entry{Kind: "catalog.activated", What: "makes a catalog that of today", Digests: map[string]string{"catalog": digest}}
	if before != "" {
		e.Digests["before"] = before
	}
	if _, err := t.tell(e); err != nil {
		return err
	}
	open, args := unended()
	return t.askFor(ctx, "the catalog has changed", open, args...)
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
