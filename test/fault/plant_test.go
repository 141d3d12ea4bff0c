package fault_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/changectl/changectl/test/product"
	"github.com/changectl/changectl/workflows"
)

// plant is the product at work: a Temporal server and a worker, each a process of
// its own that can be killed and started again on what it left.
type plant struct {
	*company
	t                testing.TB
	journal          journal
	steps            int // that a worker runs at the same time
	heartbeat        time.Duration
	api, port        int
	worker, temporal *process
	engine           client.Client
	kills            map[string]int
	boxes            int // that have had a change
}

// patience bounds every single wait for the product.
const patience = 90 * time.Second

func newPlant(t testing.TB, boxes, steps int, heartbeat time.Duration) *plant {
	t.Helper()
	dir := t.TempDir()
	p := &plant{
		company: newCompany(t, dir, boxes), t: t, journal: newJournal(t, filepath.Join(dir, "journal")),
		steps: steps, heartbeat: heartbeat, api: freePort(t), port: freePort(t), kills: map[string]int{},
	}
	p.startTemporal()
	p.startWorker()
	var err error
	p.engine, err = client.NewLazyClient(client.Options{HostPort: address(p.port), Namespace: "changectl", Logger: silent{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.engine.Close()
		p.worker.kill()
		p.temporal.kill()
		if t.Failed() {
			t.Logf("the worker printed:\n%s", tail(p.path("worker.out")))
			t.Logf("Temporal printed:\n%s", tail(p.path("temporal.out")))
		}
	})
	return p
}

func (p *plant) startTemporal() {
	p.t.Helper()
	ready := p.path("temporal.ready")
	_ = os.Remove(ready) // of the one before
	args := []string{
		"--db", p.path("temporal.db"), "--port", strconv.Itoa(p.port), "--ui-port", "0",
		"--ready-file", ready, "--parent", strconv.Itoa(os.Getpid()),
	}
	for _, a := range workflows.SearchAttributes {
		args = append(args, "--search-attribute", a.GetName()+"="+a.GetValueType().String())
	}
	p.temporal = start(p.t, p.path("temporal.out"), program(p.t, "temporal-dev"), args...)
	p.await("Temporal is ready", p.temporal, func() bool { _, err := os.Stat(ready); return err == nil })
}

func (p *plant) startWorker() {
	p.t.Helper()
	books, err := filepath.Abs("testdata/runbooks")
	if err != nil {
		p.t.Fatal(err)
	}
	p.worker = start(
		p.t, p.path("worker.out"), program(p.t, "worker"),
		"--instance", "trial", "--operators", "group:operators", "--catalog-path", p.path("catalog.yaml"), "--runbooks-path", books,
		"--ledger-dsn", "sqlite:"+p.path("ledger.db"), "--ledger-key-file", p.path("log.key"),
		"--temporal-address", address(p.port), "--temporal-set-up=false",
		"--identity-allowed-signers", p.path("allowed_signers"), "--identity-tokens", p.path("tokens"),
		"--api-listen", address(p.api), "--log-level", "warn",
		"--worker-steps", strconv.Itoa(p.steps), "--worker-heartbeat-timeout", p.heartbeat.String(),
	)
	p.await("the worker is ready", p.worker, p.ready)
}

func (p *plant) ready() bool {
	resp, err := http.Get(p.server() + "/readyz")
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// await waits until a process that was started is of use, or fails when it ended.
func (p *plant) await(what string, proc *process, holds func() bool) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	until(ctx, p.t, what, func() bool {
		if proc.ended() {
			p.t.Fatalf("waiting until %s: it ended: %s", what, tail(proc.out))
		}
		return holds()
	})
}

// killWorker kills the worker as kill -9 does.
func (p *plant) killWorker() { p.worker.kill(); p.kills["worker"]++ }

// killTemporal kills the server as kill -9 does.
func (p *plant) killTemporal() { p.temporal.kill(); p.kills["Temporal"]++ }

func (p *plant) server() string { return "http://" + address(p.api) }

func (p *plant) as(name string) product.Person { return p.person(name, p.server()) }

// process is a program that runs.
type process struct {
	cmd  *exec.Cmd
	out  string
	done chan struct{}
}

func start(t testing.TB, out, name string, args ...string) *process {
	t.Helper()
	f, err := os.OpenFile(out, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // the child has its own
	p := &process{cmd: exec.Command(name, args...), out: out, done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = f, f
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = p.cmd.Wait(); close(p.done) }()
	return p
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended already
	<-p.done
}

func (p *process) signal(t testing.TB, s syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

func freePort(t testing.TB) int {
	t.Helper()
	port, err := product.FreePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func tail(file string) string {
	b, err := os.ReadFile(file)
	if err != nil {
		return fmt.Sprint(err)
	}
	return string(b[max(0, len(b)-8000):])
}

// silent is a log for nobody.
type silent struct{}

func (silent) Debug(string, ...any) {}
func (silent) Info(string, ...any)  {}
func (silent) Warn(string, ...any)  {}
func (silent) Error(string, ...any) {}
