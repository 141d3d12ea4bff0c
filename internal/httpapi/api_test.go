package httpapi_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/httpapi/apitest"
)

func serve(t *testing.T, s *apitest.Service) (*httpapi.Client, *httptest.Server) {
	t.Helper()
	server := httptest.NewServer(apitest.Handler(s))
	t.Cleanup(server.Close)
	return httpapi.NewClient(server.URL, apitest.Token, server.Client()), server
}

var at = time.Date(2027, 3, 6, 22, 0, 0, 0, time.UTC)

func record(id change.ID, status change.Status) change.Record {
	return change.Record{ID: id, Revision: 1, Status: status, Version: 5, Submitter: "user:alice", CreatedAt: at, UpdatedAt: at}
}

// Every call of the client reaches the method of its name with its arguments,
// and the answer comes back whole.
func TestEveryRouteReachesTheServiceWithItsArguments(t *testing.T) {
	req := change.Request{
		Title: "Patch", Type: change.Normal, Reason: "Security", Runbook: "noop",
		Parameters: map[string]any{"n": "1"}, Nonce: "n1",
		Window: change.WindowRequest{Start: "2027-03-06T23:00", Duration: "90m", Zone: "Europe/Berlin"},
	}
	stmt := change.Statement{Instance: "x", Change: "CHG-7", Revision: 1, Verb: change.Approve, Role: "group:dba", Expires: at, Nonce: "q"}
	signed := []change.SignedStatement{{Statement: []byte(`{"a":1}`), Signature: "-----BEGIN"}}
	decide := httpapi.DecideRequest{Verb: change.RetryIt, Hold: 2, Step: "lag", Reason: "seen to", Nonce: "d1"}
	filter := httpapi.LogFilter{From: 3, Limit: 10, Change: "CHG-7", System: "resource:db", Person: "user:bob", Since: at, Until: at.Add(time.Hour)}
	s := &apitest.Service{
		Records:    map[change.ID]change.Record{"CHG-7": record("CHG-7", change.Scheduled)},
		Submitted:  record("CHG-8", change.AwaitingApproval),
		Plan:       httpapi.Preview{Digest: "sha256:1", Findings: []change.Finding{{Rule: "overlap", Severity: change.Warns, Message: "m"}}},
		Summaries:  []change.Summary{{ID: "CHG-7", Title: "Patch", Status: change.Scheduled}},
		Statements: []change.Statement{stmt},
		Holdings:   []change.Holding{{System: "resource:db", Mode: change.Touch, By: "CHG-7"}},
		Entries:    []audit.Record{{Number: 3, Leaf: []byte(`{"x":1}`), Entry: audit.Entry{At: at, Kind: "k", Who: "user:bob", What: "w"}}},
		Head:       httpapi.Checkpoint{Note: "note", Verifier: "v", Size: 4},
		Books:      []httpapi.RunbookInfo{{Name: "noop", Title: "Nothing", YAML: "kind: Runbook"}},
	}
	c, _ := serve(t, s)
	ctx := t.Context()
	reaches(t, s, []route{
		{"submit", func() (any, error) { return c.Submit(ctx, req) }, s.Submitted, apitest.Call{Method: "Submit", Args: []any{apitest.Person.Ref, req}}},
		{"preview", func() (any, error) { return c.Preview(ctx, req) }, s.Plan, apitest.Call{Method: "Preview", Args: []any{apitest.Person.Ref, req}}},
		{"revise", func() (any, error) { return c.Revise(ctx, "CHG-7", req) }, s.Submitted, apitest.Call{Method: "Revise", Args: []any{apitest.Person.Ref, change.ID("CHG-7"), req}}},
		{"get", func() (any, error) { return c.Get(ctx, "CHG-7") }, s.Records["CHG-7"], apitest.Call{Method: "Get", Args: []any{change.ID("CHG-7")}}},
		{"await", func() (any, error) { return c.Await(ctx, "CHG-7", 4, 30*time.Second) }, s.Records["CHG-7"], apitest.Call{Method: "Await", Args: []any{change.ID("CHG-7"), int64(4), 30 * time.Second}}},
		{"list", func() (any, error) {
			return c.List(ctx, httpapi.Filter{Status: []change.Status{change.Held, change.Running}, System: "resource:db", Mine: "me", Open: true, Limit: 5})
		}, s.Summaries, apitest.Call{Method: "List", Args: []any{httpapi.Filter{Status: []change.Status{change.Held, change.Running}, System: "resource:db", Mine: "user:bob", Open: true, Limit: 5}}}},
		{"statements", func() (any, error) {
			return c.ToSign(ctx, "CHG-7", httpapi.SignQuery{Verb: change.Approve, Reason: "ok & fine", Step: "s"})
		}, s.Statements, apitest.Call{Method: "ToSign", Args: []any{apitest.Person.Ref, change.ID("CHG-7"), httpapi.SignQuery{Verb: change.Approve, Reason: "ok & fine", Step: "s"}}}},
		{"approve", func() (any, error) { return c.Approve(ctx, "CHG-7", signed) }, s.Records["CHG-7"], apitest.Call{Method: "Approve", Args: []any{apitest.Person.Ref, change.ID("CHG-7"), signed}}},
		{"decide", func() (any, error) { return c.Decide(ctx, "CHG-7", decide) }, s.Records["CHG-7"], apitest.Call{Method: "Decide", Args: []any{apitest.Person.Ref, change.ID("CHG-7"), decide}}},
		{"calendar", func() (any, error) { return c.Calendar(ctx, at, at.Add(time.Hour), "resource:db") }, s.Holdings, apitest.Call{Method: "Calendar", Args: []any{at, at.Add(time.Hour), change.Ref("resource:db")}}},
		{"log", func() (any, error) { return c.Log(ctx, filter) }, s.Entries, apitest.Call{Method: "Log", Args: []any{filter}}},
		{"checkpoint", func() (any, error) { return c.Checkpoint(ctx) }, s.Head, apitest.Call{Method: "Checkpoint"}},
		{"runbooks", func() (any, error) { return c.Runbooks(ctx) }, s.Books, apitest.Call{Method: "Runbooks"}},
		{"runbook", func() (any, error) { return c.Runbook(ctx, "noop") }, s.Books[0], apitest.Call{Method: "Runbook", Args: []any{"noop"}}},
	})
	if p, err := c.Whoami(ctx); err != nil || !cmp.Equal(p, apitest.Person) {
		t.Errorf("whoami: %v, %v", p, err)
	}
}

