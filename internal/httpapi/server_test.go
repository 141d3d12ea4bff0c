package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/sirupsen/logrus"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/httpapi/apitest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

type answer struct {
	*http.Response
	body string
}

func do(t *testing.T, server *httptest.Server, method, path, body, token string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // read to the end
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp, string(b)}
}

func TestTokensGuardTheAPIAndNothingElse(t *testing.T) {
	_, server := serve(t, &apitest.Service{})
	for _, tc := range []struct {
		path, token string
		want        int
	}{
		{"/v1/whoami", apitest.Token, 200},
		{"/v1/whoami", "", 401},
		{"/v1/whoami", "wrong", 401},
		{"/v1/nothing-here", "", 401},
		{"/v1/nothing-here", apitest.Token, 404},
		{"/healthz", "", 200},
		{"/readyz", "", 200},
		{"/metrics", "", 200},
		{"/openapi.json", "", 200},
		{"/openapi.yaml", "", 200},
		{"/docs", "", 404},
		{"/", "", 404},
	} {
		resp := do(t, server, http.MethodGet, tc.path, "", tc.token)
		if resp.StatusCode != tc.want {
			t.Errorf("%s with %q: %d, want %d: %s", tc.path, tc.token, resp.StatusCode, tc.want, resp.body)
		}
		if tc.want == 401 && (!strings.Contains(resp.body, `"hint"`) || resp.Header.Get("WWW-Authenticate") == "") {
			t.Errorf("%s: the refusal does not say what to do: %s", tc.path, resp.body)
		}
	}
}

func TestReadinessNamesWhatIsAway(t *testing.T) {
	s := &apitest.Service{Errs: map[string]error{"Ready": change.Unavailable("the ledger does not answer")}}
	_, server := serve(t, s)
	resp := do(t, server, http.MethodGet, "/readyz", "", "")
	if resp.StatusCode != 503 || !strings.Contains(resp.body, "the ledger does not answer") {
		t.Errorf("%d %s", resp.StatusCode, resp.body)
	}
}

func TestBadRequestsAreProblemsThatNameTheField(t *testing.T) {
	_, server := serve(t, &apitest.Service{})
	for _, tc := range []struct {
		name, method, path, body string
		status                   int
		field, detail            string
	}{
		{"not JSON", "POST", "/v1/changes", "{", 400, "body", "JSON"},
		{"unknown key", "POST", "/v1/changes", `{"title":"t","type":"normal","reason":"r","runbook":"b","window":{"start":"x"},"colour":1}`, 422, "colour", "unexpected property"},
		{"ill-typed", "POST", "/v1/changes", `{"title":7,"type":"normal","reason":"r","runbook":"b","window":{"start":"x"}}`, 422, "title", "expected string"},
		{"over a mebibyte", "POST", "/v1/changes", `{"title":"` + strings.Repeat("x", httpapi.MaxBody) + `"}`, 413, "", ""},
		{"bad id", "GET", "/v1/changes/seven", "", 422, "", "CHG-17"},
		{"bad wait", "GET", "/v1/changes/CHG-1?wait=soon", "", 422, "wait", "30s"},
		{"bad status", "GET", "/v1/changes?status=sleeping", "", 422, "status", "awaiting-approval"},
		{"unknown filter", "GET", "/v1/changes?colour=red", "", 422, "query.colour", ""},
		{"bad verb", "GET", "/v1/changes/CHG-1/statements?verb=bless", "", 422, "query.verb", ""},
		{"no signature", "POST", "/v1/changes/CHG-1/approvals", "[]", 422, "body", ""},
		{"bad time", "GET", "/v1/calendar?from=monday&to=2027-01-01T00:00:00Z", "", 422, "from", "RFC 3339"},
		{"end before start", "GET", "/v1/calendar?from=2027-01-02T00:00:00Z&to=2027-01-01T00:00:00Z", "", 422, "to", "must be after"},
		{"bad reference", "GET", "/v1/log?system=!", "", 422, "system", "kind:name"},
		{"slots of nothing", "POST", "/v1/slots", "{}", 422, "request", "either a request or the ID"},
		{"slots of two things", "POST", "/v1/slots", `{"change":"CHG-1","request":{"title":"t","type":"normal","reason":"r","runbook":"b","window":{"start":"x"}}}`, 422, "request", "either a request or the ID"},
		{"sandbox of nothing known", "GET", "/v1/sandbox?of=a+b", "", 422, "of", "site:husum"},
		{"sandbox of a bad id", "GET", "/v1/sandbox?of=chg-x", "", 422, "", "CHG-17"},
		{"openings of nothing", "GET", "/v1/windows/open?from=2027-01-01T00:00:00Z&to=2027-01-02T00:00:00Z", "", 422, "query.system", ""},
		{"openings without an end", "GET", "/v1/windows/open?system=a&from=2027-01-01T00:00:00Z", "", 422, "query.to", ""},
		{"openings backwards", "GET", "/v1/windows/open?system=a&from=2027-01-02T00:00:00Z&to=2027-01-01T00:00:00Z", "", 422, "to", "must be after"},
		{"bad freeze", "POST", "/v1/freezes/CHG-1/lift", `{"reason":"r"}`, 422, "", "FRZ-2"},
		{"bad declaration", "GET", "/v1/declarations/CHG-1", "", 422, "", "MNT-3"},
		{"declarations backwards", "GET", "/v1/declarations?from=2027-01-02T00:00:00Z&to=2027-01-01T00:00:00Z", "", 422, "to", "not after"},
		{"import on nothing known", "POST", "/v1/calendars/c?target=!", "BEGIN", 422, "target", "kind:name"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			resp := do(t, server, tc.method, tc.path, tc.body, apitest.Token)
			var p httpapi.Problem
			if err := json.Unmarshal([]byte(resp.body), &p); err != nil {
				t.Fatalf("%v: %s", err, resp.body)
			}
			if resp.StatusCode != tc.status || p.Kind != change.KindInvalid || p.Field != tc.field || !strings.Contains(p.Detail, tc.detail) {
				t.Errorf("%d %+v", resp.StatusCode, p)
			}
		})
	}
}

