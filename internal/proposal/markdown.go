package proposal

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/changectl/changectl/internal/report"
)

// longestWord is how many characters of a word are shown in text.
const longestWord = 80

// longestCode is how many characters of a name or a path are shown.
const longestCode = 160

// plainText returns text of others as one line that shows what it is: line breaks are
// spaces, control characters are dropped, and what is invisible or turns the direction
// of writing is spelled out as <U+202E>. Of more than limit characters the rest is cut.
func plainText(s string, limit int) string {
	s, cut := firstBytes(s, limit*utf8.UTFMax)
	words := strings.Fields(strings.Map(spaced, strings.ToValidUTF8(s, "\uFFFD")))
	var b strings.Builder
	room := limit
	for i, w := range words {
		if i > 0 {
			w = " " + w
		}
		w = shown(w)
		n := utf8.RuneCountInString(w)
		if n > room {
			b.WriteString(string([]rune(w)[:room]))
			cut = true
			break
		}
		b.WriteString(w)
		room -= n
	}
	if cut {
		return strings.TrimRight(b.String(), " ") + "…"
	}
	return b.String()
}

// firstBytes returns the first bytes of s, whole characters, and whether that is not all.
func firstBytes(s string, bytes int) (string, bool) {
	if len(s) <= bytes {
		return s, false
	}
	for bytes > 0 && !utf8.RuneStart(s[bytes]) {
		bytes--
	}
	return s[:bytes], true
}

func spaced(r rune) rune {
	switch {
	case unicode.IsSpace(r) || unicode.Is(unicode.Z, r):
		return ' '
	case unicode.IsControl(r), r == '\uFE0E', r == '\uFE0F': // how an emoji is to be drawn
		return -1
	}
	return r
}

// marks is how many combining marks in a row are kept.
const mostMarks = 3

// shown spells out what cannot be seen.
func shown(s string) string {
	var b strings.Builder
	stacked := 0
	for _, r := range s {
		if unicode.Is(unicode.M, r) {
			stacked++
		} else {
			stacked = 0
		}
		switch {
		case hidden(r):
			fmt.Fprintf(&b, "<U+%04X>", r)
		case stacked <= mostMarks:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func hidden(r rune) bool {
	return r != ' ' && !unicode.IsPrint(r) || r == '\u2800' ||
		unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// reference matches what GitHub, or a reader's browser, takes for more than text:
// mentions, issues, commits, numbers of trackers, emoji, addresses, mathematics. So
// does it the names of systems, which read better as code.
var reference = regexp.MustCompile("[@#$＠﹫＃﹟＄﹩`]|://|(?i:www\\.)|:[A-Za-z0-9_+-]+:|" +
	`(?i:\bgh-\d)|\b[A-Z][A-Z0-9_]*-[0-9A-Za-z]|(?:^|[^0-9A-Za-z])[0-9a-fA-F]{7,}(?:$|[^0-9A-Za-z])|` +
	`^[a-z]+:[a-z0-9]+([-_./][a-z0-9]+)*[,.;:]?$`)

// prose returns text of others as Markdown that shows exactly that text, on one line,
// and means nothing. Words that GitHub would link, mention or draw are shown as code:
// in code it does none of that, while an escaped @ still notifies.
func prose(s string, limit int) string {
	words := strings.Split(plainText(s, limit), " ")
	for i, w := range words {
		if utf8.RuneCountInString(w) > longestWord {
			w = string([]rune(w)[:longestWord-1]) + "…"
		}
		if reference.MatchString(w) {
			words[i] = codeWord(w)
			continue
		}
		words[i] = special.Replace(w)
		if i == 0 && opening.MatchString(w) {
			words[i] = w[:len(w)-1] + `\` + w[len(w)-1:]
		}
	}
	return strings.Join(words, " ")
}

// codeWord is code for a word; parentheses, quotes and full stops around it stay outside.
func codeWord(w string) string {
	name := strings.TrimLeft(w, `("`)
	before := w[:len(w)-len(name)]
	name = strings.TrimRight(name, `,.;)"`)
	return before + code(name) + w[len(before)+len(name):]
}

// special are the characters that may mean something anywhere in a line of Markdown.
var special = strings.NewReplacer(
	"&", "&amp;", "<", "&lt;", ">", "&gt;",
	`\`, `\\`, "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "|", `\|`, "~", `\~`,
)

// opening matches first words that mean something at the beginning of a line: of
// lists, rules, underlines of headings and of tables.
var opening = regexp.MustCompile(`^(?:\d+[.)]|[-+=:]+)$`)

// between are the characters that stand between pieces of code, where they can be
// escaped: a backtick would end it, a pipe a cell of a table, and < could begin what
// passes for a comment of ours.
var between = map[rune]string{'`': "\\`", '|': `\|`, '<': "&lt;"}

// code returns a name as code.
func code(s string) string {
	var b, piece strings.Builder
	flush := func() {
		b.WriteString(span(piece.String()))
		piece.Reset()
	}
	for _, r := range plainText(s, longestCode) {
		if out := between[r]; out != "" {
			flush()
			b.WriteString(out)
			continue
		}
		piece.WriteRune(r)
	}
	flush()
	return b.String()
}

// span is one piece of code. A dollar sign next to a backtick would begin mathematics;
// spaces at the ends are taken away again when they stand on both.
func span(s string) string {
	switch {
	case strings.TrimSpace(s) == "":
		return s
	case strings.HasPrefix(s, " "), strings.HasSuffix(s, " "), strings.HasPrefix(s, "$"), strings.HasSuffix(s, "$"):
		return "` " + s + " `"
	}
	return "`" + s + "`"
}

// fence returns lines as a block of code. Fences in the text itself do not end it, and
// what could pass for a comment of ours is taken apart.
func fence(s string) string {
	longest, run := 2, 0
	for _, r := range s {
		run++
		if r != '`' {
			run = 0
		}
		longest = max(longest, run)
	}
	mark := strings.Repeat("`", longest+1)
	lines := strings.Split(report.Block(s), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(strings.ReplaceAll(shown(l), "<!--", "< !--"), " ")
	}
	return mark + "text\n" + strings.Join(lines, "\n") + "\n" + mark + "\n"
}

// address matches addresses that can stand in Markdown as they are.
var address = regexp.MustCompile(`^https?://[A-Za-z0-9._~:/?#@!$'*+,=%-]+$`)

// linkTo returns our own words as a link, or without one where the address is not one of
// a page.
func linkTo(words, to string) string {
	u, err := url.Parse(to)
	if err != nil || u.Host == "" || u.User != nil || len(to) > 1000 || !address.MatchString(strings.ReplaceAll(to, "&", "")) {
		return words
	}
	return "[" + words + "](" + strings.ReplaceAll(to, "&", "&amp;") + ")"
}
