package proposal

import (
	"strings"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/report"
)

// blocked returns the findings, of all changes, that stand in the way.
func (v View) blocked() []change.Finding {
	var out []change.Finding
	for _, c := range v.changes() {
		blocks, _ := splitFindings(c.Findings)
		out = append(out, blocks...)
	}
	return out
}

// planState returns conclusion and title of the plan check. The title is plain text.
func planState(v View) (conclusion, title string) {
	if v.failures() > 0 {
		return ActionRequired, "waits for " + ValidateName
	}
	if list := v.blocked(); len(list) > 0 {
		return Failure, inTheWay(list)
	}
	withheld, without := 0, 0
	for _, c := range v.Changes {
		if c.Withheld != "" {
			withheld++
		} else if c.Plan == nil {
			without++
		}
	}
	switch {
	case withheld > 0:
		return ActionRequired, "no plan is shown for " + counted(withheld, "change", "changes")
	case without > 0:
		return ActionRequired, counted(without, "change is", "changes are") + " not planned yet"
	case len(v.Changes) == 0:
		return Success, "no change is proposed, nothing will run"
	case len(v.Changes) == 1:
		p := v.Changes[0].Plan
		return Success, report.Window(p.Window) + "; risk " + plainText(p.Risk.Level, titleLength) + "; nothing is in the way"
	}
	return Success, counted(len(v.Changes), "change is", "changes are") + " planned, nothing is in the way"
}

// inTheWay says who or what stands in the way, in plain text.
func inTheWay(list []change.Finding) string {
	var out []string
	seen := map[string]bool{}
	for _, f := range list {
		name := ""
		switch {
		case f.Other != nil && f.Other.By != "":
			name = plainText(string(f.Other.By), titleLength)
		case f.Freeze != nil:
			name = "the freeze " + plainText(string(f.Freeze.ID), titleLength)
		case f.Rule != "":
			name = "the rule " + plainText(f.Rule, titleLength)
		default:
			name = "something"
		}
		if !seen[name] {
			seen[name] = true
			out = append(out, name)
		}
	}
	verb := " is in the way"
	if len(out) > 1 {
		verb = " are in the way"
	}
	return listed(out, 3, ", ", func(s string) string { return s }) + verb
}

// planSummary is what a reviewer must know of all changes.
func planSummary(v View) string {
	p := page{record: v.record()}
	_, title := planState(v)
	p.add(essential, "the first line", upper(prose(title, sentenceLength))+".")
	p.add(essential, "notes", alert("NOTE", sentences(v.Notes, 5)...))
	for _, c := range v.changes() {
		p.add(main, c.title(), c.heading()+"\n\n"+c.origin()+"\n\n"+planBody(c))
	}
	for _, r := range v.runbooks() {
		p.add(main, code(r.Path), runbookText(r))
	}
	return p.String()
}

// planBody is what is said of a change before it is submitted.
func planBody(c ChangeView) string {
	switch {
	case c.Withheld != "":
		return "**No plan is shown:** " + sentence(c.Withheld) + "\n"
	case c.Plan == nil:
		return "It is not planned yet.\n"
	}
	parts := []string{c.facts().String()}
	if f := findingsText(c.Findings); f != "" {
		parts = append(parts, f)
	} else {
		parts = append(parts, "Nothing is in the way: no other change, maintenance or freeze.\n")
	}
	if d := differencesTable(c.Differences).String(); d != "" {
		parts = append(parts, "What differs from the base branch:\n\n"+d)
	}
	return strings.Join(parts, "\n")
}

// planText is what a reviewer looks up: systems and steps.
func planText(v View) string {
	p := page{record: v.record()}
	for _, c := range v.changes() {
		if c.Plan == nil {
			continue
		}
		p.add(main, "the systems of "+c.title(), c.heading()+"\n\n#### Systems\n\n"+systemTable(*c.Plan).String())
		p.add(lookup, "the steps of "+c.title(), "#### Steps\n\n"+counted(len(c.Plan.Steps), "step", "steps")+": "+stepPhases(c.Plan.Steps)+".\n\n"+plannedSteps(c, v.record()).String())
		p.add(main, "the approvals of "+c.title(), "#### Approvals that the plan needs\n\n"+requirements(*c.Plan))
	}
	if len(p.sections) == 0 {
		return ""
	}
	return p.String()
}

func requirements(p change.Plan) string {
	if len(p.Approvals) == 0 {
		return "None.\n"
	}
	var b strings.Builder
	for _, q := range p.Approvals[:min(len(p.Approvals), shortRows)] {
		b.WriteString("- " + whoMust(Need{AnyOf: []change.Ref{q.Role}, Count: q.Count, Second: q.Second}, "person", "persons"))
		if len(q.Systems) > 0 {
			b.WriteString(" for " + codes(q.Systems))
		}
		b.WriteString(" (" + code(q.Rule) + ")\n")
	}
	return b.String()
}

// systemTable is everything that a plan lays hold of, and how.
func systemTable(p change.Plan) grid {
	g := grid{head: []string{"System", "What happens to it", "Whose", "By way of"}, what: "systems", most: longRows / 4, bytes: longBytes / 4}
	owner := map[change.Ref]change.Ref{}
	for _, s := range p.Targets {
		owner[s.Ref] = s.Owner
	}
	add := func(r change.Ref, what, by string) {
		g.rows = append(g.rows, []string{codeRef(r), what, codeRef(owner[r]), by})
	}
	for _, r := range p.Footprint.Touch {
		add(r, "is worked on", "")
	}
	each := func(list []change.Affected, what string) {
		for _, a := range list {
			by := ""
			if n := len(a.Path); n > 1 {
				by = pathText(a.Path[:n-1])
			}
			add(a.System, what, by)
		}
	}
	each(p.Footprint.Impact, "loses service")
	each(p.Footprint.Observe, "is looked at")
	each(p.Footprint.Severed, "is the way in, and goes down")
	return g
}

func runbookText(r RunbookView) string {
	what := "Edited"
	if r.New {
		what = "New"
	}
	s := "### Runbook " + code(r.Name) + "\n\n" + what + " in " + code(r.Path) + ", of " + codeRef(r.Owner) + ": " + sentence(r.Title) +
		" A runbook runs nothing by itself; changes that name it do.\n\n"
	if d := differencesTable(r.Differences).String(); d != "" {
		s += "What differs from the base branch:\n\n" + d
	}
	return s
}

// record is where all of it can be read.
func (v View) record() string {
	if len(v.Changes) == 1 && v.Changes[0].Record != "" {
		return v.Changes[0].Record
	}
	return v.Server
}
