// Package product starts the built programs of the product for tests,
// benchmarks and the demonstration, and plays the people of the example company.
package product

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/identity"
)

// Options say how changectl dev is started.
type Options struct {
	// Bin is the directory of the built programs.
	Bin string
	// StateDir keeps the state; it survives a restart.
	StateDir string
	// Args are further flags of changectl dev.
	Args []string
	// Env is added to the environment of changectl dev.
	Env []string
}

// Dev is a changectl dev that runs.
type Dev struct {
	Options
	API, UI, Temporal int // ports
	Log               string
	cmd               *exec.Cmd
	done              chan struct{}
}

// Start starts changectl dev on free ports and waits until it is ready.
func Start(ctx context.Context, o Options) (*Dev, error) {
	d := &Dev{Options: o}
	for _, p := range []*int{&d.API, &d.UI, &d.Temporal} {
		port, err := FreePort(ctx)
		if err != nil {
			return nil, err
		}
		*p = port
	}
	return d, d.Restart(ctx)
}

// Restart starts it again, on the same ports and state.
func (d *Dev) Restart(ctx context.Context) error {
	d.Log = filepath.Join(d.StateDir, "dev.out")
	if err := os.MkdirAll(d.StateDir, 0o700); err != nil {
		return err
	}
	out, err := os.OpenFile(d.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer out.Close() //nolint:errcheck // the child has its own
	args := append([]string{
		"dev", "--state-dir", d.StateDir, "--api-port", strconv.Itoa(d.API), "--ui-port", strconv.Itoa(d.UI), "--temporal-port", strconv.Itoa(d.Temporal),
	}, d.Args...)
	d.cmd = exec.Command(filepath.Join(d.Bin, "changectl"), args...) //nolint:noctx // it is stopped in its own order
	d.cmd.Stdout, d.cmd.Stderr = out, out
	d.cmd.Env = append(os.Environ(), d.Env...)
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := d.cmd.Start(); err != nil {
		return fmt.Errorf("start changectl dev: %w", err)
	}
	cmd, done := d.cmd, make(chan struct{}) // a later Restart has others
	d.done = done
	go func() { _ = cmd.Wait(); close(done) }()
	return d.awaitReady(ctx)
}

func (d *Dev) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.Server()+"/readyz", nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-d.done:
			return fmt.Errorf("changectl dev ended: %s", d.Output())
		case <-ctx.Done():
			return errors.Join(ctx.Err(), d.Stop(), fmt.Errorf("changectl dev is not ready: %s", d.Output()))
		case <-tick.C:
		}
	}
}

// Output returns what it has printed.
func (d *Dev) Output() string {
	b, err := os.ReadFile(d.Log)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(b))
}

// Server returns the address of the API.
func (d *Dev) Server() string { return "http://127.0.0.1:" + strconv.Itoa(d.API) }

// PID returns the process ID of changectl dev.
func (d *Dev) PID() int { return d.cmd.Process.Pid }

// Stop asks it to stop and waits until it has.
func (d *Dev) Stop() error {
	_ = d.cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
	select {
	case <-d.done:
	case <-time.After(time.Minute):
		_ = d.cmd.Process.Kill()
		<-d.done
		return errors.New("changectl dev had to be killed")
	}
	if code := d.cmd.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("changectl dev ended with exit code %d: %s", code, d.Output())
	}
	return nil
}

// Kill kills it at once, and waits until it is gone.
func (d *Dev) Kill() {
	_ = d.cmd.Process.Kill() // it may have ended already
	<-d.done
}

// Person is one of the people, as the API knows them.
type Person struct {
	*httpapi.Client
	Key string // file of the SSH key
}

// As plays a person.
func (d *Dev) As(name string) (Person, error) {
	dir := filepath.Join(d.StateDir, "dev", "people", name)
	token, err := os.ReadFile(filepath.Join(dir, "token"))
	if err != nil {
		return Person{}, err
	}
	c := httpapi.NewClient(d.Server(), strings.TrimSpace(string(token)), &http.Client{Timeout: 2 * time.Minute})
	return Person{Client: c, Key: filepath.Join(dir, "id_ed25519")}, nil
}

// Sign gives a signed verb on a change: approve, reject, or a decision.
func (p Person) Sign(ctx context.Context, id change.ID, q httpapi.SignQuery) (change.Record, error) {
	statements, err := p.ToSign(ctx, id, q)
	if err != nil {
		return change.Record{}, err
	}
	var signed []change.SignedStatement
	for _, s := range statements {
		one, err := identity.Sign(ctx, s, identity.SignerOptions{KeyFile: p.Key})
		if err != nil {
			return change.Record{}, err
		}
		signed = append(signed, one)
	}
	if q.Verb == change.Approve || q.Verb == change.Reject {
		return p.Approve(ctx, id, signed)
	}
	return p.Decide(ctx, id, httpapi.DecideRequest{Verb: q.Verb, Step: q.Step, Reason: q.Reason, Signed: signed[0]})
}

// AwaitStatus waits until a change has one of the statuses.
func (p Person) AwaitStatus(ctx context.Context, id change.ID, any ...change.Status) (change.Record, error) {
	after := int64(-1)
	for {
		rec, err := p.Await(ctx, id, after, 10*time.Second)
		if err != nil {
			return rec, err
		}
		for _, s := range any {
			if rec.Status == s {
				return rec, nil
			}
		}
		if rec.Status.Final() {
			return rec, fmt.Errorf("%s ended as %s (%s) while %v was waited for", id, rec.Status, rec.Note, any)
		}
		after = rec.Version
	}
}

// FreePort finds a free port below those that the kernel hands out by itself, so
// that nobody is given it between this look and its use.
func FreePort(ctx context.Context) (int, error) {
	const first, last, tries = 10_000, 20_000, 100
	var err error
	for range tries {
		port := first + rand.IntN(last-first)
		var l net.Listener
		if l, err = (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			return port, l.Close()
		}
	}
	return 0, fmt.Errorf("find a free port: %w", err)
}
