package change

import "time"

// Holding is a reservation or a claim of another change on one system.
type Holding struct {
	System Ref       `json:"system"`
	Mode   Mode      `json:"mode"`
	Change ID        `json:"change"`
	Title  string    `json:"title"`
	Status Status    `json:"status"`
	Person Ref       `json:"person"` // who submitted it
	Owner  Ref       `json:"owner,omitempty"`
	Window Window    `json:"window"`
	Token  int64     `json:"token,omitempty"` // above 0 for a claim
	Since  time.Time `json:"since,omitzero"`
}

// Facts is what the ledger reads, inside the transaction, for a judgement about
// reserving or claiming a footprint.
type Facts struct {
	Now       time.Time
	Record    Record
	Holdings  []Holding // of others, on the systems asked about, overlapping the window or claimed
	Approvals []Approval
}

// Severity says whether a finding stands in the way.
type Severity string

// The severities.
const (
	Blocks Severity = "blocks"
	Warns  Severity = "warns"
)

// Finding is one reason for or against a change.
type Finding struct {
	Rule     string   `json:"rule"`
	Severity Severity `json:"severity"`
	Message  string   `json:"message"`
	Systems  []Ref    `json:"systems,omitempty"`
	Path     []Ref    `json:"path,omitempty"`
	Other    *Holding `json:"other,omitempty"`
}

// Verdict is what a judgement comes to.
type Verdict struct {
	Findings []Finding `json:"findings,omitempty"`
}

// Blocked reports whether any finding stands in the way.
func (v Verdict) Blocked() bool {
	for _, f := range v.Findings {
		if f.Severity == Blocks {
			return true
		}
	}
	return false
}

// GateFacts is what the ledger reads, in the transaction that records an
// intent, for the judgement of the gate.
type GateFacts struct {
	Now       time.Time
	Record    Record // with the plan of the current revision
	Approvals []Approval
	Decisions []Decision
	Runs      []Run // of the current revision, oldest first
}

// Transition moves a change from one status to another.
type Transition struct {
	Change   ID
	Revision int
	To       Status
	// Key makes a transition that is sent twice happen once; unique per change.
	Key  string
	Who  Ref // the person or "system:changectl"
	Why  string
	Hold *Hold // set when To is Held
	At   time.Time
}

// Ruling is a judgement that also chooses where the change goes: at the start,
// Running, Waiting, AwaitingApproval or Expired.
type Ruling struct {
	To       Status    `json:"to"`
	Why      string    `json:"why,omitempty"`
	Findings []Finding `json:"findings,omitempty"`
}

// History is what the ledger knows of earlier uses of a runbook.
type History struct {
	Uses     int `json:"uses"`     // changes that ran it to any end
	Failures int `json:"failures"` // of these, those that were backed out or failed
}
