package proposal

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/changectl/changectl/internal/change"
)

// approved reports whether nothing is missing before the merge. It does not rest on
// one word alone: what contradicts it makes it false.
func (v View) approved() bool {
	a := v.Approval
	open := slices.ContainsFunc(a.Needs, func(m Met) bool { return !m.met() })
	return a.Complete && a.Unknown == "" && v.Base != "" && len(a.Rejected) == 0 && len(a.Missing) == 0 && !open && v.failures() == 0
}

func (m Met) met() bool { return len(m.By) >= m.Count }

// approvalState returns conclusion and title of the approval check. The title is plain
// text.
func approvalState(v View) (conclusion, title string) {
	a := v.Approval
	switch {
	case v.approved() && len(a.Needs) == 0:
		return Success, "no approval is needed before the merge"
	case v.approved():
		return Success, "approved by " + personsText(voters(a.Needs))
	case len(a.Rejected) > 0:
		return Failure, "rejected by " + personsText(a.Rejected)
	case v.failures() > 0:
		return ActionRequired, "waits for " + ValidateName
	case v.Base == "":
		return ActionRequired, "not known: there is no base branch"
	case a.Unknown != "":
		return ActionRequired, "not known: " + plainText(a.Unknown, titleLength)
	}
	if open := unmet(a); len(open) > 0 {
		return ActionRequired, "waits for " + listed(open, 3, ", ", func(s string) string { return s })
	}
	return ActionRequired, "waits: not all approvals are counted yet"
}

// unmet names the needs that are not met, with how many persons there are of how many.
func unmet(a Approval) []string {
	var out []string
	for _, m := range a.Needs {
		if !m.met() {
			out = append(out, fmt.Sprintf("%s (%d of %d)", anyOfText(m.Need, refText), len(m.By), m.Count))
		}
	}
	if len(out) == 0 {
		for _, m := range a.Missing {
			out = append(out, fmt.Sprintf("%s (%d of %d)", anyOfText(m.Need, refText), m.Have, m.Count))
		}
	}
	return out
}

func refText(r change.Ref) string { return plainText(string(r), titleLength) }

func codeRef(r change.Ref) string { return code(string(r)) }

// anyOfText names those of whom any will do.
func anyOfText(n Need, write func(change.Ref) string) string {
	return listed(n.AnyOf, fewNames, " or ", write)
}

// voters are the persons who meet needs, each once, by name.
func voters(needs []Met) []Vote {
	var out []Vote
	for _, m := range needs {
		out = append(out, m.By...)
	}
	slices.SortFunc(out, func(a, b Vote) int { return cmp.Compare(a.Person, b.Person) })
	return slices.CompactFunc(out, func(a, b Vote) bool { return a.Person == b.Person })
}

// personsText names voters in a title.
func personsText(list []Vote) string {
	return listed(list, 3, ", ", func(v Vote) string { return refText(v.Person) })
}

// approvalTable is who must approve, why, and who has.
func approvalTable(v View) string {
	g := grid{head: []string{"Who must approve", "Why", "State"}, what: "approvals", most: shortRows, bytes: shortBytes}
	for _, m := range v.Approval.Needs {
		g.rows = append(g.rows, []string{whoMust(m.Need, "person", "persons"), why(m.Need), metBy(m)})
	}
	for _, m := range v.Approval.Signatures {
		g.rows = append(g.rows, []string{whoMust(m.Need, "signature", "signatures"), why(m.Need), signed(m, v)})
	}
	if v.Approval.Unknown != "" {
		return "It cannot be told who must approve, so nobody's approval counts: " + sentence(v.Approval.Unknown) + "\n"
	}
	if len(g.rows) == 0 && v.Approval.Complete {
		return "No approval is needed before the merge.\n"
	}
	return g.String()
}

func whoMust(n Need, one, many string) string {
	if n.Second {
		one, many = "other "+one, "other "+many
	}
	return counted(n.Count, one, many) + " of " + anyOfText(n, codeRef)
}

// why says what a need follows from.
func why(n Need) string {
	s := prose(n.Why, sentenceLength)
	if len(n.Rules) > 0 {
		s += " (" + listed(n.Rules, 3, ", ", func(r string) string { return code(r) }) + ")"
	}
	return s
}

func metBy(m Met) string {
	by := slices.Clone(m.By)
	slices.SortFunc(by, func(a, b Vote) int { return cmp.Compare(a.Person, b.Person) })
	who := listed(by, fewNames, ", ", vote)
	switch {
	case m.met():
		return "✅&nbsp;" + who
	case len(by) == 0:
		return "⏳&nbsp;**missing**"
	}
	return fmt.Sprintf("⏳&nbsp;**%d more**, after %s", m.Count-len(by), who)
}

// vote names who said something, with the review where it was said.
func vote(v Vote) string {
	if v.URL == "" {
		return codeRef(v.Person)
	}
	if v.Command {
		return codeRef(v.Person) + " in a " + linkTo("comment", v.URL)
	}
	return codeRef(v.Person) + " in a " + linkTo("review", v.URL)
}

// signed says how a signature is given, which is after the merge and not by a review.
func signed(m Missing, v View) string {
	if m.Have >= m.Count {
		return "✅&nbsp;signed"
	}
	return "🔑 after the merge, with a key: " + signCommands(v)
}

// signCommands are the commands by which the changes are signed.
func signCommands(v View) string {
	var out []string
	for _, c := range v.changes() {
		if c.ID != "" && (c.Status == change.AwaitingApproval || c.Status == change.Submitted || c.Status == "") {
			out = append(out, code("changectl approve "+string(c.ID)))
		}
	}
	if len(out) == 0 {
		return "`changectl approve` with the number that the change gets then"
	}
	return listed(out, fewNames, ", ", func(s string) string { return s })
}

// objections are the reviews that reject, and those that do not count.
func objections(a Approval) string {
	var b strings.Builder
	for _, r := range a.Rejected[:min(len(a.Rejected), 5)] {
		b.WriteString("- ❌ rejected by " + vote(r) + reasonGiven(r.Reason) + "\n")
	}
	for _, i := range a.Ignored[:min(len(a.Ignored), 10)] {
		b.WriteString("- " + code(i.Login) + " does not count: " + sentence(i.Text) + "\n")
	}
	if n := max(0, len(a.Rejected)-5) + max(0, len(a.Ignored)-10); n > 0 {
		b.WriteString("- and " + counted(n, "other", "others") + "\n")
	}
	return b.String()
}

func reasonGiven(s string) string {
	if s == "" {
		return ""
	}
	return ": " + sentence(s)
}
