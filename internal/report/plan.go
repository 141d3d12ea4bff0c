package report

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/schedule"
)

// Plan writes a plan so that somebody can decide about it: window, systems,
// risk, who must approve, every step with its way back.
func Plan(p change.Plan, digest string) string {
	var b strings.Builder
	line := func(label, format string, args ...any) {
		fmt.Fprintf(&b, "%-12s%s\n", label, OneLine(fmt.Sprintf(format, args...)))
	}
	line("Title", "%s", p.Title)
	line("Type", "%s", p.Type)
	line("Reason", "%s", p.Reason)
	line("Submitter", "%s", p.Submitter)
	if p.Controller != "" {
		line("Controller", "%s is in charge of this emergency", p.Controller)
	}
	if len(p.Exceptions) > 0 {
		line("Exceptions", "asks to be let through %s", idList(p.Exceptions))
	}
	if p.Origin != nil {
		line("From", "%s", origin(*p.Origin))
	}
	line("Runbook", "%s, %s", p.Runbook.Name, source(p.Runbook))
	for i, name := range slices.Sorted(maps.Keys(p.Parameters)) {
		label := ""
		if i == 0 {
			label = "Parameters"
		}
		line(label, "%s = %v", name, p.Parameters[name])
	}
	line("Window", "%s", Window(p.Window))
	run, back := planTimes(p)
	line("Time", "%s to run, %s to back out, %s margin; at the cutoff: %s",
		schedule.Words(run), schedule.Words(back), schedule.Words(p.Margin.Std()), p.AtCutoff)
	line("Risk", "%s (%d of 100)", p.Risk.Level, p.Risk.Score)
	for _, r := range p.Risk.Reasons {
		line("", "%+d %s", r.Points, r.Text)
	}
	for i, q := range p.Approvals {
		line(label(i, "Approvals"), "%s", requirement(q))
	}
	if len(p.Approvals) == 0 {
		line("Approvals", "none needed")
	}
	line("Digest", "%s", digest)
	b.WriteString("\nSystems\n" + indent(systems(p).Text()))
	b.WriteString("\nSteps\n" + indent(planSteps(p).Text()))
	return b.String()
}

func label(i int, s string) string {
	if i > 0 {
		return ""
	}
	return s
}

// origin says which pull request or push a plan comes from, and whether it is merged.
func origin(o change.Origin) string {
	if o.Number == 0 {
		return fmt.Sprintf("%s, %s, pushed without a pull request as %s", o.Repository, o.Path, o.Commit)
	}
	if o.Commit == "" {
		return fmt.Sprintf("%s, %s at %s, not merged yet", o.Name(), o.Path, o.Head)
	}
	return fmt.Sprintf("%s, %s, merged into %s as %s", o.Name(), o.Path, o.Base, o.Commit)
}

func source(s change.Source) string {
	text := s.Path
	if s.Repository != "" {
		text = s.Repository + "//" + text
	}
	if s.Commit != "" {
		text += "@" + s.Commit
	}
	return text + " (" + s.Digest + ")"
}

func requirement(q change.Requirement) string {
	s := plural(q.Count, "person", "persons") + " of " + string(q.Role)
	if q.Second {
		s = plural(q.Count, "other person", "other persons") + " of " + string(q.Role)
	}
	if q.Signature {
		s += ", with a signature"
	}
	if len(q.Systems) > 0 {
		s += " for " + refs(q.Systems)
	}
	if q.Rule != "" {
		s += " [" + q.Rule + "]"
	}
	return s
}

func planTimes(p change.Plan) (run, back time.Duration) {
	times := make([]schedule.Times, len(p.Steps))
	for i, s := range p.Steps {
		times[i] = schedule.Times{Name: s.Name, Expected: s.Expected.Std(), Irreversible: s.PointOfNoReturn}
		if s.Undo != nil {
			times[i].Undo = s.Undo.Expected.Std()
		}
	}
	return schedule.RunTime(times), schedule.LongestBackout(times)
}

func systems(p change.Plan) Table {
	owner := map[change.Ref]change.Ref{}
	for _, s := range p.Targets {
		owner[s.Ref] = s.Owner
	}
	t := Table{Head: []string{"MODE", "SYSTEM", "OWNER", "BY WAY OF"}}
	for _, ref := range p.Footprint.Touch {
		t.Rows = append(t.Rows, []string{string(change.Touch), string(ref), string(owner[ref]), ""})
	}
	add := func(mode change.Mode, list []change.Affected) {
		for _, a := range list {
			path := ""
			if len(a.Path) > 1 {
				path = Path(a.Path)
			}
			t.Rows = append(t.Rows, []string{string(mode), string(a.System), string(owner[a.System]), path})
		}
	}
	add(change.Impact, p.Footprint.Impact)
	for _, d := range p.Footprint.Degraded {
		t.Rows = append(t.Rows, []string{"degraded", d.Group, "", degraded(d)})
	}
	add(change.Observe, p.Footprint.Observe)
	add("cuts off", p.Footprint.Severed)
	return t
}

// degraded says what a redundancy group loses, with the groups below it.
func degraded(d change.Degraded) string {
	if len(d.Groups) == 0 {
		return fmt.Sprintf("%s of %d touched, %d must stay up", refs(d.Touched), len(d.Members), d.MustRun)
	}
	s := fmt.Sprintf("%d of %d must stay up", d.MustRun, len(d.Members)+len(d.Groups))
	if len(d.Touched) > 0 {
		s += "; " + refs(d.Touched) + " touched"
	}
	for _, g := range d.Groups {
		s += "; " + g.Group + ": " + degraded(g)
	}
	return s
}

func idList(l []change.ID) string {
	s := make([]string, len(l))
	for i, id := range l {
		s[i] = string(id)
	}
	return strings.Join(s, ", ")
}

// Path writes the way through the graph.
func Path(l []change.Ref) string { return strings.ReplaceAll(refs(l), ", ", " > ") }

func planSteps(p change.Plan) Table {
	t := Table{Head: []string{"#", "PHASE", "STEP", "USES", "EXPECTED", "AT MOST", "WAY BACK"}}
	for i, s := range p.Steps {
		back := "-"
		if s.Undo != nil {
			back = s.Undo.Uses + ", " + Took(s.Undo.Expected.Std())
		}
		if s.PointOfNoReturn {
			back = "none from here on"
		}
		t.Rows = append(t.Rows, []string{
			strconv.Itoa(i + 1), string(s.Phase), s.Title, s.Uses, Took(s.Expected.Std()), Took(s.Timeout.Std()), back,
		})
	}
	return t
}

func indent(s string) string {
	s = "  " + strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n  ") + "\n"
	return strings.ReplaceAll(s, "\n  \n", "\n\n")
}
