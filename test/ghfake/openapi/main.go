// Openapi takes from GitHub's published description of its REST API the operations
// and webhooks that keep.txt lists, with what they refer to, and writes them without
// prose and examples into a file that the fake checks requests and answers against.
//
//	go run ./test/ghfake/openapi
//
// The description comes from the npm package of a pinned version.
package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/getkin/kin-openapi/openapi3"
)

const (
	source = "@octokit/openapi@23.0.2"
	member = "package/generated/api.github.com.json"
	folder = "test/ghfake/openapi"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "openapi:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	list, err := os.ReadFile(filepath.Join(folder, "keep.txt"))
	if err != nil {
		return fmt.Errorf("read the list of operations (run this at the top of the repository): %w", err)
	}
	whole, err := download(ctx)
	if err != nil {
		return err
	}
	kept, err := trim(whole, string(list))
	if err != nil {
		return err
	}
	repair(kept)
	closeObjects(kept)
	plain, err := json.Marshal(kept)
	if err != nil {
		return fmt.Errorf("write the description: %w", err)
	}
	if err := loadable(ctx, plain); err != nil {
		return err
	}
	return write(plain)
}

// loadable says whether the fake will be able to use the description.
func loadable(ctx context.Context, plain []byte) error {
	doc, err := openapi3.NewLoader().LoadFromData(plain)
	if err != nil {
		return fmt.Errorf("load the trimmed description: %w", err)
	}
	if err := doc.Validate(ctx); err != nil {
		return fmt.Errorf("check the trimmed description: %w", err)
	}
	return nil
}

func write(plain []byte) error {
	var packed bytes.Buffer
	zip, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return fmt.Errorf("pack the description: %w", err)
	}
	if _, err := zip.Write(plain); err != nil {
		return fmt.Errorf("pack the description: %w", err)
	}
	if err := zip.Close(); err != nil {
		return fmt.Errorf("pack the description: %w", err)
	}
	file := filepath.Join(folder, "github.json.gz")
	if err := os.WriteFile(file, packed.Bytes(), 0o644); err != nil {
		return fmt.Errorf("write the description: %w", err)
	}
	fmt.Printf("%s: %d bytes, %d packed\n", file, len(plain), packed.Len())
	return nil
}
