package identity

import "strings"

// matchList reports whether s matches a comma-separated list of patterns, in
// which a pattern with ! excludes whatever else matches.
// Source: PATTERNS in ssh_config(5).
func matchList(list, s string) bool {
	found := false
	for p := range strings.SplitSeq(list, ",") {
		negated := strings.HasPrefix(p, "!")
		if !match(strings.TrimPrefix(p, "!"), s) {
			continue
		}
		if negated {
			return false
		}
		found = true
	}
	return found
}

// match knows * (any run of characters) and ? (exactly one).
func match(pattern, s string) bool {
	star, mark := -1, 0
	p, i := 0, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, i
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == s[i]):
			p++
			i++
		case star >= 0: // let the last * swallow one more
			mark++
			p, i = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// isPattern reports whether a list of principals or namespaces is more than
// plain names.
func isPattern(list string) bool { return strings.ContainsAny(list, "*?!") }
