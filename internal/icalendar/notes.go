package icalendar

import (
	"fmt"
	"slices"
)

// notes collects what a reader of the import should know, kind by kind.
type notes struct {
	kinds []string // in the order in which they came up
	lists map[string][]string
	over  map[string]int // notes of a kind that are only counted
}

// mostNotes is how many notes of one kind are told one by one.
const mostNotes = 5

// add keeps a note. The kind says in a few words what a number of them is about.
func (n *notes) add(kind, format string, args ...any) {
	if n.lists == nil {
		n.lists, n.over = map[string][]string{}, map[string]int{}
	}
	if !slices.Contains(n.kinds, kind) {
		n.kinds = append(n.kinds, kind)
	}
	if len(n.lists[kind]) == mostNotes {
		n.over[kind]++
		return
	}
	n.lists[kind] = append(n.lists[kind], fmt.Sprintf(format, args...))
}

func (n *notes) all() []string {
	var all []string
	for _, kind := range n.kinds {
		all = append(all, n.lists[kind]...)
		if more := n.over[kind]; more > 0 {
			all = append(all, fmt.Sprintf("%s: %d more", kind, more))
		}
	}
	return all
}
