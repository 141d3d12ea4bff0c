package app

import (
	"context"
	"encoding/json"
	"time"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/desk"
	"github.com/changectl/changectl/internal/engine"
	"github.com/changectl/changectl/internal/execute"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/identity"
	"github.com/changectl/changectl/internal/ledger"
	"github.com/changectl/changectl/internal/runbook"
	"github.com/changectl/changectl/workflows"
)

// Each part states in its own words what it needs of the others; here the words
// meet.

// deskLedger is the ledger as the desk asks for it.
type deskLedger struct{ *ledger.Ledger }

func (l deskLedger) Submit(ctx context.Context, s change.Submission) (change.Record, bool, error) {
	return l.Ledger.Submit(ctx, ledger.Submission(s))
}

func (l deskLedger) Revise(ctx context.Context, id change.ID, s change.Submission, judge func(change.Facts) change.Verdict) (change.Record, error) {
	return l.Ledger.Revise(ctx, id, ledger.Submission(s), judge)
}

func (l deskLedger) Changes(ctx context.Context, f httpapi.Filter) ([]change.Summary, error) {
	return l.Ledger.Changes(ctx, ledger.Filter{Status: f.Status, System: f.System, Submitter: f.Mine, Open: f.Open, Origin: f.Origin, Limit: f.Limit})
}

func (l deskLedger) Entries(ctx context.Context, f httpapi.LogFilter) ([]audit.Record, error) {
	return l.Ledger.Entries(ctx, ledger.EntryFilter(f))
}

func (l deskLedger) Declarations(ctx context.Context, f desk.DeclarationFilter) ([]change.Declaration, error) {
	return l.Ledger.Declarations(ctx, ledger.DeclarationFilter(f))
}

// runner is the executor as the activities ask for it.
type runner struct{ *execute.Executor }

func (r runner) RunStep(ctx context.Context, in workflows.StepInput) (change.Result, error) {
	return r.Run(ctx, execute.Input{RunKey: in.RunKey, Token: in.Token, Digest: in.Digest})
}

// foreign is the engine as the executor asks for it.
type foreign struct{ *engine.Engine }

func (f foreign) Run(ctx context.Context, id string, a *runbook.Activity) (json.RawMessage, error) {
	in := workflows.ForeignInput{Activity: a.Name, TaskQueue: a.TaskQueue, Args: a.Args, Timeout: 24 * time.Hour, Heartbeat: a.Heartbeat.Std()}
	if deadline, ok := ctx.Deadline(); ok {
		in.Timeout = time.Until(deadline)
	}
	return f.RunForeign(ctx, id, in)
}

// signatures verifies statements as desk and gate ask for it.
type signatures struct {
	signers *identity.Signers
	key     audit.Key // attests what was approved at GitHub
}

func (s signatures) statement(signed change.SignedStatement, at time.Time) (desk.Signer, error) {
	v, err := s.signers.Verify(signed, at)
	return desk.Signer{Statement: v.Statement, Names: v.Principals, Key: v.Fingerprint}, err
}

// approval checks a stored approval: the signature is good for the moment at
// which it was given, its key still counts now, and the statement is the one kept.
func (s signatures) approval(clock func() time.Time) func(change.Approval) error {
	return func(a change.Approval) error {
		if a.Evidence != nil {
			return audit.CheckAttestation(a, s.key.Verifier())
		}
		v, err := s.signers.Verify(a.Signed, clock())
		if err != nil {
			return err
		}
		kept, err := change.Canonical(a.Statement)
		if err != nil {
			return err
		}
		if string(kept) != string(a.Signed.Statement) || (a.Key != "" && v.Fingerprint != a.Key) {
			return change.Denied("the stored approval of %s is not what was signed", a.Person)
		}
		return nil
	}
}

// attest signs that an approval was given at GitHub.
func (s signatures) attest(a change.Attested) (change.SignedStatement, string, error) {
	signed, err := audit.Attest(s.key, a)
	return signed, s.key.Verifier(), err
}
