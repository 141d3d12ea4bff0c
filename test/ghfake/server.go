package ghfake

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// Server is the fake. Its methods may be called at any time, from any goroutine.
type Server struct {
	mu            sync.Mutex // held through every act and every request
	options       Options
	ctx           context.Context
	cancel        context.CancelFunc
	http          *http.Server
	url, dir      string
	ownDir        bool
	ahead         time.Duration // of the clock, by Advance
	lastID        int64
	app           *App
	users         []*User
	repos         []*Repo
	moved         map[string]*Repo // by the full name that it had
	installations []*Installation
	tokens        map[string]*token
	hook          *hook
	faults        faults
	limits        map[string]*window
	counts        Counts
	violations    []string
	served        sync.WaitGroup
}

// New starts a server on a free port of the loopback interface.
func New(ctx context.Context, o Options) (*Server, error) {
	o, err := o.completed()
	if err != nil {
		return nil, err
	}
	s := &Server{
		options: o, dir: o.Dir, moved: map[string]*Repo{}, tokens: map[string]*token{}, limits: map[string]*window{},
		counts: Counts{Requests: map[Request]int{}}, lastID: 1000,
	}
	if s.dir == "" {
		if s.dir, err = os.MkdirTemp("", "ghfake-"); err != nil {
			return nil, fmt.Errorf("make a folder for the repositories: %w", err)
		}
		s.ownDir = true
	}
	s.ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	s.faults.lags = map[Kind]Lag{}
	s.found()
	if err := s.listen(ctx); err != nil {
		return nil, errors.Join(err, s.clean())
	}
	s.hook = newHook(s)
	return s, nil
}

// Start starts a server for a test. It is closed when the test ends, and violations
// fail the test.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s, err := New(t.Context(), o)
	if err != nil {
		t.Fatalf("start the fake of GitHub: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close the fake of GitHub: %v", err)
		}
		for _, v := range s.Violations() {
			t.Errorf("GitHub's description says otherwise: %s", v)
		}
	})
	return s
}

// Must returns a value that came without an error and panics otherwise:
// ghfake.Must(repo.Commit(...)).
func Must[T any](v T, err error) T {
	if err != nil {
		panic(fmt.Sprintf("ghfake: %v", err))
	}
	return v
}

func (s *Server) listen(ctx context.Context) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen for requests: %w", err)
	}
	s.url = "http://" + l.Addr().String()
	handler, err := s.handler()
	if err != nil {
		return errors.Join(err, l.Close())
	}
	s.http = &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	s.served.Go(func() {
		if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.violate("the server stopped: %v", err)
		}
	})
	return nil
}

// Close ends the server and removes what it made.
func (s *Server) Close() error {
	s.cancel()
	err := s.http.Close()
	s.served.Wait()
	s.hook.stopped.Wait()
	return errors.Join(err, s.clean())
}

func (s *Server) clean() error {
	if !s.ownDir {
		return nil
	}
	return os.RemoveAll(s.dir)
}

// URL is the address of the API, without a slash at its end. The same is served under
// URL/api/v3, as GitHub Enterprise Server does.
func (s *Server) URL() string { return s.url }

// Advance puts the server's clock forward. Times have whole seconds, as at GitHub: an
// edit shows in updated_at only when at least a second has passed.
func (s *Server) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead += d
}

func (s *Server) now() time.Time {
	return s.options.Now().Add(s.ahead).UTC().Truncate(time.Second)
}

func (s *Server) nextID() int64 {
	s.lastID++
	return s.lastID
}

// Violations returns what did not fit GitHub's description so far.
func (s *Server) Violations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.violations...)
}

// Forgive forgets the violations so far, for a test that makes them on purpose, and
// returns them.
func (s *Server) Forgive() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.violations
	s.violations = nil
	return out
}

func (s *Server) violate(format string, args ...any) {
	s.violations = append(s.violations, strings.TrimSpace(fmt.Sprintf(format, args...)))
}
