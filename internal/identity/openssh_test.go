package identity_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/identity"
)

// keygen runs the ssh-keygen of the machine (package openssh-client).
func keygen(t *testing.T, dir string, stdin []byte, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ssh-keygen", args...)
	cmd.Dir, cmd.Stdin = dir, bytes.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func mustKeygen(t *testing.T, dir string, stdin []byte, args ...string) {
	t.Helper()
	if out, err := keygen(t, dir, stdin, args...); err != nil {
		t.Fatalf("ssh-keygen %v: %v\n%s", args, err, out)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// openSSH makes a key, certified by a key "ca", and a file of allowed signers.
func openSSH(t *testing.T, kind ...string) (dir string, signers *identity.Signers) {
	t.Helper()
	dir = t.TempDir()
	mustKeygen(t, dir, nil, append([]string{"-q", "-N", "", "-C", "", "-f", "id", "-t"}, kind...)...)
	mustKeygen(t, dir, nil, "-q", "-N", "", "-C", "", "-t", "ed25519", "-f", "ca")
	mustKeygen(t, dir, nil, "-q", "-s", "ca", "-I", "laptop", "-n", "user:alice", "-V", "20270101000000Z:20280101000000Z", "id.pub")
	write(t, filepath.Join(dir, "allowed"), "user:alice namespaces=\"git,changectl\",valid-after=\"20200101Z\" "+read(t, dir+"/id.pub")+
		"user:* cert-authority,namespaces=\"changectl\" "+read(t, dir+"/ca.pub"), 0o644)
	signers = &identity.Signers{}
	if err := signers.Load(filepath.Join(dir, "allowed")); err != nil {
		t.Fatal(err)
	}
	return dir, signers
}

var kinds = map[string][]string{
	"ed25519": {"ed25519"}, "ecdsa": {"ecdsa", "-b", "384"}, "rsa": {"rsa", "-b", "3072"},
}

func TestOpenSSHVerifiesWhatWeSign(t *testing.T) {
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			dir, _ := openSSH(t, kind...)
			for _, public := range []string{"", dir + "/id-cert.pub"} {
				signed, err := identity.Sign(t.Context(), statement(), identity.SignerOptions{KeyFile: dir + "/id", PublicKeyFile: public})
				if err != nil {
					t.Fatal(err)
				}
				write(t, dir+"/sig", signed.Signature, 0o600)
				verify := []string{"-Y", "verify", "-f", "allowed", "-I", "user:alice", "-n", "changectl", "-s", "sig", "-O", "verify-time=20270306120000Z"}
				mustKeygen(t, dir, signed.Statement, verify...)
				if out, err := keygen(t, dir, append(signed.Statement, ' '), verify...); err == nil {
					t.Errorf("an altered statement was verified: %s", out)
				}
			}
		})
	}
}

func TestWeVerifyWhatOpenSSHSigns(t *testing.T) {
	for name, kind := range kinds {
		dir, signers := openSSH(t, kind...)
		for _, hash := range []string{"sha512", "sha256"} {
			t.Run(name+" "+hash, func(t *testing.T) {
				v, err := signers.Verify(keygenSigned(t, dir, "changectl", "-O", "hashalg="+hash), noon)
				if err != nil {
					t.Fatal(err)
				}
				if person, err := v.Person(); err != nil || person != "user:alice" {
					t.Errorf("got %q, %v", person, err)
				}
				_, err = signers.Verify(keygenSigned(t, dir, "git", "-O", "hashalg="+hash), noon)
				refused(t, err, change.KindDenied, `was made for the namespace "git"`)
			})
		}
	}
}

func keygenSigned(t *testing.T, dir, namespace string, args ...string) change.SignedStatement {
	t.Helper()
	file := filepath.Join(t.TempDir(), "statement")
	write(t, file, string(canonical(t, statement())), 0o600)
	mustKeygen(t, dir, nil, append([]string{"-q", "-Y", "sign", "-f", "id", "-n", namespace}, append(args, file)...)...)
	return change.SignedStatement{Statement: []byte(read(t, file)), Signature: read(t, file+".sig")}
}

func TestACertificateOfOpenSSHIsRecognised(t *testing.T) {
	dir, signers := openSSH(t, "ed25519")
	signed, err := identity.Sign(t.Context(), statement(), identity.SignerOptions{KeyFile: dir + "/id", PublicKeyFile: dir + "/id-cert.pub"})
	if err != nil {
		t.Fatal(err)
	}
	v, err := signers.Verify(signed, noon)
	if err != nil || v.Authority == "" {
		t.Fatalf("authority %q: %v", v.Authority, err)
	}
	_, err = signers.Verify(signed, noon.AddDate(1, 0, 0))
	refused(t, err, change.KindDenied, "cert has expired")
}

func TestAKeyWithAPassphraseFromOpenSSHIsLeftToTheAgent(t *testing.T) {
	dir := t.TempDir()
	for _, format := range []string{"RFC4716", "PEM"} {
		mustKeygen(t, dir, nil, "-q", "-t", "ecdsa", "-m", format, "-N", "geheim", "-f", format)
		_, err := identity.Sign(t.Context(), statement(), identity.SignerOptions{KeyFile: filepath.Join(dir, format)})
		refused(t, err, change.KindInvalid, "is protected by a passphrase; add it to ssh-agent and try again: ssh-add ")
	}
}
