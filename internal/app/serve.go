package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/check"
	"github.com/changectl/changectl/internal/identity"
	"github.com/changectl/changectl/workflows"
)

// Version is the version of the product, set when it is built.
var Version = "dev"

// serve runs until ctx ends, then stops taking work and waits for what runs.
func (s *service) serve(ctx context.Context, ready func()) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if err := s.worker.Start(); err != nil {
		return fmt.Errorf("start worker: %w", err)
	}
	defer s.worker.Stop()
	if s.pulls != nil {
		if err := s.pulls.Start(); err != nil {
			return fmt.Errorf("start worker of pull requests: %w", err)
		}
		defer s.pulls.Stop()
	}
	if s.api != nil {
		l, err := listen(s.api.Addr)
		if err != nil {
			return err
		}
		go func() { cancel(s.serveAPI(l)) }()
		defer s.stopAPI()
	}
	go s.estate.watch(ctx, s.desk.CatalogChanged)
	go s.poll(ctx)
	if s.dispatcher != nil {
		go s.dispatcher.Run(ctx)
	}
	go s.reconcile(ctx)
	err := s.ledger.Append(ctx, audit.Entry{
		At: s.clock(), Kind: "worker.started", Who: "system:changectl",
		What: fmt.Sprintf("worker of instance %s, version %s, started", s.config.Instance, Version),
	})
	if err != nil {
		return fmt.Errorf("record start of worker: %w", err)
	}
	if ready != nil {
		ready()
	}
	<-ctx.Done()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	s.log.Info("stopping: no new work is taken, steps that run are brought to an end")
	return nil
}

func listen(address string) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(context.Background(), "tcp", address)
	if err != nil {
		return nil, change.Unavailable("listen on %s for the HTTP API: %w", address, err).
			WithHint("stop what listens there, or choose another address (api.listen)")
	}
	return l, nil
}

func (s *service) serveAPI(l net.Listener) error {
	s.log.WithField("address", l.Addr().String()).Info("API listens")
	var err error
	if s.config.API.TLSCert != "" {
		err = s.api.ServeTLS(l, s.config.API.TLSCert, s.config.API.TLSKey)
	} else {
		err = s.api.Serve(l)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve API: %w", err)
}

func (s *service) stopAPI() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := s.api.Shutdown(ctx); err != nil {
		s.log.WithError(err).Warn("API stopped while requests were open")
	}
}

func (s *service) authenticate(tokens *identity.Tokens) func(string) (change.Person, error) {
	return func(token string) (change.Person, error) {
		ref, err := tokens.Authenticate(token, s.clock())
		if err != nil {
			return change.Person{}, err
		}
		p, err := s.estate.catalog().Person(ref)
		if err != nil {
			return p, change.Denied("the token is that of %s, whom the catalog does not know", ref)
		}
		return p, nil
	}
}

