package app

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/changectl/changectl/internal/catalog"
	"github.com/changectl/changectl/internal/change"
)

type devOptions struct {
	stateDir        string
	apiPort         int
	temporalPort    int
	uiPort          int
	temporalAddress string
	temporalBinary  string
	catalog         string
	runbooks        string
	heartbeat       time.Duration
	logLevel        string
}

// DevCommand is changectl dev: the whole product on one machine. stateDir names
// the state directory that holds where none is given.
func DevCommand(stateDir func() string, stderr io.Writer) *cobra.Command {
	o := &devOptions{}
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Run the whole product on this machine, with an example company",
		Long: `Run the whole product on this machine: a Temporal server with its Web UI, the
ledger in SQLite, the worker, the HTTP API, and the example company Nordwind
Orders, whose people you can all play (changectl --profile bob ...).

Everything listens on loopback only. What happens is kept in the state directory
and is there again after a restart. It stops on Ctrl-C.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM)
			defer stop()
			if o.stateDir == "" {
				o.stateDir = stateDir()
			}
			return runDev(ctx, *o, stderr)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.stateDir, "state-dir", "", "directory that keeps everything (default $CHANGECTL_STATE_DIR, or changectl in the XDG state directory)")
	f.IntVar(&o.apiPort, "api-port", 7800, "port of the HTTP API")
	f.IntVar(&o.temporalPort, "temporal-port", 7233, "port of the Temporal server")
	f.IntVar(&o.uiPort, "ui-port", 8233, "port of Temporal's Web UI")
	f.StringVar(&o.temporalAddress, "temporal-address", os.Getenv("TEMPORAL_ADDRESS"), "host:port of a Temporal that runs already, to use instead of an own one")
	f.StringVar(&o.temporalBinary, "temporal-dev", os.Getenv("CHANGECTL_TEMPORAL_DEV"), "program of the Temporal server, if it is not beside changectl")
	f.StringVar(&o.catalog, "catalog", "", "file or directory of the catalog (default the example company's)")
	f.StringVar(&o.runbooks, "runbooks", "", "directory of runbooks besides the shipped ones (default runbooks in the state directory)")
	f.DurationVar(&o.heartbeat, "heartbeat-timeout", 10*time.Second, "silence after which a running step counts as lost")
	f.StringVar(&o.logLevel, "log-level", "warn", "debug, info, warn or error")
	return cmd
}

func runDev(ctx context.Context, o devOptions, out io.Writer) error {
	began := time.Now()
	dir, err := filepath.Abs(filepath.Join(o.stateDir, "dev"))
	if err != nil {
		return err
	}
	state := devState{dir}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make state directory: %w", err)
	}
	unlock, err := lockState(dir)
	if err != nil {
		return err
	}
	defer unlock()
	if err := free("HTTP API", o.apiPort, "--api-port"); err != nil {
		return err
	}
	c, err := o.config(state)
	if err != nil {
		return err
	}
	ui := "(the one of the Temporal at " + o.temporalAddress + ")"
	if o.temporalAddress == "" {
		t, err := o.embedded(ctx, state)
		if err != nil {
			return err
		}
		defer t.stop()
		c.Temporal.Address, ui = t.Address, t.UI
		var cancel context.CancelCauseFunc
		ctx, cancel = context.WithCancelCause(ctx)
		go func() {
			<-t.done
			cancel(change.Unavailable("the Temporal server has ended; its log is %s", state.path("temporal.log")))
		}()
	}
	return Run(ctx, c, os.Stderr, func() { greet(out, state, c, ui, time.Since(began)) })
}

func (o devOptions) config(state devState) (Config, error) {
	var err error
	if o.catalog == "" {
		if o.catalog, err = state.catalog(); err != nil {
			return Config{}, err
		}
	}
	if o.runbooks == "" {
		o.runbooks = state.path("runbooks")
	}
	people, err := peopleOf(o.catalog)
	if err != nil {
		return Config{}, err
	}
	listen := net.JoinHostPort("127.0.0.1", strconv.Itoa(o.apiPort))
	if err := state.prepare(people, "http://"+listen); err != nil {
		return Config{}, err
	}
	c := Config{
		Instance: "dev", Operators: "group:operators",
		Ledger:   LedgerConfig{DSN: "sqlite:" + state.path("ledger.db"), KeyFile: state.path("log.key")},
		Temporal: TemporalConfig{Address: o.temporalAddress, Namespace: "changectl", TaskQueue: "changectl", SetUp: o.temporalAddress != ""},
		Catalog:  PathConfig{o.catalog}, Runbooks: PathConfig{o.runbooks}, Secrets: PathConfig{state.path("secrets")},
		Identity: IdentityConfig{AllowedSigners: state.path("allowed_signers"), Tokens: state.path("tokens")},
		API:      APIConfig{Listen: listen},
		Worker:   WorkerConfig{HeartbeatTimeout: o.heartbeat, Steps: 20, StopTimeout: 10 * time.Second},
		Log:      LogConfig{Level: o.logLevel, Format: "text"},
	}
	if c.GitHub, err = o.github(listen); err != nil {
		return c, err
	}
	return c, c.complete()
}

// github is the GitHub App that the environment names, if it does: CHANGECTL_GITHUB_APP_ID
// and its siblings.
func (o devOptions) github(listen string) (GitHubConfig, error) {
	c, err := decode(environment())
	if err != nil {
		return c.GitHub, change.Invalid("the environment: %w", err)
	}
	if c.GitHub.ServerURL == "" {
		c.GitHub.ServerURL = "http://" + listen
	}
	if c.GitHub.TemporalURL == "" && o.temporalAddress == "" {
		c.GitHub.TemporalURL = "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(o.uiPort))
	}
	return c.GitHub, nil
}

func peopleOf(path string) ([]change.Person, error) {
	root, name := path, "."
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		root, name = filepath.Dir(path), filepath.Base(path)
	}
	c, _, err := catalog.Load(os.DirFS(root), name, catalog.Options{})
	if err != nil {
		return nil, fmt.Errorf("load catalog %s: %w", path, err)
	}
	return c.People(), nil
}

func (o devOptions) embedded(ctx context.Context, state devState) (*embedded, error) {
	binary, err := temporalBinary(o.temporalBinary)
	if err != nil {
		return nil, err
	}
	if err := free("Temporal server", o.temporalPort, "--temporal-port"); err != nil {
		return nil, err
	}
	if err := free("Temporal Web UI", o.uiPort, "--ui-port"); err != nil {
		return nil, err
	}
	return startEmbedded(ctx, binary, state.dir, o.temporalPort, o.uiPort)
}

// free refuses a port on which something listens already.
func free(what string, port int, flag string) error {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return change.Unavailable("port %d on 127.0.0.1 is taken; it is wanted for the %s: %w", port, what, err).
			WithHint("stop what listens there (is another changectl dev running?) or choose another port with %s", flag)
	}
	return l.Close()
}

// lockState keeps a second changectl dev off the same state.
func lockState(dir string) (unlock func(), err error) {
	name := filepath.Join(dir, "lock")
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, change.Conflict("another changectl dev uses %s", dir).WithHint("stop it, or give this one a --state-dir of its own")
	}
	return func() { _ = f.Close() }, nil
}

func greet(out io.Writer, state devState, c Config, ui string, took time.Duration) {
	fmt.Fprintf(out, `changectl dev is ready (%s)

  HTTP API      http://%s   (OpenAPI at /openapi.json)
  Temporal      %s, namespace %s
  Temporal UI   %s
  State         %s
  Catalog       %s

You are alice, who submits. Play the others with --profile or CHANGECTL_PROFILE:
bob and carol own the databases, dave is on call, erin manages changes.

  changectl runbook list
  changectl --profile bob list

Ctrl-C stops it.
`, took.Round(time.Millisecond), c.API.Listen, c.Temporal.Address, c.Temporal.Namespace, ui, state.dir, c.Catalog.Path)
}
