package desk_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/desk"
)

// fromPull is a draft of a pull request that bob wrote too; commit is empty before the merge.
func fromPull(system, commit string) desk.Draft {
	return desk.Draft{
		Request: request(system, "pull/"+system+"/"+commit),
		Origin: &change.Origin{
			RepositoryID: 7, Repository: "nordwind/operations", Number: 3, Base: "main", Head: "h1", Commit: commit, Path: "changes/x.yaml",
			Content: "sha256:c", Authors: []change.Ref{"user:alice"},
		},
	}
}

func TestADraftIsRevisedByItsOwnFileAlone(t *testing.T) {
	o := open(t)
	alice := o.people["alice"]
	rec, err := o.SubmitDraft(t.Context(), alice, fromPull("resource:orders-db-1", ""))
	if err != nil {
		t.Fatal(err)
	}
	for name, alter := range map[string]func(*desk.Draft){
		"another repository": func(d *desk.Draft) { d.Origin.RepositoryID = 8 },
		"another file":       func(d *desk.Draft) { d.Origin.Path = "changes/y.yaml" },
		"no origin":          func(d *desk.Draft) { d.Origin = nil },
	} {
		d := fromPull("resource:orders-db-1", "c1")
		d.Request.Nonce = name
		alter(&d)
		if _, err := o.ReviseDraft(t.Context(), alice, rec.ID, d); change.KindOf(err) != change.KindDenied {
			t.Errorf("%s: %v", name, err)
		}
	}
	later := fromPull("resource:orders-db-1", "c1")
	later.Origin.Number = 4 // a later pull request that edits the file
	got, err := o.ReviseDraft(t.Context(), alice, rec.ID, later)
	if err != nil || got.Revision != 2 || got.Plan.Origin.Commit != "c1" {
		t.Errorf("its own file: revision %d, %v", got.Revision, err)
	}
	if _, err := o.Revise(t.Context(), alice, rec.ID, request("resource:orders-db-1", "by hand")); change.KindOf(err) != change.KindDenied || !strings.Contains(err.Error(), "it is revised there, by a push") {
		t.Errorf("by hand: %v", err)
	}
}

func TestWhoseReviewIsRecorded(t *testing.T) {
	o := open(t)
	d := fromPull("resource:orders-db-1", "c1")
	d.Origin.Authors = append(d.Origin.Authors, "user:bob")
	rec, err := o.SubmitDraft(t.Context(), o.people["alice"], d)
	if err != nil {
		t.Fatal(err)
	}
	evidence := change.Evidence{Kind: "review", ID: 17, RepositoryID: 7, Number: 3, Head: "h1", Content: "sha256:c", Login: "x"}
	for person, want := range map[change.Ref]change.Kind{
		"user:carol":  "",
		"user:bob":    change.KindDenied,   // wrote it
		"user:alice":  change.KindDenied,   // submitted it
		"user:dave":   change.KindDenied,   // is of another group
		"user:nobody": change.KindNotFound, // is nobody
	} {
		_, err := o.Attest(t.Context(), rec.ID, []change.Attested{o.Attested(rec, change.Approve, "group:dba", person, evidence)})
		if change.KindOf(err) != want {
			t.Errorf("%s: %v, want kind %q", person, err, want)
		}
	}
	again := o.Attested(rec, change.Approve, "group:dba", "user:carol", evidence)
	got, err := o.Attest(t.Context(), rec.ID, []change.Attested{again})
	if err != nil || len(got.Approvals) != 1 || got.Approvals[0].Evidence == nil || *got.Approvals[0].Evidence != evidence {
		t.Errorf("after the same once more: %+v, %v", got.Approvals, err)
	}
	if all := o.kinds(t, rec.ID); !slices.Contains(all, "approval.given") || !slices.Contains(all, "approval.refused") {
		t.Errorf("the log has %v", all)
	}
}

func TestWhatTheRepositoryAsksForIsPartOfThePlan(t *testing.T) {
	o := open(t)
	d := fromPull("resource:orders-db-1", "c1")
	d.More = func(change.Plan) ([]change.Requirement, error) {
		return []change.Requirement{{Role: "group:operators", Count: 1, Signature: true, Rule: "theirs"}}, nil
	}
	p, err := o.PreviewDraft(t.Context(), o.people["alice"], "", d)
	if err != nil || len(p.Plan.Approvals) < 2 || p.Plan.Approvals[len(p.Plan.Approvals)-1].Rule != "theirs" {
		t.Errorf("approvals %+v, %v", p.Plan.Approvals, err)
	}
	d.More = func(change.Plan) ([]change.Requirement, error) {
		return []change.Requirement{{Role: "group:of-nobody", Count: 1}}, nil
	}
	if _, err := o.PreviewDraft(t.Context(), o.people["alice"], "", d); change.KindOf(err) != change.KindInvalid {
		t.Errorf("a group of nobody is asked for: %v", err)
	}
}

func TestChangeRequestsOfOnePullRequestMeetEachOther(t *testing.T) {
	o := open(t)
	alice := o.people["alice"]
	first, err := o.PreviewDraft(t.Context(), alice, "", fromPull("resource:orders-db-1", ""))
	if err != nil {
		t.Fatal(err)
	}
	second := fromPull("resource:orders-db-1", "")
	second.Beside = []desk.Beside{{Name: "changes/first.yaml", Plan: first.Plan}}
	p, err := o.PreviewDraft(t.Context(), alice, "", second)
	if err != nil || len(p.Findings) == 0 || p.Findings[0].Severity != change.Blocks || !strings.Contains(p.Findings[0].Message, "changes/first.yaml") {
		t.Errorf("findings %+v, %v", p.Findings, err)
	}
	second.Request.Window.Start = "2027-03-07T03:00"
	if p, err = o.PreviewDraft(t.Context(), alice, "", second); err != nil || len(p.Findings) > 0 && p.Findings[0].Severity == change.Blocks {
		t.Errorf("at another time: %+v, %v", p.Findings, err)
	}
}
