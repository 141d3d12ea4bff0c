package audit_test

import (
	"strings"
	"testing"
	"time"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
)

func newKey(t *testing.T, instance string) audit.Key {
	t.Helper()
	k, err := audit.GenerateKey(instance)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func attested(t *testing.T, k audit.Key) change.Approval {
	t.Helper()
	a := change.Attested{
		Statement: change.Statement{Instance: "prod", Change: "CHG-1", Revision: 1, Plan: "sha256:1", Verb: change.Approve, Role: "group:dba", Nonce: "n"},
		Evidence:  change.Evidence{Kind: "review", ID: 9, RepositoryID: 7, Number: 3, Head: "abc", Login: "bob", At: time.Date(2027, 3, 6, 22, 0, 0, 0, time.UTC)},
		Person:    "user:bob",
	}
	signed, err := audit.Attest(k, a)
	if err != nil {
		t.Fatal(err)
	}
	return change.Approval{Statement: a.Statement, Signed: signed, Person: a.Person, Evidence: &a.Evidence}
}

func TestAnAttestationHoldsForExactlyWhatWasAttested(t *testing.T) {
	k := newKey(t, "prod")
	if err := audit.CheckAttestation(attested(t, k), k.Verifier()); err != nil {
		t.Fatalf("as it was attested: %v", err)
	}
	tests := map[string]func(*change.Approval){
		"the person":     func(a *change.Approval) { a.Person = "user:mallory" },
		"the role":       func(a *change.Approval) { a.Role = "group:net" },
		"the plan":       func(a *change.Approval) { a.Plan = "sha256:2" },
		"the verb":       func(a *change.Approval) { a.Verb = change.Reject },
		"the review":     func(a *change.Approval) { a.Evidence.ID = 10 },
		"the head":       func(a *change.Approval) { a.Evidence.Head = "def" },
		"no evidence":    func(a *change.Approval) { a.Evidence = nil },
		"the bytes":      func(a *change.Approval) { a.Signed.Statement = append(a.Signed.Statement, ' ') },
		"no signature":   func(a *change.Approval) { a.Signed.Signature = "" },
		"half a one":     func(a *change.Approval) { a.Signed.Signature = a.Signed.Signature[:len(a.Signed.Signature)/2] },
		"another's key":  func(a *change.Approval) { *a = attested(t, newKey(t, "prod")) },
		"another's name": func(a *change.Approval) { *a = attested(t, newKey(t, "test")) },
	}
	for name, alter := range tests {
		t.Run(name, func(t *testing.T) {
			a := attested(t, k)
			alter(&a)
			if err := audit.CheckAttestation(a, k.Verifier()); change.KindOf(err) != change.KindDenied {
				t.Errorf("got %v, want a denial", err)
			}
		})
	}
}

func TestAnAttestationIsNoCheckpointAndACheckpointNoAttestation(t *testing.T) {
	k := newKey(t, "prod")
	a := attested(t, k)
	if _, err := audit.Open(a.Signed.Signature, k.Verifier()); change.KindOf(err) != change.KindDenied || !strings.Contains(err.Error(), "origin") {
		t.Errorf("opened as a checkpoint: %v", err)
	}
	note, err := audit.Checkpoint{Instance: "prod", Size: 1}.Sign(k)
	if err != nil {
		t.Fatal(err)
	}
	a.Signed.Signature = note
	if err := audit.CheckAttestation(a, k.Verifier()); change.KindOf(err) != change.KindDenied {
		t.Errorf("taken for an attestation: %v", err)
	}
}
