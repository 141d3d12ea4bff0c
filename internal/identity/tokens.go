package identity

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/changectl/changectl/internal/change"
)

// tokenPrefix makes tokens easy to find where they do not belong.
const tokenPrefix = "cctl_"

// Tokens are the bearer tokens of the API. The file holds their digests, never
// the tokens, one a line:
//
//	sha256:HEX user:alice [expires 2027-12-31T00:00:00Z] [# comment]
//
// The zero value knows no token; Load names the file. It may be used by many
// goroutines.
type Tokens struct {
	once sync.Once
	file watched[[]token]
}

type token struct {
	digest  [sha256.Size]byte
	person  change.Ref
	expires time.Time // zero: never
}

// NewToken makes a token for a person, and the line of the file that stands for
// it. A zero time never expires. The token is not kept anywhere.
func NewToken(person change.Ref, expires time.Time) (text, line string) {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails; crypto/rand ends the program instead
	text = tokenPrefix + base64.RawURLEncoding.EncodeToString(secret)
	sum := sha256.Sum256([]byte(text))
	line = "sha256:" + hex.EncodeToString(sum[:]) + " " + string(person)
	if !expires.IsZero() {
		line += " expires " + expires.UTC().Format(time.RFC3339)
	}
	return text, line
}

// Load reads the file and remembers where it is; Authenticate reads it again
// whenever it differs. All that is wrong in it is reported at once, with file and
// line.
func (t *Tokens) Load(file string) error { return t.source().load(file) }

// Authenticate returns whose token it is at the time now. The errors are Denied,
// or Unavailable when the file cannot be used.
func (t *Tokens) Authenticate(text string, now time.Time) (change.Ref, error) {
	known, err := t.source().get()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(text))
	var found *token
	for i := range known { // to the end, whichever it is
		if subtle.ConstantTimeCompare(known[i].digest[:], sum[:]) == 1 {
			found = &known[i]
		}
	}
	switch {
	case found == nil:
		return "", change.Denied("the token is not known here").
			WithHint("look at CHANGECTL_TOKEN_FILE or --profile; who runs the service hands out tokens")
	case !found.expires.IsZero() && !now.Before(found.expires):
		return "", change.Denied("the token of %s expired at %s", found.person, found.expires.UTC().Format(time.RFC3339)).
			WithHint("have a new one made")
	}
	return found.person, nil
}

func (t *Tokens) source() *watched[[]token] {
	t.once.Do(func() { t.file.what, t.file.parse = "tokens", parseTokens })
	return &t.file
}

func parseTokens(file string, b []byte) ([]token, error) {
	var all []token
	var problems []error
	seen := map[[sha256.Size]byte]int{}
	for i, text := range strings.Split(string(b), "\n") {
		text, _, _ = strings.Cut(text, "#")
		fields := strings.Fields(text)
		if len(fields) == 0 {
			continue
		}
		t, err := parseToken(fields)
		if first := seen[t.digest]; err == nil && first > 0 {
			err = fmt.Errorf("lists the token of line %d again", first)
		}
		if err != nil {
			problems = append(problems, change.Invalid("%s:%d: %w", file, i+1, err))
			continue
		}
		seen[t.digest] = i + 1
		all = append(all, t)
	}
	return all, errors.Join(problems...)
}

func parseToken(fields []string) (token, error) {
	var t token
	if len(fields) != 2 && (len(fields) != 4 || fields[2] != "expires") {
		return t, fmt.Errorf("has %d fields; expected sha256:HEX user:NAME [expires 2027-12-31T00:00:00Z] [# comment]", len(fields))
	}
	text, ok := strings.CutPrefix(fields[0], "sha256:")
	digest, err := hex.DecodeString(text)
	if !ok || err != nil || len(digest) != sha256.Size {
		return t, fmt.Errorf("does not begin with sha256: and the 64 hexadecimal digits of a token's digest")
	}
	t.digest = [sha256.Size]byte(digest)
	if t.person, err = change.ParseRef(fields[1], ""); err != nil || t.person.Kind() != "user" {
		return t, fmt.Errorf("names %q; expected a person, such as user:alice", fields[1])
	}
	if len(fields) == 4 {
		if t.expires, err = time.Parse(time.RFC3339, fields[3]); err != nil {
			return t, fmt.Errorf("expires %q; expected a time such as 2027-12-31T00:00:00Z", fields[3])
		}
	}
	return t, nil
}
