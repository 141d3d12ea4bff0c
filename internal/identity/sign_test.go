package identity_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/identity"
)

func privateED25519(t *testing.T) (ed25519.PrivateKey, ssh.Signer) {
	t.Helper()
	_, k, err := ed25519.GenerateKey(rand.Reader)
	return k, newSigner(t, k, err)
}

// serveAgent serves an agent on a socket until the test ends.
func serveAgent(t *testing.T, a agent.Agent) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "agent") //nolint:usetesting // t.TempDir can be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	l, err := new(net.ListenConfig).Listen(t.Context(), "unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _ = agent.ServeAgent(a, conn); _ = conn.Close() }()
		}
	}()
	return socket
}

func keyring(t *testing.T, keys ...agent.AddedKey) agent.Agent {
	t.Helper()
	a := agent.NewKeyring()
	for _, k := range keys {
		if err := a.Add(k); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

func publicFile(t *testing.T, k ssh.PublicKey) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "id.pub")
	write(t, file, line(k)+" somebody\n", 0o644)
	return file
}

func TestWhatIsSignedIsVerified(t *testing.T) {
	alice, aliceKey := privateED25519(t)
	bob, bobKey := privateED25519(t)
	old, err := strongRSA()
	oldKey := newSigner(t, old, err)
	ca := ed25519Key(t)
	cert, oldCert := certificate(t, aliceKey, ca, nil), certificate(t, oldKey, ca, nil)
	both := serveAgent(t, keyring(t, agent.AddedKey{PrivateKey: alice}, agent.AddedKey{PrivateKey: bob}))
	rsaAgent := serveAgent(t, keyring(t, agent.AddedKey{PrivateKey: old}))
	withCert := serveAgent(t, keyring(t, agent.AddedKey{PrivateKey: old, Certificate: oldCert}))
	file := privateKeyFile(t, alice, "")
	signers := allowed(t, "alice "+ours+" "+line(aliceKey.PublicKey()), "bob "+ours+" "+line(bobKey.PublicKey()),
		"old "+ours+" "+line(oldKey.PublicKey()), "* cert-authority,"+ours+" "+line(ca.PublicKey()))

	tests := map[string]struct {
		options   identity.SignerOptions
		principal string
		authority bool
	}{
		"key file":                    {identity.SignerOptions{KeyFile: file}, "alice", false},
		"key file, public key":        {identity.SignerOptions{KeyFile: file, PublicKeyFile: publicFile(t, aliceKey.PublicKey())}, "alice", false},
		"key file, certificate":       {identity.SignerOptions{KeyFile: file, PublicKeyFile: publicFile(t, cert)}, "alice", true},
		"RSA key file":                {identity.SignerOptions{KeyFile: privateKeyFile(t, old, "")}, "old", false},
		"RSA key file, certificate":   {identity.SignerOptions{KeyFile: privateKeyFile(t, old, ""), PublicKeyFile: publicFile(t, oldCert)}, "alice", true},
		"agent, only key":             {identity.SignerOptions{AgentSocket: rsaAgent}, "old", false},
		"agent, public key":           {identity.SignerOptions{AgentSocket: both, PublicKeyFile: publicFile(t, bobKey.PublicKey())}, "bob", false},
		"agent, public key as key":    {identity.SignerOptions{AgentSocket: both, KeyFile: publicFile(t, bobKey.PublicKey())}, "bob", false},
		"agent, fingerprint":          {identity.SignerOptions{AgentSocket: both, Fingerprint: ssh.FingerprintSHA256(bobKey.PublicKey())}, "bob", false},
		"agent, certificate in file":  {identity.SignerOptions{AgentSocket: both, PublicKeyFile: publicFile(t, cert)}, "alice", true},
		"agent, certificate in it":    {identity.SignerOptions{AgentSocket: withCert}, "alice", true},
		"agent, RSA certificate file": {identity.SignerOptions{AgentSocket: rsaAgent, PublicKeyFile: publicFile(t, oldCert)}, "alice", true},
		"protected, in the agent":     {identity.SignerOptions{AgentSocket: both, KeyFile: privateKeyFile(t, bob, "secret")}, "bob", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			signed, err := identity.Sign(t.Context(), statement(), tt.options)
			if err != nil {
				t.Fatal(err)
			}
			v, err := signers.Verify(signed, noon)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(statement(), v.Statement); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]string{tt.principal}, v.Principals); diff != "" || (v.Authority != "") != tt.authority {
				t.Errorf("by authority %q: %s", v.Authority, diff)
			}
		})
	}
}

