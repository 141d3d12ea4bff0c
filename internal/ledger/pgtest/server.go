package pgtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// server is a throw-away PostgreSQL.
type server struct {
	dir     string
	process *exec.Cmd
	watcher *exec.Cmd
	ended   chan error
	address string
}

// start makes a cluster in a temporary directory and waits until it answers.
func start() (*server, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	as, err := unprivileged()
	if err != nil {
		return nil, err
	}
	s := &server{}
	if s.dir, err = os.MkdirTemp("", "changectl-pg-"); err != nil {
		return nil, fmt.Errorf("make a directory for PostgreSQL: %w", err)
	}
	if err := s.launch(bin, as); err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.dir))
	}
	return s, nil
}

func (s *server) launch(bin string, as *syscall.Credential) error {
	password := rand.Text()
	if err := s.initialise(bin, as, password); err != nil {
		return err
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	var log bytes.Buffer
	s.process = exec.Command(filepath.Join(bin, "postgres"), "-D", filepath.Join(s.dir, "data"), //nolint:noctx // it outlives every test
		"-p", strconv.Itoa(port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
		"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200", "-c", "shared_buffers=64MB")
	s.process.Stdout, s.process.Stderr = &log, &log
	s.process.Dir = s.dir
	s.process.SysProcAttr = &syscall.SysProcAttr{Credential: as, Setpgid: true}
	s.ended = make(chan error, 1)
	if err := s.process.Start(); err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	go func() { s.ended <- s.process.Wait() }()
	s.address = (&url.URL{
		Scheme: "postgres", User: url.UserPassword("changectl", password),
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), Path: "/postgres", RawQuery: "sslmode=disable",
	}).String()
	if err := s.ready(); err != nil {
		return errors.Join(err, s.kill(), fmt.Errorf("PostgreSQL printed: %s", log.String()))
	}
	return s.watch(bin)
}

// initialise runs initdb in the server's directory.
func (s *server) initialise(bin string, as *syscall.Credential, password string) error {
	secret := filepath.Join(s.dir, "password")
	if err := os.WriteFile(secret, []byte(password), 0o600); err != nil {
		return fmt.Errorf("write password: %w", err)
	}
	if as != nil {
		if err := errors.Join(os.Chown(s.dir, int(as.Uid), int(as.Gid)), os.Chown(secret, int(as.Uid), int(as.Gid))); err != nil {
			return fmt.Errorf("hand the directory to PostgreSQL: %w", err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", filepath.Join(s.dir, "data"), "-U", "changectl",
		"-A", "password", "--pwfile", secret, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	c.Dir = s.dir
	c.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("run initdb: %w: %s", err, out)
	}
	return nil
}

// ready waits until the server answers a query, ends, or 30 seconds are over.
func (s *server) ready() error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	end := time.After(30 * time.Second)
	for {
		select {
		case err := <-s.ended:
			s.ended <- err
			return fmt.Errorf("PostgreSQL ended at once: %w", err)
		case <-end:
			return fmt.Errorf("PostgreSQL does not answer after 30 s")
		case <-tick.C:
			if execute(s.address, "select 1") == nil {
				return nil
			}
		}
	}
}

// watch starts a shell that ends the server and removes its directory when this
// process ends without doing so itself: it reads a pipe that only we hold open.
func (s *server) watch(bin string) error {
	r, w, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("make a pipe: %w", err)
	}
	c := exec.Command("/bin/sh", "-c", `read -r line; kill -QUIT "$1" 2>/dev/null && sleep 1; rm -rf "$2"`, //nolint:noctx // it outlives every test
		"sh", strconv.Itoa(s.process.Process.Pid), s.dir)
	c.Stdin, c.Dir = r, bin
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := errors.Join(c.Start(), r.Close()); err != nil {
		return fmt.Errorf("start the watcher of PostgreSQL: %w", err)
	}
	go func() { _ = c.Wait() }()
	s.watcher = c
	keepOpen = append(keepOpen, w)
	return nil
}

// keepOpen keeps the write ends of the watchers' pipes from the garbage collector.
var keepOpen []*os.File

// stop ends the server at once; its data is not wanted any more.
func (s *server) stop() error {
	if err := s.watcher.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop the watcher of PostgreSQL: %w", err)
	}
	return errors.Join(s.kill(), os.RemoveAll(s.dir))
}

func (s *server) kill() error {
	if err := s.process.Process.Signal(syscall.SIGQUIT); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop PostgreSQL: %w", err)
	}
	if err := <-s.ended; err != nil && s.process.ProcessState == nil {
		return fmt.Errorf("wait for PostgreSQL to end: %w", err)
	}
	return nil
}

// binaries returns the newest directory with PostgreSQL's server programs.
func binaries() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", fmt.Errorf("look for PostgreSQL: %w", err)
	}
	if len(found) > 0 {
		slices.Sort(found)
		return filepath.Dir(found[len(found)-1]), nil
	}
	if p, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(p), nil
	}
	return "", fmt.Errorf("no PostgreSQL server on this machine: apt-get install postgresql-15, or set %s to the address of one", Variable)
}

// unprivileged returns the user postgres when we are root, because PostgreSQL
// refuses to run as root, and nil otherwise.
func unprivileged() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil //nolint:nilnil // no credential means our own
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("there is no user postgres to run PostgreSQL as (the package postgresql-15 makes it): %w", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("read the user postgres: %w", err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("read the user postgres: %w", err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed on the next line
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	a, ok := l.Addr().(*net.TCPAddr)
	if err := l.Close(); err != nil || !ok {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	return a.Port, nil
}
