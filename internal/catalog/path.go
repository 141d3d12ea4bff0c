package catalog

import (
	"slices"

	"github.com/changectl/changectl/internal/change"
)

// atlas draws the paths of a walk. A path that another one begins with lies in that
// one's memory: only those to the far ends take up room of their own.
type atlas struct {
	names []change.Ref
	row   []int32 // of a node in out, noRow, or drawn(row) once its path is there
	out   []change.Affected
	room  []change.Ref // memory that no path has taken yet
}

const (
	noRow int32 = -1
	// roomFor is for how many references memory is taken at a time.
	roomFor = 2048
)

// drawn turns a row into its mark that the path is there, and back.
func drawn(row int32) int32 { return noRow - 1 - row }

// mostSteps bounds the length of all paths of an answer together. They share memory
// here, but not where they are kept: in plans, and in the ledger.
const mostSteps = 10_000_000

// paths returns what a walk has found, by name and without what another has found.
// The paths share memory. Where they are too long, it sets s.err.
func (s *scratch) paths(w, without *walk) []change.Affected {
	if steps := w.steps(); steps > mostSteps {
		s.err = change.Invalid("the paths through the catalog are too long: one is %d systems long, and all together %d; the most is %d", len(w.ends), steps, mostSteps).
			WithHint("look for a chain in dependsOn, partOf or reached-through that is not meant, such as at %s", s.atlas.names[w.found[len(w.found)-1]])
		return nil
	}
	s.order = w.seen.appendTo(s.order[:0])
	if without != nil {
		s.order = slices.DeleteFunc(s.order, without.has)
	}
	if len(s.order) == 0 {
		return nil
	}
	a := &s.atlas
	a.out = make([]change.Affected, len(s.order))
	for n, i := range s.order {
		a.row[i] = int32(n)
		a.out[n].System, a.out[n].Access = a.names[i], w == &s.sight && s.access.has(i)
	}
	for steps := len(w.ends) - 1; steps >= 0; steps-- { // the farthest first
		for _, i := range w.level(steps) {
			if a.row[i] > noRow {
				a.draw(w, i, steps+1)
			}
		}
	}
	for _, i := range s.order {
		a.row[i] = noRow
	}
	out := a.out
	a.out, a.room = nil, nil
	return out
}

// draw writes the path to a node, and with it those to the nodes on the way.
func (a *atlas) draw(w *walk, i int32, length int) {
	path := a.take(length)
	for n := length - 1; ; n-- {
		row := a.row[i]
		if row < noRow {
			copy(path, a.out[drawn(row)].Path)
			return
		}
		if row > noRow {
			a.out[row].Path = path[: n+1 : n+1]
			a.row[i] = drawn(row)
		}
		path[n] = a.names[i]
		if w.parent[i] < 0 {
			w.lead(i, path[:n], a.names)
			return
		}
		i = w.parent[i]
	}
}

func (a *atlas) take(length int) []change.Ref {
	if len(a.room) < length {
		a.room = make([]change.Ref, max(length, roomFor))
	}
	path := a.room[:length:length]
	a.room = a.room[length:]
	return path
}

// lead writes the path that leads to a node, without the node.
func (w *walk) lead(i int32, to, names []change.Ref) {
	for n := len(to) - 1; n >= 0; n-- {
		w, i, _ = w.before(i)
		to[n] = names[i]
	}
}
