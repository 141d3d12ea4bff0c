package proposal

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/changectl/changectl/internal/change"
)

// mostTries bounds the search for second persons. What is not found by then is taken
// for missing.
const mostTries = 20_000

// match chooses the persons for each need of second persons, as many as can be spared
// from all others.
func (t *tally) match() {
	t.group()
	want := make([]int, len(t.needs))
	for i, n := range t.needs {
		if !n.Second {
			want[i] = min(n.Count, len(t.able[i]))
		}
	}
	t.taken = make([][]change.Ref, len(t.needs))
	for i, n := range t.needs {
		if !n.Second {
			continue
		}
		for want[i] = min(n.Count, len(t.able[i])); want[i] > 0 && !t.choose(want, 0, nil); want[i]-- {
		}
	}
	t.choose(want, 0, nil) // the last try may have failed: leave what succeeded
}

// by returns who counts for a need.
func (t *tally) by(i int) []Vote {
	var all []Vote
	for _, v := range t.able[i] {
		if t.needs[i].Second == t.isTaken(v.Person, i) {
			all = append(all, v)
		}
	}
	return all
}

// isTaken reports whether a person was chosen as a second one: for the i-th need, where
// that asks for one, for any otherwise.
func (t *tally) isTaken(p change.Ref, i int) bool {
	if t.needs[i].Second {
		return slices.Contains(t.taken[i], p)
	}
	return slices.ContainsFunc(t.taken, func(list []change.Ref) bool { return slices.Contains(list, p) })
}

// choose finds second persons for the needs from the i-th on, without whom the others
// still have as many as they want.
func (t *tally) choose(want []int, i int, used []change.Ref) bool {
	if t.budget--; t.budget < 0 || !t.spares(want, used) {
		return false
	}
	for i < len(t.needs) && !t.needs[i].Second {
		i++
	}
	if i == len(t.needs) {
		return true
	}
	return t.take(i, t.free(i, used), want[i], nil, func(chosen []change.Ref) bool {
		if !t.choose(want, i+1, slices.Concat(used, chosen)) {
			return false
		}
		t.taken[i] = chosen
		return true
	})
}

// spares reports whether the needs that ask for no second person do without those used.
func (t *tally) spares(want []int, used []change.Ref) bool {
	for i, n := range t.needs {
		if !n.Second && len(t.free(i, used)) < want[i] {
			return false
		}
	}
	return true
}

func (t *tally) free(i int, used []change.Ref) []change.Ref {
	var list []change.Ref
	for _, v := range t.able[i] {
		if !slices.Contains(used, v.Person) {
			list = append(list, v.Person)
		}
	}
	return list
}

// take tries the ways to take n of the persons. Those who are able to do the same are
// as good as each other: one is tried for all.
func (t *tally) take(i int, from []change.Ref, n int, chosen []change.Ref, try func([]change.Ref) bool) bool {
	if n == 0 {
		return try(chosen)
	}
	for k, p := range from {
		if len(from)-k < n || t.budget < 0 {
			return false
		}
		if k > 0 && t.abilities[from[k-1]] == t.abilities[p] {
			continue
		}
		if t.take(i, from[k+1:], n-1, append(slices.Clone(chosen), p), try) {
			return true
		}
	}
	return false
}

// group works out who is able to do the same, and puts them next to each other.
func (t *tally) group() {
	t.abilities = map[change.Ref]string{}
	for i, list := range t.able {
		for _, v := range list {
			t.abilities[v.Person] += strconv.Itoa(i) + " "
		}
	}
	for _, list := range t.able {
		slices.SortStableFunc(list, func(a, b Vote) int { return cmp.Compare(t.abilities[a.Person], t.abilities[b.Person]) })
	}
}
