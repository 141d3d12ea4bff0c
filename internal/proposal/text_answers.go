package proposal

import (
	"errors"
	"strings"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
)

// shownAnswers is how many commands are answered in the comment: the last ones.
const shownAnswers = 5

// answers says what became of commands.
func answers(list []Answer) string {
	if len(list) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("### Answers\n\n")
	for _, a := range list[max(0, len(list)-shownAnswers):] {
		mark, word := "✅", ": "
		if !a.OK {
			mark, word = "❌", " **refused:** "
		}
		b.WriteString("- " + mark + " " + code(a.Who) + " " + code(a.Command) + word + sentence(a.Text) + "\n")
	}
	if n := len(list) - shownAnswers; n > 0 {
		b.WriteString("- " + counted(n, "earlier command is", "earlier commands are") + " not shown\n")
	}
	return b.String()
}

// helps says what each command does. A test holds it against Verbs.
var helps = []struct {
	verb Verb
	with string
	text string
}{
	{VerbPlan, "", "plans again: conflicts and free slots may have changed since"},
	{VerbSubmit, "", "enters the changes before the merge, so that their systems are reserved; nothing of them starts before it"},
	{VerbApprove, "SHA", "approves exactly the commit with this hash, given in full, as a review would"},
	{VerbReject, "REASON", "rejects; whoever rejected takes it back by approving"},
	{VerbAbort, "REASON", "stops a change: one that has not started is cancelled, one that runs is backed out"},
	{VerbStatus, "", "brings the comment up to date"},
	{VerbHelp, "", "this"},
}

// HelpText returns the answer to /change help, as Markdown.
func HelpText() string {
	g := grid{head: []string{"Comment", "What it does"}, what: "commands", most: len(helps), bytes: longBytes}
	for _, h := range helps {
		g.rows = append(g.rows, []string{code(strings.TrimSpace("/change " + string(h.verb) + " " + h.with)), h.text})
	}
	return "What can be asked here, alone on its line in a new comment:\n\n" + g.String() +
		"\nAn edited comment, one in a quotation or in code, and one of a bot are not heard. " +
		"Decisions that authorise work on their own are signed with a key, at the command line: `changectl approve`, `changectl decide`.\n"
}

// Words returns an error as plain text for a field of a View: what is wrong and what to
// do next. Of what went wrong inside the installation it tells nothing, since that may
// hold addresses and more; the log of the worker has it.
func Words(err error) string {
	if err == nil {
		return ""
	}
	if list := document.Problems(err); len(list) > 0 {
		return listed(list, 3, "; ", func(p *document.Problem) string { return p.Error() })
	}
	var e *change.Error
	if errors.As(err, &e) && e.Kind != change.KindUnavailable && e.Kind != change.KindFailed {
		return e.Error()
	}
	return "a part of the installation does not answer or does not work; its log says which, and it is tried again"
}
