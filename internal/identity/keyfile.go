package identity

import (
	"bytes"
	"errors"

	"golang.org/x/crypto/ssh"

	"github.com/changectl/changectl/internal/change"
)

// keyFile is what a file given as key holds: a private key that can sign, or a
// public key whose private half has to be in the agent, with the reason why.
type keyFile struct {
	signer ssh.Signer
	public ssh.PublicKey
	why    error // to be told when the agent does not help either
}

func readKey(path string) (keyFile, error) {
	b, mode, err := readRegular(path)
	if err != nil {
		return keyFile{}, change.Invalid("read the SSH key: %w", err).WithHint("name an existing key with --key")
	}
	if !bytes.Contains(b, []byte("PRIVATE KEY-----")) {
		k, err := parsePublicKey(path, b)
		return keyFile{public: k}, err
	}
	if mode.Perm()&0o077 != 0 {
		return keyFile{}, change.Denied("others can read the private key %s (mode %04o), so it may not be yours alone", path, mode.Perm()).
			WithHint("chmod 600 %s", path)
	}
	s, err := ssh.ParsePrivateKey(b)
	if err != nil {
		return indirect(path, err)
	}
	return keyFile{signer: s}, nil
}

// indirect leaves a private key that cannot be used as it is to the agent.
func indirect(path string, cause error) (keyFile, error) {
	why := change.Invalid("the SSH key %s cannot be used directly: %w", path, cause)
	var locked *ssh.PassphraseMissingError
	var public ssh.PublicKey
	if errors.As(cause, &locked) {
		why = change.Invalid("the SSH key %s is protected by a passphrase", path)
		public = locked.PublicKey
	}
	why = why.WithHint("add it to ssh-agent and try again: ssh-add %s", path)
	if public == nil {
		k, err := readPublicKey(path + ".pub")
		if err != nil {
			return keyFile{}, why
		}
		public = k
	}
	return keyFile{public: public, why: why}, nil
}

func readPublicKey(path string) (ssh.PublicKey, error) {
	b, _, err := readRegular(path)
	if err != nil {
		return nil, change.Invalid("read the SSH public key: %w", err)
	}
	return parsePublicKey(path, b)
}

func parsePublicKey(path string, b []byte) (ssh.PublicKey, error) {
	k, _, _, rest, err := ssh.ParseAuthorizedKey(b)
	if err != nil {
		return nil, change.Invalid("%s holds neither an SSH private key nor a public one", path).
			WithHint("make a key with ssh-keygen -t ed25519")
	}
	if len(bytes.TrimSpace(rest)) > 0 {
		return nil, change.Invalid("%s holds several keys; expected one", path)
	}
	return k, nil
}
