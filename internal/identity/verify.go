package identity

import (
	"bytes"
	"encoding/pem"
	"strings"
	"time"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"github.com/changectl/changectl/internal/change"
)

// maxSignature is the largest signature that is looked at, in bytes.
const maxSignature = 64 << 10

// Verified is a statement of which it is certain who signed it.
type Verified struct {
	Statement change.Statement
	// Principals are the names that the signers file, or the certificate within
	// the limits of that file, gives to the key: never none, and never two users.
	Principals []string
	// Fingerprint is the SHA256: fingerprint of the key that signed; for a
	// certificate, of the key in it.
	Fingerprint string
	// Authority is the fingerprint of the authority that issued the certificate
	// of the key, empty for a key that is listed itself.
	Authority string
}

// Verify checks that the signature is over exactly the bytes of the statement, in
// the namespace "changectl", by a key that counts at the time at, and that the
// bytes are the canonical JSON of a Statement without anything else in it: what
// was shown is what was signed. It does not compare the statement with anything;
// see Check. Errors are Denied, or Unavailable when the signers file cannot be
// used.
func (s *Signers) Verify(signed change.SignedStatement, at time.Time) (Verified, error) {
	lines, err := s.source().get()
	if err != nil {
		return Verified{}, err
	}
	sig, err := parseSignature(signed.Signature)
	if err != nil {
		return Verified{}, err
	}
	if err := soundSignature(signed.Statement, sig); err != nil {
		return Verified{}, err
	}
	v, err := trust(lines, sig.PublicKey, at)
	if err != nil {
		return Verified{}, err
	}
	v.Statement, err = parseStatement(signed.Statement)
	if err != nil {
		return Verified{}, err
	}
	return v, nil
}

// parseSignature reads an armored signature and nothing around it.
func parseSignature(text string) (*sshsig.Signature, error) {
	const hint = "sign with changectl, or with ssh-keygen -Y sign -n " + Namespace
	text = strings.TrimSpace(text)
	if len(text) > maxSignature || !strings.HasPrefix(text, "-----BEGIN "+sshsig.PEMType) {
		return nil, change.Denied("the signature is not an armored SSH signature").WithHint(hint)
	}
	block, rest := pem.Decode([]byte(text))
	if block == nil || block.Type != sshsig.PEMType || len(block.Headers) > 0 || len(bytes.TrimSpace(rest)) > 0 {
		return nil, change.Denied("the signature is damaged or cut off; expected one whole block of armored text").WithHint(hint)
	}
	sig, err := sshsig.ParseSignature(block.Bytes)
	if err != nil {
		return nil, change.Denied("the signature cannot be read: %w", err).WithHint(hint)
	}
	if !bytes.Equal(sig.Marshal(), block.Bytes) {
		return nil, change.Denied("the signature carries more than a signature").WithHint(hint)
	}
	return sig, nil
}

// soundSignature checks everything that needs no knowledge of persons.
func soundSignature(message []byte, sig *sshsig.Signature) error {
	if sig.Namespace != Namespace {
		return change.Denied("the signature was made for the namespace %q; expected %q", sig.Namespace, Namespace).
			WithHint("sign with ssh-keygen -Y sign -n %s", Namespace)
	}
	key, needsPIN := sig.PublicKey, false
	if c, ok := key.(*ssh.Certificate); ok {
		if err := soundCert(c); err != nil {
			return err
		}
		key = c.Key
		_, needsPIN = c.CriticalOptions[verifyRequired]
	}
	for _, err := range []*change.Error{
		acceptable(key), acceptableAlgorithm(key, sig.Signature), touched(key, sig.Signature, needsPIN),
	} {
		if err != nil {
			return err
		}
	}
	if err := sshsig.Verify(bytes.NewReader(message), sig, sig.PublicKey, sig.HashAlgorithm, Namespace); err != nil {
		return change.Denied("the signature by the key %s does not belong to this statement: one of them was altered (%w)",
			ssh.FingerprintSHA256(key), err).WithHint("sign the statement again")
	}
	return nil
}

// trust finds whose key it is.
func trust(lines []signer, key ssh.PublicKey, at time.Time) (Verified, error) {
	v := Verified{Fingerprint: ssh.FingerprintSHA256(key)}
	cert, isCert := key.(*ssh.Certificate)
	wanted := key
	if isCert {
		v.Fingerprint, wanted = ssh.FingerprintSHA256(cert.Key), cert.SignatureKey
		v.Authority = ssh.FingerprintSHA256(wanted)
	}
	refused := change.Denied("the key %s is not among the allowed signers", v.Fingerprint).
		WithHint("have it added to the allowed signers, or sign with the key that is listed there")
	if isCert {
		refused.Message = "the certificate of the key " + v.Fingerprint + " was issued by " + v.Authority +
			", which is no authority among the allowed signers"
	}
	for _, line := range lines {
		if line.authority != isCert || !sameKey(line.key, wanted) {
			continue
		}
		names, err := line.speaksFor(cert, at)
		if people := users(names); len(people) > 1 {
			err = shared(v.Fingerprint, people)
		}
		if err == nil {
			v.Principals = names
			return v, nil
		}
		refused = err
	}
	return Verified{}, refused
}

// speaksFor returns the names that the line gives to a signature at a time; the
// certificate is nil for a key that is listed itself.
func (s signer) speaksFor(cert *ssh.Certificate, at time.Time) ([]string, *change.Error) {
	if !s.forStatements() {
		return nil, change.Denied("the key %s of %s is allowed to sign for %q, not for %q",
			ssh.FingerprintSHA256(s.key), s.principals, s.namespaces, Namespace).
			WithHint("have namespaces=%q added to its line", Namespace)
	}
	if err := s.valid(at); err != nil {
		return nil, change.Denied("the key %s of %s does not count at %s: %w",
			ssh.FingerprintSHA256(s.key), s.principals, at.UTC().Format(time.RFC3339), err)
	}
	if cert != nil {
		return s.certified(cert, at)
	}
	return s.names(), nil
}
