package identity

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"

	"github.com/changectl/changectl/internal/change"
)

// Namespace is the SSHSIG namespace of statements.
const Namespace = "changectl"

// Signers are the persons and authorities whose signatures count, as an
// allowed_signers file lists them. The zero value trusts nobody; Load names the
// file. It may be used by many goroutines.
type Signers struct {
	once sync.Once
	file watched[[]signer]
}

// Load reads the file and remembers where it is; Verify reads it again whenever
// it differs. All that is wrong in it is reported at once, with file and line.
func (s *Signers) Load(file string) error { return s.source().load(file) }

func (s *Signers) source() *watched[[]signer] {
	s.once.Do(func() { s.file.what, s.file.parse = "allowed signers", parseSigners })
	return &s.file
}

func parseSigners(file string, b []byte) ([]signer, error) {
	var all []signer
	var problems []error
	for i, text := range strings.Split(string(b), "\n") {
		text = strings.TrimSpace(text)
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		s, err := parseSigner(text)
		if err == nil {
			s.line = i + 1
			err = alone(s, all)
		}
		if err != nil {
			problems = append(problems, change.Invalid("%s:%d: %w", file, i+1, err))
			continue
		}
		all = append(all, s)
	}
	return all, errors.Join(problems...)
}

// alone refuses a key that stands for different persons on different lines, for
// then nobody could say who signed.
func alone(s signer, earlier []signer) error {
	for _, e := range earlier {
		if s.authority || e.authority || !s.forStatements() || !e.forStatements() || !sameKey(s.key, e.key) {
			continue
		}
		if !slices.Equal(s.names(), e.names()) {
			return change.Invalid("lists a key that line %d lists for %s; a key is one person's", e.line, e.principals)
		}
	}
	return nil
}

func (s signer) names() []string {
	names := strings.Split(s.principals, ",")
	slices.Sort(names)
	return slices.Compact(names)
}

func sameKey(a, b ssh.PublicKey) bool { return bytes.Equal(a.Marshal(), b.Marshal()) }
