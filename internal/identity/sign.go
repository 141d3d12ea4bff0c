package identity

import (
	"bytes"
	"context"
	"io"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"github.com/changectl/changectl/internal/change"
)

// SignerOptions say which key signs.
type SignerOptions struct {
	// KeyFile is a private key in OpenSSH format. A public key or a certificate
	// here stands for the private key in the agent, and so does a private key
	// that cannot be used directly (passphrase, security key).
	KeyFile string
	// PublicKeyFile is the public key or the certificate to sign with; the
	// private half is KeyFile or in the agent.
	PublicKeyFile string
	// Fingerprint, SHA256:..., chooses among the keys of the agent.
	Fingerprint string
	// AgentSocket is the path of the agent's socket, usually $SSH_AUTH_SOCK.
	AgentSocket string
}

// Sign signs the canonical JSON of the statement. ssh-keygen -Y verify accepts the
// result. With an agent it waits until the person has answered, or ctx ends.
func Sign(ctx context.Context, s change.Statement, o SignerOptions) (change.SignedStatement, error) {
	if err := complete(s); err != nil {
		return change.SignedStatement{}, err
	}
	message, err := change.Canonical(s)
	if err != nil {
		return change.SignedStatement{}, err
	}
	signer, done, err := o.signer(ctx)
	if err != nil {
		return change.SignedStatement{}, err
	}
	defer done()
	sig, err := sshsig.Sign(bytes.NewReader(message), signer, sshsig.HashSHA512, Namespace)
	if err != nil {
		return change.SignedStatement{}, change.FailedTo("sign with the key %s: %w", ssh.FingerprintSHA256(plain(signer.PublicKey())), cause(ctx, err)).
			WithHint("is the key still in the agent, and was its use confirmed? (ssh-add -l)")
	}
	// What the server would refuse is better refused here.
	if err := soundSignature(message, sig); err != nil {
		return change.SignedStatement{}, err
	}
	return change.SignedStatement{Statement: message, Signature: string(sshsig.Armor(sig))}, nil
}

func cause(ctx context.Context, err error) error {
	if c := context.Cause(ctx); c != nil {
		return c
	}
	return err
}

// signer finds the key. The function returned with it ends the connection to the
// agent.
func (o SignerOptions) signer(ctx context.Context) (ssh.Signer, func(), error) {
	var public ssh.PublicKey
	var err error
	if o.PublicKeyFile != "" {
		if public, err = readPublicKey(o.PublicKeyFile); err != nil {
			return nil, nil, err
		}
	}
	if o.KeyFile == "" {
		return o.fromAgent(ctx, public)
	}
	key, err := readKey(o.KeyFile)
	if err != nil {
		return nil, nil, err
	}
	if public == nil {
		public = key.public
	}
	if key.signer == nil {
		s, done, err := o.fromAgent(ctx, public)
		if err != nil && key.why != nil {
			err = key.why
		}
		return s, done, err
	}
	s, err := matched(key.signer, public)
	return s, func() {}, err
}

// matched makes a signer speak with the certificate or key that was asked for.
func matched(s ssh.Signer, public ssh.PublicKey) (ssh.Signer, error) {
	own := s.PublicKey()
	if public == nil {
		public = own
	}
	if !sameKey(own, public) && !sameKey(own, plain(public)) {
		return nil, change.Invalid("the private key %s does not belong to the public key %s",
			ssh.FingerprintSHA256(plain(own)), ssh.FingerprintSHA256(plain(public)))
	}
	return speaker{Signer: s, public: public}, nil
}

// speaker signs with one key in the name of a public key or certificate, and with
// RSA always by SHA-512.
type speaker struct {
	ssh.Signer
	public ssh.PublicKey
}

// PublicKey returns the key or certificate that goes into the signature.
func (s speaker) PublicKey() ssh.PublicKey { return s.public }

// Sign signs data.
func (s speaker) Sign(rand io.Reader, data []byte) (*ssh.Signature, error) {
	if plain(s.public).Type() == ssh.KeyAlgoRSA {
		return s.SignWithAlgorithm(rand, data, ssh.KeyAlgoRSASHA512)
	}
	return s.Signer.Sign(rand, data)
}

// SignWithAlgorithm signs data by the algorithm given.
func (s speaker) SignWithAlgorithm(rand io.Reader, data []byte, algorithm string) (*ssh.Signature, error) {
	a, ok := s.Signer.(ssh.AlgorithmSigner)
	if !ok {
		return nil, change.Invalid("the key cannot sign by %s", algorithm)
	}
	return a.SignWithAlgorithm(rand, data, algorithm)
}

// plain returns the key in a certificate, or the key itself.
func plain(k ssh.PublicKey) ssh.PublicKey {
	if c, ok := k.(*ssh.Certificate); ok {
		return c.Key
	}
	return k
}
