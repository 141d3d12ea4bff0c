package httpapi

import (
	"time"

	"github.com/changectl/changectl/internal/change"
)

// SlotsQuery asks when a request could be made.
type SlotsQuery struct {
	// Request is what would be done; of its window only the length counts, and the start
	// where From is empty. Instead of it, Change names a change of which the plan counts.
	Request *change.Request `json:"request,omitempty"`
	Change  change.ID       `json:"change,omitempty"`
	// Revises is the change that the request would revise: what it holds is not in the way.
	Revises change.ID `json:"revises,omitempty"`
	From    time.Time `json:"from,omitzero"` // not before; zero: now
	To      time.Time `json:"to,omitzero"`   // ends by; zero: 90 days after From
	Count   int       `json:"count,omitempty"`
}

// OpenTimes is when work is allowed.
type OpenTimes struct {
	// Limited is false when there is no maintenance window at all: any time will do.
	Limited bool            `json:"limited"`
	Names   []string        `json:"names,omitempty"` // of the maintenance windows
	Open    []change.Window `json:"open"`
}

// FreezeFilter selects freezes.
type FreezeFilter struct {
	System change.Ref // that their scope selects
	All    bool       // those that are over or lifted too
}

// FreezeRequest is a freeze as a person asks for it.
type FreezeRequest struct {
	Title      string               `json:"title"`
	Reason     string               `json:"reason"`
	Owner      change.Ref           `json:"owner"`
	Scope      change.Scope         `json:"scope"`
	Window     change.WindowRequest `json:"window"`
	Recurrence *change.Recurrence   `json:"recurrence,omitempty"`
	Exception  change.Ref           `json:"exception,omitempty"`
	Nonce      string               `json:"nonce"`
}

// FreezeAnswer is a freeze with the changes that it has to do with: those that it has put on
// hold, or that go on because it was lifted.
type FreezeAnswer struct {
	Freeze  change.Freeze    `json:"freeze"`
	Changes []change.Summary `json:"changes"`
}

// DeclarationFilter selects declared maintenances.
type DeclarationFilter struct {
	From, To time.Time  // overlapping [From, To); zero: any time
	System   change.Ref // that they hold
	All      bool       // withdrawn and ended ones too
}

// DeclareRequest is a maintenance as a person declares it.
type DeclareRequest struct {
	Title   string                  `json:"title,omitempty"`
	Targets []change.Ref            `json:"targets,omitempty"`
	Impact  change.ImpactClass      `json:"impact,omitempty"` // empty: OUTAGE
	Window  change.WindowRequest    `json:"window,omitzero"`
	Owner   string                  `json:"owner,omitempty"`
	Contact string                  `json:"contact,omitempty"`
	Reason  string                  `json:"reason,omitempty"`
	State   change.DeclarationState `json:"state,omitempty"` // empty: planned
	Nonce   string                  `json:"nonce"`
}

// DeclareAnswer is a declared maintenance with the changes that it hits, as they stand now.
type DeclareAnswer struct {
	Declaration change.Declaration `json:"declaration"`
	Hits        []change.Summary   `json:"hits"`
}

// ImportRequest is an iCalendar to be taken over.
type ImportRequest struct {
	// Calendar is the name under which it is known; its events belong to it.
	Calendar string `json:"calendar"`
	// Text is the iCalendar (RFC 5545).
	Text string `json:"text"`
	// Targets is what events are declared on that name nothing the catalog knows.
	Targets []change.Ref `json:"targets,omitempty"`
	// Impact is that of events that do not say it; empty: OUTAGE.
	Impact  change.ImpactClass `json:"impact,omitempty"`
	Owner   string             `json:"owner,omitempty"`
	Contact string             `json:"contact,omitempty"`
	// DryRun only says what would come of it.
	DryRun bool `json:"dryRun,omitempty"`
}

// ImportAnswer is what came of a calendar.
type ImportAnswer struct {
	Events []change.Imported `json:"events"`
	Hits   []change.Summary  `json:"hits"`
	// Notes are things to know, such as recurrences that were cut off.
	Notes []string `json:"notes,omitempty"`
}

// BreakAnswer says how far breaking a claim has come.
type BreakAnswer struct {
	Change change.Record `json:"change"`
	Broken bool          `json:"broken"`
	By     []change.Ref  `json:"by"` // who has signed for it so far
}
