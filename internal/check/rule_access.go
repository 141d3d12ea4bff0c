package check

import (
	"fmt"

	"github.com/changectl/changectl/internal/change"
)

// accessPath looks after the ways in: a change must take away neither its own nor that
// of another, nor start while another takes away its.
func accessPath(m *matter) []change.Finding {
	var found []change.Finding
	for _, s := range m.foot.Severed {
		found = append(found, change.Finding{
			Severity: change.Blocks, Systems: []change.Ref{s.System}, Path: s.Path, Message: fmt.Sprintf(
				"this change takes down %s, over which its own way in leads (%s): once that is down, nobody can go on or back out. Give the work another way in, or split it",
				s.System, arrows(s.Path)),
		})
	}
	return append(found, m.tell(m.clashes(byAccess), m.accessWords)...)
}

func (m *matter) accessWords(c clash) string {
	if c.losesTheirs() {
		return fmt.Sprintf("this change %s %s and would cut the way in of %s, %s",
			verbs[c.mode], c.other.System, who(c.other), when(c.other, m.Now))
	}
	return fmt.Sprintf("%s %s %s and takes down the way in of this change, %s",
		who(c.other), verbs[c.other.Mode], c.other.System, when(c.other, m.Now))
}
