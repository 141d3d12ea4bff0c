package icalendar

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/changectl/changectl/internal/change"
)

// property is a content line: name, parameters, value (RFC 5545 3.1, 3.2).
type property struct {
	line       int
	name       string // upper case
	parameters []parameter
	value      string // as it was written
}

type parameter struct{ name, value string } // name in upper case; of several values all, with commas

func parse(text string, line int) (property, error) {
	end := strings.IndexFunc(text, func(r rune) bool { return !nameRune(r) })
	if end <= 0 || (text[end] != ':' && text[end] != ';') {
		return property{}, change.Invalid("%s is not a line of a calendar", quoted(text)).
			WithHint("a line is NAME:VALUE; one that continues the line before begins with a space")
	}
	p := property{line: line, name: strings.ToUpper(text[:end])}
	rest := text[end:]
	for rest[0] == ';' {
		name, after, found := strings.Cut(rest[1:], "=")
		if !found || strings.ContainsFunc(name, func(r rune) bool { return !nameRune(r) }) {
			return property{}, change.Invalid("%s has a parameter without a value: %s", p.name, quoted(rest))
		}
		value, left := parameterValue(after)
		if left == "" || (left[0] != ';' && left[0] != ':') {
			return property{}, change.Invalid("%s ends in the middle of its parameter %s", p.name, quoted(name))
		}
		p.parameters = append(p.parameters, parameter{strings.ToUpper(name), value})
		rest = left
	}
	p.value = rest[1:]
	return p, nil
}

func nameRune(r rune) bool {
	return r == '-' || r == '_' || (r >= '0' && r <= '9') || (r >= 'A' && r <= 'Z') || (r >= 'a' && r <= 'z')
}

// parameterValue returns what stands before the next ; or : outside of quotes,
// without the quotes, and the rest.
func parameterValue(s string) (value, rest string) {
	inQuotes := false
	end := strings.IndexFunc(s, func(r rune) bool {
		if r == '"' {
			inQuotes = !inQuotes
		}
		return !inQuotes && (r == ';' || r == ':')
	})
	if end < 0 {
		return "", ""
	}
	return circumflex.Replace(strings.ReplaceAll(s[:end], `"`, "")), s[end:]
}

// circumflex undoes the encoding of parameter values (RFC 6868).
var circumflex = strings.NewReplacer("^n", "\n", "^^", "^", "^'", `"`)

// parameter returns the value of a parameter, or "".
func (p property) parameter(name string) string {
	for _, q := range p.parameters {
		if q.name == name {
			return q.value
		}
	}
	return ""
}

// backslash undoes the escapes of TEXT (RFC 5545 3.3.11).
var backslash = strings.NewReplacer(`\\`, `\`, `\;`, ";", `\,`, ",", `\n`, "\n", `\N`, "\n")

// text returns a TEXT value of at most so many bytes. What is longer is cut.
func (p property) text(most int) string { return clip(plain(backslash.Replace(p.value)), most) }

// label returns a TEXT value that stands on one line.
func (p property) label(most int) string {
	return oneLine(backslash.Replace(p.value), most)
}

func oneLine(s string, most int) string {
	return clip(strings.Join(strings.Fields(plain(s)), " "), most)
}

// key returns a TEXT value that something is told apart by, and so is never cut.
func (p property) key(most int) (string, error) {
	s := strings.TrimSpace(plain(backslash.Replace(p.value)))
	if len(s) > most {
		return "", change.Invalid("%s is %d bytes long; at most %d are read", p.name, len(s), most)
	}
	return strings.Clone(s), nil
}

// plain takes out control characters, which would act on a terminal, and the marks
// that turn the direction of text around.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case unicode.IsControl(r):
			return ' '
		case unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, s)
}

// clip cuts s between characters. The copy lets go of the line that s is part of.
func clip(s string, most int) string {
	s = strings.TrimSpace(s)
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "..."
	}
	return strings.Clone(s)
}

// quoted shows the beginning of something foreign on one line.
func quoted(s string) string {
	if len(s) > 60 {
		s = strings.ToValidUTF8(s[:60], "") + "..."
	}
	return fmt.Sprintf("%q", s)
}
