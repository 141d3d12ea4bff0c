package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
)

func broken(format string, args ...any) *change.Error {
	return change.Denied(format, args...).
		WithHint("somebody or something altered the ledger; stop, and compare with a backup and exported checkpoints")
}

// treeAt reads the edge of the log's tree and holds it against the head's root.
func (c conn) treeAt(ctx context.Context, size int64, root []byte) (audit.Tree, error) {
	tree, err := audit.NewTree(size, c.hashes(ctx))
	if err != nil {
		return tree, fmt.Errorf("read the tree of the log: %w", err)
	}
	if h := tree.Root(); string(h[:]) != string(root) {
		return tree, broken("the %d hashes stored for the log do not add up to its head", tlog.StoredHashCount(size))
	}
	return tree, nil
}

// takeUp looks whether the log ends where its signed checkpoint says, and begins a
// log that is empty.
func (l *Ledger) takeUp(ctx context.Context) error {
	empty := false
	err := l.read(ctx, "check the head of the log", func(c conn) error {
		tree, err := c.checkHead(ctx, l.key.Verifier())
		if errors.Is(err, errEmpty) {
			empty = true
			return nil
		}
		l.remember(tree)
		return err
	})
	if err != nil || !empty {
		return err
	}
	return l.write(ctx, "begin the log", func(t *tx) error {
		if t.tree.Size() > 0 {
			t.quiet = true // another worker was faster
			return nil
		}
		_, err := t.tell(audit.Entry{
			Kind: "log.started", What: "the log of " + l.key.Instance() + " begins",
			Digests: map[string]string{"verifier": change.DigestOf([]byte(l.key.Verifier()))},
		})
		return err
	})
}

var errEmpty = errors.New("the log is empty")

// checkHead verifies the newest checkpoint against the stored tree, cheaply.
func (c conn) checkHead(ctx context.Context, verifier string) (audit.Tree, error) {
	var size, entries, changes int64
	var root []byte
	var note string
	if err := c.row(ctx, "select size, root, checkpoint from log_head where id = 1").Scan(&size, &root, &note); err != nil {
		return audit.Tree{}, fmt.Errorf("read the head of the log: %w", err)
	}
	const counts = "select (select coalesce(max(number) + 1, 0) from log_entries), (select count(*) from changes where number = 1)"
	if err := c.row(ctx, counts).Scan(&entries, &changes); err != nil {
		return audit.Tree{}, fmt.Errorf("read the end of the log: %w", err)
	}
	if entries != size {
		return audit.Tree{}, broken("the log has %d entries and its head counts %d", entries, size)
	}
	if size == 0 && note == "" {
		if changes > 0 {
			return audit.Tree{}, broken("the log is empty although there are changes")
		}
		return audit.Tree{}, errEmpty
	}
	head, err := audit.Open(note, verifier)
	if err != nil {
		return audit.Tree{}, err
	}
	if head.Size != size || string(head.Root[:]) != string(root) {
		return audit.Tree{}, broken("the head of the log is not what its checkpoint was signed for")
	}
	return c.treeAt(ctx, size, root)
}

// Verify recomputes the whole log: every leaf, every stored hash, the head and
// its signature, and the columns by which entries are searched. Nil means that all
// of it is what was signed.
func (l *Ledger) Verify(ctx context.Context) error {
	return l.VerifyFrom(ctx, nil)
}

// VerifyFrom is Verify, and also finds out whether each of the earlier signed
// checkpoints is a prefix of the log.
func (l *Ledger) VerifyFrom(ctx context.Context, earlier []string) error {
	return l.read(ctx, "verify the log", func(c conn) error {
		tree, err := c.checkHead(ctx, l.key.Verifier())
		if err != nil {
			if errors.Is(err, errEmpty) {
				return broken("the log is empty")
			}
			return err
		}
		var note string
		if err := c.row(ctx, "select checkpoint from log_head where id = 1").Scan(&note); err != nil {
			return err
		}
		v := &inspection{conn: c}
		if err := audit.VerifyFrom(earlier, note, l.key.Verifier(), v.records(ctx)); err != nil {
			return err
		}
		return v.counts(ctx, tree.Size())
	})
}

// inspection reads the log in order and compares all that repeats it.
type inspection struct {
	conn
	tree    audit.Tree
	systems int64
}

const inspected = 1000 // entries read at a time

func (v *inspection) records(ctx context.Context) func(yield func(audit.Record, error) bool) {
	return func(yield func(audit.Record, error) bool) {
		for {
			page, err := v.page(ctx, v.tree.Size())
			if err != nil {
				yield(audit.Record{}, err)
				return
			}
			for _, r := range page {
				if !yield(audit.Record{Number: r.number, Leaf: r.leaf}, nil) {
					return
				}
			}
			if len(page) < inspected {
				return
			}
		}
	}
}

type inspectedEntry struct {
	number, at, change int64
	leaf               []byte
	kind, who          string
	systems            []change.Ref
}

