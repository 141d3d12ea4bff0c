package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/changectl/changectl/internal/change"
)

// reached is what has to do with a question, by system.
type reached struct {
	asker change.ID
	hands map[change.Ref][]change.Hand // nil: everything was asked about
}

func reachOf(asker change.ID, hands []change.Hand) reached {
	r := reached{asker: asker}
	if hands == nil {
		return r
	}
	r.hands = map[change.Ref][]change.Hand{}
	for _, h := range hands {
		r.hands[h.System] = append(r.hands[h.System], h)
	}
	return r
}

// tie is a system that somebody holds, with what it has to do with the question.
type tie struct {
	theirs change.Hand
	ours   *change.Hand // nil: everything was asked about
}

// ties returns what of somebody's hands has to do with the question, each system once,
// the closest first. Two who only look at the same system have nothing to do with each
// other, as in the table of conflicts.
func (r reached) ties(theirs []change.Hand) []tie {
	best := map[change.Ref]tie{}
	consider := func(t tie) {
		if have, known := best[t.theirs.System]; !known || t.closeness() > have.closeness() {
			best[t.theirs.System] = t
		}
	}
	for _, h := range theirs {
		if r.hands == nil {
			consider(tie{theirs: h})
			continue
		}
		for i := range r.hands[h.System] {
			if ours := &r.hands[h.System][i]; matrix[ours.Mode][h.Mode] != "" {
				consider(tie{h, ours})
			}
		}
	}
	list := make([]tie, 0, len(best))
	for _, t := range best {
		list = append(list, t)
	}
	slices.SortFunc(list, func(a, b tie) int {
		if d := b.closeness() - a.closeness(); d != 0 {
			return d
		}
		return strings.Compare(string(a.theirs.System), string(b.theirs.System))
	})
	return list
}

// closeness puts what conflicts before what both are only told of, and in each first
// where they do most, then where most depends on it.
func (t tie) closeness() int {
	if t.ours == nil {
		return strength[t.theirs.Mode]
	}
	return 10*weight(matrix[t.ours.Mode][t.theirs.Mode]) + 3*strength[t.theirs.Mode] + strength[t.ours.Mode]
}

// path leads from what was asked about to the system.
func (t tie) path() []change.Ref {
	switch {
	case t.ours == nil:
		return nil
	case len(t.ours.Path) == 0:
		return []change.Ref{t.theirs.System}
	}
	return t.ours.Path
}

// words says it in a sentence without its subject.
func (r reached) words(t tie, by change.ID, more int) string {
	s := fmt.Sprintf("%s %s%s", verb(by, t.theirs.Mode), t.theirs.System, r.because(t))
	switch {
	case more == 1:
		s += ", and 1 more system"
	case more > 1:
		s += fmt.Sprintf(", and %d more systems", more)
	}
	return s
}

func (r reached) because(t tie) string {
	if t.ours == nil {
		return ""
	}
	path := t.path()
	from, way := path[0], " ("+arrows(path)+")"
	if len(path) < 2 {
		return ", " + r.itself(t.ours.Mode)
	}
	switch {
	case t.ours.Mode == change.Touch:
		return fmt.Sprintf(", a part of %s%s", from, way)
	case t.ours.Mode == change.Impact:
		return fmt.Sprintf(", which loses service with %s%s", from, way)
	case t.ours.Access:
		return fmt.Sprintf(", over which the way in to %s leads%s", from, way)
	}
	return fmt.Sprintf(", on which %s depends%s", from, way)
}

// itself says what the one who asks has to do with a system that no way leads to.
func (r reached) itself(m change.Mode) string {
	if r.asker == "" {
		return "which was asked about"
	}
	return fmt.Sprintf("which %s %s", r.asker, verbs[m])
}
