package change

import "time"

// Verb is what a person decides.
type Verb string

// The verbs of statements and decisions.
const (
	Approve  Verb = "approve"
	Reject   Verb = "reject"
	RetryIt  Verb = "retry"
	Continue Verb = "continue"
	BackOut  Verb = "back-out"
	Cancel   Verb = "cancel"
	SignOff  Verb = "sign-off"
	// BreakClaim takes the claim of a change away; it takes two persons.
	BreakClaim Verb = "break-claim"
)

// Signed reports whether the verb authorises work and so needs a signature.
func (v Verb) Signed() bool {
	switch v {
	case Approve, Reject, Continue, SignOff, BreakClaim:
		return true
	case RetryIt, BackOut, Cancel:
		return false
	}
	return true
}

// Statement is what an approver signs: exactly its canonical JSON (RFC 8785),
// in the SSHSIG namespace "changectl".
type Statement struct {
	Instance string    `json:"instance"`
	Change   ID        `json:"change"`
	Revision int       `json:"revision"`
	Plan     string    `json:"plan"` // digest
	Verb     Verb      `json:"decision"`
	Role     Ref       `json:"role,omitempty"` // the group in whose name it is given
	Hold     int       `json:"hold,omitempty"` // number of the hold that it answers
	Step     string    `json:"step,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	Expires  time.Time `json:"expires"`
	Nonce    string    `json:"nonce"`
}

// SignedStatement is a statement with the exact bytes that were signed and the
// armored SSH signature over them.
type SignedStatement struct {
	Statement []byte `json:"statement"`
	Signature string `json:"signature"`
}

// Approval is a verified statement as the ledger keeps it.
type Approval struct {
	Statement
	Signed SignedStatement `json:"signed"`
	Person Ref             `json:"person"`
	Key    string          `json:"key"` // SHA256: fingerprint; of the log's key where there is Evidence
	At     time.Time       `json:"at"`
	// Evidence is set where the person approved at GitHub: Signed is then the
	// installation's attestation of it.
	Evidence *Evidence `json:"evidence,omitempty"`
}

// Decision is what a person decided about a change that stands still or shall
// stop. The ledger holds it; Temporal carries only its nonce.
type Decision struct {
	Change   ID              `json:"change"`
	Revision int             `json:"revision"`
	Verb     Verb            `json:"decision"`
	Hold     int             `json:"hold,omitempty"`
	Step     string          `json:"step,omitempty"`
	Person   Ref             `json:"person"`
	Reason   string          `json:"reason,omitempty"`
	Nonce    string          `json:"nonce"`
	Signed   SignedStatement `json:"signed,omitzero"`
	At       time.Time       `json:"at"`
}

// Hold says why a change stands still and what a person can decide.
type Hold struct {
	Number  int       `json:"number"` // from 1, grows with every hold of the change
	Since   time.Time `json:"since"`
	Step    string    `json:"step,omitempty"` // empty: between steps, such as at the cutoff
	During  Status    `json:"during"`         // Running or BackingOut; before the start, the status that it was held in
	Reason  string    `json:"reason"`
	Choices []Verb    `json:"choices"`
	Cutoff  time.Time `json:"cutoff,omitzero"` // the last moment at which backing out still fits
	// Neighbours is who else was playing when the hold began.
	Neighbours []Neighbour `json:"neighbours,omitempty"`
}

// BeforeStart reports whether the hold is one of a change that has not begun.
func (h Hold) BeforeStart() bool { return h.During != Running && h.During != BackingOut }
