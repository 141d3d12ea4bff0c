package workflows

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/schedule"
)

// show writes the current details, the Markdown that the Temporal UI prints at
// the head of a change.
func (c *flow) show(ctx workflow.Context) { workflow.SetCurrentDetails(ctx, c.details()) }

func (c *flow) details() string {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s: %s\n\n", c.in.Change, c.status)
	if c.note != "" {
		fmt.Fprintf(&b, "%s\n\n", plain(c.note))
	}
	w := c.outline.Window
	fmt.Fprintf(&b, "**%s**, revision %d, submitted by `%s`, window %s\n\n", plain(c.outline.Title), c.revision, c.outline.Submitter, window(w))
	c.detailHold(&b)
	if len(c.outline.NeedsFrom) > 0 && c.status == change.AwaitingApproval {
		fmt.Fprintf(&b, "Needs: %s\n\n", strings.Join(c.outline.NeedsFrom, "; "))
	}
	if c.started() {
		cutoff := schedule.Cutoff(w.End, c.times(), c.next)
		fmt.Fprintf(&b, "Cutoff: %s is the last moment to begin the way back\n\n", clock(cutoff))
	}
	c.detailOthers(&b)
	c.detailSteps(&b)
	return b.String()
}

// detailOthers says who else is playing, before anything else that one may blame.
func (c *flow) detailOthers(b *strings.Builder) {
	if len(c.outline.Concurrent) == 0 {
		return
	}
	b.WriteString("**Who else is playing**\n\n")
	for _, other := range c.outline.Concurrent {
		fmt.Fprintf(b, "- %s\n", plain(other))
	}
	b.WriteString("\n")
}

func (c *flow) detailHold(b *strings.Builder) {
	if c.hold == nil || c.status != change.Held {
		return
	}
	words := make([]string, len(c.hold.Choices))
	for i, v := range c.hold.Choices {
		words[i] = fmt.Sprintf("`changectl decide %s %s`", c.in.Change, v)
	}
	fmt.Fprintf(b, "**Held** since %s. Decide with %s\n\n", clock(c.hold.Since), strings.Join(words, ", "))
}

func (c *flow) detailSteps(b *strings.Builder) {
	if len(c.steps) == 0 {
		return
	}
	b.WriteString("| # | phase | step | state | took |\n|---|---|---|---|---|\n")
	for i, s := range c.outline.Steps {
		p := c.steps[i]
		took := ""
		if !p.ended.IsZero() {
			took = p.ended.Sub(p.began).Round(time.Millisecond).String()
		}
		fmt.Fprintf(b, "| %d | %s | %s | %s | %s |\n", i+1, s.Phase, plain(s.Title), p.state(), took)
	}
}

// state says in a word how far a step has come.
func (p progress) state() string {
	switch {
	case p.undone == change.Passed:
		return "undone"
	case p.undone != change.Pending:
		return "undo " + string(p.undone)
	case p.undo > 0:
		return "undoing"
	case p.continued:
		return "left behind by decision"
	case p.outcome != change.Pending:
		return string(p.outcome)
	case p.begun:
		return "**running**"
	}
	return ""
}

func window(w change.Window) string {
	return fmt.Sprintf("%s to %s (%s)", clock(w.Start), clock(w.End), w.Zone)
}

func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// plain keeps what people wrote from being read as Markdown.
var markdown = strings.NewReplacer("|", "\\|", "<", "&lt;", "*", "\\*", "`", "'", "[", "\\[", "\n", " ", "_", "\\_")

func plain(s string) string { return markdown.Replace(s) }
