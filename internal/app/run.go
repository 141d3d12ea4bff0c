// Package app reads the configuration and puts the parts together. Nothing else
// knows every part, and nothing is decided here.
package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/sirupsen/logrus"
	logrusslog "github.com/sirupsen/logrus/hooks/slog"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/changectl/changectl/activities"
	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/check"
	"github.com/changectl/changectl/internal/desk"
	"github.com/changectl/changectl/internal/engine"
	"github.com/changectl/changectl/internal/execute"
	"github.com/changectl/changectl/internal/github"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/identity"
	"github.com/changectl/changectl/internal/ledger"
	"github.com/changectl/changectl/internal/pullrequest"
	"github.com/changectl/changectl/runbooks"
	"github.com/changectl/changectl/workflows"
)

// Run serves with a configuration until ctx ends: Temporal worker, API, and the
// care for changes whose workflow was lost. ready, if not nil, is called once
// everything answers.
func Run(ctx context.Context, c Config, out *os.File, ready func()) error {
	s, err := build(ctx, c, out)
	if err != nil {
		return err
	}
	defer s.close()
	return s.serve(ctx, ready)
}

// service is the whole, put together.
type service struct {
	config Config
	log    *logrus.Entry
	verify func(change.Approval) error
	clock  func() time.Time
	ledger *ledger.Ledger
	client client.Client
	engine *engine.Engine
	estate *estate
	desk   *desk.Desk
	worker worker.Worker
	// Of the GitHub App's back end; nil without one.
	pulls      worker.Worker
	dispatcher *pullrequest.Dispatcher
	webhook    http.Handler
	feeds      []feed
	api        *http.Server
	// reminded has the version at which the workflow of a change was last told what the ledger has.
	reminded map[change.ID]int64
}

func build(ctx context.Context, c Config, out *os.File) (*service, error) {
	s := &service{config: c, log: c.logger(out), clock: time.Now, reminded: map[change.ID]int64{}}
	steps := []func(context.Context) error{s.openLedger, s.openTemporal, s.openEstate, s.openDesk, s.openWorker, s.openGitHub, s.openAPI}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			s.close()
			return nil, err
		}
	}
	return s, nil
}

func (s *service) openLedger(ctx context.Context) error {
	key, err := loadKey(s.config.Ledger.KeyFile, s.config.Instance)
	if err != nil {
		return err
	}
	s.ledger, err = ledger.Open(ctx, s.config.Ledger.DSN, ledger.Options{Clock: s.clock, Key: key, Instance: s.config.Instance})
	return err
}

func (s *service) openTemporal(ctx context.Context) error {
	o, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return fmt.Errorf("read Temporal's environment configuration: %w", err)
	}
	t := s.config.Temporal
	if t.Address != "" {
		o.HostPort = t.Address
	}
	if o.HostPort == "" {
		o.HostPort = client.DefaultHostPort
	}
	o.Namespace = t.Namespace
	if onLoopback(o.HostPort) { // where bytes are cheap, squeezing them costs more than it saves
		o.ConnectionOptions.GrpcCompression = &client.GrpcCompressionNone{}
	}
	quiet := logrus.New()
	quiet.SetOutput(s.log.Logger.Out)
	quiet.SetFormatter(s.log.Logger.Formatter)
	quiet.SetLevel(max(min(s.log.Logger.GetLevel(), logrus.WarnLevel), logrus.ErrorLevel))
	o.Logger = log.NewStructuredLogger(slog.New(logrusslog.NewHandler(quiet, nil)))
	if err := answers(ctx, o.HostPort); err != nil {
		return err
	}
	if t.SetUp {
		setup, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		if err := engine.SetUp(setup, o); err != nil {
			return unreachable(o.HostPort, err)
		}
	}
	s.client, err = client.NewLazyClient(o)
	if err != nil {
		return fmt.Errorf("connect to Temporal at %s: %w", o.HostPort, err)
	}
	s.engine = &engine.Engine{
		Client: s.client, Address: o.HostPort, Queue: t.TaskQueue, PullQueue: pullQueue(t.TaskQueue),
		Heartbeat: s.config.Worker.HeartbeatTimeout, Patience: 20 * time.Second,
	}
	return s.engine.Healthy(ctx)
}

func (s *service) openEstate(ctx context.Context) (err error) {
	s.estate, err = openEstate(ctx, s.config.Catalog.Path, s.ledger.ActivateCatalog, s.log)
	return err
}