// route is a call of the client, with what it should answer and what the service
// should be asked.
type route struct {
	name string
	call func() (any, error)
	want any
	args apitest.Call
}

func reaches(t *testing.T, s *apitest.Service, routes []route) {
	t.Helper()
	for _, tc := range routes {
		t.Run(tc.name, func(t *testing.T) {
			got, err := tc.call()
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Errorf("answer (-want +got):\n%s", d)
			}
			calls := s.Calls()
			if d := cmp.Diff(tc.args, calls[len(calls)-1]); d != "" {
				t.Errorf("call (-want +got):\n%s", d)
			}
		})
	}
}

func TestEveryKindOfErrorComesBackAsItWasSent(t *testing.T) {
	for kind, status := range map[*change.Error]int{
		change.Invalid("bad").At("spec.window.end"):               422,
		change.NotFound("none").WithHint("look"):                  404,
		change.Conflict("taken"):                                  409,
		change.Denied("not you").At("role"):                       403,
		change.Awaiting("two approvals are missing"):              409,
		change.Unavailable("the ledger is away").WithHint("wait"): 503,
		change.FailedTo("it broke"):                               500,
	} {
		t.Run(string(kind.Kind), func(t *testing.T) {
			s := &apitest.Service{Errs: map[string]error{"Get": kind}}
			c, server := serve(t, s)
			_, err := c.Get(t.Context(), "CHG-1")
			var got *change.Error
			if !errors.As(err, &got) {
				t.Fatalf("%T is not a change.Error", err)
			}
			if got.Kind != kind.Kind || got.Message != kind.Message || got.Field != kind.Field || got.Hint != kind.Hint {
				t.Errorf("got %+v, want %+v", got, kind)
			}
			resp := do(t, server, http.MethodGet, "/v1/changes/CHG-1", "", apitest.Token)
			if resp.StatusCode != status {
				t.Errorf("status %d, want %d", resp.StatusCode, status)
			}
			if ct := resp.Header.Get("Content-Type"); ct != "application/problem+json" {
				t.Errorf("content type %q", ct)
			}
		})
	}
}

