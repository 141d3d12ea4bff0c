package proposal_test

import (
	"math/rand"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"

	"github.com/changectl/changectl/internal/proposal"
)

var reader = goldmark.New(goldmark.WithExtensions(extension.Strikethrough)).Parser()

// plainLines returns the lines that begin as plain text by another reader of Markdown:
// those of paragraphs and headings that are in nothing else.
func plainLines(body string) []string {
	src := []byte(strings.ReplaceAll(strings.ReplaceAll(body, "\r\n", "\n"), "\r", "\n"))
	var all []string
	root := reader.Parse(text.NewReader(src))
	for block := root.FirstChild(); block != nil; block = block.NextSibling() {
		if k := block.Kind(); k != ast.KindParagraph && k != ast.KindHeading {
			continue
		}
		for n := block.FirstChild(); n != nil; n = n.NextSibling() {
			word, is := n.(*ast.Text)
			if !is {
				continue
			}
			if at := word.Segment.Start; at == 0 || src[at-1] == '\n' {
				line, _, _ := strings.Cut(string(src[at:]), "\n")
				all = append(all, line)
			}
		}
	}
	return all
}

// agree fails where a command is taken that the other reader does not show as text.
func agree(t *testing.T, body string) (taken bool) {
	t.Helper()
	c, ok, err := proposal.ParseCommand(body)
	if !ok {
		if c != (proposal.Command{}) {
			t.Errorf("%q: %+v beside %v", body, c, err)
		}
		return false
	}
	for _, line := range plainLines(body) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "/change" && fields[1] == string(c.Verb) {
			return true
		}
	}
	t.Errorf("%q: %+v is not plain text to another reader", body, c)
	return true
}

var pieces = []string{
	"/change plan\n", "/change plan\n", "\n/change plan\n", "/change status\n", "\n", "\n\n", " ", "  ", "    ", "\t", "a", "look\n", "```\n", "```", "````\n", "~~~\n", "~~~~", "`", "``",
	"> ", ">", "- ", "1. ", "* ", "+\n", "<!--", "-->", "<!-- x -->", "<details>\n", "<details>", "</details>\n", "<summary>x</summary>\n", "<pre>", "</pre>", "<code>", "</code>", "<div>\n", "</div>",
	"<a href=\"", "\">", "<b>", "</b>", "<", ">", "[", "](x)", "[a]: ", "*", "**", "_", "~~", "|", "---\n", "===\n", "# ", "\\", "$", "&lt;", "<?", "?>", "<![CDATA[", "]]>", "<!X", "<script>", "</script>", "\r\n", "\r",
}

func TestCommandsArePlainTextToOtherReadersToo(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	attempts, taken := 200_000, 0
	if testing.Short() {
		attempts = 20_000
	}
	for range attempts {
		var b strings.Builder
		for range 1 + random.Intn(12) {
			b.WriteString(pieces[random.Intn(len(pieces))])
		}
		if agree(t, b.String()) {
			taken++
		}
		if t.Failed() {
			break
		}
	}
	if taken < attempts/50 {
		t.Errorf("%d commands in %d comments: too few to tell anything", taken, attempts)
	}
	t.Logf("%d comments, %d commands taken, 0 of them in anything but plain text", attempts, taken)
}

func FuzzParseCommand(f *testing.F) {
	for _, p := range pieces {
		f.Add(p + "/change plan")
		f.Add("/change reject " + p)
	}
	f.Add("/change approve " + sha)
	f.Fuzz(func(t *testing.T, body string) {
		agree(t, body)
		c, ok, _ := proposal.ParseCommand(body)
		if ok && (len(c.Reason) > 4*proposal.MaxReason || strings.ContainsAny(c.Reason, "\n\r\x00\x1b\u202e\u200b") || (c.SHA != "") != (c.Verb == proposal.VerbApprove)) {
			t.Errorf("%q: %+v", body, c)
		}
	})
}