type angry struct{ *apitest.Service }

// A panic is answered with 500, told in the log under the request's ID, and
// the server goes on. Neither tokens nor internal errors reach the caller or the log's fields.
func TestAPanicIsAnsweredAndLogged(t *testing.T) {
	var buf bytes.Buffer
	log := logrus.New()
	log.SetOutput(&buf)
	log.SetFormatter(&logrus.JSONFormatter{})
	h := httpapi.NewServer(angry{}, httpapi.ServerOptions{Authenticate: apitest.Authenticate, Log: logrus.NewEntry(log)})
	server := httptest.NewServer(h)
	defer server.Close()
	resp := do(t, server, http.MethodGet, "/v1/runbooks", "", apitest.Token)
	if resp.StatusCode != 500 || strings.Contains(resp.body, "nil pointer") {
		t.Errorf("%d %s", resp.StatusCode, resp.body)
	}
	id := resp.Header.Get("X-Request-Id")
	for _, want := range []string{id, "nil pointer", `"person":"user:bob"`, `"status":500`, `"route":"GET /v1/runbooks"`} {
		if !strings.Contains(buf.String(), want) {
			t.Errorf("the log lacks %s: %s", want, buf.String())
		}
	}
	if strings.Contains(buf.String(), apitest.Token) {
		t.Error("the log tells the token")
	}
	if !strings.Contains(resp.body, id) {
		t.Errorf("the answer lacks the request's ID: %s", resp.body)
	}
	metrics := do(t, server, http.MethodGet, "/metrics", "", "")
	if want := `changectl_http_requests_total{code="500",route="GET /v1/runbooks"} 1`; !strings.Contains(metrics.body, want) {
		t.Errorf("no %s in\n%s", want, metrics.body)
	}
}

// A server that is shut down does not wait for those who wait for news.
func TestShutdownAnswersThoseWhoWait(t *testing.T) {
	s := &apitest.Service{Records: map[change.ID]change.Record{"CHG-7": record("CHG-7", change.Scheduled)}}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := httpapi.HTTPServer(apitest.Handler(s))
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	c := httpapi.NewClient("http://"+l.Addr().String(), apitest.Token, nil)
	answered := make(chan change.Status, 1)
	go func() {
		rec, err := c.Await(context.WithoutCancel(t.Context()), "CHG-7", 5, time.Minute)
		if err != nil {
			t.Error(err)
		}
		answered <- rec.Status
	}()
	if err := s.Until(t.Context(), func(c apitest.Call) bool { return c.Method == "Await" }); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		t.Errorf("shut down: %v", err)
	}
	if status := <-answered; status != change.Scheduled {
		t.Errorf("answered %q", status)
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		t.Error(err)
	}
}

func TestTheDocumentIsOpenAPI31WithTheseOperations(t *testing.T) {
	_, server := serve(t, &apitest.Service{})
	text := do(t, server, http.MethodGet, "/openapi.json", "", "").body
	direct, err := httpapi.OpenAPI("dev")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(decode(t, text), decode(t, string(direct))); d != "" {
		t.Errorf("served and made differ:\n%s", d)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := openAPISchema(t).Validate(doc); err != nil {
		t.Errorf("not OpenAPI 3.1: %v", err)
	}
	checkReferences(t, decode(t, text))
	golden(t, "testdata/operations.txt", operations(decode(t, text)))
}

func openAPISchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	f, err := os.Open("testdata/openapi-3.1.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // only read
	schema, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("openapi.json", schema); err != nil {
		t.Fatal(err)
	}
	return c.MustCompile("openapi.json")
}

func decode(t *testing.T, s string) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(s), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// checkReferences holds every $ref against what the document defines, and
// compiles every schema as JSON Schema 2020-12, which is what 3.1 says they are.
func checkReferences(t *testing.T, doc map[string]any) {
	t.Helper()
	c := jsonschema.NewCompiler()
	if err := c.AddResource("doc.json", doc); err != nil {
		t.Fatal(err)
	}
	schemas := doc["components"].(map[string]any)["schemas"].(map[string]any)
	for name := range schemas {
		if _, err := c.Compile("doc.json#/components/schemas/" + name); err != nil {
			t.Errorf("schema %s: %v", name, err)
		}
	}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok {
				name := strings.TrimPrefix(ref, "#/components/schemas/")
				if _, ok := schemas[name]; !ok {
					t.Errorf("%s leads nowhere", ref)
				}
			}
			for _, e := range v {
				walk(e)
			}
		case []any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(doc)
}

func operations(doc map[string]any) string {
	var lines []string
	for path, item := range doc["paths"].(map[string]any) {
		for method, op := range item.(map[string]any) {
			lines = append(lines, op.(map[string]any)["operationId"].(string)+" "+strings.ToUpper(method)+" "+path)
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n") + "\n"
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got), -update rewrites it:\n%s", file, d)
	}
}
