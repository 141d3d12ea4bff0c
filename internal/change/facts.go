package change

import "time"

// Holding is a reservation or a claim of a change, or a declared maintenance, on one
// system.
type Holding struct {
	System Ref    `json:"system"`
	Mode   Mode   `json:"mode"`
	Access bool   `json:"access,omitempty"` // observed because the way in to something touched leads over it
	Path   []Ref  `json:"path,omitempty"`   // from what it works on to System
	By     ID     `json:"by"`               // the change (CHG-7) or the declared maintenance (MNT-3)
	Title  string `json:"title"`
	Type   Type   `json:"type,omitempty"`   // of a change
	Status Status `json:"status,omitempty"` // of a change
	// Impact is the class of a declared maintenance.
	Impact ImpactClass `json:"impact,omitempty"`
	Person Ref         `json:"person"`          // who submitted or declared it
	Owner  Ref         `json:"owner,omitempty"` // of the system, where that is known
	// Whose is whose work it is: the submitter of a change, the owner of a declared maintenance.
	Whose   string    `json:"whose,omitempty"`
	Contact string    `json:"contact,omitempty"`
	Window  Window    `json:"window"`
	Token   int64     `json:"token,omitempty"` // above 0 for a claim
	Since   time.Time `json:"since,omitzero"`
}

// Parallel is another change, not ended, that needs the same person at the same time.
type Parallel struct {
	Person Ref     `json:"person"`
	Other  Holding `json:"other"` // without System and Mode
}

// Facts is what the ledger reads, inside the transaction, for a judgement about
// reserving or claiming a footprint.
type Facts struct {
	Now       time.Time
	Record    Record
	Holdings  []Holding // of others, on the systems asked about, overlapping the window or claimed
	Approvals []Approval
	Freezes   []Freeze // not lifted, whose bounds overlap the window
	Parallel  []Parallel
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
	Freeze   *Freeze  `json:"freeze,omitempty"`
	// Next is the first window of the same length in which nothing is in the way. It
	// is looked up when the finding is shown, and not kept.
	Next *Window `json:"next,omitempty"`
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
