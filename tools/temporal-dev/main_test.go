package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.temporal.io/sdk/client"
)

// role makes the test binary play another program: the server itself, or one that starts it and waits.
const role = "TEMPORAL_DEV_TEST_ROLE"

const patience = 60 * time.Second // for what takes a second on an idle machine

func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case "server":
		main()
	case "parent":
		launch()
	default:
		os.Exit(m.Run())
	}
}

// launch starts the server with itself as its parent, and waits to be killed.
func launch() {
	cmd := exec.CommandContext(context.Background(), os.Args[0], append(os.Args[1:], "--parent", fmt.Sprint(os.Getpid()))...)
	cmd.Env = append(os.Environ(), role+"=server")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		os.Exit(1)
	}
}

// process is a running program of these tests.
type process struct {
	cmd    *exec.Cmd
	ready  ready
	stderr *lockedBuffer
	ended  chan struct{}
}

// start runs the server and waits for its ready line.
func start(t testing.TB, args ...string) *process {
	t.Helper()
	return startAs(t, "server", args...)
}

func startAs(t testing.TB, as string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.CommandContext(t.Context(), os.Args[0], args...), stderr: &lockedBuffer{}, ended: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), role+"="+as)
	p.cmd.Stderr = p.stderr
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(stdout).ReadString('\n')
		lines <- line
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() { p.kill(t) })
	select {
	case line := <-lines:
		if err := json.Unmarshal([]byte(line), &p.ready); err != nil {
			t.Fatalf("ready line %q: %v; stderr:\n%s", line, err, p.stderr)
		}
	case <-time.After(patience):
		t.Fatalf("no ready line; stderr:\n%s", p.stderr)
	}
	return p
}

// kill ends it as a crash would.
func (p *process) kill(t testing.TB) {
	t.Helper()
	_ = p.cmd.Process.Kill()
	p.wait(t)
}

// wait waits for the end and returns the exit code.
func (p *process) wait(t testing.TB) int {
	t.Helper()
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		t.Fatalf("process does not end; stderr:\n%s", p.stderr)
		return -1
	}
}

// stop ends it as a person would.
func (p *process) stop(t testing.TB) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := p.wait(t); code != 0 {
		t.Fatalf("exit code after SIGTERM: %d, want 0; stderr:\n%s", code, p.stderr)
	}
}

// dial connects to the server's namespace.
func (p *process) dial(t testing.TB) client.Client {
	t.Helper()
	c, err := client.Dial(client.Options{HostPort: p.ready.Address, Namespace: "changectl", Logger: silent{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// refused runs the server where it must not start, and returns exit code and message.
func refused(t *testing.T, args ...string) (int, string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), role+"=server")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	var exit *exec.ExitError
	if err := cmd.Run(); !errors.As(err, &exit) {
		t.Fatalf("run with %q: %v, want a refusal", args, err)
	}
	if stdout.Len() > 0 {
		t.Errorf("refusal printed to stdout: %s", &stdout)
	}
	return exit.ExitCode(), stderr.String()
}

// eventually repeats a check until it passes.
func eventually(t testing.TB, what string, check func() error) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("%s: %v", what, err)
		case <-tick.C:
		}
	}
}

// listenAnywhere takes a port that was free.
func listenAnywhere(t testing.TB) (l net.Listener, port string) {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ = strings.Cut(l.Addr().String(), ":")
	return l, port
}

func freePort(t testing.TB) string {
	t.Helper()
	l, port := listenAnywhere(t)
	_ = l.Close()
	return port
}

// headless are the flags of a server without Web UI on a port of its own choice.
func headless(db string, more ...string) []string {
	return append([]string{"--db", db, "--port", "0", "--ui-port", "0"}, more...)
}

func tempDB(t testing.TB) string { return filepath.Join(t.TempDir(), "state", "temporal.db") }

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write appends to the buffer.
func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String is all that was written so far.
func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// silent is a logger for clients whose server is about to be killed.
type silent struct{}

func (silent) Debug(string, ...any) {}
func (silent) Info(string, ...any)  {}
func (silent) Warn(string, ...any)  {}
func (silent) Error(string, ...any) {}
