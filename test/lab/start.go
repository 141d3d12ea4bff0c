package lab

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/sirupsen/logrus"
)

// Options say where a lab lives.
type Options struct {
	// Dir keeps the state; it is made if it is not there, and a lab that
	// was left in it is stopped and removed first.
	Dir string
	// Cache is where the builds are; empty means [DefaultCache].
	Cache string
	// Log hears what is done; nil means nobody.
	Log logrus.FieldLogger
}

// Lab is a running pair with its pooler. Stop it.
type Lab struct {
	Topology

	builds              *Builds
	who                 account
	log                 logrus.FieldLogger
	replicationPassword string
}

// Start builds a fresh pair (n1 the primary, n2 its standby, both on the older
// build) with PgBouncer in front, and returns when the standby streams and the
// pooler answers. On an error nothing is left running.
func Start(ctx context.Context, o Options) (*Lab, error) {
	l, err := prepare(ctx, o)
	if err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context) error{
		l.makePrimary, l.makeDatabase, l.makeStandby, l.makePooler, l.awaitReady,
	} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, l.Stop())
		}
	}
	l.log.WithFields(logrus.Fields{"n1": l.Nodes[0].Port, "n2": l.Nodes[1].Port, "pooler": l.Pooler.Port}).Info("the pair is up")
	return l, nil
}

// prepare makes directories, passwords, ports and helpers; nothing runs yet.
func prepare(ctx context.Context, o Options) (*Lab, error) {
	l := &Lab{log: o.Log, replicationPassword: rand.Text()}
	if l.log == nil {
		silent := logrus.New()
		silent.SetLevel(logrus.PanicLevel)
		l.log = silent
	}
	var err error
	if l.who, err = serverAccount(); err != nil {
		return nil, err
	}
	if l.builds, err = Fetch(ctx, o.Cache, l.log); err != nil {
		return nil, err
	}
	if !l.who.reaches(l.builds.Dir) {
		return nil, fmt.Errorf("use the builds in %s: the servers run as user id %d, which cannot reach it; choose a cache below /var/cache or /var/tmp", l.builds.Dir, l.who.uid)
	}
	dir, home, err := l.makeHome(o.Dir)
	if err != nil {
		return nil, err
	}
	ports, err := freePorts(ctx, 3)
	if err != nil {
		return nil, err
	}
	l.Topology = *newTopology(dir, home, l.builds, rand.Text(), ports)
	// The topology is written first, so that whatever starts from here on can be found and stopped.
	for _, step := range []func() error{l.save, l.makeDirs, l.writeHelpers} {
		if err := step(); err != nil {
			return nil, errors.Join(err, l.Stop())
		}
	}
	return l, nil
}

// makeHome returns the state directory, absolute and emptied of an earlier lab,
// and the place for the nodes: the same, unless the servers' user cannot get there.
func (l *Lab) makeHome(given string) (dir, home string, err error) {
	if given == "" {
		return "", "", errors.New("start a lab: no directory is given; name one in Options.Dir")
	}
	if dir, err = filepath.Abs(given); err != nil {
		return "", "", fmt.Errorf("resolve the lab's directory: %w", err)
	}
	if err := StopDir(dir); err != nil {
		return "", "", err
	}
	if err := ensureDir(dir); err != nil {
		return "", "", err
	}
	if l.who.reaches(dir) {
		return dir, dir, nil
	}
	if home, err = os.MkdirTemp("/var/tmp", "changectl-lab-"); err != nil {
		return "", "", fmt.Errorf("make a directory that the servers' user can reach: %w", err)
	}
	return dir, home, os.Chmod(home, 0o711)
}

func (l *Lab) makeDirs() error {
	if err := makeDir(l.Bin); err != nil {
		return err
	}
	for _, name := range []string{"n1", "n2", "pooler"} {
		path := filepath.Join(l.Home, name)
		if err := errors.Join(makeDir(path), l.who.give(path)); err != nil {
			return err
		}
	}
	for _, n := range l.Nodes {
		link := filepath.Join(l.Home, n.Name, "build")
		if err := os.Symlink(filepath.Join(l.builds.Dir, l.builds.Older()), link); err != nil {
			return fmt.Errorf("link %s to its build: %w", n.Name, err)
		}
	}
	return nil
}
