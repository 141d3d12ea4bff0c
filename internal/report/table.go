package report

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Table is rows under a head. Every row has as many cells as the head.
type Table struct {
	Head []string
	Rows [][]string
}

// Text returns the table with its columns aligned.
func (t Table) Text() string { return t.Painted(nil) }

// Painted is Text with every cell passed through paint after it was padded;
// paint may add colour, but must not alter the width. Row -1 is the head.
func (t Table) Painted(paint func(row, column int, cell, padded string) string) string {
	widths := make([]int, len(t.Head))
	for _, row := range append([][]string{t.Head}, t.Rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(OneLine(cell)))
		}
	}
	var b strings.Builder
	line := func(n int, row []string) {
		var l strings.Builder
		for i, cell := range row {
			padded := OneLine(cell)
			if i < len(row)-1 {
				padded += strings.Repeat(" ", widths[i]-utf8.RuneCountInString(padded))
			}
			if paint != nil {
				padded = paint(n, i, cell, padded)
			}
			if i > 0 {
				l.WriteString("  ")
			}
			l.WriteString(padded)
		}
		b.WriteString(strings.TrimRight(l.String(), " "))
		b.WriteByte('\n')
	}
	line(-1, t.Head)
	for n, row := range t.Rows {
		line(n, row)
	}
	return b.String()
}

// OneLine replaces line breaks, control characters and what else is not
// printable by spaces, so that no text from elsewhere can disguise a line.
func OneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
}

// Block is OneLine for text of several lines: line breaks stay.
func Block(s string) string {
	lines := strings.Split(strings.ReplaceAll(strings.TrimRight(s, "\n"), "\t", "    "), "\n")
	for i, l := range lines {
		lines[i] = OneLine(l)
	}
	return strings.Join(lines, "\n")
}

// page is how wide text for people is, in characters, where it can be broken.
const page = 80

// wrapped writes text behind a head, broken between words at the width of a page;
// lines after the first begin below the text.
func wrapped(head, text string) string {
	indent := strings.Repeat(" ", utf8.RuneCountInString(head))
	room := page - len(indent)
	var b strings.Builder
	line := ""
	flush := func() {
		b.WriteString(strings.TrimRight(head+line, " ") + "\n")
		head, line = indent, ""
	}
	for _, word := range strings.Fields(OneLine(text)) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > room {
			flush()
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	flush()
	return b.String()
}
