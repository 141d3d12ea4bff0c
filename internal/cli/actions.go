package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/changectl/changectl/internal/document"
	"github.com/changectl/changectl/internal/report"
)

// actionsErrors are the problems as commands of GitHub Actions, one a line.
//
// https://docs.github.com/actions/reference/workflow-commands-for-github-actions
func actionsErrors(all []validated) string {
	var b strings.Builder
	for _, v := range all {
		for _, p := range v.Problems {
			b.WriteString(actionsError(p))
		}
	}
	return b.String()
}

func actionsError(p *document.Problem) string {
	var props []string
	set := func(name, value string) { props = append(props, name+"="+actionsProperty.Replace(value)) }
	if p.File != inputName("-") {
		set("file", p.File)
	}
	if p.Line > 0 {
		set("line", fmt.Sprint(p.Line))
	}
	if p.Line > 0 && p.Column > 0 {
		set("col", fmt.Sprint(p.Column))
	}
	set("title", "changectl")
	return "::error " + strings.Join(props, ",") + "::" + actionsData.Replace(problemText(p)) + "\n"
}

// problemText is what is wrong, without the place in the file.
func problemText(p *document.Problem) string {
	if p.Path == "" {
		return p.Message
	}
	return p.Path + ": " + p.Message
}

// A command ends with its line, and a property of it with a comma or a colon.
var (
	actionsData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	actionsProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// guardActions keeps what people wrote from being taken for commands where the runner of
// GitHub Actions reads along: it looks at both outputs, at the beginning of lines for
// ::command and anywhere for ##[command].
func guardActions(env *Env, format string) {
	if format != formatGitHub && env.Getenv("GITHUB_ACTIONS") != "true" {
		return
	}
	env.Err = tame{env.Err}
	switch {
	case format == formatSARIF || env.output == "json":
		env.Out = tameJSON{env.Out}
	case format == formatText && env.output == "table":
		env.Out = tame{env.Out}
	}
}

// tameJSON writes JSON that says the same and holds no ##[command]; no line of JSON begins
// with ::command.
type tameJSON struct{ to io.Writer }

// Write writes a whole value.
func (t tameJSON) Write(b []byte) (int, error) {
	if _, err := io.WriteString(t.to, strings.ReplaceAll(string(b), "##[", `#\u0023[`)); err != nil {
		return 0, err
	}
	return len(b), nil
}

// tame writes lines in which nothing is a command.
type tame struct{ to io.Writer }

var commandMarks = strings.NewReplacer("::", ": :", "##[", "# #[")

// Write writes whole lines.
func (t tame) Write(b []byte) (int, error) {
	if _, err := io.WriteString(t.to, commandMarks.Replace(report.Block(string(b)))+ending(b)); err != nil {
		return 0, err
	}
	return len(b), nil
}

// ending is the line breaks at the end, which Block leaves out.
func ending(b []byte) string { return string(b[len(strings.TrimRight(string(b), "\n")):]) }

// matcher is what GitHub Actions reads the lines of problems by.
//
// https://github.com/actions/toolkit/blob/main/docs/problem-matchers.md
type matcher struct {
	Owner    string           `json:"owner"`
	Severity string           `json:"severity"`
	Pattern  []matcherPattern `json:"pattern"`
}

type matcherPattern struct {
	Regexp  string `json:"regexp"`
	File    int    `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Message int    `json:"message"`
}

func printMatcher(env *Env) error {
	m := map[string][]matcher{"problemMatcher": {{
		Owner: "changectl", Severity: "error",
		Pattern: []matcherPattern{{Regexp: `^([^\s].*?):(\d+):(\d+): (.+)$`, File: 1, Line: 2, Column: 3, Message: 4}},
	}}}
	out, err := asJSON(m)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprint(env.Out, out); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return nil
}
