package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/changectl/changectl/test/lab"
	"github.com/changectl/changectl/test/product"
)

// stage is what runs for the demonstration, and how it is taken down.
type stage struct {
	dir  string // everything that is kept in files
	bin  string // the built programs
	dev  *product.Dev
	undo []func() error
	labs []*lab.Lab
	// fail ends the acts, when something is gone that they stand on.
	fail context.CancelCauseFunc
}

func newStage() (*stage, error) {
	bin := os.Getenv("CHANGECTL_BIN")
	if bin == "" {
		bin = "bin"
	}
	bin, err := filepath.Abs(bin)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(bin, "changectl")); err != nil {
		return nil, fmt.Errorf("find the programs: %w; build them with make build, from the top of the repository", err)
	}
	dir, err := os.MkdirTemp("", "changectl-demo-")
	if err != nil {
		return nil, fmt.Errorf("make a directory for the demonstration: %w", err)
	}
	return &stage{dir: dir, bin: bin}, nil
}

func (s *stage) state() string { return filepath.Join(s.dir, "state") }

// environment is what changectl gets: nothing of the user's own settings.
func (s *stage) environment() []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "CHANGECTL_") && !strings.HasPrefix(v, "XDG_CONFIG_HOME=") {
			env = append(env, v)
		}
	}
	return append(env, "CHANGECTL_STATE_DIR="+s.state(), "XDG_CONFIG_HOME="+filepath.Join(s.dir, "config"))
}

// pair starts a fresh PostgreSQL pair.
func (s *stage) pair(ctx context.Context, name string) (*lab.Lab, error) {
	log := logrus.New()
	log.SetOutput(os.Stdout)
	log.SetFormatter(plainLines{})
	l, err := lab.Start(ctx, lab.Options{Dir: filepath.Join(s.dir, name), Cache: os.Getenv("DEMO_BUILDS"), Log: log})
	if err != nil {
		return nil, fmt.Errorf("start the PostgreSQL pair: %w", err)
	}
	s.labs = append(s.labs, l)
	s.undo = append(s.undo, l.Stop)
	return l, nil
}

// product starts changectl dev with the pair as the orders database of its company.
func (s *stage) product(ctx context.Context, l *lab.Lab, books string) error {
	catalog := filepath.Join(s.dir, "catalog")
	if err := product.LabCatalog(catalog, &l.Topology); err != nil {
		return fmt.Errorf("write the catalog: %w", err)
	}
	o := product.Options{Bin: s.bin, StateDir: s.state(), Args: []string{"--catalog", catalog, "--runbooks", books}}
	d, err := product.Start(ctx, o)
	if err != nil {
		return err
	}
	s.dev = d
	s.undo = append(s.undo, d.Stop)
	go s.guard(ctx, d.PID())
	return d.Secret(product.PasswordSecret, l.AdminPassword)
}

// guard ends the acts when changectl dev ends before them: its command line would
// wait for it to come back.
func (s *stage) guard(ctx context.Context, pid int) {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			s.fail(errors.New("changectl dev has ended before the demonstration"))
			return
		}
	}
}

// writer starts the load that keeps count.
func (s *stage) writer(ctx context.Context, l *lab.Lab) (*lab.Writer, error) {
	w, err := lab.StartWriter(ctx, lab.WriterOptions{DSN: l.ApplicationDSN})
	if err != nil {
		return nil, fmt.Errorf("start the writer: %w", err)
	}
	s.undo = append(s.undo, func() error { w.Stop(); return nil })
	return w, nil
}

// close takes everything down, last first. The files go too, unless something
// went wrong: then the logs stay, and it says where.
func (s *stage) close(err error) error {
	if err != nil {
		err = errors.Join(err, s.keepLogs())
	}
	for i := len(s.undo) - 1; i >= 0; i-- {
		err = errors.Join(err, s.undo[i]())
	}
	if err != nil {
		return fmt.Errorf("%w\nEverything is stopped. The logs are in %s: state/dev.out, state/dev/temporal.log, logs/", err, s.dir)
	}
	if err := os.RemoveAll(s.dir); err != nil {
		return fmt.Errorf("remove the files of the demonstration: %w", err)
	}
	fmt.Printf("\nEverything is stopped and %s is removed.\n", s.dir)
	return nil
}

// keepLogs copies what the servers of the pairs have said, for they go with them.
func (s *stage) keepLogs() error {
	for _, l := range s.labs {
		to := filepath.Join(s.dir, "logs", filepath.Base(l.Dir))
		if err := os.MkdirAll(to, 0o700); err != nil {
			return err
		}
		for name, from := range map[string]string{"n1.log": l.Nodes[0].Log, "n2.log": l.Nodes[1].Log, "pooler.log": l.Pooler.Log} {
			text, err := os.ReadFile(from)
			if err == nil {
				err = os.WriteFile(filepath.Join(to, name), text, 0o600)
			}
			if err != nil {
				return fmt.Errorf("keep %s: %w", name, err)
			}
		}
	}
	return nil
}

// plainLines prints what the lab says as lines of the demonstration.
type plainLines struct{}

// Format implements logrus.Formatter.
func (plainLines) Format(e *logrus.Entry) ([]byte, error) {
	text := "    " + e.Message
	for _, k := range []string{"version", "packages", "libraries", "n1", "n2", "pooler", logrus.ErrorKey} {
		if v, there := e.Data[k]; there {
			text += fmt.Sprintf(", %s %v", k, v)
		}
	}
	return []byte(text + "\n"), nil
}
