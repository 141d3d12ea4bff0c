package change

import (
	"encoding/json"
	"time"
)

// Phase groups the steps of a runbook; the phases may come in any order and as
// often as needed.
type Phase string

// The phases.
const (
	Preflight Phase = "preflight"
	Failover  Phase = "failover"
	Patch     Phase = "patch"
	Validate  Phase = "validate"
	Failback  Phase = "failback"
)

// Phases lists every phase.
var Phases = []Phase{Preflight, Failover, Patch, Validate, Failback}

// Action is one thing to do: a step's own work, its undo or its done-when.
type Action struct {
	Uses string `json:"uses"`
	// With holds the arguments of the kind as a JSON object. Expressions over
	// parameters are filled in; those over earlier outputs (${{ steps.x... }}) are not yet.
	With       json.RawMessage `json:"with"`
	Timeout    Duration        `json:"timeout"`
	Expected   Duration        `json:"expected"`
	Retry      Retry           `json:"retry"`
	Idempotent bool            `json:"idempotent,omitempty"`
	DoneWhen   *Action         `json:"doneWhen,omitempty"`
}

// Retry says how often an action is tried in all and how long it waits between.
// Attempts of 0 or 1 is one try.
type Retry struct {
	Attempts int      `json:"attempts,omitempty"`
	Every    Duration `json:"every,omitempty"`
}

// OnFailure says what a failed step leads to.
type OnFailure string

// The choices after a failure.
const (
	FailureHold    OnFailure = "hold"
	FailureBackOut OnFailure = "back-out"
)

// Step is one step of a plan.
type Step struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	Phase Phase  `json:"phase"`
	Action
	Undo            *Action   `json:"undo,omitempty"`
	When            string    `json:"when,omitempty"` // CEL, over parameters and earlier steps
	OnFailure       OnFailure `json:"onFailure"`
	PointOfNoReturn bool      `json:"pointOfNoReturn,omitempty"`
	Observes        []Ref     `json:"observes,omitempty"`
	Checklist       []string  `json:"checklist,omitempty"`
}

// Direction says whether a run does a step or undoes it.
type Direction string

// The directions.
const (
	Do   Direction = "do"
	Undo Direction = "undo"
)

// RunKey names one run of one step. A person's retry is a new Run; what
// Temporal repeats after a lost worker is the same Run with a higher attempt.
type RunKey struct {
	Change    ID        `json:"change"`
	Revision  int       `json:"revision"`
	Step      int       `json:"step"` // index into Plan.Steps, from 0
	Direction Direction `json:"direction"`
	Run       int       `json:"run"` // from 1
}

// Outcome says how a run ended.
type Outcome string

// The outcomes.
const (
	Pending     Outcome = ""             // intent recorded, no result yet
	Passed      Outcome = "passed"       // done, and what it expects holds
	FailedRun   Outcome = "failed"       // tried, and it did not succeed
	Skipped     Outcome = "skipped"      // its condition was false
	Unknown     Outcome = "unknown"      // an attempt died and nothing says what it did
	NeedsPerson Outcome = "needs-person" // waits for a sign-off
)

// Run is one run of a step, as the ledger keeps it.
type Run struct {
	RunKey
	Attempt  int       `json:"attempt"` // attempts that passed the gate, from 1
	Worker   string    `json:"worker,omitempty"`
	IntentAt time.Time `json:"intentAt"`
	ResultAt time.Time `json:"resultAt,omitzero"`
	Result
}

// Result is what a run came to.
type Result struct {
	Outcome Outcome `json:"outcome,omitempty"`
	// Message is one line for a person: what was seen, or what went wrong.
	Message string `json:"message,omitempty"`
	// Output is the bounded, masked text that the step printed.
	Output string `json:"output,omitempty"`
	// Values is a JSON object that later expressions read as steps.NAME.
	Values json.RawMessage `json:"values,omitempty"`
}
