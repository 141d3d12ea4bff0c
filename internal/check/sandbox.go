package check

import (
	"cmp"
	"slices"
	"time"

	"github.com/changectl/changectl/internal/change"
)

// How far a person looks who asks who else is playing.
const (
	lookBack  = 2 * time.Hour
	lookAhead = 24 * time.Hour
)

// SandboxQuestion asks who else is playing.
type SandboxQuestion struct {
	Now time.Time
	// Self is the change that asks, which is not told of itself.
	Self change.ID
	// Reach is everything that has to do with what was asked about; nil: everything there is.
	Reach []change.Hand
	// Holdings are the reservations and declared maintenances that overlap the time from
	// Now to 24 hours later, and all claims.
	Holdings []change.Holding
	// Ended are changes that ended within the last two hours.
	Ended []change.Record
	// Declarations are declared maintenances that ended within the last two hours.
	Declarations []change.Declaration
}

// Neighbours answers who else is playing: those who are over their window, those who are
// at work, those who ended within two hours and those who begin within 24, each once; in
// each of these the closest relation first, then by time. A change whose window is open
// and that has not started is one that comes next.
func Neighbours(q SandboxQuestion) []change.Neighbour {
	r := reachOf(q.Self, q.Reach)
	var near []neighbour
	for _, p := range q.parties() {
		if ties := r.ties(p.hands); len(ties) > 0 {
			near = append(near, r.settle(p, ties))
		}
	}
	slices.SortStableFunc(near, byCloseness)
	list := make([]change.Neighbour, len(near))
	for i, n := range near {
		list[i] = n.Neighbour
	}
	return list
}

// neighbour is one with how close it is.
type neighbour struct {
	change.Neighbour
	closeness int
}

var stateOrder = map[change.NeighbourState]int{
	change.NeighbourOverrunning: 0, change.NeighbourRunning: 1, change.NeighbourEnded: 2, change.NeighbourNext: 3,
}

func byCloseness(a, b neighbour) int {
	byTime := a.Window.Start.Compare(b.Window.Start)
	if a.State == change.NeighbourEnded {
		byTime = b.Ended.Compare(a.Ended) // what ended last is asked for first
	}
	return cmp.Or(stateOrder[a.State]-stateOrder[b.State], b.closeness-a.closeness, byTime, cmp.Compare(a.By, b.By))
}

// settle says of a party what concerns the question, by its closest ties.
func (r reached) settle(p *party, ties []tie) neighbour {
	n := neighbour{p.Neighbour, ties[0].closeness()}
	n.Path = ties[0].path()
	for _, t := range ties {
		if !slices.Contains(n.Systems, t.theirs.System) {
			n.Systems = append(n.Systems, t.theirs.System)
		}
		if n.Mode == "" || strength[t.theirs.Mode] > strength[n.Mode] {
			n.Mode = t.theirs.Mode
		}
	}
	n.Relation = r.words(ties[0], p.By, len(n.Systems)-1)
	return n
}

// party is somebody with all that they hold.
type party struct {
	change.Neighbour
	hands   []change.Hand
	claimed bool
}

// parties returns everybody but the one who asks, with how they stand.
func (q SandboxQuestion) parties() []*party {
	all := q.holders()
	known := map[change.ID]bool{q.Self: true}
	for _, p := range all {
		known[p.By] = true
	}
	for i := range q.Ended {
		if r := &q.Ended[i]; !known[r.ID] && r.Started() && q.justEnded(r.EndedAt) {
			known[r.ID] = true
			all = append(all, endedChange(r))
		}
	}
	for i := range q.Declarations {
		d := &q.Declarations[i]
		if at, ended := endOf(d, q.Now); ended && !known[d.ID] && q.justEnded(at) {
			known[d.ID] = true
			all = append(all, endedDeclaration(d, at))
		}
	}
	return all
}
