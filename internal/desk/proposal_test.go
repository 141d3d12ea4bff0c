package desk_test

import (
	"strings"
	"testing"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/desk"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/ledger"
)

func proposal(system string, books ...httpapi.ProposedRunbook) httpapi.ProposalRequest {
	return httpapi.ProposalRequest{
		Request: request(system, "n"), Runbooks: books,
		Origin: httpapi.ProposalOrigin{RepositoryID: 7, Repository: "acme/changes", Number: 12, Base: "main", Path: "changes/x.yaml"},
	}
}

func proposedBook(path, alter string) httpapi.ProposedRunbook {
	return httpapi.ProposedRunbook{Path: path, YAML: strings.Replace(book, "Touch a system", alter, 1)}
}

func TestAProposalIsPlannedWithItsOwnRunbook(t *testing.T) {
	o := open(t)
	before, err := o.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p, err := o.PreviewProposal(t.Context(), o.people["alice"], proposal("resource:orders-db-1", proposedBook("runbooks/touch.yaml", "Touch it anew")))
	if err != nil {
		t.Fatal(err)
	}
	src := p.Plan.Runbook
	if src.Title != "Touch it anew" || src.Repository != "acme/changes" || src.Path != "runbooks/touch.yaml" || !strings.HasPrefix(src.Digest, "sha256:") {
		t.Errorf("runbook %+v", src)
	}
	if src.Commit != "" || p.Plan.Origin != nil {
		t.Errorf("it is pinned to %q, of %v", src.Commit, p.Plan.Origin)
	}
	if p, err = o.PreviewProposal(t.Context(), o.people["alice"], proposal("resource:orders-db-1")); err != nil || p.Plan.Runbook.Title != "Touch a system" {
		t.Errorf("the installation's: %+v, %v", p.Plan.Runbook, err)
	}
	list, err := o.List(t.Context(), httpapi.Filter{})
	head, err2 := o.Checkpoint(t.Context())
	if err != nil || err2 != nil || len(list) > 0 || head.Size != before.Size {
		t.Errorf("something was written: %v, %d entries; %v %v", list, head.Size, err, err2)
	}
}

func TestAProposedRunbookThatCannotBeUsed(t *testing.T) {
	o := open(t)
	for name, tc := range map[string]struct {
		books []httpapi.ProposedRunbook
		want  string
	}{
		"not a runbook":       {[]httpapi.ProposedRunbook{{Path: "runbooks/touch.yaml", YAML: "kind: Pod"}}, "the runbook cannot be used: runbooks/touch.yaml:1"},
		"too large":           {[]httpapi.ProposedRunbook{{Path: "runbooks/touch.yaml", YAML: strings.Repeat("#", 256<<10+1)}}, "256 KiB"},
		"of another name":     {[]httpapi.ProposedRunbook{{Path: "touch.yaml", YAML: strings.Replace(book, "name: touch,", "name: other,", 1)}}, `touch.yaml names itself "other"`},
		"two of the one name": {[]httpapi.ProposedRunbook{proposedBook("a/touch.yaml", "A"), proposedBook("b/touch.yml", "B")}, "two runbooks, a/touch.yaml and b/touch.yml"},
	} {
		_, err := o.PreviewProposal(t.Context(), o.people["alice"], proposal("resource:orders-db-1", tc.books...))
		if change.KindOf(err) != change.KindInvalid || !strings.Contains(err.Error(), tc.want) || !strings.HasPrefix(err.Error(), "spec.runbook: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A change of the same file that has not started would be revised: it is not in the way
// of itself, but in that of every other.
func TestAProposalIsNotInTheWayOfWhatItRevises(t *testing.T) {
	o := open(t)
	origin := &change.Origin{RepositoryID: 7, Repository: "acme/changes", Number: 3, Base: "main", Path: "changes/x.yaml", Commit: "abc", Content: "sha256:0"}
	rec, err := o.SubmitDraft(t.Context(), o.people["alice"], desk.Draft{Request: request("resource:orders-db-1", "first"), Origin: origin})
	if err != nil {
		t.Fatal(err)
	}
	for path, blocked := range map[string]bool{"changes/x.yaml": false, "changes/y.yaml": true, "": true} {
		p := proposal("resource:orders-db-1")
		p.Origin.Path = path
		got, err := o.PreviewProposal(t.Context(), o.people["alice"], p)
		if v := (change.Verdict{Findings: got.Findings}); err != nil || v.Blocked() != blocked {
			t.Errorf("%q: %v %v, with %s there", path, got.Findings, err, rec.ID)
		}
	}
	for number, want := range map[int]int{3: 1, 12: 0} {
		list, err := o.ledger.Changes(t.Context(), ledger.Filter{Origin: &change.PullKey{RepositoryID: 7, Number: number}})
		if err != nil || len(list) != want {
			t.Errorf("changes of #%d: %v %v", number, list, err)
		}
	}
}
