package product

import (
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/changectl/changectl/internal/app"
	"github.com/changectl/changectl/test/lab"
)

// PasswordSecret is the name of the secret with the lab's administrator password.
const PasswordSecret = "orders-db-admin"

// LabCatalog writes the catalog of the example company into dir, with the lab's
// pair and pooler as its orders database.
func LabCatalog(dir string, t *lab.Topology) error {
	endpoints, err := labEndpoints(t)
	if err != nil {
		return err
	}
	files, err := app.Example()
	if err != nil {
		return err
	}
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, name := range names {
		b, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(pointed(string(b), endpoints)), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// pointed replaces the endpoints of the systems that are in the lab.
func pointed(text string, endpoints map[string]map[string]string) string {
	lines := strings.Split(text, "\n")
	system := ""
	for i, line := range lines {
		if name, ok := strings.CutPrefix(line, "  name: "); ok {
			system = strings.TrimSpace(name)
		}
		key, _, ok := strings.Cut(strings.TrimSpace(line), ": ")
		kind, endpoint := strings.CutPrefix(key, "changectl.dev/endpoint.")
		if to, known := endpoints[system][kind]; ok && endpoint && known {
			lines[i] = fmt.Sprintf("    %s: %s", key, to)
		}
	}
	return strings.Join(lines, "\n")
}

func labEndpoints(t *lab.Topology) (map[string]map[string]string, error) {
	m := map[string]map[string]string{}
	for _, n := range t.Nodes {
		dsn, err := withoutPassword(n.AdminDSN)
		if err != nil {
			return nil, err
		}
		m[n.System] = map[string]string{"node": n.Name, "postgresql": dsn, "control": t.Bin}
	}
	m["orders-pool"] = map[string]string{"postgresql": t.ApplicationDSN, "pgbouncer": t.Pooler.ConsoleDSN, "control": t.Bin, "node": "pool"}
	return m, nil
}

func withoutPassword(dsn string) (string, error) {
	u, err := url.Parse(dsn)
	if err != nil {
		return "", fmt.Errorf("read connection string of the lab: %w", err)
	}
	u.User = url.User(u.User.Username())
	return u.String(), nil
}

// Secret gives changectl dev a secret.
func (o Options) Secret(name, value string) error {
	dir := filepath.Join(o.StateDir, "dev", "secrets")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, name), []byte(value+"\n"), 0o600)
}
