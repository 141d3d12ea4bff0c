package inventory

import (
	"cmp"
	"fmt"
	"slices"
)

// Note is one thing that is not in the result, or not as it was in the source.
type Note struct {
	What string `json:"what"` // the same words for all of a sort
	Of   string `json:"of"`   // what it concerns
}

// notes gathers them.
type notes struct{ left, altered []Note }

func (n *notes) leave(what, of string, args ...any) {
	n.left = append(n.left, Note{what, clean(fmt.Sprintf(of, args...))})
}

func (n *notes) alter(what, of string, args ...any) {
	n.altered = append(n.altered, Note{what, clean(fmt.Sprintf(of, args...))})
}

func sorted(list []Note) []Note {
	slices.SortFunc(list, func(a, b Note) int { return cmp.Or(cmp.Compare(a.What, b.What), cmp.Compare(a.Of, b.Of)) })
	return slices.Compact(list)
}

// Sort is all notes that say the same.
type Sort struct {
	What string
	Of   []string // what they concern; one at least
}

// Sorts puts notes together that say the same, in the order of a finished Estate.
func Sorts(list []Note) []Sort {
	var sorts []Sort
	for _, n := range list {
		if len(sorts) == 0 || sorts[len(sorts)-1].What != n.What {
			sorts = append(sorts, Sort{What: n.What})
		}
		s := &sorts[len(sorts)-1]
		s.Of = append(s.Of, n.Of)
	}
	return sorts
}
