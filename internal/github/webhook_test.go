package github_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/github"
)

var secret = []byte("It's a Secret to Everybody")

func mac(h func() hash.Hash, secret []byte, body string) string {
	m := hmac.New(h, secret)
	m.Write([]byte(body))
	return hex.EncodeToString(m.Sum(nil))
}

func signed(secret []byte, body string) string { return "sha256=" + mac(sha256.New, secret, body) }

func hookHeader(signature string) http.Header {
	return http.Header{"Content-Type": {"application/json"}, "X-Hub-Signature-256": {signature}}
}

// The example in GitHub's documentation.
func TestVerifyAcceptsTheDocumentedExample(t *testing.T) {
	h := hookHeader("sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")
	got, err := github.Verify(secret, h, strings.NewReader("Hello, World!"))
	if err != nil || string(got) != "Hello, World!" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestVerifyRefuses(t *testing.T) {
	const body = `{"zen":"z"}`
	for name, tc := range map[string]struct {
		alter func(http.Header)
		want  change.Kind
	}{
		"no signature":   {func(h http.Header) { h.Del("X-Hub-Signature-256") }, change.KindDenied},
		"two signatures": {func(h http.Header) { h.Add("X-Hub-Signature-256", signed(secret, body)) }, change.KindDenied},
		"SHA-1 only": {func(h http.Header) {
			h.Del("X-Hub-Signature-256")
			h.Set("X-Hub-Signature", "sha1="+mac(sha1.New, secret, body))
		}, change.KindDenied},
		"form":                   {func(h http.Header) { h.Set("Content-Type", "application/x-www-form-urlencoded") }, change.KindInvalid},
		"no content type":        {func(h http.Header) { h.Del("Content-Type") }, change.KindInvalid},
		"the secret of somebody": {func(h http.Header) { h.Set("X-Hub-Signature-256", signed([]byte("other"), body)) }, change.KindDenied},
	} {
		h := hookHeader(signed(secret, body))
		if _, err := github.Verify(secret, h, strings.NewReader(body)); err != nil {
			t.Fatalf("%s: before it is altered: %v", name, err)
		}
		tc.alter(h)
		_, err := github.Verify(secret, h, strings.NewReader(body))
		if got := change.KindOf(err); got != tc.want {
			t.Errorf("%s: %v of kind %q, want %q", name, err, got, tc.want)
		}
	}
}

func TestVerifyTellsWhatItCannotRead(t *testing.T) {
	broken := errors.New("the line is cut")
	_, err := github.Verify(secret, hookHeader(signed(secret, "")), iotest.ErrReader(broken))
	if !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
}

func TestVerifyTakesTheLargestPayloadAndNoLarger(t *testing.T) {
	for size, want := range map[int]change.Kind{github.MaxPayload: "", github.MaxPayload + 1: change.KindInvalid} {
		body := strings.Repeat(" ", size)
		_, err := github.Verify(secret, hookHeader(signed(secret, body)), strings.NewReader(body))
		if got := change.KindOf(err); got != want || (want == "" && err != nil) {
			t.Errorf("%d bytes: %v of kind %q, want %q", size, err, got, want)
		}
	}
}

func TestReceiverTakesEitherSecretWhileOneReplacesTheOther(t *testing.T) {
	r, err := github.NewReceiver([]byte("new"), []byte("old"))
	if err != nil {
		t.Fatal(err)
	}
	body := string(example(t, github.PullRequest, "opened"))
	for secret, want := range map[string]change.Kind{"new": "", "old": "", "older": change.KindDenied} {
		h := hookHeader(signed([]byte(secret), body))
		h.Set("X-GitHub-Event", "pull_request")
		h.Set("X-GitHub-Delivery", "guid-1")
		e, err := r.Receive(h, strings.NewReader(body))
		if got := change.KindOf(err); got != want {
			t.Errorf("%s: %v of kind %q, want %q", secret, err, got, want)
		}
		if want == "" && (e.Delivery != "guid-1" || !slices.Equal(e.Pulls, []int{2})) {
			t.Errorf("%s: got %+v", secret, e)
		}
	}
}

// forgery makes a header for a body that was not signed for it, and the body.
type forgery func(r *rand.Rand, body string) (http.Header, string)

func flip(r *rand.Rand, s string) string {
	b := []byte(s)
	i := r.IntN(len(b))
	b[i] ^= 1 << r.IntN(8)
	return string(b)
}

// flipDigit changes one digit of a signature into another.
func flipDigit(r *rand.Rand, s string) string {
	b := []byte(s)
	i := len("sha256=") + r.IntN(64)
	for was := b[i]; b[i] == was; {
		b[i] = "0123456789abcdef"[r.IntN(16)]
	}
	return string(b)
}

func random(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return string(b)
}

var forgeries = map[string]forgery{
	"missing": func(_ *rand.Rand, b string) (http.Header, string) {
		h := hookHeader("")
		h.Del("X-Hub-Signature-256")
		return h, b
	},
	"empty":       func(_ *rand.Rand, b string) (http.Header, string) { return hookHeader(""), b },
	"prefix only": func(_ *rand.Rand, b string) (http.Header, string) { return hookHeader("sha256="), b },
	"digit changed": func(r *rand.Rand, b string) (http.Header, string) {
		return hookHeader(flipDigit(r, signed(secret, b))), b
	},
	"body changed": func(r *rand.Rand, b string) (http.Header, string) { return hookHeader(signed(secret, b)), flip(r, b) },
	"body longer": func(r *rand.Rand, b string) (http.Header, string) {
		return hookHeader(signed(secret, b)), b + random(r, 1)
	},
	"body shorter": func(_ *rand.Rand, b string) (http.Header, string) { return hookHeader(signed(secret, b)), b[1:] },
	"truncated": func(r *rand.Rand, b string) (http.Header, string) {
		s := signed(secret, b)
		return hookHeader(s[:7+r.IntN(64)]), b
	},
	"extended":  func(_ *rand.Rand, b string) (http.Header, string) { return hookHeader(signed(secret, b) + "00"), b },
	"no prefix": func(_ *rand.Rand, b string) (http.Header, string) { return hookHeader(mac(sha256.New, secret, b)), b },
	"other prefix": func(_ *rand.Rand, b string) (http.Header, string) {
		return hookHeader("SHA256=" + mac(sha256.New, secret, b)), b
	},
	"other secret": func(r *rand.Rand, b string) (http.Header, string) {
		return hookHeader(signed([]byte(random(r, 20)), b)), b
	},
	"empty secret": func(_ *rand.Rand, b string) (http.Header, string) { return hookHeader(signed(nil, b)), b },
	"noise": func(r *rand.Rand, b string) (http.Header, string) {
		return hookHeader("sha256=" + hex.EncodeToString([]byte(random(r, 32)))), b
	},
	"raw noise": func(r *rand.Rand, b string) (http.Header, string) { return hookHeader(random(r, r.IntN(80))), b },
	"zeros": func(_ *rand.Rand, b string) (http.Header, string) {
		return hookHeader("sha256=" + strings.Repeat("0", 64)), b
	},
	"SHA-1 within": func(_ *rand.Rand, b string) (http.Header, string) {
		return hookHeader("sha1=" + mac(sha1.New, secret, b)), b
	},
	"SHA-1 padded": func(_ *rand.Rand, b string) (http.Header, string) {
		return hookHeader("sha256=" + mac(sha1.New, secret, b) + strings.Repeat("0", 24)), b
	},
	"SHA-512 within": func(_ *rand.Rand, b string) (http.Header, string) {
		return hookHeader("sha512=" + mac(sha512.New, secret, b)), b
	},
	"SHA-512 cut": func(_ *rand.Rand, b string) (http.Header, string) {
		return hookHeader("sha256=" + mac(sha512.New, secret, b)[:64]), b
	},
	"digest unkeyed": func(_ *rand.Rand, b string) (http.Header, string) {
		return hookHeader(fmt.Sprintf("sha256=%x", sha256.Sum256([]byte(b)))), b
	},
	"of another body": func(r *rand.Rand, b string) (http.Header, string) {
		return hookHeader(signed(secret, b+random(r, 8))), b
	},
	"doubled": func(_ *rand.Rand, b string) (http.Header, string) {
		h := hookHeader(signed(secret, b))
		h.Add("X-Hub-Signature-256", "sha256="+strings.Repeat("0", 64))
		return h, b
	},
	"SHA-1 only": func(_ *rand.Rand, b string) (http.Header, string) {
		h := hookHeader("")
		h.Del("X-Hub-Signature-256")
		h.Set("X-Hub-Signature", "sha1="+mac(sha1.New, secret, b))
		return h, b
	},
}

func TestNoForgedSignatureIsAccepted(t *testing.T) {
	const attempts = 10_000
	r := rand.New(rand.NewPCG(20270306, 1))
	var names []string
	for name := range forgeries {
		names = append(names, name)
	}
	slices.Sort(names)
	successes, controls := 0, 0
	for i := range attempts {
		body := `{"action":"` + hex.EncodeToString([]byte(random(r, 1+r.IntN(200)))) + `"}`
		name := names[i%len(names)]
		header, sent := forgeries[name](r, body)
		if got, err := github.Verify(secret, header, strings.NewReader(sent)); err == nil || got != nil {
			successes++
			t.Errorf("%s: accepted with %v", name, header)
		}
		if got, err := github.Verify(secret, hookHeader(signed(secret, body)), strings.NewReader(body)); err == nil && bytes.Equal(got, []byte(body)) {
			controls++
		}
	}
	t.Logf("forged webhooks: %d attempts in %d ways, %d accepted; rightly signed: %d of %d accepted", attempts, len(names), successes, controls, attempts)
	if successes != 0 || controls != attempts {
		t.Errorf("%d forged ones were accepted, %d of %d right ones", successes, controls, attempts)
	}
}
