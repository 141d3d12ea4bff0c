package identity_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/identity"
)

func TestSecretsComeFromEnvironmentOrFile(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"plain": "geheim", "line": "geheim\n", "windows": "geheim\r\n", "two-lines": "geheim\n\n", "in-both": "from file",
		"empty": "\n", "long": strings.Repeat("x", 65<<10),
	} {
		write(t, filepath.Join(dir, name), text, 0o600)
	}
	write(t, filepath.Join(dir, "strict"), "geheim", 0o400)
	write(t, filepath.Join(dir, "group"), "geheim", 0o640)
	write(t, filepath.Join(dir, "all"), "geheim", 0o604)
	write(t, filepath.Join(filepath.Dir(dir), "outside"), "geheim", 0o600)
	if err := os.Mkdir(filepath.Join(dir, "directory"), 0o700); err != nil {
		t.Fatal(err)
	}
	environ := map[string]string{"CHANGECTL_SECRET_IN_BOTH": "from environment", "CHANGECTL_SECRET_BLANK": ""}
	secrets := identity.Secrets{Dir: dir, Environ: func(name string) (string, bool) { v, ok := environ[name]; return v, ok }}

	tests := map[string]struct {
		value string
		kind  change.Kind
		want  string
	}{
		"plain":                 {value: "geheim"},
		"line":                  {value: "geheim"},
		"windows":               {value: "geheim"},
		"two-lines":             {value: "geheim\n"},
		"strict":                {value: "geheim"},
		"in-both":               {value: "from environment"},
		"in_both":               {value: "from environment"},
		"blank":                 {"", change.KindInvalid, "the secret in $CHANGECTL_SECRET_BLANK is empty"},
		"empty":                 {"", change.KindInvalid, "is empty"},
		"long":                  {"", change.KindInvalid, "is longer than 65536 bytes"},
		"group":                 {"", change.KindDenied, "(mode 0640); chmod 600"},
		"all":                   {"", change.KindDenied, "(mode 0604); chmod 600"},
		"directory":             {"", change.KindUnavailable, "is not a regular file"},
		"missing":               {"", change.KindNotFound, `there is no secret "missing"; write it to ` + dir + "/missing with mode 0600 on the worker, or set CHANGECTL_SECRET_MISSING"},
		"../outside":            {"", change.KindInvalid, "is not the name of a secret"},
		"/etc/passwd":           {"", change.KindInvalid, "is not the name of a secret"},
		"..":                    {"", change.KindInvalid, "is not the name of a secret"},
		"":                      {"", change.KindInvalid, "is not the name of a secret"},
		"Plain":                 {"", change.KindInvalid, "is not the name of a secret"},
		"a\n":                   {"", change.KindInvalid, "is not the name of a secret"},
		strings.Repeat("a", 65): {"", change.KindInvalid, "is not the name of a secret"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := secrets.Get(name)
			if got != tt.value {
				t.Errorf("got %q, want %q", got, tt.value)
			}
			if tt.want == "" && err == nil {
				return
			}
			refused(t, err, tt.kind, tt.want)
			if strings.Contains(err.Error(), "geheim") {
				t.Errorf("the secret is in %v", err)
			}
		})
	}
}

func TestSecretsWithoutADirectory(t *testing.T) {
	_, err := identity.Secrets{}.Get("orders-db")
	refused(t, err, change.KindNotFound, `there is no secret "orders-db"; set CHANGECTL_SECRET_ORDERS_DB for the worker`)
}
