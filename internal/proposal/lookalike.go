package proposal

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// slashes pass for the / that commands begin with.
var slashes = []rune{'/', '\u2044', '\u2215', '\u29F8', '\uFF0F', '\u2571', '\u27CB', '\u3033', '\u30CE'}

// addressed reports whether a line is meant for changectl: it begins with the word, or
// with what passes for it. What passes for it is refused later, not passed over.
func addressed(line string) bool {
	if line == "" || line[0] == ' ' || line[0] == '\t' {
		return false
	}
	word, _, _ := strings.Cut(strings.Map(space, line), " ")
	seen := strings.Map(func(r rune) rune {
		if hidden(r) || unicode.Is(unicode.M, r) {
			return -1
		}
		return r
	}, word)
	return strings.EqualFold(seen, commandWord) || passesFor(seen)
}

// space makes every kind of space the plain one.
func space(r rune) rune {
	if unicode.IsSpace(r) || unicode.Is(unicode.Z, r) {
		return ' '
	}
	return r
}

// passesFor reports whether a word is as long as the command's and differs from it
// only by what is not ASCII.
func passesFor(word string) bool {
	runes := []rune(word)
	if len(runes) != len(commandWord) || !slices.Contains(slashes, runes[0]) {
		return false
	}
	for i, r := range runes[1:] {
		if r < utf8.RuneSelf && unicode.ToLower(r) != rune(commandWord[i+1]) {
			return false
		}
	}
	return true
}

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}

// deceptive reports whether a line is not what it looks like: it holds what cannot be
// seen, turns the direction of writing, or mixes alphabets within a word.
func deceptive(line string) bool {
	if !utf8.ValidString(line) {
		return true
	}
	if strings.ContainsFunc(line, func(r rune) bool { return hidden(r) && !unicode.IsControl(r) }) {
		return true
	}
	word, _ := cut(line)
	return !ascii(word) || strings.ContainsFunc(word, unicode.IsControl) || slices.ContainsFunc(words(line), mixed)
}

// words are the runs of letters of a line.
func words(line string) []string {
	return strings.FieldsFunc(line, func(r rune) bool { return !unicode.IsLetter(r) })
}

// twins are the alphabets whose letters look like each other.
var twins = []*unicode.RangeTable{
	unicode.Latin, unicode.Cyrillic, unicode.Greek, unicode.Armenian, unicode.Cherokee, unicode.Coptic, unicode.Lisu,
}

// mixed reports whether a word is of more than one of the twins, or of letters that
// are others in another shape, such as those of full width or of mathematics.
func mixed(word string) bool {
	of := map[*unicode.RangeTable]bool{}
	for _, r := range word {
		if disguised(r) {
			return true
		}
		for _, t := range twins {
			if unicode.Is(t, r) {
				of[t] = true
			}
		}
	}
	return len(of) > 1
}

func disguised(r rune) bool {
	return r >= 0xFF01 && r <= 0xFF5E || r >= 0x1D400 && r <= 0x1D7FF || r >= 0x2100 && r <= 0x214F || r >= 0x1F100 && r <= 0x1F1AC
}
