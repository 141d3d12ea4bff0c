package execute

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
)

// site answers as the paths say, and counts what reaches it.
func site(t *testing.T) (address string, calls *atomic.Int64) {
	t.Helper()
	calls = &atomic.Int64{}
	mux := http.NewServeMux()
	mux.HandleFunc("/health", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"status":"up","lag":12}`) })
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Kind", r.Header.Get("Content-Type"))
		w.WriteHeader(http.StatusCreated)
		_, _ = io.Copy(w, r.Body)
		fmt.Fprintf(w, " %s %s", r.Method, r.Host)
	})
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/health", http.StatusFound) })
	mux.HandleFunc("/round", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/round", http.StatusFound) })
	mux.HandleFunc("/flood", func(w http.ResponseWriter, _ *http.Request) {
		for line := strings.Repeat("x", 1<<16); ; {
			if _, err := io.WriteString(w, line); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/stall", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/cut", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, calls
}

func TestHTTP(t *testing.T) {
	address, _ := site(t)
	tests := []struct {
		name    string
		with    m
		want    change.Outcome
		message string
		output  string
	}{
		{"get", m{"url": address + "/health"}, change.Passed, "HTTP 200 OK", `{"status":"up","lag":12}`},
		{"an answer that is expected", m{"url": address + "/health", "expect": `json.status == "up" && json.lag < 100`}, change.Passed, "", ""},
		{"one that is not", m{"url": address + "/health", "expect": "json.lag < 10"}, change.FailedRun, "expected json.lag < 10, saw HTTP 200 OK", "lag"},
		{"a status that is not expected", m{"url": address + "/nowhere"}, change.FailedRun, "saw HTTP 404 Not Found", ""},
		{"a status that is", m{"url": address + "/nowhere", "expect": "status == 404"}, change.Passed, "", ""},
		{"json is sent", m{"url": address + "/echo", "method": "PUT", "json": m{"a": 1}, "expect": `headers["x-kind"] == "application/json"`}, change.Passed, "201", `{"a":1} PUT`},
		{"a body is sent", m{"url": address + "/echo", "method": "POST", "body": "hello", "headers": m{"Content-Type": "text/plain"}, "expect": `headers["x-kind"] == "text/plain"`}, change.Passed, "201", "hello POST"},
		{"a host is sent", m{"url": address + "/echo", "headers": m{"Host": "orders.example"}}, change.Passed, "", "orders.example"},
		{"a redirect is an answer", m{"url": address + "/away", "expect": `status == 302 && headers.location == "/health"`}, change.Passed, "302", ""},
		{"a redirect is followed", m{"url": address + "/away", "follow": true}, change.Passed, "200", "up"},
		{"not for ever", m{"url": address + "/round", "follow": true}, change.FailedRun, "more than ten times", ""},
		{"no more is read than may be kept", m{"url": address + "/flood", "output-limit": 1000}, change.Passed, "", "bytes are not kept"},
		{"nobody there", m{"url": "http://127.0.0.1:1/"}, change.FailedRun, "connection refused", ""},
		{"a ca-file that is not there", m{"url": address, "ca-file": "/nonexistent.pem"}, change.FailedRun, "/nonexistent.pem", ""},
		{"cut off while reading", m{"url": address + "/cut"}, change.FailedRun, "EOF", ""},
		{"cut off while changing", m{"url": address + "/cut", "method": "POST", "body": "x"}, change.Unknown, "nothing says whether it was done", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, step(action("http", tt.with)))
			got := w.do(t, 0)
			if got.Outcome != tt.want || !strings.Contains(got.Message, tt.message) || !strings.Contains(got.Output, tt.output) {
				t.Errorf("%s (%s)\n%s\nexpected %s (%s)\n%s", got.Outcome, got.Message, got.Output, tt.want, tt.message, tt.output)
			}
		})
	}
}

func TestHTTPLeavesValues(t *testing.T) {
	address, _ := site(t)
	a := step(action("http", m{"url": address + "/health"}))
	b := step(action("command", m{"argv": []string{"echo", "lag ${{ steps['step-a'].values.json.lag }}"}}))
	w := newWorld(t, a, b)
	var values m
	if err := json.Unmarshal(w.do(t, 0).Values, &values); err != nil {
		t.Fatal(err)
	}
	want := m{"status": 200., "body": `{"status":"up","lag":12}`, "json": m{"status": "up", "lag": 12.}}
	if diff := cmp.Diff(want, values); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	if got := w.do(t, 1); got.Output != "lag 12\n" {
		t.Errorf("the next step printed %q (%s)", got.Output, got.Message)
	}
}

func TestARequestOfUnknownEffectIsNotRepeated(t *testing.T) {
	yes, no := action("command", m{"argv": []string{"true"}}), action("command", m{"argv": []string{"false"}})
	tests := []struct {
		name       string
		doneWhen   *change.Action
		idempotent bool
		want       change.Outcome
		calls      int64
	}{
		{"nothing says what happened", nil, false, change.Unknown, 1},
		{"idempotent", nil, true, change.FailedRun, 3},
		{"done-when says that it was done", &yes, false, change.Passed, 1},
		{"done-when says that it was not", &no, false, change.FailedRun, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			address, calls := site(t)
			s := step(action("http", m{"url": address + "/cut", "method": "POST", "body": "x"}))
			s.Retry, s.DoneWhen, s.Idempotent = change.Retry{Attempts: 3}, tt.doneWhen, tt.idempotent
			got := newWorld(t, s).do(t, 0)
			if got.Outcome != tt.want || calls.Load() != tt.calls {
				t.Errorf("%s (%s) after %d requests; expected %s after %d", got.Outcome, got.Message, calls.Load(), tt.want, tt.calls)
			}
		})
	}
}

func TestHTTPTimeout(t *testing.T) {
	address, _ := site(t)
	s := step(action("http", m{"url": address + "/stall"}))
	s.Timeout = change.Duration(100 * time.Millisecond)
	if got := newWorld(t, s).do(t, 0); got.Outcome != change.FailedRun || got.Message != "it did not end within 100ms" {
		t.Errorf("%s (%s)", got.Outcome, got.Message)
	}
}

func TestHTTPTrustsTheCAFileAlone(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "safe") }))
	t.Cleanup(server.Close)
	file := t.TempDir() + "/ca.pem"
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := newWorld(t, step(action("http", m{"url": server.URL, "ca-file": file}))).do(t, 0); got.Output != "safe" {
		t.Errorf("%s (%s)", got.Outcome, got.Message)
	}
	if got := newWorld(t, step(action("http", m{"url": server.URL}))).do(t, 0); got.Outcome != change.FailedRun || !strings.Contains(got.Message, "certificate") {
		t.Errorf("without the ca-file: %s (%s); expected a failure about the certificate", got.Outcome, got.Message)
	}
}

func TestNotify(t *testing.T) {
	got := make(chan map[string]string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body map[string]string
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		if r.URL.Path != "/hook/s3cr3t-path" {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, "no such hook %s", r.URL.Path)
			return
		}
		got <- body
	}))
	t.Cleanup(server.Close)
	w := newWorld(t,
		step(action("notify", m{"secret": "hook", "message": "Version ${{ parameters.version }} now"})),
		step(action("notify", m{"webhook": server.URL + "/other", "message": "again"})),
		step(action("notify", m{"secret": "nobody", "message": "again"})))
	w.secrets["hook"] = server.URL + "/hook/s3cr3t-path"
	if r := w.do(t, 0); r.Outcome != change.Passed || strings.Contains(r.Message+r.Output+string(r.Values), "s3cr3t") {
		t.Fatalf("%s (%s)", r.Outcome, r.Message)
	}
	want := map[string]string{"text": "Version 15.20 now", "change": "CHG-7", "step": "step-a"}
	if diff := cmp.Diff(want, <-got); diff != "" {
		t.Errorf("posted (-want +got):\n%s", diff)
	}
	if r := w.do(t, 1); r.Outcome != change.FailedRun || !strings.Contains(r.Message, "the webhook answered HTTP 403") {
		t.Errorf("%s (%s)", r.Outcome, r.Message)
	}
	w.decide(change.Continue, "step-b", noon)
	if r := w.do(t, 2); r.Outcome != change.FailedRun || !strings.Contains(r.Message, "nobody") {
		t.Errorf("%s (%s)", r.Outcome, r.Message)
	}
}
