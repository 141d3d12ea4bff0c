package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Stop ends every process of the lab, waits until it is gone, and removes the nodes. The state directory
// itself stays. It can be called again, and after a start that did not finish.
func (l *Lab) Stop() error { return l.stop() }

// StopDir stops the lab that was started in dir, perhaps by a process that is
// gone, and removes it. A directory without a lab is left alone.
func StopDir(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, topologyFile)); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	t, err := Load(dir)
	if err != nil {
		return err
	}
	return t.stop()
}

func (t *Topology) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var problems []error
	for _, s := range []server{
		// SIGTERM ends PgBouncer at once. SIGQUIT is PostgreSQL's immediate shutdown: the data is thrown away anyway.
		{"pgbouncer", t.Pooler.Config, syscall.SIGTERM},
		{"postgres", t.Nodes[0].DataDir, syscall.SIGQUIT},
		{"postgres", t.Nodes[1].DataDir, syscall.SIGQUIT},
	} {
		problems = append(problems, s.end(ctx))
	}
	if err := errors.Join(problems...); err != nil {
		return err
	}
	return t.remove()
}

// remove deletes what Start made, and nothing else that lies in the directory.
func (t *Topology) remove() error {
	var problems []error
	for _, name := range []string{"n1", "n2", "pooler", "bin", "lab.env"} {
		problems = append(problems, os.RemoveAll(filepath.Join(t.Home, name)))
	}
	if t.Home != t.Dir {
		problems = append(problems, os.RemoveAll(t.Home))
	}
	problems = append(problems, os.RemoveAll(filepath.Join(t.Dir, topologyFile)))
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("remove the lab: %w", err)
	}
	return nil
}

// server is a process of the lab: a program with a path of the lab as one of its arguments.
type server struct {
	program, argument string
	signal            syscall.Signal
}

// processes finds the server by what it was called with, not by its pid file: a
// start that was broken off may not have written one.
func (s server) processes() []int {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	var pids []int
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			continue // it ended meanwhile
		}
		args := strings.Split(string(raw), "\x00")
		if filepath.Base(args[0]) != s.program || !slices.Contains(args[1:], s.argument) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(f))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// end signals the server, waits until it is gone, and kills it when it is not after 10 s.
func (s server) end(ctx context.Context) error {
	for _, sig := range []syscall.Signal{s.signal, syscall.SIGKILL} {
		for _, pid := range s.processes() {
			if err := syscall.Kill(pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("signal %s (process %d): %w", s.program, pid, err)
			}
		}
		if s.awaitGone(ctx) {
			return nil
		}
	}
	return fmt.Errorf("stop %s (processes %v): still there after SIGKILL; its argument is %s", s.program, s.processes(), s.argument)
}

func (s server) awaitGone(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return poll(ctx, func() (bool, error) { return len(s.processes()) == 0, nil }) == nil
}

// poll asks every 10 ms until the answer is yes, an error, or the context's end.
func poll(ctx context.Context, ask func() (bool, error)) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if yes, err := ask(); err != nil || yes {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
