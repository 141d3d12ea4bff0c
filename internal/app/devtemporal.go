package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/workflows"
)

// embedded is the Temporal server that changectl dev brings along, as a process
// of its own.
type embedded struct {
	cmd     *exec.Cmd
	done    chan struct{}
	err     error  // set when done is closed
	Address string `json:"address"`
	UI      string `json:"ui"`
}

// temporalBinary finds the server's program: as given, beside this one, in bin
// below the working directory, or on the PATH.
func temporalBinary(given string) (string, error) {
	if given != "" {
		return given, nil
	}
	candidates := []string{"bin/temporal-dev"}
	if self, err := os.Executable(); err == nil {
		candidates = append([]string{filepath.Join(filepath.Dir(self), "temporal-dev")}, candidates...)
	}
	for _, c := range candidates {
		if info, err := os.Stat(c); err == nil && !info.IsDir() {
			return filepath.Abs(c)
		}
	}
	if p, err := exec.LookPath("temporal-dev"); err == nil {
		return p, nil
	}
	return "", change.Unavailable("the program temporal-dev was not found beside changectl, in ./bin or on the PATH").
		WithHint("build it with make build, name it with --temporal-dev, or use a Temporal that runs with --temporal-address")
}

func startEmbedded(ctx context.Context, binary, state string, port, uiPort int) (*embedded, error) {
	ready := filepath.Join(state, "temporal.ready")
	if err := os.Remove(ready); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("remove %s: %w", ready, err)
	}
	logName := filepath.Join(state, "temporal.log")
	logFile, err := os.OpenFile(logName, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open log of Temporal: %w", err)
	}
	defer func() { _ = logFile.Close() }() // the child has its own
	args := []string{
		"--db", filepath.Join(state, "temporal.db"), "--port", strconv.Itoa(port), "--ui-port", strconv.Itoa(uiPort),
		"--ready-file", ready, "--parent", strconv.Itoa(os.Getpid()),
	}
	for _, a := range workflows.SearchAttributes {
		args = append(args, "--search-attribute", a.GetName()+"="+a.GetValueType().String())
	}
	e := &embedded{cmd: exec.Command(binary, args...), done: make(chan struct{})} //nolint:noctx // it is stopped in its own order
	e.cmd.Stdout, e.cmd.Stderr = logFile, logFile
	e.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt on the terminal is ours to pass on
	if err := e.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", binary, err)
	}
	go func() { e.err = e.cmd.Wait(); close(e.done) }()
	return e, e.await(ctx, ready, logName)
}

// await waits until the server has written its ready file.
func (e *embedded) await(ctx context.Context, ready, logName string) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		b, err := os.ReadFile(ready)
		if err == nil {
			return json.Unmarshal(b, e)
		}
		select {
		case <-e.done:
			return change.Unavailable("Temporal did not start: %s", lastLines(logName)).WithHint("its log is %s", logName)
		case <-ctx.Done():
			e.stop()
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// stop ends the server and waits until it is gone.
func (e *embedded) stop() {
	_ = e.cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
	select {
	case <-e.done:
	case <-time.After(15 * time.Second):
		_ = e.cmd.Process.Kill()
		<-e.done
	}
}

func lastLines(file string) string {
	b, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	return strings.Join(lines[max(0, len(lines)-3):], " / ")
}
