package identity_test

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/identity"
)

func TestATokenNamesItsPerson(t *testing.T) {
	alice, aliceLine := identity.NewToken("user:alice", time.Time{})
	bob, bobLine := identity.NewToken("user:bob", noon)
	file := filepath.Join(t.TempDir(), "tokens")
	write(t, file, "# people\n\n"+aliceLine+" # laptop\n"+bobLine+"\n", 0o644)
	var tokens identity.Tokens
	if err := tokens.Load(file); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(alice))
	tests := map[string]struct {
		token  string
		at     time.Time
		person change.Ref
		want   string
	}{
		"known":          {alice, noon, "user:alice", ""},
		"in time":        {bob, noon.Add(-time.Second), "user:bob", ""},
		"expired":        {bob, noon, "", "the token of user:bob expired at 2027-03-06T12:00:00Z"},
		"unknown":        {alice + "x", noon, "", "the token is not known here"},
		"empty":          {"", noon, "", "the token is not known here"},
		"its own digest": {hex.EncodeToString(sum[:]), noon, "", "the token is not known here"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := tokens.Authenticate(tt.token, tt.at)
			if got != tt.person {
				t.Errorf("got %q, want %q", got, tt.person)
			}
			if tt.want != "" {
				refused(t, err, change.KindDenied, tt.want)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	write(t, file, aliceLine+"\n", 0o644)
	_, err := tokens.Authenticate(bob, noon.Add(-time.Second))
	refused(t, err, change.KindDenied, "the token is not known here")
	_, err = new(identity.Tokens).Authenticate(alice, noon)
	refused(t, err, change.KindUnavailable, "no file of tokens is configured")
}

func TestTokensAreLongAndUnlike(t *testing.T) {
	shape := regexp.MustCompile(`^cctl_[A-Za-z0-9_-]{43}$`)
	seen := map[string]bool{}
	for range 100 {
		text, line := identity.NewToken("user:alice", time.Time{})
		if !shape.MatchString(text) || seen[text] || strings.Contains(line, text) {
			t.Fatalf("%s in the line %s", text, line)
		}
		seen[text] = true
	}
}

func TestEveryProblemOfATokensFileHasItsLine(t *testing.T) {
	_, good := identity.NewToken("user:alice", time.Time{})
	digest, _, _ := strings.Cut(good, " ")
	tests := map[string]struct{ in, want string }{
		"no person":     {"\n" + digest, ":2: has 1 fields; expected sha256:HEX user:NAME"},
		"clear token":   {"cctl_abc user:alice", ":1: does not begin with sha256: and the 64 hexadecimal digits"},
		"short digest":  {digest[:70] + " user:alice", ":1: does not begin with sha256:"},
		"not hex":       {digest[:70] + "g user:alice", ":1: does not begin with sha256:"},
		"no kind":       {digest + " alice", `:1: names "alice"; expected a person, such as user:alice`},
		"a group":       {digest + " group:dba", `:1: names "group:dba"`},
		"not a time":    {good + " expires tomorrow", `:1: expires "tomorrow"; expected a time such as`},
		"other keyword": {good + " until 2027-12-31T00:00:00Z", ":1: has 4 fields"},
		"no expiry":     {good + " expires", ":1: has 3 fields"},
		"twice":         {good + "\n" + digest + " user:bob", ":2: lists the token of line 1 again"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "tokens")
			write(t, file, tt.in, 0o600)
			refused(t, new(identity.Tokens).Load(file), change.KindInvalid, file+tt.want)
		})
	}
}
