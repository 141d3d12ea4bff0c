package ghfake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/changectl/changectl/test/ghfake/npm"
)

// The package of example payloads, at its version.
const (
	examplesPackage = "@octokit/webhooks-examples@7.6.1"
	examplesMember  = "package/api.github.com/index.json"
	examplesFile    = "webhooks-examples-7.6.1.json"
)

// Examples returns the payloads that GitHub sent some day, by the name of the event.
// npm fetches them once into the cache of the user; without them the test fails.
func Examples(t testing.TB) map[string][]json.RawMessage {
	t.Helper()
	text, err := cachedExamples(t.Context())
	if err != nil {
		t.Fatalf("get GitHub's example payloads: %v", err)
	}
	var events []struct {
		Name     string            `json:"name"`
		Examples []json.RawMessage `json:"examples"`
	}
	if err := json.Unmarshal(text, &events); err != nil {
		t.Fatalf("read GitHub's example payloads: %v", err)
	}
	out := map[string][]json.RawMessage{}
	for _, e := range events {
		out[e.Name] = e.Examples
	}
	return out
}

func cachedExamples(ctx context.Context) ([]byte, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	file := filepath.Join(cache, "changectl-tests", examplesFile)
	text, err := os.ReadFile(file)
	if !errors.Is(err, os.ErrNotExist) {
		return text, err
	}
	if text, err = npm.Fetch(ctx, examplesPackage, examplesMember); err != nil {
		return nil, err
	}
	return text, keep(file, text)
}

// keep writes a file at once, since tests of several packages may want it.
func keep(file string, text []byte) (err error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("make the cache: %w", err)
	}
	part, err := os.CreateTemp(filepath.Dir(file), "part-")
	if err != nil {
		return fmt.Errorf("write into the cache: %w", err)
	}
	_, err = part.Write(text)
	if err = errors.Join(err, part.Close()); err != nil {
		return fmt.Errorf("write into the cache: %w", err)
	}
	return os.Rename(part.Name(), file)
}
