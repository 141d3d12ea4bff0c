package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/httpapi/apitest"
)

func proposal(runbooks ...httpapi.ProposedRunbook) httpapi.ProposalRequest {
	return httpapi.ProposalRequest{
		Request:  change.Request{Title: "t", Type: change.Normal, Reason: "r", Runbook: "b", Window: change.WindowRequest{Start: "2027-03-06T23:00Z", Duration: "1h"}},
		Runbooks: runbooks,
		Origin:   httpapi.ProposalOrigin{RepositoryID: 7, Repository: "acme/changes", Number: 12, Head: "abc", Base: "main", Path: "changes/x.yaml"},
	}
}

func TestProposalsReachTheService(t *testing.T) {
	s := &apitest.Service{Plan: httpapi.Preview{Digest: "sha256:1"}, Summaries: []change.Summary{{ID: "CHG-7"}}}
	c, _ := serve(t, s)
	req := proposal(httpapi.ProposedRunbook{Path: "runbooks/b.yaml", YAML: "kind: Runbook\n"})
	filter := httpapi.Filter{Origin: &change.PullKey{RepositoryID: 7, Number: 12}}
	reaches(t, s, []route{
		{"preview", func() (any, error) { return c.PreviewProposal(t.Context(), req) }, s.Plan, apitest.Call{Method: "PreviewProposal", Args: []any{apitest.Person.Ref, req}}},
		{"changes of a pull request", func() (any, error) { return c.List(t.Context(), filter) }, s.Summaries, apitest.Call{Method: "List", Args: []any{filter}}},
	})
}

func TestAProposalThatIsTooMuchIsRefused(t *testing.T) {
	s := &apitest.Service{}
	c, server := serve(t, s)
	large := proposal(httpapi.ProposedRunbook{Path: "b.yaml", YAML: strings.Repeat("x", httpapi.MaxBody)})
	if _, err := c.PreviewProposal(t.Context(), large); change.KindOf(err) != change.KindInvalid || !strings.Contains(err.Error(), "1 MiB") {
		t.Errorf("too large: %v", err)
	}
	many := proposal(make([]httpapi.ProposedRunbook, httpapi.MaxProposedRunbooks+1)...)
	if _, err := c.PreviewProposal(t.Context(), many); change.KindOf(err) != change.KindInvalid || !strings.Contains(err.Error(), "at most 20") {
		t.Errorf("too many: %v", err)
	}
	const ask = `{"request":{"title":"t","type":"normal","reason":"r","runbook":"b","window":{"start":"x"}},"origin":{"repository":"a/b"},"runbooks":[`
	for name, tc := range map[string]struct {
		method, path, body string
		status             int
		detail             string
	}{
		"too many by something else":  {"POST", "/v1/proposals/preview", ask + strings.Repeat(`{"path":"b.yaml","yaml":""},`, 20) + `{"path":"b.yaml","yaml":""}]}`, 422, "runbooks"},
		"too large by something else": {"POST", "/v1/proposals/preview", ask + `{"path":"b.yaml","yaml":"` + strings.Repeat("x", httpapi.MaxBody) + `"}]}`, 413, ""},
		"no path":                     {"POST", "/v1/proposals/preview", ask + `{"path":"","yaml":""}]}`, 422, "path"},
		"no origin":                   {"POST", "/v1/proposals/preview", `{"request":{"title":"t","type":"normal","reason":"r","runbook":"b","window":{"start":"x"}}}`, 422, "origin"},
		"an origin without a number":  {"GET", "/v1/changes?origin=7", "", 422, "1296269/42"},
		"an origin by its name":       {"GET", "/v1/changes?origin=acme/changes%2312", "", 422, "1296269/42"},
		"an origin below zero":        {"GET", "/v1/changes?origin=-7/1", "", 422, "1296269/42"},
	} {
		resp := do(t, server, tc.method, tc.path, tc.body, apitest.Token)
		if resp.StatusCode != tc.status || !strings.Contains(resp.body, tc.detail) {
			t.Errorf("%s: %d %s", name, resp.StatusCode, resp.body)
		}
	}
	if n := len(s.Calls()); n != 0 {
		t.Errorf("the service was asked %d times", n)
	}
	if resp := do(t, server, http.MethodPost, "/v1/proposals/preview", "{}", ""); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("without a token: %d", resp.StatusCode)
	}
}
