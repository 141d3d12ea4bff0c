package identity

import (
	"context"
	"net"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/changectl/changectl/internal/change"
)

// fromAgent finds the key in the agent: the public key asked for, the fingerprint
// asked for, or the only one that is good enough.
func (o SignerOptions) fromAgent(ctx context.Context, public ssh.PublicKey) (ssh.Signer, func(), error) {
	signers, done, err := dialAgent(ctx, o.AgentSocket)
	if err != nil {
		return nil, nil, err
	}
	s, err := o.choose(signers, public)
	if err != nil {
		done()
		return nil, nil, err
	}
	return s, done, nil
}

func dialAgent(ctx context.Context, socket string) ([]ssh.Signer, func(), error) {
	if socket == "" {
		return nil, nil, change.Invalid("there is no SSH key to sign with").
			WithHint("name one with --key FILE, or start ssh-agent (eval $(ssh-agent)) and add one (ssh-add)")
	}
	conn, err := new(net.Dialer).DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, nil, change.Unavailable("reach ssh-agent: %w", err).
			WithHint("start it (eval $(ssh-agent)), or name a key with --key FILE")
	}
	// A person may take long to touch a key; whoever waits may end it.
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	done := func() { stop(); _ = conn.Close() }
	signers, err := agent.NewClient(conn).Signers()
	if err != nil {
		done()
		return nil, nil, change.Unavailable("ask ssh-agent for its keys: %w", cause(ctx, err))
	}
	return signers, done, nil
}

func (o SignerOptions) choose(signers []ssh.Signer, public ssh.PublicKey) (ssh.Signer, error) {
	var fit []ssh.Signer
	for _, s := range signers {
		k, err := ssh.ParsePublicKey(s.PublicKey().Marshal()) // the agent's own type knows no details
		if err != nil || acceptable(plain(k)) != nil || !o.wants(k, public) {
			continue
		}
		if public == nil || sameKey(k, public) {
			fit = append(fit, speaker{Signer: s, public: k})
			continue
		}
		// The agent holds the key of a certificate that lies in a file.
		m, err := matched(speaker{Signer: s, public: k}, public)
		if err != nil {
			return nil, err
		}
		fit = append(fit, m)
	}
	switch {
	case len(fit) == 1:
		return fit[0], nil
	case len(fit) > 1 && (public != nil || o.Fingerprint != ""): // key and certificate of the same key
		return fit[0], nil
	case len(fit) > 1:
		return nil, change.Invalid("ssh-agent holds %d keys that could sign: %s", len(fit), names(fit)).
			WithHint("choose one with --key FILE.pub")
	}
	return nil, o.nothing(signers, public)
}

func (o SignerOptions) wants(k, public ssh.PublicKey) bool {
	if o.Fingerprint != "" && o.Fingerprint != ssh.FingerprintSHA256(plain(k)) {
		return false
	}
	return public == nil || sameKey(k, public) || sameKey(k, plain(public))
}

func (o SignerOptions) nothing(signers []ssh.Signer, public ssh.PublicKey) error {
	wanted := o.Fingerprint
	if public != nil {
		wanted = ssh.FingerprintSHA256(plain(public))
	}
	switch {
	case wanted != "" && public != nil && acceptable(plain(public)) != nil:
		return acceptable(plain(public))
	case wanted != "":
		return change.Invalid("ssh-agent does not hold the key %s; it holds %s", wanted, names(signers)).
			WithHint("add it with ssh-add")
	}
	return change.Invalid("ssh-agent holds no key that could sign; it holds %s, and expected is %s", names(signers), keyKinds).
		WithHint("add one with ssh-add, or name one with --key FILE")
}

func names(signers []ssh.Signer) string {
	if len(signers) == 0 {
		return "none"
	}
	all := make([]string, len(signers))
	for i, s := range signers {
		all[i] = s.PublicKey().Type() + " " + ssh.FingerprintSHA256(s.PublicKey())
		if k, ok := s.PublicKey().(*agent.Key); ok && k.Comment != "" {
			all[i] += " (" + k.Comment + ")"
		}
	}
	return strings.Join(all, ", ")
}
