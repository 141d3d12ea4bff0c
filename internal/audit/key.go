package audit

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/changectl/changectl/internal/change"
)

const originPrefix = "changectl/"

var instancePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)

// Origin returns the first line of the checkpoints of an instance, which is also
// the name of its key.
func Origin(instance string) string { return originPrefix + instance }

// Key signs checkpoints (Ed25519, in the format of golang.org/x/mod/sumdb/note).
// It prints as its public half.
type Key struct {
	signer note.Signer
	secret string
	public string
}

// GenerateKey returns a new key for an instance. The instance's name is letters,
// digits, dots, dashes and underscores.
func GenerateKey(instance string) (Key, error) {
	if !instancePattern.MatchString(instance) {
		return Key{}, change.Invalid("%q cannot be the name of an instance", instance).
			WithHint("use at most 63 letters, digits, dots, dashes and underscores, beginning with a letter or digit")
	}
	secret, _, err := note.GenerateKey(rand.Reader, Origin(instance))
	if err != nil {
		return Key{}, fmt.Errorf("generate log key: %w", err)
	}
	return ParseKey(secret)
}

// ParseKey reads what Secret returned.
func ParseKey(secret string) (Key, error) {
	secret = strings.TrimSpace(secret)
	signer, err := note.NewSigner(secret)
	if err != nil {
		return Key{}, badKey()
	}
	public, err := publicOf(signer.Name(), secret)
	if err != nil {
		return Key{}, err
	}
	return Key{signer: signer, secret: secret, public: public}, nil
}

// publicOf derives the verifier's text from PRIVATE+KEY+name+hash+base64(1, seed).
func publicOf(name, secret string) (string, error) {
	parts := strings.SplitN(secret, "+", 5) // the last of them may hold a plus itself
	if len(parts) != 5 {
		return "", badKey()
	}
	data, err := base64.StdEncoding.DecodeString(parts[4])
	if err != nil || len(data) != 1+ed25519.SeedSize {
		return "", badKey()
	}
	pub, ok := ed25519.NewKeyFromSeed(data[1:]).Public().(ed25519.PublicKey)
	if !ok {
		return "", badKey()
	}
	public, err := note.NewEd25519VerifierKey(name, pub)
	if err != nil {
		return "", fmt.Errorf("derive log verifier: %w", err)
	}
	return public, nil
}

func badKey() error {
	return change.Invalid("the log key is not a note signing key").
		WithHint("give the text that begins with PRIVATE+KEY+%s", originPrefix)
}

// Secret returns the key as text to keep in a file that only the service reads.
func (k Key) Secret() string { return k.secret }

// Verifier returns the text with which others check what k signed.
func (k Key) Verifier() string { return k.public }

// Instance returns the name of the instance that k belongs to.
func (k Key) Instance() string {
	if k.IsZero() {
		return ""
	}
	return strings.TrimPrefix(k.signer.Name(), originPrefix)
}

// IsZero reports whether k is no key at all.
func (k Key) IsZero() bool { return k.signer == nil }

// String returns the public half, so that the secret is not printed by accident.
func (k Key) String() string { return k.public }

// GoString returns the public half, so that the secret is not printed by accident.
func (k Key) GoString() string { return "audit.Key(" + k.public + ")" }
