package proposal

import (
	"fmt"
	"slices"
	"strings"

	"github.com/changectl/changectl/internal/change"
)

// missingText says what a need lacks. able says that there are enough persons, who are
// needed for something else though.
func (n Need) missingText(have int, able bool) string {
	s := fmt.Sprintf("%d more approval", n.Count-have)
	if n.Count-have > 1 {
		s += "s"
	}
	s += " of " + eitherOf(n.AnyOf)
	if n.Second {
		s += " by a second person"
	}
	s += n.forWhat()
	if n.Second && able {
		s += ": the same person cannot be counted twice here"
	}
	return s
}

func (n Need) signatureText() string {
	return fmt.Sprintf("a signature of %s is needed as well%s; a review does not count for it", eitherOf(n.AnyOf), n.forWhat())
}

// forWhat names what the need is about.
func (n Need) forWhat() string {
	switch {
	case len(n.Systems) > 0:
		return " for " + firstOf(n.Systems)
	case len(n.Paths) > 0:
		return " for " + firstOf(n.Paths)
	}
	return ""
}

func firstOf[T ~string](list []T) string {
	if more := len(list) - 1; more > 0 {
		return fmt.Sprintf("%s and %d more", list[0], more)
	}
	return string(list[0])
}

func eitherOf(refs []change.Ref) string {
	if len(refs) == 0 {
		return "nobody"
	}
	words := make([]string, len(refs))
	for i, r := range refs {
		words[i] = string(r)
	}
	return strings.Join(words, " or ")
}

// notNeeded says why the approval of a person counts for nothing.
func (t *tally) notNeeded(v Vote, needs []Need) string {
	who := "@" + v.Login + "'s approval counts for nothing here: "
	if t.roles(v.Person, t.needs) != nil {
		return who + "whoever is in charge of an emergency does not approve it"
	}
	if slices.ContainsFunc(needs, func(n Need) bool { return n.Signature && t.speaksFor(v.Person, n) }) {
		return who + "what it is needed for asks for a signature"
	}
	return who + outside(v, needs)
}

// outside says to what a person does not belong.
func outside(v Vote, needs []Need) string {
	var groups []change.Ref
	for _, n := range needs {
		for _, r := range n.AnyOf {
			if !slices.Contains(groups, r) {
				groups = append(groups, r)
			}
		}
	}
	if len(groups) == 0 {
		return "nobody's is needed"
	}
	const most = 5
	if more := len(groups) - most; more > 0 {
		return fmt.Sprintf("%s is in none of %s and %d more", v.Person, joined(groups[:most]), more)
	}
	return fmt.Sprintf("%s is not in %s", v.Person, joined(groups))
}

func joined(refs []change.Ref) string {
	words := make([]string, len(refs))
	for i, r := range refs {
		words[i] = string(r)
	}
	return strings.Join(words, ", ")
}
