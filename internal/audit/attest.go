package audit

import (
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/changectl/changectl/internal/change"
)

// attestation begins the text of an attestation, so that it can never be taken for a
// checkpoint, of which the first line is an Origin.
const attestation = "changectl attestation\n"

// Attest signs that the installation saw an approval that was given at GitHub. It
// returns the statement with the attestation in place of a signature.
func Attest(k Key, a change.Attested) (change.SignedStatement, error) {
	if k.IsZero() {
		return change.SignedStatement{}, change.Invalid("there is no key to attest with")
	}
	statement, err := change.Canonical(a.Statement)
	if err != nil {
		return change.SignedStatement{}, err
	}
	text, err := attested(a)
	if err != nil {
		return change.SignedStatement{}, err
	}
	b, err := note.Sign(&note.Note{Text: text}, k.signer)
	if err != nil {
		return change.SignedStatement{}, fmt.Errorf("sign attestation: %w", err)
	}
	return change.SignedStatement{Statement: statement, Signature: string(b)}, nil
}

// CheckAttestation reports whether an approval with evidence is exactly what the
// installation attested. The verifier is the text that Key.Verifier returns. What is
// not is a Denied error.
func CheckAttestation(a change.Approval, verifier string) error {
	if a.Evidence == nil {
		return change.Denied("the approval of %s rests on no evidence", a.Person)
	}
	v, err := note.NewVerifier(strings.TrimSpace(verifier))
	if err != nil {
		return change.Invalid("%q is not a verifier of attestations: %w", verifier, err)
	}
	n, err := note.Open([]byte(a.Signed.Signature), note.VerifierList(v))
	if err != nil {
		return change.Denied("the approval of %s at GitHub is not attested by %s", a.Person, v.Name())
	}
	want, err := attested(change.Attested{Statement: a.Statement, Evidence: *a.Evidence, Person: a.Person})
	if err != nil {
		return err
	}
	kept, err := change.Canonical(a.Statement)
	if err != nil {
		return err
	}
	if n.Text != want || string(kept) != string(a.Signed.Statement) {
		return change.Denied("the stored approval of %s is not what was attested", a.Person)
	}
	return nil
}

func attested(a change.Attested) (string, error) {
	b, err := change.Canonical(a)
	if err != nil {
		return "", err
	}
	return attestation + string(b) + "\n", nil
}
