package identity_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/identity"
)

func TestCertificates(t *testing.T) {
	holder, ca, stranger := ed25519Key(t), ed25519Key(t), ed25519Key(t)
	touchKey, pinKey := securityKeyED25519(t, 1), securityKeyED25519(t, 5)
	demandsPIN := func(c *ssh.Certificate) {
		c.CriticalOptions = map[string]string{"verify-required": ""}
	}
	signers := allowed(t,
		`user:*,alice,!root cert-authority,namespaces="changectl" `+line(ca.PublicKey()),
		`alice namespaces="changectl" `+line(stranger.PublicKey()))
	broken := certificate(t, holder, ca, nil)
	broken.KeyId = "other"
	expired := func(c *ssh.Certificate) { c.ValidBefore = uint64(noon.Unix()) }
	tests := map[string]struct {
		signer     ssh.Signer
		cert       *ssh.Certificate
		want       string
		principals []string
	}{
		"sound":             {holder, certificate(t, holder, ca, nil), "", []string{"alice"}},
		"several names":     {holder, certificate(t, holder, ca, principals("root", "user:alice", "alice")), "", []string{"user:alice", "alice"}},
		"two persons":       {holder, certificate(t, holder, ca, principals("user:bob", "alice")), "stands for both user:bob and user:alice; a key is one person's", nil},
		"with PIN":          {pinKey, certificate(t, pinKey, ca, demandsPIN), "", []string{"alice"}},
		"without PIN":       {touchKey, certificate(t, touchKey, ca, demandsPIN), "did not ask for its PIN", nil},
		"PIN of a file":     {holder, certificate(t, holder, ca, demandsPIN), "which a key of the type ssh-ed25519 cannot show", nil},
		"no touch":          {securityKeyED25519(t, 0), nil, "was not touched", nil},
		"excluded name":     {holder, certificate(t, holder, ca, principals("root")), `is for ["root"], but its authority speaks only for user:*,alice,!root`, nil},
		"no principals":     {holder, certificate(t, holder, ca, principals()), "names no principal", nil},
		"expired":           {holder, certificate(t, holder, ca, expired), "does not hold: ssh: cert has expired", nil},
		"not yet":           {holder, certificate(t, holder, ca, func(c *ssh.Certificate) { c.ValidAfter = uint64(noon.Unix() + 1) }), "not yet valid", nil},
		"of a host":         {holder, certificate(t, holder, ca, func(c *ssh.Certificate) { c.CertType = ssh.HostCert }), "is not a user certificate", nil},
		"critical option":   {holder, certificate(t, holder, ca, func(c *ssh.Certificate) { c.CriticalOptions = map[string]string{"force-command": "x"} }), "unsupported critical option", nil},
		"unknown authority": {holder, certificate(t, holder, ed25519Key(t), nil), "which is no authority among the allowed signers", nil},
		"a signer is none":  {holder, certificate(t, holder, stranger, nil), "which is no authority among the allowed signers", nil},
		"weak authority":    {holder, certificate(t, holder, rsaKey(t, weakRSA), nil), "is too weak: an RSA key of 2048 bits", nil},
		"altered":           {holder, broken, "certificate signature does not verify", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if tt.cert == nil {
				tt.cert = certificate(t, tt.signer, ca, func(c *ssh.Certificate) { c.Extensions = map[string]string{"no-touch-required": ""} })
			}
			v, err := signers.Verify(signedBy(t, certified{tt.signer, tt.cert}), noon)
			if tt.want != "" {
				refused(t, err, change.KindDenied, tt.want)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := identity.Verified{Statement: statement(), Principals: tt.principals, Fingerprint: ssh.FingerprintSHA256(tt.signer.PublicKey()), Authority: ssh.FingerprintSHA256(ca.PublicKey())}
			if diff := cmp.Diff(want, v); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestACertificateSignedWithSHA1IsDenied(t *testing.T) {
	holder, ca := ed25519Key(t), rsaKey(t, strongRSA)
	old, err := ssh.NewSignerWithAlgorithms(ca.(ssh.AlgorithmSigner), []string{ssh.KeyAlgoRSA}) //nolint:forcetypeassert // every key of a file is one
	if err != nil {
		t.Fatal(err)
	}
	cert := certificate(t, holder, old, nil)
	signers := allowed(t, `alice cert-authority,namespaces="changectl" `+line(ca.PublicKey()))
	_, err = signers.Verify(signedBy(t, certified{holder, cert}), noon)
	refused(t, err, change.KindDenied, `is signed in a way that is not accepted: a signature of the kind "ssh-rsa"`)
}

func principals(names ...string) func(*ssh.Certificate) {
	return func(c *ssh.Certificate) { c.ValidPrincipals = names }
}
