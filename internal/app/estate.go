package app

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/changectl/changectl/internal/catalog"
)

// estate holds the catalog of the moment. A catalog that cannot be read leaves
// the one before in force, and says so.
type estate struct {
	path    string
	current atomic.Pointer[catalog.Catalog]
	seen    string // stamp of the files at the last load
	save    func(ctx context.Context, digest string, snapshot []byte) error
	log     *logrus.Entry
}

func openEstate(ctx context.Context, file string, save func(context.Context, string, []byte) error, log *logrus.Entry) (*estate, error) {
	e := &estate{path: file, save: save, log: log}
	return e, e.load(ctx)
}

func (e *estate) catalog() *catalog.Catalog { return e.current.Load() }

func (e *estate) load(ctx context.Context) error {
	root, name := e.path, "."
	info, err := os.Stat(e.path)
	if err != nil {
		return fmt.Errorf("open catalog: %w", err)
	}
	if !info.IsDir() {
		root, name = filepath.Dir(e.path), filepath.Base(e.path)
	}
	e.seen = stamp(root)
	c, _, err := catalog.Load(os.DirFS(root), name, catalog.Options{})
	if err != nil {
		return fmt.Errorf("load catalog %s: %w", e.path, err)
	}
	snapshot, err := c.Snapshot()
	if err != nil {
		return fmt.Errorf("snapshot catalog %s: %w", e.path, err)
	}
	if err := e.save(ctx, c.Digest(), snapshot); err != nil {
		return fmt.Errorf("save catalog snapshot: %w", err)
	}
	e.current.Store(c)
	e.log.WithFields(logrus.Fields{"digest": c.Digest(), "systems": len(c.Systems())}).Info("catalog loaded")
	return nil
}

// watch loads the catalog again whenever its files have changed, until ctx ends, and
// has what rests on it looked at again.
func (e *estate) watch(ctx context.Context, changed func(context.Context) error) {
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	pending := true // it may have changed while no worker ran
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if e.altered() {
			if err := e.load(ctx); err != nil {
				e.log.WithError(err).Error("catalog not loaded; the one before stays in force")
				continue
			}
			pending = true
		}
		if !pending {
			continue
		}
		if err := changed(ctx); err != nil {
			e.log.WithError(err).Warn("what rests on the catalog was not all looked at again; trying again")
			continue
		}
		pending = false
	}
}

func (e *estate) altered() bool {
	root := e.path
	if info, err := os.Stat(root); err == nil && !info.IsDir() {
		root = filepath.Dir(root)
	}
	return stamp(root) != e.seen
}

// stamp says in a string when the files below root were last changed.
func stamp(root string) string {
	s := ""
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		s += fmt.Sprintf("%s %d %d\n", p, info.Size(), info.ModTime().UnixNano())
		return nil
	})
	if err != nil {
		return "unreadable: " + err.Error()
	}
	return s
}
