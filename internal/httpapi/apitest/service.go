// Package apitest holds a Service in memory, for tests of the API and of what
// talks to it. It answers what it is told to answer and remembers what it was
// asked; it has no rules of its own, and nothing but tests may use it.
package apitest

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
)

// Token is what Authenticate accepts, as the token of Person.
const Token = "cctl_test"

// Person is who holds Token.
var Person = change.Person{Ref: "user:bob", Name: "Bob", Groups: []change.Ref{"group:dba"}}

// Authenticate accepts Token.
func Authenticate(token string) (change.Person, error) {
	if token != Token {
		return change.Person{}, change.Denied("the token is not known")
	}
	return Person, nil
}

// Handler serves s as the API.
func Handler(s *Service) http.Handler {
	return httpapi.NewServer(s, httpapi.ServerOptions{Authenticate: Authenticate})
}

// Call is one call of the Service: the method's name and its arguments.
type Call struct {
	Method string
	Args   []any
}

// Service answers with its fields. Set them before the first call, or through Do.
type Service struct {
	mu    sync.Mutex
	calls []Call
	news  chan struct{}

	Records    map[change.ID]change.Record
	Submitted  change.Record // what Submit and Revise answer
	Plan       httpapi.Preview
	Summaries  []change.Summary
	Statements []change.Statement
	Holdings   []change.Holding
	Entries    []audit.Record
	Head       httpapi.Checkpoint
	Books      []httpapi.RunbookInfo
	Surroundings
	// Errs gives errors by method name.
	Errs map[string]error
	// OnDecide and OnApprove, where set, change the record that is answered.
	OnDecide  func(change.Record, httpapi.DecideRequest) change.Record
	OnApprove func(change.Record, []change.SignedStatement) change.Record
}

// Do runs f while no call is answered, then wakes those that await news.
func (s *Service) Do(f func(*Service)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s)
	s.wake()
}

func (s *Service) wake() {
	if s.news != nil {
		close(s.news)
		s.news = nil
	}
}

func (s *Service) nextNews() chan struct{} {
	if s.news == nil {
		s.news = make(chan struct{})
	}
	return s.news
}

