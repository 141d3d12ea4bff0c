package execute

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/changectl/changectl/internal/change"
)

func TestSecretsAreMaskedInAllThatIsKept(t *testing.T) {
	const secret = `pä55 "word"/+&=!`
	script := `printf '%s\n' "$TOKEN"; printf '%s' "$TOKEN" | base64 -w0; echo; printf 'ab:%s' "$TOKEN" | base64 -w0 >&2; echo "failed with $TOKEN" >&2; exit 1`
	w := newWorld(t, step(action("command", m{"shell": script, "env": m{"TOKEN": "${{ secrets.token }}"}})))
	w.secrets["token"] = secret
	got := w.do(t, 0)
	if got.Outcome != change.FailedRun || !strings.Contains(got.Output, "***") || !strings.Contains(got.Message, "failed with ***") {
		t.Fatalf("%s (%s)\n%s", got.Outcome, got.Message, got.Output)
	}
	all, _ := json.Marshal(w.book.runs())
	for _, leak := range formsOf(secret) {
		if strings.Contains(string(all), leak) || strings.Contains(got.Output, leak) {
			t.Errorf("the ledger was given %q", leak)
		}
	}
}

func TestSecretsAreMaskedInValues(t *testing.T) {
	w := newWorld(t, step(action("command", m{
		"argv": []string{"echo", `{"token":"${{ secrets.token }}","list":["x${{ secrets.token }}"],"number":${{ secrets.pin }},"other":9007199254740993}`},
	})))
	w.secrets["token"], w.secrets["pin"] = "verysecret", "20481234"
	got := w.do(t, 0)
	values := string(got.Values)
	if strings.Contains(values, "verysecret") || strings.Contains(values, "20481234") {
		t.Errorf("the values hold a secret: %s", values)
	}
	if !strings.Contains(values, `"list":["x***"]`) || !strings.Contains(values, `"exit":0`) {
		t.Errorf("the values are %s; expected the rest to be left as it was", values)
	}
}

func TestMaskForms(t *testing.T) {
	const secret = "correct horse/battery"
	var m mask
	m.add(secret + "\n")
	basic := base64.StdEncoding.EncodeToString([]byte("admin:" + secret))
	for _, shown := range []string{
		secret, url.QueryEscape(secret), url.PathEscape(secret), hex.EncodeToString([]byte(secret)),
		base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret)),
	} {
		if got := m.text("<" + shown + ">"); strings.TrimRight(got, "=>") != "<"+masked {
			t.Errorf("%q is kept as %q", shown, got)
		}
	}
	if got := m.text(basic); got == basic || len(got) > len(basic)/2 {
		t.Errorf("basic authentication %q is kept as %q", basic, got)
	}
}

func TestTheLinesOfALongSecretAreMaskedSingly(t *testing.T) {
	var m mask
	m.add("-----BEGIN KEY-----\nMIIabcdefgh\nijklmnopqrs\nx\n")
	if got := m.text("line: ijklmnopqrs, x"); got != "line: ***, x" {
		t.Errorf("kept %q", got)
	}
}

func TestAnEmptySecretMasksNothing(t *testing.T) {
	var m mask
	m.add("\n")
	if got := m.text("text"); got != "text" || !m.empty() {
		t.Errorf("kept %q", got)
	}
}

// A secret that the cut of a bounded output goes through must not be left half.
func TestNoPieceOfASecretOutlivesACut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.StringMatching(`[A-Z]{8,20}`).Draw(t, "secret")
		noise := rapid.StringMatching(`[a-z]{0,60}`)
		text := noise.Draw(t, "before") + secret + noise.Draw(t, "between") + secret + noise.Draw(t, "after")
		b := newBounded(rapid.IntRange(2, 80).Draw(t, "limit"))
		for rest := []byte(text); len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "chunk")
			if w, err := b.Write(rest[:n]); w != n || err != nil {
				t.Fatalf("wrote %d, %v", w, err)
			}
			rest = rest[n:]
		}
		var m mask
		m.add(secret)
		if got := b.text(&m); strings.ContainsFunc(got, func(r rune) bool { return r >= 'A' && r <= 'Z' }) {
			t.Fatalf("kept %q of the secret %s", got, secret)
		}
	})
}

func TestBoundedKeepsHeadAndTail(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 64).Draw(t, "limit")
		b, text := newBounded(limit), ""
		for _, chunk := range rapid.SliceOf(rapid.StringMatching(`[a-z]{0,40}`)).Draw(t, "chunks") {
			text += chunk
			_, _ = b.Write([]byte(chunk))
		}
		head, tail := b.parts()
		if !strings.HasPrefix(text, head) || !strings.HasSuffix(text, tail) || len(head)+len(tail) != min(limit, len(text)) || b.cut() != int64(max(0, len(text)-limit)) {
			t.Fatalf("kept %q and %q of %q, cut %d", head, tail, text, b.cut())
		}
	})
}
