package proposal

import (
	"fmt"
	"strings"

	"github.com/changectl/changectl/internal/change"
)

// The lengths at which text of others is cut, in characters.
const (
	titleLength    = 150
	sentenceLength = 300
	reasonLength   = 600
)

// shortened cuts a commit or a digest as people do.
func shortened(sha string) string {
	const characters = 12
	digest, found := strings.CutPrefix(sha, "sha256:")
	if len(digest) > characters {
		digest = digest[:characters]
	}
	if found {
		return "sha256:" + digest
	}
	return digest
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// listed writes the first few of a list, each as write says, and how many more there are.
func listed[T any](list []T, most int, sep string, write func(T) string) string {
	parts := make([]string, 0, most)
	for _, v := range list[:min(len(list), most)] {
		parts = append(parts, write(v))
	}
	s := strings.Join(parts, sep)
	if n := len(list) - most; n > 0 {
		s += sep + fmt.Sprintf("and %d more", n)
	}
	return s
}

// fewNames is how many systems or persons are named in a sentence.
const fewNames = 6

func codes[T ~string](list []T) string {
	return listed(list, fewNames, ", ", func(s T) string { return code(string(s)) })
}

// pathText writes a path through the catalog.
func pathText(path []change.Ref) string {
	return listed(path, fewNames, " → ", func(r change.Ref) string { return code(string(r)) })
}

// sentence is prose that ends as a sentence does.
func sentence(s string) string {
	s = prose(s, sentenceLength)
	if s == "" || strings.HasSuffix(s, ".") || strings.HasSuffix(s, "…") || strings.HasSuffix(s, "?") || strings.HasSuffix(s, "!") {
		return s
	}
	return s + "."
}

// sentences writes up to most sentences of a list.
func sentences(list []string, most int) []string {
	var out []string
	for _, s := range list[:min(len(list), most)] {
		out = append(out, sentence(s))
	}
	if n := len(list) - most; n > 0 {
		out = append(out, fmt.Sprintf("And %d more.", n))
	}
	return out
}

// upper begins a sentence of our own.
func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