// Until waits until a call like this was asked, or ctx ends.
func (s *Service) Until(ctx context.Context, like func(Call) bool) error {
	for {
		s.mu.Lock()
		news, found := s.nextNews(), slices.ContainsFunc(s.calls, like)
		s.mu.Unlock()
		if found {
			return nil
		}
		select {
		case <-news:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Calls returns what was asked so far.
func (s *Service) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Call(nil), s.calls...)
}

func (s *Service) called(method string, args ...any) error {
	s.calls = append(s.calls, Call{Method: method, Args: args})
	s.wake()
	return s.Errs[method]
}

func (s *Service) record(id change.ID) (change.Record, error) {
	rec, ok := s.Records[id]
	if !ok {
		return rec, change.NotFound("there is no change %s", id).WithHint("changectl list shows the changes")
	}
	return rec, nil
}

func answer[T any](s *Service, v func() T, method string, args ...any) (T, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.called(method, args...); err != nil {
		return *new(T), err
	}
	return v(), nil
}

// Preview answers Plan.
func (s *Service) Preview(_ context.Context, who change.Person, req change.Request) (httpapi.Preview, error) {
	return answer(s, func() httpapi.Preview { return s.Plan }, "Preview", who.Ref, req)
}

// PreviewProposal answers Plan.
func (s *Service) PreviewProposal(_ context.Context, who change.Person, req httpapi.ProposalRequest) (httpapi.Preview, error) {
	return answer(s, func() httpapi.Preview { return s.Plan }, "PreviewProposal", who.Ref, req)
}

// Submit answers Submitted and keeps it.
func (s *Service) Submit(_ context.Context, who change.Person, req change.Request) (change.Record, error) {
	return answer(s, func() change.Record { return s.keep(s.Submitted) }, "Submit", who.Ref, req)
}

func (s *Service) keep(rec change.Record) change.Record {
	if s.Records == nil {
		s.Records = map[change.ID]change.Record{}
	}
	s.Records[rec.ID] = rec
	return rec
}

// Revise answers Submitted; with an error it still answers the record.
func (s *Service) Revise(_ context.Context, who change.Person, id change.ID, req change.Request) (change.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Submitted, s.called("Revise", who.Ref, id, req)
}

// Get answers out of Records.
func (s *Service) Get(_ context.Context, id change.ID) (change.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.called("Get", id); err != nil {
		return change.Record{}, err
	}
	return s.record(id)
}

// Await answers once a record in Records has a version above after.
func (s *Service) Await(ctx context.Context, id change.ID, after int64, wait time.Duration) (change.Record, error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	for first := true; ; first = false {
		s.mu.Lock()
		if first {
			if err := s.called("Await", id, after, wait); err != nil {
				s.mu.Unlock()
				return change.Record{}, err
			}
		}
		rec, err := s.record(id)
		news := s.nextNews()
		s.mu.Unlock()
		if err != nil || rec.Version > after {
			return rec, err
		}
		select {
		case <-news:
		case <-ctx.Done():
			return rec, nil
		}
	}
}

// List answers Summaries.
func (s *Service) List(_ context.Context, f httpapi.Filter) ([]change.Summary, error) {
	return answer(s, func() []change.Summary { return s.Summaries }, "List", f)
}

// ToSign answers Statements.
func (s *Service) ToSign(_ context.Context, who change.Person, id change.ID, q httpapi.SignQuery) ([]change.Statement, error) {
	return answer(s, func() []change.Statement { return s.Statements }, "ToSign", who.Ref, id, q)
}

// Approve answers the record, as OnApprove leaves it.
func (s *Service) Approve(_ context.Context, who change.Person, id change.ID, l []change.SignedStatement) (change.Record, error) {
	return answer(s, func() change.Record {
		rec := s.Records[id]
		if s.OnApprove != nil {
			rec = s.OnApprove(rec, l)
		}
		return s.keep(rec)
	}, "Approve", who.Ref, id, l)
}

// Decide answers the record, as OnDecide leaves it.
func (s *Service) Decide(_ context.Context, who change.Person, id change.ID, d httpapi.DecideRequest) (change.Record, error) {
	return answer(s, func() change.Record {
		rec := s.Records[id]
		if s.OnDecide != nil {
			rec = s.OnDecide(rec, d)
		}
		return s.keep(rec)
	}, "Decide", who.Ref, id, d)
}

// Calendar answers Holdings.
func (s *Service) Calendar(_ context.Context, from, to time.Time, system change.Ref) ([]change.Holding, error) {
	return answer(s, func() []change.Holding { return s.Holdings }, "Calendar", from, to, system)
}

// Log answers those of Entries that f selects by number.
func (s *Service) Log(_ context.Context, f httpapi.LogFilter) ([]audit.Record, error) {
	return answer(s, func() []audit.Record {
		var out []audit.Record
		for _, r := range s.Entries {
			if r.Number >= f.From && (f.Limit == 0 || len(out) < f.Limit) {
				out = append(out, r)
			}
		}
		return out
	}, "Log", f)
}

// Checkpoint answers Head.
func (s *Service) Checkpoint(context.Context) (httpapi.Checkpoint, error) {
	return answer(s, func() httpapi.Checkpoint { return s.Head }, "Checkpoint")
}

// Runbooks answers Books.
func (s *Service) Runbooks(context.Context) ([]httpapi.RunbookInfo, error) {
	return answer(s, func() []httpapi.RunbookInfo { return s.Books }, "Runbooks")
}

// Runbook answers out of Books.
func (s *Service) Runbook(_ context.Context, name string) (httpapi.RunbookInfo, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.called("Runbook", name); err != nil {
		return httpapi.RunbookInfo{}, err
	}
	for _, b := range s.Books {
		if b.Name == name {
			return b, nil
		}
	}
	return httpapi.RunbookInfo{}, change.NotFound("there is no runbook %s", name).WithHint("changectl runbook list shows them")
}

// Ready answers the error of that name.
func (s *Service) Ready(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.Errs["Ready"]; err != nil {
		return fmt.Errorf("look at ledger and engine: %w", err)
	}
	return nil
}
