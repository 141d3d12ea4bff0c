package identity

import (
	"crypto/rsa"
	"slices"

	"golang.org/x/crypto/ssh"

	"github.com/changectl/changectl/internal/change"
)

// The smallest and largest RSA modulus that is accepted, in bits.
const (
	minRSA = 3072
	maxRSA = 16384
)

const keyKinds = "ed25519, ecdsa, their security-key variants, or RSA with at least 3072 bits"

var curveKeys = []string{
	ssh.KeyAlgoED25519, ssh.KeyAlgoSKED25519, ssh.KeyAlgoSKECDSA256,
	ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521,
}

// acceptable returns why a key, that is not a certificate, is not good enough to
// sign with, or nil.
func acceptable(k ssh.PublicKey) *change.Error {
	if slices.Contains(curveKeys, k.Type()) {
		return nil
	}
	bits := rsaBits(k)
	switch {
	case bits == 0:
		return change.Denied("a key of the type %s is not accepted; expected %s", k.Type(), keyKinds)
	case bits < minRSA || bits > maxRSA:
		return change.Denied("an RSA key of %d bits is not accepted; expected %s", bits, keyKinds)
	}
	return nil
}

// rsaBits returns the length of an RSA modulus, 0 for other keys.
func rsaBits(k ssh.PublicKey) int {
	c, ok := k.(ssh.CryptoPublicKey)
	if !ok || k.Type() != ssh.KeyAlgoRSA {
		return 0
	}
	r, ok := c.CryptoPublicKey().(*rsa.PublicKey)
	if !ok {
		return 0
	}
	return r.N.BitLen()
}

// acceptableAlgorithm returns why a signature's algorithm does not go with its
// key, or nil. RSA signatures with SHA-1 end here.
func acceptableAlgorithm(k ssh.PublicKey, sig *ssh.Signature) *change.Error {
	want := []string{k.Type()}
	if k.Type() == ssh.KeyAlgoRSA {
		want = []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	}
	if !slices.Contains(want, sig.Format) {
		return change.Denied("a signature of the kind %q by a key of the type %s is not accepted; expected %s", sig.Format, k.Type(), want[0])
	}
	return nil
}

// The bits that a security key sets and signs. Source: OpenSSH PROTOCOL.u2f.
const (
	userPresent  = 0x01
	userVerified = 0x04
)

// touched returns why a security key's signature does not show the presence of a
// person, or nil; for other keys, nil.
func touched(k ssh.PublicKey, sig *ssh.Signature, needsPIN bool) *change.Error {
	if !isSecurityKey(k) {
		if needsPIN {
			return change.Denied("the certificate asks for a verified user, which a key of the type %s cannot show; sign with a security key", k.Type())
		}
		return nil
	}
	if len(sig.Rest) != 5 {
		return change.Denied("the security key's signature lacks its flags and counter; sign again")
	}
	switch flags := sig.Rest[0]; {
	case flags&userPresent == 0:
		return change.Denied("the security key was not touched; sign again with a key made without no-touch-required, and touch it")
	case needsPIN && flags&userVerified == 0:
		return change.Denied("the security key did not ask for its PIN, as the certificate demands; sign again with a key made with verify-required")
	}
	return nil
}

func isSecurityKey(k ssh.PublicKey) bool {
	return k.Type() == ssh.KeyAlgoSKED25519 || k.Type() == ssh.KeyAlgoSKECDSA256
}
