package execute

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// masked stands where a secret stood.
const masked = "***"

// mask knows the secrets that a run was given and hides them in all that is kept
// of it: as they are, and in the encodings in which programs commonly print them.
type mask struct {
	mu    sync.Mutex
	forms []string
}

// add makes a secret known. Each longer line of a secret with several lines,
// such as a key, counts on its own too.
func (m *mask) add(secret string) {
	secret = strings.TrimRight(secret, "\r\n")
	if secret == "" {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	forms := append(slices.Clone(m.forms), formsOf(secret)...)
	const telling = 8
	for line := range strings.Lines(secret) {
		if line = strings.TrimSpace(line); len(line) >= telling && line != secret {
			forms = append(forms, formsOf(line)...)
		}
	}
	slices.Sort(forms)
	m.forms = slices.Compact(forms)
}

func formsOf(s string) []string {
	quoted, _ := json.Marshal(s)
	forms := []string{
		s, readable(s), url.QueryEscape(s), url.PathEscape(s),
		strings.Trim(string(quoted), `"`),
		strings.ReplaceAll(url.QueryEscape(s), "+", "%20"),
	}
	const telling = 6 // the encodings of shorter ones would hide ordinary text
	if len(s) < telling {
		return forms
	}
	forms = append(forms, hex.EncodeToString([]byte(s)), strings.ToUpper(hex.EncodeToString([]byte(s))))
	for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		forms = append(forms, e.EncodeToString([]byte(s)))
		for shift := range 3 {
			forms = append(forms, within(e, s, shift))
		}
	}
	return forms
}

// within returns the characters that every base64 text holds in which s stands
// after a number of bytes that leaves the remainder shift when divided by three,
// as in the basic authentication of HTTP.
func within(e *base64.Encoding, s string, shift int) string {
	all := e.EncodeToString([]byte(strings.Repeat("\x00", shift) + s))
	start := (8*shift + 5) / 6
	end := 8 * (shift + len(s)) / 6
	return all[start:end]
}

// text hides every known secret in s.
func (m *mask) text(s string) string { return m.hide(s, false, false) }

// hide replaces all that belongs to a secret. At an end of s where a text was
// cut, the piece of a secret that may have stood across the cut goes too.
func (m *mask) hide(s string, cutBefore, cutAfter bool) string {
	m.mu.Lock()
	forms := m.forms
	m.mu.Unlock()
	var spans []span
	for _, f := range forms {
		for from := 0; ; {
			i := strings.Index(s[from:], f)
			if i < 0 {
				break
			}
			spans = append(spans, span{from + i, from + i + len(f)})
			from += i + 1
		}
		if n := overlap(f, s); cutBefore && n > 0 {
			spans = append(spans, span{0, n})
		}
		if n := overlap(s, f); cutAfter && n > 0 {
			spans = append(spans, span{len(s) - n, len(s)})
		}
	}
	return cover(s, spans)
}

// span is a part of a text, from its first byte to behind its last.
type span struct{ from, to int }

// cover replaces the spans of s, and those that touch each other as one.
func cover(s string, spans []span) string {
	if len(spans) == 0 {
		return s
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var b strings.Builder
	done := -1
	for _, p := range spans {
		if p.from > done {
			b.WriteString(s[max(done, 0):p.from] + masked)
		}
		done = max(done, p.to)
	}
	return b.String() + s[done:]
}

// overlap returns the length of the longest end of a that b begins with.
func overlap(a, b string) int {
	for n := min(len(a), len(b)); n > 0; n-- {
		if strings.HasPrefix(b, a[len(a)-n:]) {
			return n
		}
	}
	return 0
}

// value hides every known secret in the texts, keys and numbers of a JSON-able
// value, and returns a copy.
func (m *mask) value(v any) any {
	switch v := v.(type) {
	case string:
		return readable(m.text(v))
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[m.text(k)] = m.value(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = m.value(e)
		}
		return out
	case bool, nil:
		return v
	}
	b, err := json.Marshal(v)
	if err != nil {
		return masked
	}
	if s := string(b); m.text(s) != s {
		return masked
	}
	return v
}

// empty reports whether no secret is known.
func (m *mask) empty() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.forms) == 0
}
