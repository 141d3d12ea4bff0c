package proposal

import (
	"regexp"
	"strings"
)

// plainLines follows a comment line by line and knows which lines begin as plain text.
// It is no reader of Markdown: where two readers might differ, and where HTML leaves
// open what is inside of what, it takes everything behind it for not plain.
type plainLines struct {
	fence   string // the marks that opened the code, while it is open
	comment bool   // within an HTML comment
	html    bool   // within what may be a block of HTML, until an empty line
	marked  bool   // this paragraph, or HTML, holds more than plain text
	listed  bool   // there has been a list
	depth   int    // of <details>
	lost    bool   // for good
}

var (
	fenceOpens  = regexp.MustCompile("^( {0,3})(`{3,}|~{3,})(.*)$")
	listItem    = regexp.MustCompile(`^[ \t]*([-+*]|\d{1,9}[.)])([ \t]|$)`)
	quoted      = regexp.MustCompile(`^ {0,3}>`)
	htmlOpens   = regexp.MustCompile(`^ {0,3}<`)
	tagLike     = regexp.MustCompile(`<[A-Za-z/!?]`)
	wholeTag    = regexp.MustCompile(`<(/?)([A-Za-z][A-Za-z0-9-]*)(?:\s+[A-Za-z][A-Za-z-]*="[^"<>` + "`" + `]*")*\s*/?>`)
	autolink    = regexp.MustCompile(`<(?:https?://|mailto:)[^\s<>"'` + "`" + `]*>`)
	detailsOpen = regexp.MustCompile(`^(?i:<details(?: open)?>(?:<summary>[^<>]*</summary>)?)$`)
	detailsEnd  = regexp.MustCompile(`^(?i:</details>)$`)
)

// notPlain are the characters with which something may begin that goes on in the next
// line: code, emphasis, links, tables, mathematics.
const notPlain = "`<>[]*_~|$\\"

// harmless are the elements that hide nothing and show their text as text.
var harmless = map[string]bool{
	"a": true, "b": true, "br": true, "div": true, "em": true, "h1": true, "h2": true, "h3": true, "h4": true, "hr": true,
	"i": true, "img": true, "p": true, "strong": true, "sub": true, "summary": true, "sup": true,
}

// next takes the next line and reports whether it begins as plain text.
func (m *plainLines) next(line string) bool {
	switch {
	case m.lost:
		return false
	case m.fence != "":
		m.inFence(line)
		return false
	case m.comment:
		m.inComment(line)
		return false
	case strings.Trim(line, " \t") == "":
		m.html, m.marked = false, false
		return false
	case m.opensFence(line):
		return false
	}
	plain := !m.marked && m.depth == 0 && !quoted.MatchString(line)
	m.tags(line)
	if listItem.MatchString(line) {
		m.listed, m.marked = true, true
	}
	if quoted.MatchString(line) || strings.ContainsAny(line, notPlain) {
		m.marked = true
	}
	return plain
}

// inFence looks for the end of the code: as many of the same marks, or more.
func (m *plainLines) inFence(line string) {
	f := fenceOpens.FindStringSubmatch(line)
	if f != nil && strings.HasPrefix(f[2], m.fence) && strings.Trim(f[3], " \t") == "" {
		m.fence = ""
	}
}

// opensFence takes a line that opens a block of code. In HTML or in a list it is not
// certain of what it is part.
func (m *plainLines) opensFence(line string) bool {
	f := fenceOpens.FindStringSubmatch(line)
	if f == nil || (f[2][0] == '`' && strings.Contains(f[3], "`")) {
		return false
	}
	if m.html || (m.listed && f[1] != "") {
		m.lost = true
		return true
	}
	m.fence, m.marked = f[2], false
	return true
}

const (
	commentOpens = "<!--"
	commentEnds  = "-->"
)

func (m *plainLines) inComment(line string) {
	_, rest, ends := strings.Cut(line, commentEnds)
	if !ends {
		return
	}
	m.comment = false
	m.lost = tagLike.MatchString(rest)
}

// tags looks for HTML in a line.
func (m *plainLines) tags(line string) {
	if !tagLike.MatchString(line) {
		return
	}
	bare := strings.TrimRight(line, " \t")
	switch {
	case strings.HasPrefix(line, commentOpens) && !m.html && !strings.Contains(line, commentEnds):
		m.comment = true
		m.lost = tagLike.MatchString(line[len(commentOpens):])
		return
	case detailsOpen.MatchString(bare) && !m.html:
		m.depth++
	case detailsEnd.MatchString(bare):
		m.depth = max(0, m.depth-1)
	default:
		m.inline(line)
	}
	m.html = m.html || htmlOpens.MatchString(line)
}

// inline looks at HTML within a line: whole comments, links and harmless elements.
func (m *plainLines) inline(line string) {
	rest, ends := withoutComments(autolink.ReplaceAllString(line, ""))
	if !ends {
		m.lost = true
		return
	}
	rest = wholeTag.ReplaceAllStringFunc(rest, func(tag string) string {
		if harmless[strings.ToLower(wholeTag.FindStringSubmatch(tag)[2])] {
			return ""
		}
		return tag
	})
	m.lost = m.lost || tagLike.MatchString(rest)
}

// withoutComments takes HTML comments out of a line, and reports whether all of them end
// on it.
func withoutComments(line string) (string, bool) {
	var b strings.Builder
	for {
		before, after, opens := strings.Cut(line, commentOpens)
		b.WriteString(before)
		if !opens {
			return b.String(), true
		}
		var ends bool
		if _, line, ends = strings.Cut(after, commentEnds); !ends {
			return "", false
		}
	}
}