func TestARefusedSubmissionIsAConflictWithItsRecordAndFindings(t *testing.T) {
	rec := record("CHG-9", change.Refused)
	rec.Findings = []change.Finding{
		{Rule: "overlap", Severity: change.Blocks, Message: "CHG-7 has orders-db-1", Other: &change.Holding{By: "CHG-7"}},
		{Rule: "told", Severity: change.Warns, Message: "owners are told"},
	}
	c, _ := serve(t, &apitest.Service{Submitted: rec})
	got, err := c.Submit(t.Context(), change.Request{Title: "t", Type: change.Normal, Reason: "r", Runbook: "b"})
	if change.KindOf(err) != change.KindConflict || !strings.Contains(err.Error(), "CHG-9 is refused: 1 thing stands in the way") {
		t.Errorf("error %v", err)
	}
	if d := cmp.Diff(rec, got); d != "" {
		t.Errorf("record (-want +got):\n%s", d)
	}
	c, _ = serve(t, &apitest.Service{Submitted: rec, Errs: map[string]error{"Revise": change.Conflict("in the way")}})
	got, err = c.Revise(t.Context(), "CHG-9", change.Request{Title: "t", Type: change.Normal, Reason: "r", Runbook: "b"})
	if change.KindOf(err) != change.KindConflict || len(got.Findings) != 2 {
		t.Errorf("revise: %v, %d findings", err, len(got.Findings))
	}
}

func TestAwaitAnswersWhenTheChangeMoves(t *testing.T) {
	s := &apitest.Service{Records: map[change.ID]change.Record{"CHG-7": record("CHG-7", change.Scheduled)}}
	c, _ := serve(t, s)
	answered := make(chan change.Record, 1)
	go func() {
		rec, err := c.Await(context.WithoutCancel(t.Context()), "CHG-7", 5, time.Minute)
		if err != nil {
			t.Error(err)
		}
		answered <- rec
	}()
	if err := s.Until(t.Context(), func(c apitest.Call) bool { return c.Method == "Await" }); err != nil {
		t.Fatal(err)
	}
	s.Do(func(s *apitest.Service) {
		rec := s.Records["CHG-7"]
		rec.Version, rec.Status = 6, change.Running
		s.Records["CHG-7"] = rec
	})
	if rec := <-answered; rec.Status != change.Running {
		t.Errorf("status %s", rec.Status)
	}
}

func TestAServerThatIsNotThereIsUnavailableAndSaysWhatToDo(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	_, err := httpapi.NewClient(server.URL, "", nil).Get(t.Context(), "CHG-1")
	if change.KindOf(err) != change.KindUnavailable {
		t.Fatalf("kind of %v", err)
	}
	for _, want := range []string{server.URL, "changectl dev", "CHANGECTL_SERVER"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not name %s", err, want)
		}
	}
	for _, base := range []string{"", "127.0.0.1:1", "ftp://x", "::"} {
		if _, err := httpapi.NewClient(base, "", nil).Get(t.Context(), "CHG-1"); change.KindOf(err) != change.KindInvalid {
			t.Errorf("%q: %v", base, err)
		}
	}
}

func TestAnAnswerFromSomethingElseIsExplained(t *testing.T) {
	for status, kind := range map[int]change.Kind{404: change.KindNotFound, 502: change.KindUnavailable, 401: change.KindDenied, 200: change.KindFailed} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte("<html>"))
		}))
		_, err := httpapi.NewClient(server.URL, "", nil).Get(t.Context(), "CHG-1")
		server.Close()
		if change.KindOf(err) != kind || !strings.Contains(err.Error(), "changectl server") {
			t.Errorf("%d: %v", status, err)
		}
	}
}

// What carries a nonce is sent again when the connection broke before the answer;
// the rest is not.
func TestALostAnswerIsAskedForAgain(t *testing.T) {
	s := &apitest.Service{Submitted: record("CHG-8", change.Scheduled)}
	inner := apitest.Handler(s)
	lose := true
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !lose {
			inner.ServeHTTP(w, r)
			return
		}
		lose = false
		inner.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	}))
	defer server.Close()
	c := httpapi.NewClient(server.URL, apitest.Token, nil)
	req := change.Request{Title: "t", Type: change.Normal, Reason: "r", Runbook: "b", Nonce: "n1"}
	if rec, err := c.Submit(t.Context(), req); err != nil || rec.ID != "CHG-8" {
		t.Fatalf("%v %v", rec.ID, err)
	}
	var nonces []string
	for _, call := range s.Calls() {
		nonces = append(nonces, call.Args[1].(change.Request).Nonce)
	}
	if d := cmp.Diff([]string{"n1", "n1"}, nonces); d != "" {
		t.Error(d)
	}
	lose = true
	if _, err := c.Preview(t.Context(), req); change.KindOf(err) != change.KindUnavailable {
		t.Errorf("preview: %v", err)
	}
}
