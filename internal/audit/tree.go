package audit

import (
	"golang.org/x/mod/sumdb/tlog"
)

// Tree is the right edge of a Merkle tree: the roots of its perfect subtrees,
// largest first. That is all that is needed to append to it and to know its
// root hash. The zero Tree is empty.
type Tree struct {
	size int64
	edge []tlog.Hash
}

// EdgeIndexes returns where, in the order of tlog.StoredHashIndex, the hashes lie
// that make up the edge of a tree with size leaves.
func EdgeIndexes(size int64) []int64 {
	var out []int64
	for level := 62; level >= 0; level-- {
		if size>>level&1 == 1 {
			out = append(out, tlog.StoredHashIndex(level, size>>level-1))
		}
	}
	return out
}

// NewTree returns the tree with size leaves whose stored hashes r reads.
func NewTree(size int64, r tlog.HashReader) (Tree, error) {
	indexes := EdgeIndexes(size)
	if len(indexes) == 0 {
		return Tree{}, nil
	}
	edge, err := r.ReadHashes(indexes)
	if err != nil {
		return Tree{}, err
	}
	return Tree{size: size, edge: edge}, nil
}

// Size returns the number of leaves.
func (t Tree) Size() int64 { return t.size }

// Root returns the root hash; that of an empty tree is all zero, as in tlog.
func (t Tree) Root() tlog.Hash {
	if t.size == 0 {
		return tlog.Hash{}
	}
	root := t.edge[len(t.edge)-1]
	for i := len(t.edge) - 2; i >= 0; i-- {
		root = tlog.NodeHash(t.edge[i], root)
	}
	return root
}

// Append returns the tree with one more leaf and the hashes that are to be
// stored for it, the first at tlog.StoredHashIndex(0, t.Size()), the others
// behind it. It leaves t as it was.
func (t Tree) Append(leaf []byte) (Tree, []tlog.Hash) {
	h := tlog.RecordHash(leaf)
	stored := []tlog.Hash{h}
	edge := append(make([]tlog.Hash, 0, len(t.edge)+1), t.edge...)
	for n := t.size; n&1 == 1; n >>= 1 {
		h = tlog.NodeHash(edge[len(edge)-1], h)
		edge = edge[:len(edge)-1]
		stored = append(stored, h)
	}
	return Tree{size: t.size + 1, edge: append(edge, h)}, stored
}

// push is Append for those who need only the root.
func (t *Tree) push(leaf []byte) {
	h := tlog.RecordHash(leaf)
	for n := t.size; n&1 == 1; n >>= 1 {
		h = tlog.NodeHash(t.edge[len(t.edge)-1], h)
		t.edge = t.edge[:len(t.edge)-1]
	}
	t.edge = append(t.edge, h)
	t.size++
}