// page reads entries from number first on and compares their columns and hashes.
func (v *inspection) page(ctx context.Context, first int64) ([]inspectedEntry, error) {
	var out []inspectedEntry
	err := v.each(ctx, func(r *sql.Rows) error {
		var e inspectedEntry
		err := r.Scan(&e.number, &e.leaf, &e.at, &e.kind, &e.change, &e.who)
		out = append(out, e)
		return err
	}, "select number, leaf, at, kind, change, who from log_entries where number >= ? order by number limit ?", first, inspected)
	if err != nil || len(out) == 0 {
		return out, err
	}
	last := out[len(out)-1].number
	err = v.each(ctx, func(r *sql.Rows) error {
		var n int64
		var s string
		if err := r.Scan(&n, &s); err != nil {
			return err
		}
		if i := n - first; i < int64(len(out)) {
			out[i].systems = append(out[i].systems, change.Ref(s))
		}
		return nil
	}, "select number, system from log_systems where number between ? and ?", first, last)
	if err != nil {
		return nil, err
	}
	stored, err := v.stored(ctx, tlog.StoredHashIndex(0, first), tlog.StoredHashCount(last+1))
	if err != nil {
		return nil, err
	}
	return out, v.compare(out, stored)
}

func (v *inspection) stored(ctx context.Context, from, to int64) (map[int64]string, error) {
	at := map[int64]string{}
	err := v.each(ctx, func(r *sql.Rows) error {
		var place int64
		var h []byte
		err := r.Scan(&place, &h)
		at[place] = string(h)
		return err
	}, "select place, hash from log_hashes where place >= ? and place < ?", from, to)
	return at, err
}

func (v *inspection) compare(entries []inspectedEntry, stored map[int64]string) error {
	for _, e := range entries {
		if e.number != v.tree.Size() {
			return broken("entry %d of the log is missing", v.tree.Size())
		}
		if err := e.check(); err != nil {
			return err
		}
		v.systems += int64(len(e.systems))
		next, hashes := v.tree.Append(e.leaf)
		for i, h := range hashes {
			if stored[tlog.StoredHashIndex(0, e.number)+int64(i)] != string(h[:]) {
				return broken("a hash stored for entry %d of the log is not that of its leaf", e.number)
			}
		}
		v.tree = next
	}
	return nil
}

// check compares the columns of an entry with its leaf.
func (e inspectedEntry) check() error {
	d, err := audit.Decode(e.leaf)
	if err != nil {
		return broken("entry %d of the log cannot be read: %w", e.number, err)
	}
	want := distinct(d.Systems)
	slices.Sort(want)
	slices.Sort(e.systems)
	if micros(d.At) != e.at || d.Kind != e.kind || number(d.Change) != e.change || string(d.Who) != e.who ||
		!slices.Equal(want, e.systems) {
		return broken("entry %d of the log is filed under another time, kind, change, person or system than it says", e.number)
	}
	return nil
}

// counts finds rows of the log that belong to no entry.
func (v *inspection) counts(ctx context.Context, size int64) error {
	var entries, hashes, systems int64
	const query = "select (select count(*) from log_entries), (select count(*) from log_hashes), (select count(*) from log_systems)"
	if err := v.row(ctx, query).Scan(&entries, &hashes, &systems); err != nil {
		return err
	}
	if entries != size || hashes != tlog.StoredHashCount(size) || systems != v.systems {
		return broken("the log has rows that belong to none of its %d entries", size)
	}
	return nil
}

// Prove returns the proof that entry n is in the log of the newest checkpoint.
func (l *Ledger) Prove(ctx context.Context, n int64) (audit.Proof, error) {
	p := audit.Proof{Number: n}
	err := l.read(ctx, "prove an entry of the log", func(c conn) error {
		var size int64
		if err := c.row(ctx, "select checkpoint, size from log_head where id = 1").Scan(&p.Checkpoint, &size); err != nil {
			return err
		}
		err := c.row(ctx, "select leaf from log_entries where number = ?", n).Scan(&p.Leaf)
		if errors.Is(err, sql.ErrNoRows) {
			return change.NotFound("the log has no entry %d", n).WithHint("its entries are numbered from 0 to %d", size-1)
		}
		if err != nil {
			return err
		}
		p.Hashes, err = audit.Prove(size, n, c.hashes(ctx))
		return err
	})
	return p, err
}

// Growth returns the newest checkpoint and the proof that the first older entries
// of the log are a prefix of it; audit.Extends checks it.
func (l *Ledger) Growth(ctx context.Context, older int64) (note string, proof []tlog.Hash, err error) {
	err = l.read(ctx, "prove the growth of the log", func(c conn) error {
		var size int64
		if err := c.row(ctx, "select checkpoint, size from log_head where id = 1").Scan(&note, &size); err != nil {
			return err
		}
		if older < 0 || older > size {
			return broken("the log has %d entries; an earlier checkpoint counts %d", size, older)
		}
		var err error
		proof, err = audit.ProveGrowth(size, older, c.hashes(ctx))
		return err
	})
	return note, proof, err
}
