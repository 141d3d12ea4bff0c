package identity_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/pem"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/identity"
)

// noon is when the tests look.
var noon = time.Date(2027, 3, 6, 12, 0, 0, 0, time.UTC)

func statement() change.Statement {
	return change.Statement{
		Instance: "example", Change: "CHG-17", Revision: 2, Plan: "sha256:aa", Verb: change.Approve,
		Role: "group:dba", Reason: "größer < besser & \"so\"", Expires: noon.Add(time.Hour), Nonce: "n-1",
	}
}

func newSigner(t *testing.T, private crypto.PrivateKey, err error) ssh.Signer {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	s, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ed25519Key(t *testing.T) ssh.Signer {
	t.Helper()
	_, k, err := ed25519.GenerateKey(rand.Reader)
	return newSigner(t, k, err)
}

func ecdsaKey(t *testing.T, c elliptic.Curve) ssh.Signer {
	t.Helper()
	k, err := ecdsa.GenerateKey(c, rand.Reader)
	return newSigner(t, k, err)
}

// Long RSA keys take their time, so the tests share them.
var (
	strongRSA = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 3072) })
	weakRSA   = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })
)

func rsaKey(t *testing.T, key func() (*rsa.PrivateKey, error)) ssh.Signer {
	t.Helper()
	k, err := key()
	return newSigner(t, k, err)
}

// securityKey does in software what a FIDO authenticator does.
type securityKey struct {
	flags  byte
	public ssh.PublicKey
	sign   func(digested []byte) []byte
}

const application = "ssh:"

func (k securityKey) PublicKey() ssh.PublicKey { return k.public }

func (k securityKey) Sign(_ io.Reader, data []byte) (*ssh.Signature, error) {
	rest := []byte{k.flags, 0, 0, 0, 9}
	app, message := sha256.Sum256([]byte(application)), sha256.Sum256(data)
	blob := k.sign(bytes.Join([][]byte{app[:], rest, message[:]}, nil))
	return &ssh.Signature{Format: k.public.Type(), Blob: blob, Rest: rest}, nil
}

func publicKey(t *testing.T, wire any) ssh.PublicKey {
	t.Helper()
	k, err := ssh.ParsePublicKey(ssh.Marshal(wire))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func securityKeyED25519(t *testing.T, flags byte) ssh.Signer {
	t.Helper()
	pub, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return securityKey{flags: flags, public: publicKey(t, struct {
		Name        string
		Key         []byte
		Application string
	}{ssh.KeyAlgoSKED25519, pub, application}), sign: func(b []byte) []byte { return ed25519.Sign(private, b) }}
}

func securityKeyECDSA(t *testing.T, flags byte) ssh.Signer {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := k.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return securityKey{flags: flags, public: publicKey(t, struct {
		Name, Curve string
		Key         []byte
		Application string
	}{ssh.KeyAlgoSKECDSA256, "nistp256", point, application}), sign: func(b []byte) []byte {
		sum := sha256.Sum256(b)
		r, s, err := ecdsa.Sign(rand.Reader, k, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		return ssh.Marshal(struct{ R, S *big.Int }{r, s})
	}}
}

// certificate has the key of holder certified by authority, after edit changed
// what it says.
func certificate(t *testing.T, holder, authority ssh.Signer, edit func(*ssh.Certificate)) *ssh.Certificate {
	t.Helper()
	c := &ssh.Certificate{
		Key: holder.PublicKey(), CertType: ssh.UserCert, KeyId: "laptop", ValidPrincipals: []string{"alice"},
		ValidAfter: uint64(noon.Add(-time.Hour).Unix()), ValidBefore: uint64(noon.Add(time.Hour).Unix()),
	}
	if edit != nil {
		edit(c)
	}
	if err := c.SignCert(rand.Reader, authority); err != nil {
		t.Fatal(err)
	}
	return c
}

// certified signs with a certificate instead of the bare key.
type certified struct {
	ssh.Signer
	cert *ssh.Certificate
}

func (c certified) PublicKey() ssh.PublicKey { return c.cert }

func line(k ssh.PublicKey) string { return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(k))) }

func canonical(t *testing.T, v any) []byte {
	t.Helper()
	b, err := change.Canonical(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// signBytes signs anything in any namespace, as somebody else's program would.
func signBytes(t *testing.T, message []byte, s ssh.Signer, namespace string) change.SignedStatement {
	t.Helper()
	sig, err := sshsig.Sign(bytes.NewReader(message), s, sshsig.HashSHA512, namespace)
	if err != nil {
		t.Fatal(err)
	}
	return change.SignedStatement{Statement: message, Signature: string(sshsig.Armor(sig))}
}

func signedBy(t *testing.T, s ssh.Signer) change.SignedStatement {
	t.Helper()
	return signBytes(t, canonical(t, statement()), s, identity.Namespace)
}

func write(t *testing.T, file, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, mode); err != nil { // whatever the umask is
		t.Fatal(err)
	}
}

func allowed(t *testing.T, lines ...string) *identity.Signers {
	t.Helper()
	file := filepath.Join(t.TempDir(), "allowed_signers")
	write(t, file, strings.Join(lines, "\n")+"\n", 0o644)
	s := &identity.Signers{}
	if err := s.Load(file); err != nil {
		t.Fatal(err)
	}
	return s
}

// privateKeyFile writes an OpenSSH private key, with a passphrase if there is one.
func privateKeyFile(t *testing.T, k crypto.PrivateKey, passphrase string) string {
	t.Helper()
	block, err := ssh.MarshalPrivateKey(k, "alice")
	if passphrase != "" {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(k, "alice", []byte(passphrase))
	}
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "id")
	write(t, file, string(pem.EncodeToMemory(block)), 0o600)
	return file
}

// refused fails the test unless err is of the kind and says text.
func refused(t *testing.T, err error, kind change.Kind, text string) {
	t.Helper()
	if change.KindOf(err) != kind || !strings.Contains(err.Error(), text) {
		t.Errorf("got  %s: %v\nwant %s: ...%s...", change.KindOf(err), err, kind, text)
	}
}
