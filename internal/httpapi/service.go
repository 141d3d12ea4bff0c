package httpapi

import (
	"context"
	"time"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
)

// Service is what the API asks of the installation behind it. Every error is,
// or wraps, a *change.Error; anything else is an internal error.
type Service interface {
	// Preview compiles and checks a request and writes nothing.
	Preview(ctx context.Context, who change.Person, req change.Request) (Preview, error)
	// PreviewProposal is Preview for a request that comes with runbooks of its own.
	PreviewProposal(ctx context.Context, who change.Person, req ProposalRequest) (Preview, error)
	// Submit records a request, has it checked, and reserves its footprint. The
	// same nonce again returns the same change.
	Submit(ctx context.Context, who change.Person, req change.Request) (change.Record, error)
	// Revise replaces the request of a change that has not started; approvals of
	// the earlier revision are void.
	Revise(ctx context.Context, who change.Person, id change.ID, req change.Request) (change.Record, error)
	Get(ctx context.Context, id change.ID) (change.Record, error)
	// Await returns the record once its Version is above after, or as it stands
	// when ctx ends or wait is over.
	Await(ctx context.Context, id change.ID, after int64, wait time.Duration) (change.Record, error)
	List(ctx context.Context, f Filter) ([]change.Summary, error)
	// ToSign returns the statements that this person would have to sign to give
	// the verb on the change as it stands, one for each role; Denied says why not.
	ToSign(ctx context.Context, who change.Person, id change.ID, q SignQuery) ([]change.Statement, error)
	// Approve takes signed statements with the verbs approve or reject.
	Approve(ctx context.Context, who change.Person, id change.ID, s []change.SignedStatement) (change.Record, error)
	// Decide takes a decision in a hold, or to cancel. Verbs that authorise work
	// carry a signed statement.
	Decide(ctx context.Context, who change.Person, id change.ID, d DecideRequest) (change.Record, error)
	// Calendar returns what holds systems in [from, to), by window.
	Calendar(ctx context.Context, from, to time.Time, system change.Ref) ([]change.Holding, error)
	// Log returns entries with a number of at least f.From, oldest first.
	Log(ctx context.Context, f LogFilter) ([]audit.Record, error)
	// Checkpoint returns the newest signed checkpoint of the log, as a signed note.
	Checkpoint(ctx context.Context) (Checkpoint, error)
	Runbooks(ctx context.Context) ([]RunbookInfo, error)
	Runbook(ctx context.Context, name string) (RunbookInfo, error)
	// Slots returns the next windows in which nothing would be in the way of a request.
	Slots(ctx context.Context, who change.Person, q SlotsQuery) ([]change.Window, error)
	// Sandbox returns who is playing: with of empty everybody; otherwise those who have
	// to do with the change, system, site:, cluster: or region: that it names.
	Sandbox(ctx context.Context, of string) (change.Sandbox, error)
	// Windows returns the maintenance windows: of a system, or all where that is empty.
	Windows(ctx context.Context, system change.Ref) ([]change.MaintenanceWindow, error)
	// Open returns when the owners of all these systems allow work, in [from, to).
	Open(ctx context.Context, systems []change.Ref, from, to time.Time) (OpenTimes, error)
	Freezes(ctx context.Context, f FreezeFilter) ([]change.Freeze, error)
	// AddFreeze records a freeze; the same nonce again returns the same one. It answers
	// with the changes that it puts on hold.
	AddFreeze(ctx context.Context, who change.Person, req FreezeRequest) (FreezeAnswer, error)
	LiftFreeze(ctx context.Context, who change.Person, id change.ID, reason string) (FreezeAnswer, error)
	Declarations(ctx context.Context, f DeclarationFilter) ([]change.Declaration, error)
	Declaration(ctx context.Context, id change.ID) (change.Declaration, error)
	// Declare records somebody's maintenance, and answers with the changes that it hits.
	Declare(ctx context.Context, who change.Person, req DeclareRequest) (DeclareAnswer, error)
	// Redeclare moves or otherwise alters a declared maintenance. Empty fields stay.
	Redeclare(ctx context.Context, who change.Person, id change.ID, req DeclareRequest) (DeclareAnswer, error)
	Withdraw(ctx context.Context, who change.Person, id change.ID, reason string) (DeclareAnswer, error)
	// Import takes the events of an iCalendar as declarations, all or none of them.
	Import(ctx context.Context, who change.Person, req ImportRequest) (ImportAnswer, error)
	// BreakClaim takes the claim of a change away once two persons have signed for it. The
	// answer says how many have.
	BreakClaim(ctx context.Context, who change.Person, id change.ID, s change.SignedStatement) (BreakAnswer, error)
	// Ready returns nil when ledger and Temporal answer.
	Ready(ctx context.Context) error
}

// Preview is what submitting a request would come to.
type Preview struct {
	Plan     change.Plan      `json:"plan"`
	Digest   string           `json:"digest"`
	Findings []change.Finding `json:"findings,omitempty"`
}

// Filter selects changes. Empty fields select all.
type Filter struct {
	Status []change.Status
	System change.Ref
	Mine   change.Ref      // submitted by, or awaiting the approval of, this person
	Open   bool            // only those that are not final
	Origin *change.PullKey // that they come from
	Limit  int
}

// SignQuery says what a statement is wanted for.
type SignQuery struct {
	Verb   change.Verb
	Reason string
	Step   string
}

// DecideRequest is a decision as the client sends it.
type DecideRequest struct {
	Verb   change.Verb            `json:"decision"`
	Hold   int                    `json:"hold,omitempty"` // 0: whatever hold there is
	Step   string                 `json:"step,omitempty"`
	Reason string                 `json:"reason,omitempty"`
	Nonce  string                 `json:"nonce"`
	Signed change.SignedStatement `json:"signed,omitzero"`
}

// LogFilter selects entries of the audit log.
type LogFilter struct {
	From   int64 // number of the first entry, from 0
	Limit  int   // at most this many, 0 for the server's limit
	Change change.ID
	System change.Ref
	Person change.Ref
	Since  time.Time
	Until  time.Time
}

// Checkpoint is the head of the audit log, signed.
type Checkpoint struct {
	Note     string `json:"note"`     // golang.org/x/mod/sumdb/note format
	Verifier string `json:"verifier"` // key to check it with
	Size     int64  `json:"size"`
}

// RunbookInfo describes a runbook that changes can name.
type RunbookInfo struct {
	Name       string             `json:"name"`
	Title      string             `json:"title"`
	Owner      change.Ref         `json:"owner"`
	Path       string             `json:"path"`
	Digest     string             `json:"digest"`
	Parameters []RunbookParameter `json:"parameters,omitempty"`
	Steps      []RunbookStep      `json:"steps,omitempty"`
	YAML       string             `json:"yaml,omitempty"` // only when a single one is asked for
}

// RunbookParameter is one parameter of a runbook.
type RunbookParameter struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Title    string `json:"title,omitempty"`
	Required bool   `json:"required"`
	Default  any    `json:"default,omitempty"`
}

// RunbookStep is one step of a runbook.
type RunbookStep struct {
	Name  string       `json:"name"`
	Title string       `json:"title"`
	Phase change.Phase `json:"phase"`
	Uses  string       `json:"uses"`
}
