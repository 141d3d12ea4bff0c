package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/adrg/xdg"
	"github.com/sirupsen/logrus"
)

// Builds says which builds of PostgreSQL and PgBouncer are unpacked, and where.
type Builds struct {
	// Dir holds one directory for each version, named after it.
	Dir string `json:"dir"`
	// Versions are the builds at hand, the older first, as in "15.18".
	Versions []string `json:"versions"`
	// OneVersionOnly is true where the archives offer a single version. Then
	// nothing can be patched: demonstrate with a setting that needs a restart.
	OneVersionOnly bool `json:"oneVersionOnly"`
	// PgBouncer is the path of the pooler's binary.
	PgBouncer string `json:"pgbouncer"`
	// Libs holds the shared libraries that the machine did not have.
	Libs string `json:"libs"`
}

// Older is the version that a fresh lab runs.
func (b Builds) Older() string { return b.Versions[0] }

// Newer is the version that a patch goes to.
func (b Builds) Newer() string { return b.Versions[len(b.Versions)-1] }

// markerFile is written last: a cache that has it is complete.
const markerFile = "builds.json"

// DefaultCache is the cache directory of a person: under $XDG_CACHE_HOME where
// the lab's user can reach it, else under /var/cache (root's home is closed
// to the user that the servers run as).
func DefaultCache() string {
	dir := filepath.Join(xdg.CacheHome, "changectl-lab")
	if who, err := serverAccount(); err == nil && !who.reaches(dir) {
		return "/var/cache/changectl-lab"
	}
	return dir
}

// Fetch makes sure that dir holds two builds of PostgreSQL 15 and a PgBouncer
// with the libraries they need, and says which. An empty dir means
// [DefaultCache]. It downloads from the Debian archives that apt is configured
// for, with package lists of its own, installs nothing, and does nothing
// when dir is complete already.
func Fetch(ctx context.Context, dir string, log logrus.FieldLogger) (*Builds, error) {
	if dir == "" {
		dir = DefaultCache()
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("resolve the cache directory: %w", err)
	}
	if err := ensureDir(dir); err != nil {
		return nil, err
	}
	unlock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if b, err := readBuilds(dir); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return b, err
	}
	return unpackAll(ctx, dir, log)
}

// ensureDir makes the directory if it is not there; one that is there keeps its mode.
func ensureDir(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	return makeDir(dir)
}

// lockDir makes a second process wait until the first has fetched.
func lockDir(dir string) (func(), error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open the cache's lock: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(fmt.Errorf("lock the cache: %w", err), f.Close())
	}
	return func() { _ = f.Close() }, nil
}

func readBuilds(dir string) (*Builds, error) {
	raw, err := os.ReadFile(filepath.Join(dir, markerFile))
	if err != nil {
		return nil, fmt.Errorf("read the list of builds: %w", err)
	}
	var b Builds
	if err := json.Unmarshal(raw, &b); err != nil {
		return nil, fmt.Errorf("parse %s: %w; remove %s and fetch again", markerFile, err, dir)
	}
	b.Dir, b.Libs = dir, filepath.Join(dir, "libs")
	b.PgBouncer = filepath.Join(dir, "pgbouncer", "usr", "sbin", "pgbouncer")
	return &b, nil
}

func unpackAll(ctx context.Context, dir string, log logrus.FieldLogger) (*Builds, error) {
	archive, err := openArchive(ctx, filepath.Join(dir, "apt"), log)
	if err != nil {
		return nil, err
	}
	found, err := archive.versions(ctx)
	if err != nil {
		return nil, err
	}
	b := &Builds{Versions: found.names(), OneVersionOnly: len(found) == 1}
	if b.OneVersionOnly {
		log.WithField("version", b.Older()).Warn("the archives offer one version only: nothing can be patched")
	}
	for _, v := range found {
		if err := archive.unpack(ctx, filepath.Join(dir, v.name), v.packages()...); err != nil {
			return nil, err
		}
	}
	if err := archive.unpack(ctx, filepath.Join(dir, "pgbouncer"), "pgbouncer"); err != nil {
		return nil, err
	}
	if err := archive.completeLibraries(ctx, dir, b.Versions); err != nil {
		return nil, err
	}
	if err := os.RemoveAll(archive.dir); err != nil {
		return nil, fmt.Errorf("remove the downloads: %w", err)
	}
	return writeBuilds(dir, b)
}

func writeBuilds(dir string, b *Builds) (*Builds, error) {
	b.Versions = slices.Clone(b.Versions)
	raw, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode the list of builds: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, markerFile), raw, 0o644); err != nil {
		return nil, fmt.Errorf("write the list of builds: %w", err)
	}
	return readBuilds(dir)
}
