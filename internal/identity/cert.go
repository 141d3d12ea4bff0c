package identity

import (
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/changectl/changectl/internal/change"
)

// verifyRequired is the critical option that demands a PIN or a fingerprint with
// each signature. Others, such as force-command, make no sense for a statement.
const verifyRequired = "verify-required"

// soundCert returns why a certificate is not one that could sign statements,
// whoever issued it, or nil.
func soundCert(c *ssh.Certificate) *change.Error {
	switch {
	case c.CertType != ssh.UserCert:
		return change.Denied("the certificate %q is not a user certificate", c.KeyId)
	case len(c.ValidPrincipals) == 0:
		return change.Denied("the certificate %q names no principal, so it would be everybody's; have it issued with ssh-keygen -n NAME", c.KeyId)
	}
	if err := acceptable(c.SignatureKey); err != nil {
		return change.Denied("the authority of the certificate %q is too weak: %w", c.KeyId, err)
	}
	if err := acceptableAlgorithm(c.SignatureKey, c.Signature); err != nil {
		return change.Denied("the certificate %q is signed in a way that is not accepted: %w", c.KeyId, err)
	}
	return nil
}

// certified returns the principals of the certificate that this authority may
// speak for at a time.
func (s signer) certified(c *ssh.Certificate, at time.Time) ([]string, *change.Error) {
	var names []string
	for _, p := range c.ValidPrincipals {
		if matchList(s.principals, p) {
			names = append(names, p)
		}
	}
	if len(names) == 0 {
		return nil, change.Denied("the certificate %q is for %q, but its authority speaks only for %s", c.KeyId, c.ValidPrincipals, s.principals)
	}
	checker := ssh.CertChecker{
		SupportedCriticalOptions: []string{verifyRequired},
		Clock:                    func() time.Time { return at },
	}
	if err := checker.CheckCert(names[0], c); err != nil {
		return nil, change.Denied("the certificate %q does not hold: %w", c.KeyId, err).
			WithHint("have a new one issued")
	}
	return names, nil
}
