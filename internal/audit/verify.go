package audit

import (
	"iter"

	"golang.org/x/mod/sumdb/tlog"
)

// Verify recomputes the whole tree from the leaves of records, which come in order
// from number 0, and compares it with the signed checkpoint. It reads exactly as
// many records as the checkpoint counts; records behind them are ignored, since
// a log grows while it is read. Anything altered, left out, swapped or cut off, and
// a checkpoint that the verifier did not sign, is a Denied error that says where.
func Verify(checkpoint, verifier string, records iter.Seq2[Record, error]) error {
	return VerifyFrom(nil, checkpoint, verifier, records)
}

// VerifyFrom is Verify, and also finds out whether each of the earlier checkpoints
// is a prefix of the log: that nothing which was there then has been rewritten.
// All of them must be signed by the same verifier.
func VerifyFrom(earlier []string, checkpoint, verifier string, records iter.Seq2[Record, error]) error {
	head, err := Open(checkpoint, verifier)
	if err != nil {
		return err
	}
	marks, err := openAll(earlier, verifier, head)
	if err != nil {
		return err
	}
	var tree Tree
	if err := passed(tree, marks); err != nil {
		return err
	}
	if tree.Size() < head.Size {
		if err := grow(&tree, head.Size, marks, records); err != nil {
			return err
		}
	}
	if tree.Size() != head.Size {
		return tampered("the log ends after %d entries; the checkpoint counts %d", tree.Size(), head.Size)
	}
	if tree.Root() != head.Root {
		return tampered("the %d entries of the log do not add up to the root hash of the checkpoint", head.Size)
	}
	return nil
}

// grow appends records to tree until it has size leaves or they end.
func grow(tree *Tree, size int64, marks map[int64][]tlog.Hash, records iter.Seq2[Record, error]) error {
	for r, err := range records {
		if err != nil {
			return err
		}
		if r.Number != tree.Size() {
			return tampered("entry %d is missing; the log goes on with entry %d", tree.Size(), r.Number)
		}
		if err := r.consistent(); err != nil {
			return err
		}
		tree.push(r.Leaf)
		if err := passed(*tree, marks); err != nil {
			return err
		}
		if tree.Size() == size {
			return nil
		}
	}
	return nil
}

func openAll(earlier []string, verifier string, head Checkpoint) (map[int64][]tlog.Hash, error) {
	marks := map[int64][]tlog.Hash{}
	for _, text := range earlier {
		c, err := Open(text, verifier)
		if err != nil {
			return nil, err
		}
		if c.Size > head.Size {
			return nil, tampered("the log has %d entries; an earlier checkpoint counts %d", head.Size, c.Size)
		}
		marks[c.Size] = append(marks[c.Size], c.Root)
	}
	return marks, nil
}

// passed compares tree with the earlier checkpoints of the same size.
func passed(tree Tree, marks map[int64][]tlog.Hash) error {
	for _, root := range marks[tree.Size()] {
		if root != tree.Root() {
			return tampered("the first %d entries are not those of an earlier checkpoint", tree.Size())
		}
	}
	return nil
}