func TestAKeyThatCannotSignIsNamed(t *testing.T) {
	alice, aliceKey := privateED25519(t)
	bob, bobKey := privateED25519(t)
	weak, err := weakRSA()
	weakKey := newSigner(t, weak, err)
	both := serveAgent(t, keyring(t, agent.AddedKey{PrivateKey: alice, Comment: "laptop"}, agent.AddedKey{PrivateKey: bob}, agent.AddedKey{PrivateKey: weak}))
	empty := serveAgent(t, keyring(t))
	file, open, text := privateKeyFile(t, alice, ""), privateKeyFile(t, alice, ""), filepath.Join(t.TempDir(), "x")
	if err := os.Chmod(open, 0o640); err != nil {
		t.Fatal(err)
	}
	write(t, text, "hello", 0o600)
	locked := privateKeyFile(t, alice, "secret")
	tests := map[string]struct {
		options identity.SignerOptions
		kind    change.Kind
		want    string
	}{
		"nothing":            {identity.SignerOptions{}, change.KindInvalid, "there is no SSH key to sign with; name one with --key FILE, or start ssh-agent"},
		"no such file":       {identity.SignerOptions{KeyFile: text + "y"}, change.KindInvalid, "x" + "y: no such file"},
		"not a key":          {identity.SignerOptions{KeyFile: text}, change.KindInvalid, "holds neither an SSH private key nor a public one"},
		"a directory":        {identity.SignerOptions{KeyFile: t.TempDir()}, change.KindInvalid, "is not a regular file"},
		"readable by others": {identity.SignerOptions{KeyFile: open}, change.KindDenied, "(mode 0640), so it may not be yours alone; chmod 600 " + open},
		"passphrase":         {identity.SignerOptions{KeyFile: locked}, change.KindInvalid, "is protected by a passphrase; add it to ssh-agent and try again: ssh-add " + locked},
		"passphrase, agent":  {identity.SignerOptions{KeyFile: locked, AgentSocket: empty}, change.KindInvalid, "is protected by a passphrase"},
		"weak key":           {identity.SignerOptions{KeyFile: privateKeyFile(t, weak, "")}, change.KindDenied, "an RSA key of 2048 bits is not accepted"},
		"other public key":   {identity.SignerOptions{KeyFile: file, PublicKeyFile: publicFile(t, bobKey.PublicKey())}, change.KindInvalid, "does not belong to the public key " + ssh.FingerprintSHA256(bobKey.PublicKey())},
		"no agent":           {identity.SignerOptions{AgentSocket: text}, change.KindUnavailable, "reach ssh-agent"},
		"empty agent":        {identity.SignerOptions{AgentSocket: empty}, change.KindInvalid, "ssh-agent holds no key that could sign; it holds none, and expected is ed25519"},
		"several keys":       {identity.SignerOptions{AgentSocket: both}, change.KindInvalid, "ssh-agent holds 2 keys that could sign: ssh-ed25519 " + ssh.FingerprintSHA256(aliceKey.PublicKey())},
		"not in the agent":   {identity.SignerOptions{AgentSocket: both, PublicKeyFile: publicFile(t, ed25519Key(t).PublicKey())}, change.KindInvalid, "ssh-agent does not hold the key SHA256:"},
		"weak key of agent":  {identity.SignerOptions{AgentSocket: both, PublicKeyFile: publicFile(t, weakKey.PublicKey())}, change.KindDenied, "an RSA key of 2048 bits is not accepted"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := identity.Sign(t.Context(), statement(), tt.options)
			refused(t, err, tt.kind, tt.want)
			if strings.Contains(err.Error(), "failed to") {
				t.Error(err)
			}
		})
	}
}

func TestAnIncompleteStatementIsNotSigned(t *testing.T) {
	alice, _ := privateED25519(t)
	s := statement()
	s.Nonce = ""
	_, err := identity.Sign(t.Context(), s, identity.SignerOptions{KeyFile: privateKeyFile(t, alice, "")})
	refused(t, err, change.KindDenied, "does not say nonce")
}

// hardware is an agent with keys that wait for a touch.
type hardware struct {
	agent.Agent
	key    ssh.Signer
	touch  chan struct{} // closed when the person touches it
	waits  chan struct{} // closed when it begins to wait
	answer error
}

func (h *hardware) List() ([]*agent.Key, error) {
	k := h.key.PublicKey()
	return []*agent.Key{{Format: k.Type(), Blob: k.Marshal()}}, nil
}

func (h *hardware) Sign(_ ssh.PublicKey, data []byte) (*ssh.Signature, error) {
	close(h.waits)
	<-h.touch
	if h.answer != nil {
		return nil, h.answer
	}
	return h.key.Sign(rand.Reader, data)
}

func newHardware(t *testing.T, key ssh.Signer) *hardware {
	t.Helper()
	return &hardware{Agent: agent.NewKeyring(), key: key, touch: make(chan struct{}), waits: make(chan struct{})}
}

func TestASecurityKeyOfTheAgentSigns(t *testing.T) {
	k := securityKeyED25519(t, 1)
	h := newHardware(t, k)
	close(h.touch)
	signed, err := identity.Sign(t.Context(), statement(), identity.SignerOptions{AgentSocket: serveAgent(t, h)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := allowed(t, "alice "+ours+" "+line(k.PublicKey())).Verify(signed, noon); err != nil {
		t.Error(err)
	}
}

func TestASecurityKeyWithoutTouchIsRefusedBeforeItIsSent(t *testing.T) {
	h := newHardware(t, securityKeyECDSA(t, 0))
	close(h.touch)
	_, err := identity.Sign(t.Context(), statement(), identity.SignerOptions{AgentSocket: serveAgent(t, h)})
	refused(t, err, change.KindDenied, "the security key was not touched")
}

func TestARefusalOfTheAgentIsPassedOn(t *testing.T) {
	h := newHardware(t, securityKeyED25519(t, 1))
	h.answer = io.ErrUnexpectedEOF
	close(h.touch)
	_, err := identity.Sign(t.Context(), statement(), identity.SignerOptions{AgentSocket: serveAgent(t, h)})
	refused(t, err, change.KindFailed, "is the key still in the agent, and was its use confirmed?")
}

func TestWaitingForATouchCanBeEnded(t *testing.T) {
	h := newHardware(t, securityKeyED25519(t, 1))
	defer close(h.touch)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-h.waits; cancel() }()
	_, err := identity.Sign(ctx, statement(), identity.SignerOptions{AgentSocket: serveAgent(t, h)})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}
