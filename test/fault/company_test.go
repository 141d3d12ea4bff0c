package fault_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/identity"
	"github.com/changectl/changectl/test/product"
)

// company is a catalog of boxes that have nothing to do with one another, and
// three people: alice asks for changes, bob answers for the boxes, dave decides.
type company struct {
	dir    string
	tokens map[string]string
}

var groups = map[string]string{"alice": "engineers", "bob": "builders", "dave": "operators"}

func newCompany(t testing.TB, dir string, boxes int) *company {
	t.Helper()
	c := &company{dir: dir, tokens: map[string]string{}}
	var entities, signers, tokens strings.Builder
	for name, group := range groups {
		fmt.Fprintf(&entities, "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: %s}\nspec: {type: team, children: []}\n---\n", group)
		fmt.Fprintf(&entities, "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {name: %s}\nspec: {memberOf: [%s]}\n---\n", name, group)
		fmt.Fprintf(&signers, "user:%s namespaces=\"changectl\" %s", name, newKey(t, c.key(name)))
		token, line := identity.NewToken(change.Ref("user:"+name), time.Time{})
		c.tokens[name] = token
		fmt.Fprintln(&tokens, line)
	}
	for i := range boxes {
		fmt.Fprintf(&entities, "apiVersion: backstage.io/v1alpha1\nkind: Resource\nmetadata: {name: box-%d}\nspec: {type: box, owner: 'group:builders'}\n---\n", i)
	}
	c.write(t, "catalog.yaml", strings.TrimSuffix(entities.String(), "---\n"))
	c.write(t, "allowed_signers", signers.String())
	c.write(t, "tokens", tokens.String())
	return c
}

func (c *company) path(name string) string { return filepath.Join(c.dir, name) }

func (c *company) key(person string) string { return c.path(person + ".key") }

func (c *company) write(t testing.TB, name, text string) {
	t.Helper()
	if err := os.WriteFile(c.path(name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// newKey writes a private key and returns the line of its public half.
func newKey(t testing.TB, file string) string {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return string(ssh.MarshalAuthorizedKey(key))
}

// person plays one of the people.
func (c *company) person(name, server string) product.Person {
	hc := &http.Client{Timeout: 30 * time.Second}
	return product.Person{Client: httpapi.NewClient(server, c.tokens[name], hc), Key: c.key(name)}
}
