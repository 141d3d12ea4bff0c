package change

import "time"

// Type says under which rules a change is made.
type Type string

// The types of changes.
const (
	Standard  Type = "standard"
	Normal    Type = "normal"
	Emergency Type = "emergency"
)

// Types lists every type.
var Types = []Type{Standard, Normal, Emergency}

// Request is what a person asks for, after reading and before compiling.
type Request struct {
	Title      string         `json:"title"`
	Type       Type           `json:"type"`
	Reason     string         `json:"reason"`
	Runbook    string         `json:"runbook"`
	Parameters map[string]any `json:"parameters,omitempty"`
	Window     WindowRequest  `json:"window"`
	// Controller is the one person in charge of an emergency; for that type only.
	Controller Ref `json:"controller,omitempty"`
	// Exceptions are freezes (FRZ-3) from which the change asks to be excepted.
	Exceptions []ID `json:"exceptions,omitempty"`
	// Nonce makes a submission that is sent twice happen once.
	Nonce string `json:"nonce,omitempty"`
}

// WindowRequest is a window as people write it: local times in a zone, start
// with end or with duration. A time with an offset or Z needs no zone.
type WindowRequest struct {
	Start    string `json:"start"`
	End      string `json:"end,omitempty"`
	Duration string `json:"duration,omitempty"`
	Zone     string `json:"zone,omitempty"`
}

// Record is a change as the ledger keeps it, at its newest revision.
type Record struct {
	ID        ID        `json:"id"`
	Revision  int       `json:"revision"`
	Status    Status    `json:"status"`
	Plan      Plan      `json:"plan"`
	Digest    string    `json:"digest"`
	Token     int64     `json:"token,omitempty"` // fencing token of the claim, 0 without one
	Submitter Ref       `json:"submitter"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
	StartedAt time.Time `json:"startedAt,omitzero"`
	EndedAt   time.Time `json:"endedAt,omitzero"`
	// Version grows with every entry of the audit log about this change: it is
	// the number of the newest one.
	Version int64 `json:"version"`
	// Note says in a sentence why the change stands where it stands.
	Note      string     `json:"note,omitempty"`
	Hold      *Hold      `json:"hold,omitempty"`
	Approvals []Approval `json:"approvals,omitempty"`
	Runs      []Run      `json:"runs,omitempty"`
	Findings  []Finding  `json:"findings,omitempty"`
	// Footprint is what the change lays hold of by the catalog of today, where that
	// differs from its plan.
	Footprint *Footprint `json:"footprint,omitempty"`
	// Detached says why what the change comes from no longer stands: its commit was
	// taken off the branch, or the App's installation is suspended.
	Detached string `json:"detached,omitempty"`
	// Accepted are the declared maintenances with which a person decided to go on, for
	// this revision.
	Accepted []ID `json:"accepted,omitempty"`
}

// Holds returns what the change lays hold of: by the catalog of today, and where
// nothing else is known, by its plan.
func (r Record) Holds() Footprint {
	if r.Footprint != nil {
		return *r.Footprint
	}
	return r.Plan.Footprint
}

// Started reports whether the change has begun: it holds, or held, a claim.
func (r Record) Started() bool { return !r.StartedAt.IsZero() }

// Person is somebody known to the catalog.
type Person struct {
	Ref    Ref    `json:"ref"`
	Name   string `json:"name"`
	Groups []Ref  `json:"groups,omitempty"` // all memberships, direct and through child groups
}

// Summary is a line in a list of changes.
type Summary struct {
	ID        ID     `json:"id"`
	Revision  int    `json:"revision"`
	Title     string `json:"title"`
	Type      Type   `json:"type"`
	Status    Status `json:"status"`
	Runbook   string `json:"runbook"`
	Submitter Ref    `json:"submitter"`
	Systems   []Ref  `json:"systems"` // touched
	Window    Window `json:"window"`
	Risk      string `json:"risk"`
	Note      string `json:"note,omitempty"`
}

// Submission is a request with the plan that it was compiled to.
type Submission struct {
	Request   Request
	Plan      Plan
	Digest    string
	Submitter Ref
	Nonce     string
}

// Summary returns the record as a line in a list.
func (r Record) Summary() Summary {
	return Summary{
		ID: r.ID, Revision: r.Revision, Title: r.Plan.Title, Type: r.Plan.Type, Status: r.Status, Runbook: r.Plan.Runbook.Name,
		Submitter: r.Submitter, Systems: r.Plan.Footprint.Touch, Window: r.Plan.Window, Risk: r.Plan.Risk.Level, Note: r.Note,
	}
}