func (s *service) openDesk(context.Context) error {
	policy, err := s.policy()
	if err != nil {
		return err
	}
	if s.feeds, err = readFeeds(s.config.Calendars.Path); err != nil {
		return err
	}
	signers, err := s.signers()
	if err != nil {
		return err
	}
	key, err := loadKey(s.config.Ledger.KeyFile, s.config.Instance)
	if err != nil {
		return err
	}
	s.desk = &desk.Desk{
		Ledger: deskLedger{s.ledger}, Engine: s.engine, Library: s.runbooks(), Catalog: s.estate.catalog, Policy: policy,
		Verify: signatures{signers, key}.statement, Attestation: signatures{signers, key}.attest,
		Verifier: key.Verifier(), Instance: s.config.Instance,
		Operators: operators(s.config), Clock: s.clock, Logger: s.log,
	}
	return nil
}

func (s *service) policy() (*check.Policy, error) {
	if s.config.Policy.Path == "" {
		return check.StandardPolicy()
	}
	b, err := os.ReadFile(s.config.Policy.Path)
	if err != nil {
		return nil, fmt.Errorf("read policy: %w", err)
	}
	return check.ParsePolicy(s.config.Policy.Path, b)
}

func (s *service) signers() (*identity.Signers, error) {
	signers := &identity.Signers{}
	if err := signers.Load(s.config.Identity.AllowedSigners); err != nil {
		return nil, fmt.Errorf("read allowed signers: %w", err)
	}
	return signers, nil
}

func (s *service) runbooks() library {
	l := library{}
	if p := s.config.Runbooks.Path; p != "" {
		l.shelves = append(l.shelves, shelf{p, os.DirFS(p)})
	}
	l.shelves = append(l.shelves, shelf{"runbooks", runbooks.Files})
	return l
}

func (s *service) openWorker(context.Context) error {
	signers, err := s.signers()
	if err != nil {
		return err
	}
	key, err := loadKey(s.config.Ledger.KeyFile, s.config.Instance)
	if err != nil {
		return err
	}
	s.verify = signatures{signers, key}.approval(s.clock)
	host, _ := os.Hostname()
	executor := &execute.Executor{
		Ledger: s.ledger, Clock: s.clock, Verify: s.verify, Worker: fmt.Sprintf("%s/%d", host, os.Getpid()),
		Secrets:    identity.Secrets{Dir: s.config.Secrets.Path, Environ: os.LookupEnv}.Get,
		Activities: foreign{s.engine}, Heartbeat: func(ctx context.Context, detail any) { activity.RecordHeartbeat(ctx, detail) }, Log: s.log,
	}
	s.worker = worker.New(s.client, s.config.Temporal.TaskQueue, worker.Options{
		MaxConcurrentActivityExecutionSize: s.config.Worker.Steps, WorkerStopTimeout: s.config.Worker.StopTimeout,
	})
	s.worker.RegisterWorkflowWithOptions(workflows.Change, workflow.RegisterOptions{Name: workflows.ChangeType})
	s.worker.RegisterWorkflowWithOptions(workflows.ForeignActivity, workflow.RegisterOptions{Name: workflows.ForeignType})
	s.worker.RegisterActivity(&activities.Activities{
		Ledger: s.ledger, Runner: runner{executor}, Estate: func() activities.Estate { return s.estate.catalog() }, Around: s.desk.Around,
		Verify: s.verify, Clock: s.clock, Log: s.log,
	})
	return nil
}

func (s *service) openAPI(context.Context) error {
	if s.config.API.Listen == "" {
		return nil
	}
	tokens := &identity.Tokens{}
	if err := tokens.Load(s.config.Identity.Tokens); err != nil {
		return fmt.Errorf("read API tokens: %w", err)
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	s.api = httpapi.HTTPServer(httpapi.NewServer(s.desk, httpapi.ServerOptions{
		Authenticate: s.authenticate(tokens), Log: s.log, Registry: registry, Version: Version, Clock: s.clock,
		Webhook: s.webhook, WebhookRoom: github.MaxPayload,
	}))
	s.api.Addr = s.config.API.Listen
	return nil
}

func (s *service) close() {
	if s.client != nil {
		s.client.Close()
	}
	if s.ledger != nil {
		if err := s.ledger.Close(); err != nil {
			s.log.WithError(err).Error("close ledger")
		}
	}
}

// loadKey reads the key that signs the audit log, and makes it the first time.
func loadKey(file, instance string) (audit.Key, error) {
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return makeKey(file, instance)
	}
	if err != nil {
		return audit.Key{}, fmt.Errorf("read log key: %w", err)
	}
	return audit.ParseKey(string(b))
}
