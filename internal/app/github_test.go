package app

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sirupsen/logrus"
	"github.com/sirupsen/logrus/hooks/test"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/github"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/httpapi/apitest"
)

const hookSecret = "a secret"

// reception is the API with a webhook, and what was accepted.
type reception struct {
	*httptest.Server
	accepted []change.Delivery
	fail     error
}

func newReception(t *testing.T) *reception {
	t.Helper()
	receiver, err := github.NewReceiver([]byte(hookSecret))
	if err != nil {
		t.Fatal(err)
	}
	quiet, _ := test.NewNullLogger()
	r := &reception{}
	h := webhook{receiver: receiver, log: logrus.NewEntry(quiet), accept: func(_ context.Context, d change.Delivery) error {
		if r.fail == nil {
			r.accepted = append(r.accepted, d)
		}
		return r.fail
	}}
	r.Server = httptest.NewServer(httpapi.NewServer(&apitest.Service{}, httpapi.ServerOptions{Webhook: h, WebhookRoom: github.MaxPayload}))
	t.Cleanup(r.Close)
	return r
}

func (r *reception) send(t *testing.T, event, body, signature string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.URL+"/github/webhook", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-GitHub-Event", event)
	req.Header.Set("X-GitHub-Delivery", "guid-1")
	if signature != "" {
		req.Header.Set("X-Hub-Signature-256", signature)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // it was read as far as is of interest
	return resp.StatusCode
}

func signed(body string) string {
	mac := hmac.New(sha256.New, []byte(hookSecret))
	mac.Write([]byte(body))
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

const opened = `{"action":"opened","number":3,"pull_request":{"number":3,"head":{"sha":"abc"}},"repository":{"id":7,"full_name":"n/o"},"installation":{"id":1}}`

func TestWhatADeliveryIsKeptAs(t *testing.T) {
	tests := map[string]struct {
		event, body string
		want        []change.Delivery
	}{
		"a pull request": {"pull_request", opened, []change.Delivery{{GUID: "guid-1", Event: "pull_request", Action: "opened", RepositoryID: 7, Name: "n/o", Pulls: []int{3}, Commit: "abc"}}},
		"a push":         {"push", `{"ref":"refs/heads/main","after":"def","repository":{"id":7}}`, []change.Delivery{{GUID: "guid-1", Event: "push", RepositoryID: 7, Branch: "main", Commit: "def"}}},
		"a tag":          {"push", `{"ref":"refs/tags/v1","after":"def","repository":{"id":7}}`, nil},
		"a merge queue": {
			"merge_group", `{"action":"checks_requested","merge_group":{"head_sha":"fed","head_ref":"refs/heads/gh-readonly-queue/main/pr-12-` + strings.Repeat("a", 40) + `","base_ref":"refs/heads/main"},"repository":{"id":7}}`,
			[]change.Delivery{{GUID: "guid-1", Event: "merge_group", Action: "checks_requested", RepositoryID: 7, Pulls: []int{12}, Branch: "gh-readonly-queue/main/pr-12-" + strings.Repeat("a", 40), Commit: "fed"}},
		},
		"an installation":           {"installation", `{"action":"suspend","installation":{"id":1}}`, []change.Delivery{{GUID: "guid-1", Event: "installation", Action: "suspend"}}},
		"a check that was written":  {"check_run", `{"action":"created","check_run":{"head_sha":"abc","pull_requests":[{"number":3,"base":{"repo":{"id":7}}}]},"repository":{"id":7}}`, nil},
		"a check that is asked for": {"check_run", `{"action":"rerequested","check_run":{"head_sha":"abc","pull_requests":[{"number":3,"base":{"repo":{"id":7}}}]},"repository":{"id":7}}`, []change.Delivery{{GUID: "guid-1", Event: "check_run", Action: "rerequested", RepositoryID: 7, Pulls: []int{3}, Commit: "abc"}}},
		"a comment of an App":       {"issue_comment", `{"action":"created","issue":{"number":3,"pull_request":{"url":"x"}},"sender":{"id":1,"login":"a[bot]","type":"Bot"},"repository":{"id":7}}`, nil},
		"a ping":                    {"ping", `{"zen":"x"}`, nil},
		"something else":            {"star", `{"action":"created"}`, nil},
		"a comment on an issue":     {"issue_comment", `{"action":"created","issue":{"number":4},"repository":{"id":7}}`, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newReception(t)
			if code := r.send(t, tt.event, tt.body, signed(tt.body)); code != http.StatusAccepted {
				t.Fatalf("answered with %d", code)
			}
			if diff := cmp.Diff(tt.want, r.accepted); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestADeliveryThatIsNotKeptIsNotAcknowledged(t *testing.T) {
	r := newReception(t)
	r.fail = errors.New("the disk is full")
	if code := r.send(t, "pull_request", opened, signed(opened)); code != http.StatusServiceUnavailable {
		t.Errorf("answered with %d, want 503 so that GitHub sends it again", code)
	}
}

func TestAWebhookThatNobodySignedIsNotKept(t *testing.T) {
	r := newReception(t)
	for _, signature := range []string{"", "sha256=", "sha256=" + strings.Repeat("0", 64), "sha1=" + strings.Repeat("0", 40), signed(opened + " "), signed(opened)[:70]} {
		if code := r.send(t, "pull_request", opened, signature); code != http.StatusUnauthorized {
			t.Errorf("signature %q was answered with %d", signature, code)
		}
	}
	if len(r.accepted) > 0 {
		t.Errorf("kept: %v", r.accepted)
	}
}

func TestAWebhookMayBeLargerThanOtherRequestsAndNotTooLarge(t *testing.T) {
	r := newReception(t)
	large := strings.Replace(opened, `"action"`, `"padding":"`+strings.Repeat("x", 2<<20)+`","action"`, 1)
	if code := r.send(t, "pull_request", large, signed(large)); code != http.StatusAccepted || len(r.accepted) != 1 {
		t.Errorf("two megabytes were answered with %d", code)
	}
	huge := string(bytes.Repeat([]byte(" "), github.MaxPayload+1))
	if code := r.send(t, "pull_request", huge, signed(huge)); code != http.StatusBadRequest && code != http.StatusServiceUnavailable {
		t.Errorf("too much was answered with %d", code)
	}
	if len(r.accepted) != 1 {
		t.Errorf("too much was kept")
	}
}

func TestAnAppWithoutItsSecretsDoesNotStart(t *testing.T) {
	none := func(ok bool, key, what string) []string {
		if ok {
			return nil
		}
		return []string{key + " " + what}
	}
	var problems []string
	need := func(ok bool, key, what string) { problems = append(problems, none(ok, key, what)...) }
	g := GitHubConfig{AppID: 1}
	if errs := g.complete(need, "127.0.0.1:7800"); len(errs) > 0 {
		t.Errorf("errors beside what is needed: %v", errs)
	}
	if all := strings.Join(problems, "\n"); !strings.Contains(all, "github.webhook-secret-file") || !strings.Contains(all, "github.private-key-file") {
		t.Errorf("problems: %s", all)
	}
	t.Setenv(webhookSecret, "  ")
	problems = nil
	g = GitHubConfig{AppID: 1}
	_ = g.complete(need, "127.0.0.1:7800") // what is needed is told
	if all := strings.Join(problems, "\n"); !strings.Contains(all, "github.webhook-secret-file") {
		t.Errorf("a secret of blanks was taken: %s", all)
	}
}
