package proposal

import (
	"cmp"
	"strings"
)

// Marker is the first line of the comment, by which it is found again.
const Marker = "<!-- changectl:pull-request -->"

// CommentText returns the one comment that is kept up to date: where the pull request
// stands, what its changes do, who must approve, what to do next, and after the merge
// what becomes of them.
func CommentText(v View) string {
	v = v.redacted()
	p := page{record: v.record()}
	p.add(essential, "the headline", Marker+"\n## changectl: "+prose(standing(v), sentenceLength))
	p.add(essential, "what to do next", "**Next:** "+next(v))
	p.add(essential, "what does not count any more", alert("IMPORTANT", sentences(v.Stale, 5)...))
	p.add(essential, "notes", alert("NOTE", sentences(v.Notes, 5)...))
	if v.failures() > 0 {
		p.add(main, "the problems", problemTable(v))
	}
	for _, c := range v.changes() {
		p.add(main, c.title(), "#"+c.heading()+"\n\n"+changeBody(c))
		p.add(lookup, "the steps of "+c.title(), stepsSection(c, cmp.Or(c.Record, v.Server)))
		p.add(lookup, "the plan of "+c.title(), approvedPlan(c))
	}
	for _, r := range v.runbooks() {
		p.add(main, code(r.Path), "#"+runbookText(r))
	}
	p.add(main, "other files", otherFiles(v))
	if v.phase() == PhaseOpen && v.failures() == 0 {
		p.add(essential, "the approvals", "### Approvals\n\n"+approvalTable(v)+"\n"+objections(v.Approval))
	}
	p.add(essential, "answers to commands", answers(v.Answers))
	p.add(essential, "the checkpoint", checkpoint(v.Checkpoint))
	p.add(essential, "the last line", footer(v))
	return p.String()
}

// changeBody is what there is to know of a change as it stands.
func changeBody(c ChangeView) string {
	if c.ID == "" {
		return c.origin() + "\n\n" + planBody(c)
	}
	s := stands(c) + "\n"
	if c.Withheld != "" {
		s += "\n" + planBody(c)
	}
	if f := findingsText(c.Findings); f != "" {
		s += "\n" + f
	}
	return s
}

// approvedPlan is the plan of a change that has been submitted, to be opened.
func approvedPlan(c ChangeView) string {
	if c.ID == "" || c.Plan == nil {
		return ""
	}
	return details("What was approved: when, on what, how risky", c.origin()+"\n\n"+c.facts().String(), false)
}

func otherFiles(v View) string {
	if len(v.Files) == 0 {
		return ""
	}
	return "### Other files\n\n" + fileTable(View{Files: v.Files})
}

// checkpoint shows the head of the audit log, for whoever wants to hold it against the
// log later.
func checkpoint(text string) string {
	if strings.TrimSpace(text) == "" {
		return ""
	}
	shown, _ := firstBytes(text, shortBytes)
	return "The audit log's checkpoint after the end. Whoever keeps it can tell later whether the log was rewritten: `changectl log verify`.\n\n" + fence(shown)
}

// footer says who speaks, of what exactly, and how to speak to it.
func footer(v View) string {
	parts := []string{linkTo("changectl", v.record())}
	if v.Instance != "" {
		parts[0] += " " + code(v.Instance)
	}
	if v.Head != "" {
		parts = append(parts, "commit "+code(shortened(v.Head)))
	}
	if d := v.Approval.Digest; d != "" {
		parts = append(parts, "content "+code(shortened(d)))
	}
	return "---\n" + strings.Join(parts, " · ") + " · comment `/change help` for what can be asked here"
}
