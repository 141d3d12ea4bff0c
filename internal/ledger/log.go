package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
)

// EntryFilter selects entries of the log. Empty fields select all.
type EntryFilter struct {
	From   int64 // number of the first entry, from 0
	Limit  int   // at most this many, 0 for all
	Change change.ID
	System change.Ref
	Person change.Ref
	Since  time.Time
	Until  time.Time // not included
}

// flush appends the transaction's entries to the log: leaves, tree hashes, head and
// signed checkpoint.
func (t *tx) flush(ctx context.Context) error {
	if len(t.entries) == 0 {
		return nil
	}
	var entries, systems, hashes [][]any
	for _, e := range t.entries {
		n := t.tree.Size()
		entries = append(entries, []any{n, e.bytes, micros(e.At), e.Kind, number(e.Change), string(e.Who)})
		for _, s := range distinct(e.Systems) {
			systems = append(systems, []any{string(s), n})
		}
		tree, stored := t.tree.Append(e.bytes)
		for i, h := range stored {
			hashes = append(hashes, []any{tlog.StoredHashIndex(0, n) + int64(i), h[:]})
		}
		t.tree = tree
	}
	if err := t.insert(ctx, "insert into log_entries (number, leaf, at, kind, change, who)", "", entries); err != nil {
		return fmt.Errorf("append to the log: %w", err)
	}
	if err := t.insert(ctx, "insert into log_systems (system, number)", "", systems); err != nil {
		return fmt.Errorf("append to the log: %w", err)
	}
	if err := t.insert(ctx, "insert into log_hashes (place, hash)", "", hashes); err != nil {
		return fmt.Errorf("append to the log: %w", err)
	}
	return t.sign(ctx)
}

// sign writes the head of the log with its signed checkpoint.
func (t *tx) sign(ctx context.Context) error {
	root := t.tree.Root()
	note, err := audit.Checkpoint{Instance: t.l.key.Instance(), Size: t.tree.Size(), Root: root}.Sign(t.l.key)
	if err != nil {
		return err
	}
	err = t.exec(ctx, "update log_head set size = ?, root = ?, checkpoint = ? where id = 1", t.tree.Size(), root[:], note)
	if err != nil {
		return fmt.Errorf("write the head of the log: %w", err)
	}
	return nil
}

// Append writes one entry to the log, such as a refusal or the start of a worker.
// The ledger sets its time.
func (l *Ledger) Append(ctx context.Context, e audit.Entry) error {
	return l.write(ctx, "append to the log", func(t *tx) error { return t.about(ctx, e) })
}

// Entries returns entries of the log that f selects, oldest first.
func (l *Ledger) Entries(ctx context.Context, f EntryFilter) ([]audit.Record, error) {
	query, args := f.query()
	var out []audit.Record
	err := l.read(ctx, "read the log", func(c conn) error {
		return c.each(ctx, func(r *sql.Rows) error {
			rec, err := scanEntry(r)
			out = append(out, rec)
			return err
		}, query, args...)
	})
	return out, err
}

func (f EntryFilter) query() (string, []any) {
	where, args := []string{"e.number >= ?"}, []any{f.From}
	add := func(condition string, arg any) {
		where, args = append(where, condition), append(args, arg)
	}
	if f.Change != "" {
		add("e.change = ?", number(f.Change))
	}
	if f.Person != "" {
		add("e.who = ?", string(f.Person))
	}
	if f.System != "" {
		add("e.number in (select s.number from log_systems s where s.system = ?)", string(f.System))
	}
	if !f.Since.IsZero() {
		add("e.at >= ?", micros(f.Since))
	}
	if !f.Until.IsZero() {
		add("e.at < ?", micros(f.Until))
	}
	query := "select e.number, e.leaf from log_entries e where " + strings.Join(where, " and ") + " order by e.number"
	if f.Limit > 0 {
		query, args = query+" limit ?", append(args, f.Limit)
	}
	return query, args
}

func scanEntry(r *sql.Rows) (audit.Record, error) {
	var rec audit.Record
	if err := r.Scan(&rec.Number, &rec.Leaf); err != nil {
		return rec, err
	}
	e, err := audit.Decode(rec.Leaf)
	if err != nil {
		return rec, broken("entry %d of the log cannot be read: %w", rec.Number, err)
	}
	rec.Entry = e
	return rec, nil
}

// Checkpoint returns the newest signed checkpoint of the log and its size.
func (l *Ledger) Checkpoint(ctx context.Context) (note string, size int64, err error) {
	err = l.read(ctx, "read the checkpoint of the log", func(c conn) error {
		return c.row(ctx, "select checkpoint, size from log_head where id = 1").Scan(&note, &size)
	})
	return note, size, err
}

// Verifier returns the text with which others check the checkpoints of this log.
func (l *Ledger) Verifier() string { return l.key.Verifier() }

func distinct(refs []change.Ref) []change.Ref {
	seen := make(map[change.Ref]bool, len(refs))
	var out []change.Ref
	for _, r := range refs {
		if !seen[r] {
			seen[r] = true
			out = append(out, r)
		}
	}
	return out
}
