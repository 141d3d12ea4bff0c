package identity_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/identity"
)

const ours = `namespaces="changectl"`

func TestEveryProblemOfASignersFileHasItsLine(t *testing.T) {
	k, other := line(ed25519Key(t).PublicKey()), ed25519Key(t)
	weak := line(rsaKey(t, weakRSA).PublicKey())
	cert := line(certificate(t, other, ed25519Key(t), nil))
	kind, text, _ := strings.Cut(k, " ")
	tests := map[string]struct{ in, want string }{
		"comments and blanks": {"# all\n\n  # of us\nalice " + ours + " " + k, ""},
		"quoted principal":    {`"alice" ` + ours + " " + k, ""},
		"tabs and a comment":  {"alice\t" + ours + "\t" + k + " alice@laptop", ""},
		"weak key for git":    {`alice namespaces="git" ` + weak, ""},
		"same key, same name": {"alice " + ours + " " + k + "\nalice valid-after=\"20270101Z\"," + ours + " " + k, ""},
		"no namespaces":       {"alice " + k, `:1: has no namespaces; write namespaces="changectl" before the key`},
		"on line 3":           {"# x\n\nalice " + k, ":3: has no namespaces"},
		"pattern namespaces":  {`alice namespaces="*" ` + k, `:1: has the pattern "*" as namespaces`},
		"unquoted":            {"alice namespaces=changectl " + k, ":1: has namespaces=changectl; expected a value between double quotes"},
		"empty namespaces":    {`alice namespaces="" ` + k, ":1: has namespaces=\"\"; expected a value"},
		"open quote":          {`alice namespaces="changectl ` + k, ":1: has a double quote that is not closed"},
		"unknown option":      {"alice no-touch-required," + ours + " " + k, `:1: has the unknown option "no-touch-required"; expected cert-authority`},
		"option twice":        {"alice " + ours + "," + ours + " " + k, ":1: gives the option namespaces twice"},
		"without Z":           {`alice valid-after="20270306",` + ours + " " + k, `:1: has valid-after="20270306" without a Z at its end`},
		"no time":             {`alice valid-before="tomorrow",` + ours + " " + k, `:1: has valid-before="tomorrow"; expected YYYYMMDDZ`},
		"no date":             {`alice valid-before="20270231Z",` + ours + " " + k, `:1: has valid-before="20270231Z", which is no date`},
		"never valid":         {`alice valid-after="20270306Z",valid-before="20270306Z",` + ours + " " + k, ":1: is never valid"},
		"no key":              {"alice " + ours + " ssh-ed25519", ":1: has no key"},
		"one word":            {"alice", ":1: has 1 fields; expected principals, options, type of the key, key"},
		"not base64":          {"alice " + ours + " " + kind + " !" + text, ":1: has a key that is not base64"},
		"cut off":             {"alice " + ours + " " + kind + " " + text[:40], ":1: has a key that cannot be read"},
		"other type":          {"alice " + ours + " ssh-rsa " + text, ":1: says ssh-rsa, but its key is of the type ssh-ed25519"},
		"certificate":         {"alice " + ours + " " + cert, ":1: holds a certificate; write the authority's public key"},
		"weak key":            {"alice " + ours + " " + weak, ":1: an RSA key of 2048 bits is not accepted"},
		"weak authority":      {"* cert-authority," + ours + " " + weak, ":1: an RSA key of 2048 bits is not accepted"},
		"pattern of a person": {"*@example.com " + ours + " " + k, `:1: has the pattern "*@example.com" as principals; a key is one person's`},
		"name and address":    {"alice,user:alice,alice@example.com " + ours + " " + k, ""},
		"shared key":          {"alice,bob " + ours + " " + k, ":1: lists one key for several persons, alice,bob; a key is one person's"},
		"two persons":         {"alice " + ours + " " + k + "\nbob " + ours + " " + k, ":2: lists a key that line 1 lists for alice"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "allowed_signers")
			write(t, file, tt.in+"\n", 0o600)
			err := new(identity.Signers).Load(file)
			if tt.want != "" {
				refused(t, err, change.KindInvalid, file+tt.want)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAllProblemsOfASignersFileAreReportedAtOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "allowed_signers")
	write(t, file, "alice\nbob oops x\n# fine\ncarol", 0o600)
	err := new(identity.Signers).Load(file)
	for _, place := range []string{":1: ", ":2: ", ":4: "} {
		refused(t, err, change.KindInvalid, file+place)
	}
}

func TestPatternLists(t *testing.T) {
	ca, k := ed25519Key(t), ed25519Key(t)
	tests := map[string]struct {
		list, name string
		want       bool
	}{
		"any":             {"*", "alice", true},
		"the name":        {"alice", "alice", true},
		"a longer name":   {"alice", "alicex", false},
		"domain":          {"*@example.com", "alice@example.com", true},
		"other domain":    {"*@example.com", "alice@example.com.evil", false},
		"one character":   {"a?ice", "alice", true},
		"no character":    {"a?lice", "alice", false},
		"stars":           {"*l*c*", "alice", true},
		"stars, no match": {"*l*x*", "alice", false},
		"second":          {"bob,alice", "alice", true},
		"excluded":        {"*,!alice", "alice", false},
		"excluded first":  {"!alice,*", "alice", false},
		"only excluded":   {"!bob", "alice", false},
		"case":            {"Alice", "alice", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			signers := allowed(t, tt.list+" cert-authority,"+ours+" "+line(ca.PublicKey()))
			_, err := signers.Verify(signedBy(t, certified{k, certificate(t, k, ca, principals(tt.name))}), noon)
			if got := err == nil; got != tt.want {
				t.Errorf("got %v, want %v (%v)", got, tt.want, err)
			}
		})
	}
}
