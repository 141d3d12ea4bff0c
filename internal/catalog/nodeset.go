package catalog

import (
	"math/bits"
	"slices"
)

// nodeset is a set of nodes, a bit for each.
type nodeset []uint64

func newNodeset(nodes int) nodeset { return make(nodeset, (nodes+63)/64) }

func (s nodeset) has(i int32) bool { return s[i>>6]&(1<<(i&63)) != 0 }

// add reports whether the node is new.
func (s nodeset) add(i int32) bool {
	bit := uint64(1) << (i & 63)
	if s[i>>6]&bit != 0 {
		return false
	}
	s[i>>6] |= bit
	return true
}

// gather adds nodes and appends the new ones to list, which has room for one more than
// that. It takes no branch on whether a node is new, which no processor foresees.
func (s nodeset) gather(list, nodes []int32) []int32 {
	n := len(list)
	list = list[:cap(list)]
	for _, i := range nodes {
		word, bit := &s[i>>6], i&63
		list[n] = i
		n += int(^*word >> bit & 1)
		*word |= 1 << bit
	}
	return list[:n]
}

func (s nodeset) remove(i int32) { s[i>>6] &^= 1 << (i & 63) }

// appendTo appends the nodes in their order.
func (s nodeset) appendTo(list []int32) []int32 {
	for n, word := range s {
		for ; word != 0; word &= word - 1 {
			list = append(list, int32(n<<6+bits.TrailingZeros64(word)))
		}
	}
	return list
}

// order sorts nodes that are there once each. s must be empty, and is again: many
// nodes are put in order by going through all bits, which is faster then.
func (s nodeset) order(list []int32) {
	if len(list) < len(s)/2 {
		slices.Sort(list)
		return
	}
	for _, i := range list {
		s.add(i)
	}
	s.appendTo(list[:0])
	clear(s)
}
