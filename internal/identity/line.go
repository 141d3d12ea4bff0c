package identity

import (
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/changectl/changectl/internal/change"
)

// signer is one line of an allowed_signers file.
type signer struct {
	line          int
	principals    string // pattern list
	namespaces    string // pattern list without patterns, never empty
	authority     bool   // cert-authority: it signs certificates, not statements
	after, before time.Time
	key           ssh.PublicKey
}

// parseSigner reads one line. Source: ALLOWED SIGNERS in ssh-keygen(1).
func parseSigner(text string) (signer, error) {
	var s signer
	fields, err := splitFields(text)
	if err != nil {
		return s, err
	}
	if len(fields) < 3 {
		return s, fmt.Errorf("has %d fields; expected principals, options, type of the key, key", len(fields))
	}
	s.principals, fields = strings.Trim(fields[0], `"`), fields[1:]
	if !isKeyType(fields[0]) {
		if err := s.options(fields[0]); err != nil {
			return s, err
		}
		fields = fields[1:]
	}
	if len(fields) < 2 {
		return s, fmt.Errorf("has no key; expected its type, such as ssh-ed25519, and its text after the options")
	}
	if s.key, err = parseKey(fields[0], fields[1]); err != nil {
		return s, err
	}
	return s, s.sound()
}

// sound checks what a line must say to be of use for statements.
func (s signer) sound() error {
	switch {
	case s.namespaces == "":
		return fmt.Errorf("has no namespaces; write namespaces=%q before the key, so that a signature made for something else never counts", Namespace)
	case isPattern(s.namespaces):
		return fmt.Errorf("has the pattern %q as namespaces; write the names out, such as namespaces=%q", s.namespaces, Namespace)
	case !s.before.IsZero() && !s.before.After(s.after):
		return fmt.Errorf("is never valid: valid-before is not later than valid-after")
	case !s.forStatements():
		return nil
	case !s.authority && isPattern(s.principals):
		return fmt.Errorf("has the pattern %q as principals; a key is one person's, so write the name, such as user:alice (patterns go with cert-authority)", s.principals)
	case !s.authority && len(users(s.names())) > 1:
		return fmt.Errorf("lists one key for several persons, %s; a key is one person's, so give each a line with a key of their own", s.principals)
	}
	if err := acceptable(s.key); err != nil {
		return err
	}
	return nil
}

func (s signer) forStatements() bool { return matchList(s.namespaces, Namespace) }

// valid returns why the line does not hold at a time, or nil. Both ends belong to
// the time in which it holds, as for OpenSSH.
func (s signer) valid(at time.Time) *change.Error {
	switch {
	case !s.after.IsZero() && at.Before(s.after):
		return change.Denied("the key is only valid from %s on", s.after.Format(time.RFC3339))
	case !s.before.IsZero() && at.After(s.before):
		return change.Denied("the key was only valid until %s", s.before.Format(time.RFC3339))
	}
	return nil
}

func isKeyType(field string) bool {
	for _, prefix := range []string{"ssh-", "ecdsa-", "sk-", "webauthn-", "rsa-"} {
		if strings.HasPrefix(field, prefix) {
			return true
		}
	}
	return false
}

func parseKey(kind, text string) (ssh.PublicKey, error) {
	blob, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("has a key that is not base64: %w", err)
	}
	k, err := ssh.ParsePublicKey(blob)
	if err != nil {
		return nil, fmt.Errorf("has a key that cannot be read: %w", err)
	}
	if k.Type() != kind {
		return nil, fmt.Errorf("says %s, but its key is of the type %s", kind, k.Type())
	}
	if _, isCert := k.(*ssh.Certificate); isCert {
		return nil, fmt.Errorf("holds a certificate; write the authority's public key with the option cert-authority instead")
	}
	return k, nil
}

// splitFields splits at blanks that are not between double quotes.
func splitFields(text string) ([]string, error) {
	quoted := false
	fields := strings.FieldsFunc(text, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return !quoted && (r == ' ' || r == '\t')
	})
	if quoted {
		return nil, fmt.Errorf("has a double quote that is not closed")
	}
	return fields, nil
}
