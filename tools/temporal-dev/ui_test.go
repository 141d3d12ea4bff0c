package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
)

func TestWebUIOnlyReads(t *testing.T) {
	port := freePort(t)
	p := start(t, "--db", tempDB(t), "--port", "0", "--ui-port", port)
	if want := "http://127.0.0.1:" + port; p.ready.UI != want {
		t.Fatalf("UI at %s, want %s", p.ready.UI, want)
	}
	startWorkflow(t, p.dial(t), "CHG-1")
	b := browse(t, p.ready.UI)

	if status, body := b.do(t, http.MethodGet, "/", ""); status != http.StatusOK || !strings.Contains(body, "<html") {
		t.Errorf("GET /: status %d, body %.80s", status, body)
	}
	var settings struct{ DisableWriteActions, DisableNewsFetch, StartWorkflowDisabled bool }
	_, body := b.do(t, http.MethodGet, "/api/v1/settings", "")
	if err := json.Unmarshal([]byte(body), &settings); err != nil {
		t.Fatal(err)
	}
	if !settings.DisableWriteActions || !settings.DisableNewsFetch || !settings.StartWorkflowDisabled {
		t.Errorf("settings %+v, want all true", settings)
	}
	const workflows = "/api/v1/namespaces/changectl/workflows/"
	if status, body := b.do(t, http.MethodGet, workflows+"CHG-1", ""); status != http.StatusOK || !strings.Contains(body, "WORKFLOW_EXECUTION_STATUS_RUNNING") {
		t.Errorf("describe workflow: status %d, body %s", status, body)
	}
	if status, _ := b.do(t, http.MethodPost, workflows+"CHG-1/terminate", "{}"); status != http.StatusMethodNotAllowed {
		t.Errorf("terminate: status %d, want %d", status, http.StatusMethodNotAllowed)
	}
	// A path that looks like a query to the Web UI is refused by the server behind it.
	status, body := b.do(t, http.MethodPost, workflows+"a%2Fquery%2Fb", `{"workflowType":{"name":"Change"},"taskQueue":{"name":"nobody"}}`)
	if status != http.StatusForbidden || !strings.Contains(body, "the Web UI only reads: StartWorkflowExecution is refused") {
		t.Errorf("start in disguise: status %d, body %s", status, body)
	}
}

// browser keeps cookies and shows them back, as the pages of the Web UI do.
type browser struct {
	client http.Client
	root   *url.URL
}

func browse(t *testing.T, root string) *browser {
	t.Helper()
	u, err := url.Parse(root)
	if err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{client: http.Client{Jar: jar}, root: u}
}

func (b *browser) do(t *testing.T, method, path, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, b.root.String()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for _, c := range b.client.Jar.Cookies(b.root) {
		if c.Name == "_csrf" {
			req.Header.Set("X-CSRF-Token", c.Value)
		}
	}
	resp, err := b.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(data)
}
