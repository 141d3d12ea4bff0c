package workflows

import (
	"context"
	"time"

	"github.com/changectl/changectl/internal/change"
)

// Activities is what the workflow of a change asks of the world. Each method is
// safe to call again with the same input: the ledger knows it by its key.
//
// Errors of the kinds denied, invalid, conflict and not-found are final; every
// other error is tried again until it succeeds.
type Activities interface {
	// Check judges a submitted change and reserves its footprint. For a change
	// beyond that status it changes nothing. It returns where the change stands.
	Check(ctx context.Context, in Key) (State, error)
	// Settle reads the approvals given so far and moves the change to rejected or
	// scheduled where they say so.
	Settle(ctx context.Context, in Key) (State, error)
	// Start judges everything again at the start of the window and turns the
	// reservation into a claim, or says what is in the way.
	Start(ctx context.Context, in Key) (State, error)
	// AwaitFree returns when the systems of a waiting change may have become
	// free, or at the latest when its last moment to start has passed.
	AwaitFree(ctx context.Context, in Key) error
	// Resume follows a person's decision to go on with a change that is held before its
	// start. A conflict says what is still in the way.
	Resume(ctx context.Context, in DecisionInput) (State, error)
	// Look reads where the change stands and who else is playing, and changes nothing.
	Look(ctx context.Context, in Key) (State, error)
	// Enter moves the change to a status. Into a hold it takes along who else is playing.
	Enter(ctx context.Context, in EnterInput) (Entered, error)
	// RunStep runs one step, through the gate.
	RunStep(ctx context.Context, in StepInput) (StepOutput, error)
	// Decision returns what the ledger holds under a nonce, or a denied error.
	Decision(ctx context.Context, in DecisionInput) (change.Decision, error)
}

// Input starts the workflow of a change.
type Input struct {
	Change change.ID `json:"change"`
	// Heartbeat is how long a worker may be silent in a step before the step
	// counts as lost.
	Heartbeat change.Duration `json:"heartbeat"`
}

// Key names a change and, so that a repeated call happens once, the call.
type Key struct {
	Change   change.ID `json:"change"`
	Revision int       `json:"revision,omitempty"` // 0: the newest
	Key      string    `json:"key"`
}

// State is where a change stands, and what the workflow needs of its plan.
type State struct {
	Status   change.Status `json:"status"`
	Note     string        `json:"note,omitempty"`
	Revision int           `json:"revision"`
	Digest   string        `json:"digest"`
	Token    int64         `json:"token,omitempty"`
	// Early is how long the window is still closed by the ledger's clock.
	Early change.Duration `json:"early,omitempty"`
	// Hold is the hold in which the change stands, if it does.
	Hold *change.Hold `json:"hold,omitempty"`
	// Outline is set by Check, and wherever the revision has moved on.
	Outline *Outline `json:"outline,omitempty"`
	// Runs are the runs so far, set by Check for a change that had started.
	Runs []change.Run `json:"runs,omitempty"`
	// Past is what people decided so far about steps, set by Check likewise.
	Past []change.Decision `json:"past,omitempty"`
}

// Outline is what the workflow needs to know of a plan: names and times. The
// plan itself stays in the ledger.
type Outline struct {
	Title      string          `json:"title"`
	Submitter  change.Ref      `json:"submitter"`
	Window     change.Window   `json:"window"`
	AtCutoff   change.AtCutoff `json:"atCutoff"`
	LastStart  time.Time       `json:"lastStart"` // after it the plan no longer fits
	Systems    []change.Ref    `json:"systems"`
	NeedsFrom  []string        `json:"needsFrom,omitempty"` // in words, who must approve
	Steps      []StepOutline   `json:"steps"`
	Concurrent []string        `json:"concurrent,omitempty"` // in words, who else is playing
}

// StepOutline is one step of an Outline.
type StepOutline struct {
	Name         string           `json:"name"`
	Title        string           `json:"title"`
	Phase        change.Phase     `json:"phase"`
	Uses         string           `json:"uses"`
	Limit        change.Duration  `json:"limit"` // the longest one run may take, all tries
	Expected     change.Duration  `json:"expected"`
	HasUndo      bool             `json:"hasUndo,omitempty"`
	UndoLimit    change.Duration  `json:"undoLimit,omitempty"`
	UndoExpected change.Duration  `json:"undoExpected,omitempty"`
	Irreversible bool             `json:"irreversible,omitempty"`
	OnFailure    change.OnFailure `json:"onFailure"`
}

// EnterInput moves a change to a status.
type EnterInput struct {
	Change   change.ID     `json:"change"`
	Revision int           `json:"revision"`
	To       change.Status `json:"to"`
	Key      string        `json:"key"`
	Who      change.Ref    `json:"who"`
	Why      string        `json:"why"`
	Hold     *change.Hold  `json:"hold,omitempty"`
}

// Entered is what the workflow learns of a status that it entered.
type Entered struct {
	// Concurrent says in words who else is playing, where the change was held.
	Concurrent []string `json:"concurrent,omitempty"`
}

// StepInput runs one step once.
type StepInput struct {
	change.RunKey
	Token  int64  `json:"token"`
	Digest string `json:"digest"`
}

// StepOutput is what the workflow learns of a run. The whole result is in the ledger.
type StepOutput struct {
	Outcome change.Outcome `json:"outcome"`
	Message string         `json:"message,omitempty"`
}

// DecisionInput names a decision in the ledger.
type DecisionInput struct {
	Change change.ID `json:"change"`
	Nonce  string    `json:"nonce"`
	Key    string    `json:"key,omitempty"`
}

// Poke is the argument of the updates: it names something that the ledger holds.
type Poke struct {
	Nonce    string      `json:"nonce,omitempty"`
	Verb     change.Verb `json:"decision,omitempty"`
	Hold     int         `json:"hold,omitempty"`
	Revision int         `json:"revision,omitempty"`
}

// View is what an update answers: where the change stands after it.
type View struct {
	Status change.Status `json:"status"`
	Note   string        `json:"note,omitempty"`
}
