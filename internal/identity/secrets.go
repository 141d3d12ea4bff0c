package identity

import (
	"errors"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/changectl/changectl/internal/change"
)

// maxSecret is the largest secret, in bytes.
const maxSecret = 64 << 10

// Secrets finds what the service presents to others by name: in the environment,
// or else in a file of its own that nobody else can read.
type Secrets struct {
	Dir     string                           // empty: no files
	Environ func(name string) (string, bool) // usually os.LookupEnv; nil: no environment
}

var secretName = regexp.MustCompile(`^[a-z][a-z0-9]*([-_][a-z0-9]+)*$`)

// Get returns the secret: $CHANGECTL_SECRET_NAME, in capitals and with _ for -, or
// the file NAME in Dir without the line break at its end. Errors never hold it.
func (s Secrets) Get(name string) (string, error) {
	if !secretName.MatchString(name) || len(name) > 64 {
		return "", change.Invalid("%q is not the name of a secret; expected small letters, digits, - and _, such as orders-db-password", name)
	}
	variable := "CHANGECTL_SECRET_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
	if s.Environ != nil {
		if v, ok := s.Environ(variable); ok {
			return present(v, "$"+variable)
		}
	}
	missing := change.NotFound("there is no secret %q", name).WithHint("set %s for the worker", variable)
	if s.Dir == "" {
		return "", missing
	}
	file := filepath.Join(s.Dir, name)
	b, mode, err := readRegular(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", missing.WithHint("write it to %s with mode 0600 on the worker, or set %s for the worker", file, variable)
	case err != nil:
		return "", change.Unavailable("read the secret %q: %w", name, err)
	case mode.Perm()&0o077 != 0:
		return "", change.Denied("others can read the secret %s (mode %04o)", file, mode.Perm()).WithHint("chmod 600 %s, and replace the secret", file)
	}
	return present(strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r"), file)
}

func present(value, where string) (string, error) {
	switch {
	case value == "":
		return "", change.Invalid("the secret in %s is empty", where)
	case len(value) > maxSecret:
		return "", change.Invalid("the secret in %s is longer than %d bytes", where, maxSecret)
	}
	return value, nil
}
