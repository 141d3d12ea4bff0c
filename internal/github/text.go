package github

import (
	"strings"
	"unicode/utf8"
)

// cut returns s in at most limit bytes, whole characters only; where something is left
// out, it ends in the closing text.
func cut(s string, limit int, closing string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= limit {
		return s
	}
	end := max(limit-len(closing), 0)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + closing
}

// leftOff ends a Markdown text that GitHub would not take whole.
const leftOff = "\n\n*Cut off here: GitHub takes no more.*"

// objectID reports whether s names a git object: 40 or 64 hexadecimal digits in
// lower case. Anything else could be the name of a branch, which moves.
func objectID(s string) bool {
	if len(s) != 40 && len(s) != 64 {
		return false
	}
	return strings.Trim(s, "0123456789abcdef") == ""
}
