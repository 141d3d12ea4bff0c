package proposal

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/report"
)

// plannedSteps is the table of a plan's steps, each with its way back.
func plannedSteps(c ChangeView, all string) grid {
	g := grid{head: []string{"#", "Phase", "What", "Expected", "At most", "Way back"}, what: "steps", most: longRows, bytes: longBytes, all: all}
	g.total = len(c.Plan.Steps)
	for i, s := range c.Plan.Steps[:min(g.total, g.most)] {
		g.rows = append(g.rows, []string{
			strconv.Itoa(i + 1), prose(string(s.Phase), titleLength), stepName(s.Title, s.Name),
			report.Took(s.Expected.Std()), report.Took(s.Timeout.Std()), wayBack(s),
		})
	}
	return g
}

func stepName(title, name string) string {
	if title == "" {
		return code(name)
	}
	return prose(title, titleLength)
}

func wayBack(s change.Step) string {
	switch {
	case s.PointOfNoReturn:
		return "**none from here on**"
	case s.Undo == nil:
		return "nothing to undo"
	}
	return code(s.Undo.Uses) + ", " + report.Took(s.Undo.Expected.Std())
}

// stepPhases says in words how many steps of each phase a plan has, in the order in
// which the phases first come.
func stepPhases(steps []change.Step) string {
	var order []string
	times := map[string]int{}
	for _, s := range steps {
		if times[string(s.Phase)]++; times[string(s.Phase)] == 1 {
			order = append(order, string(s.Phase))
		}
	}
	return listed(order, fewNames, ", ", func(p string) string { return fmt.Sprintf("%d %s", times[p], prose(p, titleLength)) })
}

// marksOf says at a glance how a step stands; its word stands beside it.
var marksOf = map[string]string{
	"passed": "✅", "backed out": "⏪", "failed": "❌", "backout failed": "❌", "unknown": "❓", "backout unknown": "❓",
	"needs person": "✋", "running": "🔄", "backing out": "⏪", "skipped": "⏩",
}

// progress is the table of a change's steps with what has become of each.
func progress(c ChangeView, all string) grid {
	g := grid{head: []string{"#", "Phase", "Step", "State", "Took", "Seen"}, what: "steps", most: longRows, bytes: longBytes, all: all}
	g.total = len(c.Steps)
	for i, s := range c.Steps[:min(g.total, g.most)] {
		g.rows = append(g.rows, []string{
			strconv.Itoa(i + 1), prose(string(s.Phase), titleLength), stepName(s.Title, s.Name), stateText(s.State), took(s), prose(s.Seen, titleLength),
		})
	}
	return g
}

func stateText(word string) string {
	text := prose(word, titleLength)
	if m := marksOf[word]; m != "" {
		return m + "&nbsp;" + text
	}
	return text
}

func took(s StepView) string {
	if s.Took <= 0 {
		return ""
	}
	return report.Took(s.Took)
}

// stepStates are the words of report.StepState, in the order of the story.
var stepStates = []string{
	"passed", "skipped", "running", "needs person", "failed", "unknown", "backing out", "backed out",
	"backout failed", "backout unknown", "backout needs person", "waiting", "not run",
}

// statesOf says how many steps stand how. All of it is our own words.
func statesOf(c ChangeView) string {
	times := map[string]int{}
	for _, s := range c.Steps {
		times[s.State]++
	}
	var parts []string
	for _, word := range stepStates {
		if n := times[word]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, word))
		}
	}
	return strings.Join(parts, ", ")
}

// stepAt names the step that a change is at.
func stepAt(c ChangeView) string {
	for i, s := range c.Steps {
		if s.State == "running" || s.State == "backing out" || s.State == "needs person" {
			return fmt.Sprintf("step %d of %d, %s: %s", i+1, len(c.Steps), code(s.Name), prose(s.Title, titleLength))
		}
	}
	return ""
}

// openSteps is up to how many steps are shown without being asked for.
const openSteps = 15

func stepsSection(c ChangeView, all string) string {
	switch {
	case len(c.Steps) > 0 && c.ID != "":
		return details(strconv.Itoa(len(c.Steps))+" steps: "+statesOf(c), progress(c, all).String(), len(c.Steps) <= openSteps)
	case c.Plan != nil && len(c.Plan.Steps) > 0:
		return details(counted(len(c.Plan.Steps), "step", "steps")+", each with its way back", plannedSteps(c, all).String(), false)
	}
	return ""
}

// differencesTable is the table of what is not as on the base branch.
func differencesTable(list []Difference) grid {
	g := grid{head: []string{"What", "On the base branch", "Here"}, what: "differences", most: shortRows, bytes: shortBytes}
	g.total = len(list)
	for _, d := range list[:min(g.total, g.most)] {
		g.rows = append(g.rows, []string{code(d.Field), valueText(d.Before), valueText(d.After)})
	}
	return g
}

func valueText(s string) string {
	if s == "" {
		return "–"
	}
	return prose(s, titleLength)
}
