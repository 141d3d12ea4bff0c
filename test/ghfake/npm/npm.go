// Package npm fetches single files out of packages of the npm registry, by npm itself.
package npm

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// Fetch returns a file of a package: NAME@VERSION and the path inside, from package/ on.
func Fetch(ctx context.Context, pkg, member string) (_ []byte, err error) {
	dir, err := os.MkdirTemp("", "npm-")
	if err != nil {
		return nil, fmt.Errorf("make a folder to fetch %s into: %w", pkg, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	var errs bytes.Buffer
	cmd := exec.CommandContext(ctx, "npm", "pack", "--silent", pkg)
	cmd.Dir, cmd.Stderr = dir, &errs
	name, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("fetch %s by npm (make packages installs it): %w: %s", pkg, err, bytes.TrimSpace(errs.Bytes()))
	}
	packed, err := os.ReadFile(filepath.Join(dir, string(bytes.TrimSpace(name))))
	if err != nil {
		return nil, fmt.Errorf("open the package %s: %w", pkg, err)
	}
	out, err := find(packed, member)
	if err != nil {
		return nil, fmt.Errorf("look for %s in %s: %w", member, pkg, err)
	}
	return out, nil
}

func find(packed []byte, member string) ([]byte, error) {
	zip, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	archive := tar.NewReader(zip)
	for {
		head, err := archive.Next()
		if err != nil {
			return nil, err
		}
		if head.Name == member {
			return io.ReadAll(archive)
		}
	}
}
