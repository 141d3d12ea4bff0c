package app

import (
	"crypto/ed25519"
	"crypto/rand"
	"embed"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/identity"
)

//go:embed example/catalog/*.yaml
var example embed.FS

// Example returns the catalog of the example company, Nordwind Orders.
func Example() (fs.FS, error) {
	files, err := fs.Sub(example, "example/catalog")
	if err != nil {
		return nil, fmt.Errorf("open example catalog: %w", err)
	}
	return files, nil
}

// devState is the directory in which changectl dev keeps everything.
type devState struct{ dir string }

func (d devState) path(parts ...string) string {
	return filepath.Join(append([]string{d.dir}, parts...)...)
}

// prepare makes what is not there yet: the example catalog, a place for own
// runbooks, and a key, a token and a profile for every person.
func (d devState) prepare(people []change.Person, server string) error {
	for _, dir := range []string{"runbooks", "profiles", "secrets", "people"} {
		if err := os.MkdirAll(d.path(dir), 0o700); err != nil {
			return fmt.Errorf("make state directory: %w", err)
		}
	}
	for _, p := range people {
		if err := d.person(p, server); err != nil {
			return fmt.Errorf("set up %s: %w", p.Ref, err)
		}
	}
	return d.profile("default", "alice", server)
}

// catalog writes the example catalog where there is none.
func (d devState) catalog() (string, error) {
	dir := d.path("catalog")
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	files, err := Example()
	if err != nil {
		return "", err
	}
	if err := os.CopyFS(dir, files); err != nil {
		return "", fmt.Errorf("write example catalog: %w", err)
	}
	return dir, nil
}

func (d devState) person(p change.Person, server string) error {
	name := p.Ref.Name()
	dir := d.path("people", name)
	if _, err := os.Stat(filepath.Join(dir, "token")); err == nil {
		return d.profile(name, name, server)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	signer, err := newKey(filepath.Join(dir, "id_ed25519"), name)
	if err != nil {
		return err
	}
	line := fmt.Sprintf("%s namespaces=\"changectl\" %s", p.Ref, ssh.MarshalAuthorizedKey(signer))
	if err := appendFile(d.path("allowed_signers"), line); err != nil {
		return err
	}
	token, line := identity.NewToken(p.Ref, time.Time{})
	if err := appendFile(d.path("tokens"), line+"\n"); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "token"), []byte(token+"\n"), 0o600); err != nil {
		return err
	}
	return d.profile(name, name, server)
}

// newKey writes a new SSH key pair and returns its public half.
func newKey(file, comment string) (ssh.PublicKey, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	block, err := ssh.MarshalPrivateKey(private, comment)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
		return nil, err
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		return nil, err
	}
	return key, os.WriteFile(file+".pub", ssh.MarshalAuthorizedKey(key), 0o644)
}

func (d devState) profile(name, person, server string) error {
	text := fmt.Sprintf("server: %s\ntoken-file: %s\nkey: %s\n", server, d.path("people", person, "token"), d.path("people", person, "id_ed25519"))
	return os.WriteFile(d.path("profiles", name+".yaml"), []byte(text), 0o600)
}

func appendFile(name, text string) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