// reconcile takes up changes that have not ended but have no workflow: it was
// never started because a worker died, or it was ended from outside.
func (s *service) reconcile(ctx context.Context) {
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for {
		if err := s.takeUp(ctx); err != nil && ctx.Err() == nil {
			s.log.WithError(err).Warn("changes without a workflow were not looked for; trying again")
		}
		if _, err := s.desk.Recheck(ctx); err != nil && ctx.Err() == nil {
			s.log.WithError(err).Warn("changes around which something is new were not all judged again; trying again")
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *service) takeUp(ctx context.Context) error {
	ids, err := s.ledger.Unfinished(ctx)
	if err != nil {
		return err
	}
	var problems []error
	for _, id := range ids {
		problems = append(problems, s.takeUpOne(ctx, id)) // the others are looked at all the same
	}
	return errors.Join(problems...)
}

func (s *service) takeUpOne(ctx context.Context, id change.ID) error {
	running, shown, err := s.engine.Running(ctx, id)
	if err != nil {
		return err
	}
	rec, err := s.ledger.Change(ctx, id)
	if err != nil || rec.Status.Final() {
		return err // it ended meanwhile
	}
	if running {
		return s.remind(ctx, rec, shown)
	}
	if s.clock().Sub(rec.CreatedAt) < 2*time.Second {
		return nil // whoever submits it is about to start the workflow
	}
	if err := s.engine.Start(ctx, rec); err != nil {
		return err
	}
	s.log.WithFields(logrus.Fields{"change": id, "status": rec.Status}).Warn("workflow taken up again")
	return nil
}

// remind tells a workflow what the ledger has and it does not seem to know:
// whoever recorded an approval or a decision may have died before the workflow was
// told, and Temporal forgets an update that it had not written down when it died.
// It is told once for each version of the change.
func (s *service) remind(ctx context.Context, rec change.Record, shown change.Status) error {
	if s.reminded[rec.ID] == rec.Version || s.clock().Sub(rec.UpdatedAt) < 2*time.Second {
		return nil
	}
	if to, _, _ := check.Standing(rec, s.estate.catalog(), s.verify, s.clock()); shown != rec.Status || (rec.Status == change.AwaitingApproval && to != rec.Status) {
		err := s.tell(ctx, rec.ID, workflows.UpdateApproval, fmt.Sprintf("reminder-%d", rec.Version), workflows.Poke{Revision: rec.Revision})
		if err != nil {
			return err
		}
	}
	decisions, err := s.ledger.Decisions(ctx, rec.ID, rec.Revision)
	if err != nil {
		return err
	}
	// A decision that the ledger followed already is told again too: the workflow
	// may have died with it in the hand, and takes up from there.
	if n := len(decisions); n > 0 && (shown != rec.Status || pending(rec, decisions[n-1])) {
		d := decisions[n-1]
		if err := s.tell(ctx, rec.ID, workflows.UpdateDecision, d.Nonce, workflows.Poke{Nonce: d.Nonce, Verb: d.Verb, Hold: d.Hold}); err != nil {
			return err
		}
	}
	s.reminded[rec.ID] = rec.Version
	return nil
}

// pending reports whether a decision should have moved the change and has not.
func pending(rec change.Record, d change.Decision) bool {
	switch {
	case d.Verb == change.Cancel:
		return !rec.Started()
	case rec.Hold != nil:
		return d.Hold == rec.Hold.Number
	}
	return d.Verb == change.BackOut && rec.Status == change.Running
}

// tell sends an update that may be refused.
func (s *service) tell(ctx context.Context, id change.ID, update, key string, p workflows.Poke) error {
	_, err := s.engine.Poke(ctx, id, update, key, p)
	if err != nil && change.KindOf(err) == change.KindUnavailable {
		return fmt.Errorf("remind %s: %w", id, err)
	}
	return nil // told, or refused because it is known
}

func operators(c Config) change.Ref { return change.Ref(c.Operators) }

// answers fails at once where nothing listens, instead of trying for long.
func answers(ctx context.Context, address string) error {
	c, err := (&net.Dialer{Timeout: 3 * time.Second}).DialContext(ctx, "tcp", address)
	if err != nil {
		return unreachable(address, err)
	}
	return c.Close()
}

func unreachable(address string, err error) error {
	return change.Unavailable("Temporal at %s cannot be used: %w", address, err).
		WithHint("start it, or correct temporal.address; changectl dev brings one of its own")
}

func makeKey(file, instance string) (audit.Key, error) {
	k, err := audit.GenerateKey(instance)
	if err != nil {
		return k, fmt.Errorf("make log key: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return k, fmt.Errorf("make directory of log key: %w", err)
	}
	if err := os.WriteFile(file, []byte(strings.TrimSpace(k.Secret())+"\n"), 0o600); err != nil {
		return k, fmt.Errorf("write log key: %w", err)
	}
	return k, nil
}

// onLoopback reports whether a host:port is on this machine.
func onLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}
