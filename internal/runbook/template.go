package runbook

import (
	"slices"
	"strings"

	"github.com/changectl/changectl/internal/change"
)

// opening begins an expression inside a text, closing ends it.
const (
	opening = "${{"
	closing = "}}"
)

// part is a piece of a text: literal text, or the CEL between ${{ and }}.
type part struct {
	text string
	cel  bool
}

// split cuts a text into its parts. Two neighbours are never both literal.
func split(s string) ([]part, error) {
	var parts []part
	for s != "" {
		before, rest, found := strings.Cut(s, opening)
		if before != "" {
			parts = append(parts, part{text: before})
		}
		if !found {
			break
		}
		n := endOf(rest)
		if n < 0 {
			return nil, change.Invalid("%s is not closed; expected %s after the expression", opening+shorten(rest), closing)
		}
		text := strings.TrimSpace(rest[:n])
		if text == "" {
			return nil, change.Invalid("an expression is empty; expected CEL, for example ${{ parameters.version }}")
		}
		parts = append(parts, part{text: text, cel: true})
		s = rest[n+len(closing):]
	}
	return parts, nil
}

// endOf finds the closing of an expression: outside of quotes and of the braces
// of map literals. It returns -1 without one.
func endOf(s string) int {
	depth := 0
	var quote byte
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case quote != 0 && c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '{':
			depth++
		case c == '}' && depth > 0:
			depth--
		case strings.HasPrefix(s[i:], closing):
			return i
		}
	}
	return -1
}

// assemble writes parts as the text that split would cut into them again. It
// refuses literal text that would be read as an expression: a value that was
// filled in must never become code.
func assemble(parts []part) (string, error) {
	var b strings.Builder
	var merged []part
	for _, p := range parts {
		if p.cel {
			b.WriteString(opening + " " + p.text + " " + closing)
			merged = append(merged, p)
			continue
		}
		b.WriteString(p.text)
		if n := len(merged); n > 0 && !merged[n-1].cel {
			merged[n-1].text += p.text
		} else if p.text != "" {
			merged = append(merged, p)
		}
	}
	again, err := split(b.String())
	if err != nil || !slices.Equal(again, merged) {
		return "", change.Invalid("a value that is filled in holds %s, which would be read as an expression", opening)
	}
	return b.String(), nil
}

func shorten(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "..."
	}
	return s
}
