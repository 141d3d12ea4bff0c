package audit

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Proof shows that one leaf is in the tree of a signed checkpoint, without the
// other leaves.
type Proof struct {
	Number     int64       `json:"number"`
	Leaf       []byte      `json:"leaf"`
	Checkpoint string      `json:"checkpoint"`
	Hashes     []tlog.Hash `json:"hashes"`
}

// Check verifies p: the checkpoint's signature and that the leaf is in its tree.
func (p Proof) Check(verifier string) error {
	c, err := Open(p.Checkpoint, verifier)
	if err != nil {
		return err
	}
	if p.Number < 0 || p.Number >= c.Size {
		return tampered("entry %d cannot be in a log of %d entries", p.Number, c.Size)
	}
	if err := tlog.CheckRecord(p.Hashes, c.Size, c.Root, p.Number, tlog.RecordHash(p.Leaf)); err != nil {
		return tampered("entry %d is not in the log: %w", p.Number, err)
	}
	return nil
}

// Prove returns the hashes that show that leaf number is in the tree of size leaves.
func Prove(size, number int64, r tlog.HashReader) ([]tlog.Hash, error) {
	p, err := tlog.ProveRecord(size, number, r)
	if err != nil {
		return nil, fmt.Errorf("prove entry %d of %d: %w", number, size, err)
	}
	return p, nil
}

// ProveGrowth returns the hashes that show that the tree of the first older
// leaves is a prefix of that of newer leaves. There is nothing to show from an
// empty tree.
func ProveGrowth(newer, older int64, r tlog.HashReader) ([]tlog.Hash, error) {
	if older == 0 {
		return nil, nil
	}
	p, err := tlog.ProveTree(newer, older, r)
	if err != nil {
		return nil, fmt.Errorf("prove that %d entries are a prefix of %d: %w", older, newer, err)
	}
	return p, nil
}

// Extends reports whether the log of the newer checkpoint begins with the whole log
// of the older one, by the hashes of ProveGrowth. Both must be signed by verifier.
func Extends(older, newer, verifier string, proof []tlog.Hash) error {
	o, err := Open(older, verifier)
	if err != nil {
		return err
	}
	n, err := Open(newer, verifier)
	if err != nil {
		return err
	}
	if o.Size > n.Size {
		return tampered("the log was cut from %d entries to %d", o.Size, n.Size)
	}
	if o.Size == 0 {
		return nil
	}
	if err := tlog.CheckTree(proof, n.Size, n.Root, o.Size, o.Root); err != nil {
		return tampered("the log of %d entries does not begin with the %d of the earlier checkpoint: %w", n.Size, o.Size, err)
	}
	return nil
}
