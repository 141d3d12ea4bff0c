package check

import (
	"time"

	"github.com/changectl/changectl/internal/change"
)

// holders returns everybody but the one who asks that holds something now or within a
// day, in the order of the holdings.
func (q SandboxQuestion) holders() []*party {
	byID := map[change.ID]*party{}
	var all []*party
	for i := range q.Holdings {
		h := &q.Holdings[i]
		if h.By == q.Self {
			continue
		}
		p := byID[h.By]
		if p == nil {
			p = &party{Neighbour: change.Neighbour{
				By: h.By, Title: h.Title, Status: h.Status, Impact: h.Impact, Window: h.Window, Since: h.Since,
				Person: h.Person, Owner: ownerOr(h.Whose, h.Person), Contact: h.Contact,
			}}
			byID[h.By] = p
			all = append(all, p)
		}
		p.add(h)
	}
	var playing []*party
	for _, p := range all {
		if p.State = q.stateOf(p); p.State != "" {
			playing = append(playing, p)
		}
	}
	return playing
}

// add takes what is held into account. The window of a party spans all that it holds.
func (p *party) add(h *change.Holding) {
	p.claimed = p.claimed || h.Token > 0
	if h.Window.Start.Before(p.Window.Start) {
		p.Window.Start = h.Window.Start
	}
	if h.Window.End.After(p.Window.End) {
		p.Window.End = h.Window.End
	}
	p.hands = append(p.hands, change.Hand{System: h.System, Mode: h.Mode, Access: h.Access, Path: h.Path})
}

// stateOf says how somebody stands who holds something; empty: not within the times
// that a person looks at.
func (q SandboxQuestion) stateOf(p *party) change.NeighbourState {
	over := !q.Now.Before(p.Window.End)
	begun := !q.Now.Before(p.Window.Start)
	switch {
	case p.claimed && over:
		return change.NeighbourOverrunning
	case p.claimed, p.By.Declared() && begun && !over:
		return change.NeighbourRunning
	case p.By.Declared() && over && q.justEnded(p.Window.End):
		p.Ended = p.Window.End
		return change.NeighbourEnded
	case !over && p.Window.Start.Before(q.Now.Add(lookAhead)):
		return change.NeighbourNext
	}
	return ""
}

func (q SandboxQuestion) justEnded(at time.Time) bool {
	return !at.After(q.Now) && !at.Before(q.Now.Add(-lookBack))
}

func endedChange(r *change.Record) *party {
	return &party{hands: r.Holds().Hands(), Neighbour: change.Neighbour{
		State: change.NeighbourEnded, By: r.ID, Title: r.Plan.Title, Status: r.Status, Window: r.Plan.Window,
		Since: r.StartedAt, Ended: r.EndedAt, Person: r.Submitter, Owner: string(r.Submitter), Contact: contact(r.Plan),
	}}
}

// contact returns how to reach those who answer for what a plan works on.
func contact(p change.Plan) string {
	for _, role := range []string{"coordinator", "on-call"} {
		for _, t := range p.Targets {
			if c := t.Contacts[role]; c != "" {
				return c
			}
		}
	}
	return string(p.Submitter)
}

// endOf returns when a declared maintenance ended, if it did.
func endOf(d *change.Declaration, now time.Time) (time.Time, bool) {
	switch d.State {
	case change.Ended:
		return d.At, true
	case change.Planned, change.Tentative:
		return d.Window.End, !now.Before(d.Window.End)
	case change.Withdrawn:
	}
	return time.Time{}, false
}

func endedDeclaration(d *change.Declaration, at time.Time) *party {
	return &party{hands: d.Holds, Neighbour: change.Neighbour{
		State: change.NeighbourEnded, By: d.ID, Title: d.Title, Impact: d.Impact, Window: d.Window, Ended: at,
		Person: d.DeclaredBy, Owner: ownerOr(d.Owner, d.DeclaredBy), Contact: d.Contact,
	}}
}

// ownerOr returns whose work it is; where nobody says so, that of the person.
func ownerOr(whose string, person change.Ref) string {
	if whose == "" {
		return string(person)
	}
	return whose
}
