package proposal_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/proposal"
)

const webBook = `apiVersion: changectl.dev/v1
kind: Runbook
metadata: {name: web, title: Patch the web servers, owner: group:web}
spec:
  at-cutoff: back-out
  steps:
    - {name: drain, title: Drain it, phase: failover, uses: command, with: {argv: [drain]}}
    - {name: patch, title: Patch it, phase: patch, uses: command, with: {argv: [patch]}}
`

func TestWhatARunbookDoesOtherwise(t *testing.T) {
	drain := "{name: drain, title: Drain it, phase: failover, uses: command, with: {argv: [drain]}}"
	patch := "{name: patch, title: Patch it, phase: patch, uses: command, with: {argv: [patch]}}"
	tests := map[string]struct {
		old, new string
		want     []proposal.Difference
	}{
		"nothing":     {webBook, webBook, nil},
		"only a note": {webBook, "# a note\n" + webBook, nil},
		"a step":      {webBook, strings.Replace(webBook, "[patch]", "[rm, -rf, /]", 1), []proposal.Difference{{Field: "step patch", Before: patch, After: strings.Replace(patch, "[patch]", "[rm, -rf, /]", 1)}}},
		"one is gone": {webBook, strings.Replace(webBook, "    - "+drain+"\n", "", 1), []proposal.Difference{{Field: "step drain", Before: drain}}},
		"one is new":  {strings.Replace(webBook, "    - "+patch+"\n", "", 1), webBook, []proposal.Difference{{Field: "step patch", After: patch}}},
		"the order":   {webBook, strings.Replace(strings.Replace(strings.Replace(webBook, drain, "X", 1), patch, drain, 1), "X", patch, 1), []proposal.Difference{{Field: "order of the steps", Before: "drain, patch", After: "patch, drain"}}},
		"the owner":   {webBook, strings.Replace(webBook, "group:web", "group:dba", 1), []proposal.Difference{{Field: "owner", Before: "group:web", After: "group:dba"}}},
		"a key":       {webBook, strings.Replace(webBook, "at-cutoff: back-out", "margin: 5m", 1), []proposal.Difference{{Field: "margin", After: "5m"}, {Field: "at-cutoff", Before: "back-out"}}},
		"mended":      {"a: [", webBook, []proposal.Difference{{Field: "file", Before: "could not be read", After: "can be read"}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := proposal.ProposedRunbook{Path: "runbooks/web.yaml", Text: []byte(tt.new), Old: []byte(tt.old)}.Differences()
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	if got := (proposal.ProposedRunbook{Text: []byte(webBook)}).Differences(); got != nil {
		t.Errorf("a new one differs: %v", got)
	}
}

func TestWhatAChangeRequestAsksForOtherwise(t *testing.T) {
	old := "apiVersion: changectl.dev/v1\nkind: Change\nmetadata: {title: T}\nspec:\n  reason: R\n  runbook: web\n  parameters: {b: 2, a: 1}\n  window: {start: '2027-03-06T23:00', duration: 90m, zone: Europe/Berlin}\n"
	c := proposal.ProposedChange{Path: "changes/x.yaml", Old: []byte(old), Request: change.Request{
		Title: "T", Type: change.Normal, Reason: "Another", Runbook: "web", Parameters: map[string]any{"a": 1, "b": 3},
		Window: change.WindowRequest{Start: "2027-03-06T23:00", End: "2027-03-07T00:30", Zone: "Europe/Berlin"},
	}}
	want := []proposal.Difference{
		{Field: "reason", Before: "R", After: "Another"},
		{Field: "parameters", Before: "a = 1, b = 2", After: "a = 1, b = 3"},
		{Field: "window", Before: "2027-03-06T23:00 90m Europe/Berlin", After: "2027-03-06T23:00 until 2027-03-07T00:30 Europe/Berlin"},
	}
	if diff := cmp.Diff(want, c.Differences()); diff != "" {
		t.Error(diff)
	}
	c.Old = nil
	if got := c.Differences(); got != nil {
		t.Errorf("a new one differs: %v", got)
	}
}
