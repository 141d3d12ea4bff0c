package proposal

import (
	"fmt"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/report"
	"github.com/changectl/changectl/internal/schedule"
)

// title is what a change is called, as Markdown.
func (c ChangeView) title() string {
	t := c.Title
	if c.Plan != nil {
		t = c.Plan.Title
	}
	if t == "" {
		return code(c.Path)
	}
	return prose(t, titleLength)
}

// heading is the line above all that is said of a change.
func (c ChangeView) heading() string {
	if c.ID == "" {
		return "### " + c.title()
	}
	return "### " + prose(string(c.ID), titleLength) + " " + c.title()
}

// origin says where a change comes from: file and runbook.
func (c ChangeView) origin() string {
	s := "From " + code(c.Path)
	if p := c.Plan; p != nil {
		s = upper(prose(string(p.Type), titleLength)) + " change from " + code(c.Path) + ", by the runbook " + code(p.Runbook.Name)
		if p.Controller != "" {
			s += "; " + code(string(p.Controller)) + " is in charge of this emergency"
		}
	}
	return s + "."
}

// facts are what a reviewer asks first: why, when, on what, who notices, what if.
func (c ChangeView) facts() facts {
	p := c.Plan
	var f facts
	f.add("Why", prose(p.Reason, reasonLength))
	f.add("When", report.Window(p.Window))
	f.add("Works on", worksOn(*p))
	f.add("Loses service", losesService(p.Footprint))
	f.add("Stays up", staysUp(p.Footprint))
	f.add("Way in", waysIn(p.Footprint))
	f.add("Time", arithmetic(*p))
	f.add("Risk", risk(p.Risk))
	f.add("Exceptions", exceptions(*p))
	return f
}

func worksOn(p change.Plan) string {
	targets := map[change.Ref]change.System{}
	for _, s := range p.Targets {
		targets[s.Ref] = s
	}
	if len(p.Footprint.Touch) == 0 {
		return "no system"
	}
	return listed(p.Footprint.Touch, fewNames, "<br>", func(r change.Ref) string { return systemText(r, targets[r]) })
}

// systemText says what is known of a system: whose it is and how critical.
func systemText(r change.Ref, s change.System) string {
	var parts []string
	if s.Owner != "" {
		parts = append(parts, "of "+code(string(s.Owner)))
	}
	if s.Tier > 0 {
		parts = append(parts, fmt.Sprintf("tier %d", s.Tier))
	}
	if s.Site != "" {
		parts = append(parts, "site "+code(s.Site))
	}
	if len(parts) == 0 {
		return code(string(r))
	}
	return code(string(r)) + " (" + strings.Join(parts, ", ") + ")"
}

func losesService(f change.Footprint) string {
	if len(f.Impact) == 0 {
		return "nothing else"
	}
	return listed(f.Impact, fewNames, "<br>", affected)
}

// affected names a system that is reached over the catalog, with the way there.
func affected(a change.Affected) string {
	s := code(string(a.System))
	if n := len(a.Path); n > 1 {
		return s + ", by way of " + pathText(a.Path[:n-1])
	}
	return s
}

func staysUp(f change.Footprint) string {
	return listed(f.Degraded, fewNames, "<br>", func(d change.Degraded) string {
		return fmt.Sprintf("%s with fewer members: %d of %d down, %d must stay up",
			code(d.Group), len(d.Touched), len(d.Members)+len(d.Groups), d.MustRun)
	})
}

func waysIn(f change.Footprint) string {
	return listed(f.Severed, fewNames, "<br>", func(a change.Affected) string {
		return "takes down what it comes in by: " + affected(a)
	})
}

// atCutoff says what happens when the next step no longer fits.
var atCutoff = map[change.AtCutoff]string{
	change.CutoffBackOut:  "the change is backed out",
	change.CutoffHold:     "the change stands still and a person decides",
	change.CutoffContinue: "a person must give a reason for going on",
}

func arithmetic(p change.Plan) string {
	run, back := planTimes(p)
	margin := p.Margin.Std()
	s := fmt.Sprintf("%s to run + %s to back out + %s margin = %s, of %s", schedule.Words(run), schedule.Words(back),
		schedule.Words(margin), schedule.Words(run+back+margin), schedule.Words(p.Window.Length()))
	if then := atCutoff[p.AtCutoff]; then != "" {
		s += "<br>When the next step and the way back no longer fit into the window, " + then + "."
	}
	return s
}

func planTimes(p change.Plan) (run, back time.Duration) {
	times := make([]schedule.Times, len(p.Steps))
	for i, s := range p.Steps {
		times[i] = schedule.Times{Expected: s.Expected.Std(), Irreversible: s.PointOfNoReturn}
		if s.Undo != nil {
			times[i].Undo = s.Undo.Expected.Std()
		}
	}
	return schedule.RunTime(times), schedule.LongestBackout(times)
}

func risk(r change.Risk) string {
	s := fmt.Sprintf("**%s** (%d of 100)", prose(r.Level, titleLength), r.Score)
	for _, reason := range r.Reasons[:min(len(r.Reasons), shortRows)] {
		s += fmt.Sprintf("<br>%+d %s", reason.Points, prose(reason.Text, sentenceLength))
	}
	return s
}

func exceptions(p change.Plan) string {
	if len(p.Exceptions) == 0 {
		return ""
	}
	return "asks to be let through " + codes(p.Exceptions)
}
