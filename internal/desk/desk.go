// Package desk is where people's requests come in: it compiles and submits
// changes, takes approvals and decisions, and answers what stands where.
//
// It finds out who asks and what they may, has the ledger record it, and then
// tells the workflow. It does not run anything itself, and it relies on nobody
// downstream to check again what it lets through: the ledger's judgements and
// the gate do that with the same rules.
package desk

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/catalog"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/check"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/runbook"
	"github.com/changectl/changectl/workflows"
)

// Ledger is what the desk asks of the ledger.
type Ledger interface {
	Ping(ctx context.Context) error
	Submit(ctx context.Context, s change.Submission) (rec change.Record, created bool, err error)
	Revise(ctx context.Context, id change.ID, s change.Submission, judge func(change.Facts) change.Verdict) (change.Record, error)
	Change(ctx context.Context, id change.ID) (change.Record, error)
	Version(ctx context.Context, id change.ID) (int64, error)
	Changes(ctx context.Context, f httpapi.Filter) ([]change.Summary, error)
	Approve(ctx context.Context, a change.Approval, judge func(change.Facts) error) (change.Record, error)
	Decide(ctx context.Context, d change.Decision, judge func(change.GateFacts) error) (change.Record, error)
	Calendar(ctx context.Context, from, to time.Time, system change.Ref) ([]change.Holding, error)
	History(ctx context.Context, runbook string) (change.History, error)
	Entries(ctx context.Context, f httpapi.LogFilter) ([]audit.Record, error)
	Checkpoint(ctx context.Context) (note string, size int64, err error)
	Append(ctx context.Context, e audit.Entry) error
	Review(ctx context.Context, plan change.Plan, self change.ID) (change.Facts, error)
	Around(ctx context.Context, self change.ID, systems []change.Ref, from, to time.Time) ([]change.Holding, []change.Freeze, error)
	CalendarOf(ctx context.Context, from, to time.Time, systems []change.Ref) ([]change.Holding, error)
	EndedSince(ctx context.Context, since time.Time, systems []change.Ref) ([]change.Record, error)
	Surroundings
	// PinsIn returns the changes of a repository that have not started.
	PinsIn(ctx context.Context, repository int64) ([]change.Pin, error)
	Break(ctx context.Context, id change.ID, dec change.Decision, judge func(change.Facts) error) (rec change.Record, by []change.Ref, broken bool, err error)
}

// Surroundings is what the ledger keeps besides changes.
type Surroundings interface {
	Declare(ctx context.Context, who change.Ref, nonce string, ds []change.Declaration) ([]change.Imported, error)
	// WouldDeclare says what Declare would come to, and writes nothing.
	WouldDeclare(ctx context.Context, who change.Ref, ds []change.Declaration) ([]change.Imported, error)
	Declaration(ctx context.Context, id change.ID) (change.Declaration, error)
	Declarations(ctx context.Context, f DeclarationFilter) ([]change.Declaration, error)
	AddFreeze(ctx context.Context, f change.Freeze, nonce string) (change.Freeze, error)
	LiftFreeze(ctx context.Context, id change.ID, who change.Ref, why string) (change.Freeze, error)
	Freeze(ctx context.Context, id change.ID) (change.Freeze, error)
	Freezes(ctx context.Context, from, to time.Time, all bool) ([]change.Freeze, error)
	Rechecks(ctx context.Context, limit int) ([]change.ID, error)
	Recheck(ctx context.Context, id change.ID, fresh change.Footprint, judge func(change.Facts) change.Verdict) (rec change.Record, moved bool, err error)
}

// Engine carries the news of what the ledger holds to the workflows.
type Engine interface {
	Healthy(ctx context.Context) error
	Submit(ctx context.Context, rec change.Record) (workflows.View, error)
	Poke(ctx context.Context, id change.ID, update, updateID string, p workflows.Poke) (workflows.View, error)
}

// Library holds the runbooks.
type Library interface {
	Find(name string) (*runbook.Runbook, change.Source, []byte, error)
	List() ([]*runbook.Runbook, []change.Source, error)
}

// Signer is who signed a statement.
type Signer struct {
	Statement change.Statement
	Names     []string // the principals of the key
	Key       string   // SHA256: fingerprint
}

// Desk implements httpapi.Service.
type Desk struct {
	Ledger  Ledger
	Engine  Engine
	Library Library
	Catalog func() *catalog.Catalog
	Policy  *check.Policy
	Verify  func(s change.SignedStatement, at time.Time) (Signer, error)
	// Attestation signs that an approval was given at GitHub; key is that of the signature.
	Attestation func(a change.Attested) (signed change.SignedStatement, key string, err error)
	Verifier    string // key with which the log's checkpoints are checked
	Instance    string
	// Operators is the group whose members may decide about any held change.
	Operators change.Ref
	Clock     func() time.Time
	Logger    *logrus.Entry
}

var _ httpapi.Service = (*Desk)(nil)

// Get returns a change.
func (d *Desk) Get(ctx context.Context, id change.ID) (change.Record, error) {
	rec, err := d.Ledger.Change(ctx, id)
	if err != nil || rec.Status.Final() {
		return rec, err
	}
	return d.withNext(ctx, rec), nil
}

// List returns the changes that a filter selects. Those of a person are the ones
// that they submitted and the ones that wait for an approval which they can give.
func (d *Desk) List(ctx context.Context, f httpapi.Filter) ([]change.Summary, error) {
	list, err := d.Ledger.Changes(ctx, f)
	if f.Mine == "" || err != nil {
		return list, err
	}
	person, err := d.Catalog().Person(f.Mine)
	if err != nil {
		return nil, err
	}
	f.Mine = ""
	if len(f.Status) > 0 && !slices.Contains(f.Status, change.AwaitingApproval) {
		return list, nil
	}
	f.Status = []change.Status{change.AwaitingApproval}
	waiting, err := d.Ledger.Changes(ctx, f)
	if err != nil {
		return nil, err
	}
	for _, s := range waiting {
		rec, err := d.Ledger.Change(ctx, s.ID)
		if err != nil {
			return nil, err
		}
		if _, err := d.roles(rec, person, change.Approve); err == nil {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b change.Summary) int { // CHG-10 is newer than CHG-9
		return cmp.Or(cmp.Compare(len(b.ID), len(a.ID)), cmp.Compare(b.ID, a.ID))
	})
	return list, nil
}

// Await returns a change once something has been recorded about it after a version.
func (d *Desk) Await(ctx context.Context, id change.ID, after int64, wait time.Duration) (change.Record, error) {
	over := time.NewTimer(wait)
	defer over.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		v, err := d.Ledger.Version(ctx, id)
		if err != nil {
			return change.Record{}, err
		}
		if v > after {
			return d.Ledger.Change(ctx, id)
		}
		select {
		case <-over.C:
			return d.Ledger.Change(ctx, id)
		case <-ctx.Done():
			return d.Ledger.Change(context.WithoutCancel(ctx), id)
		case <-tick.C:
		}
	}
}

// Calendar returns what holds systems in [from, to).
func (d *Desk) Calendar(ctx context.Context, from, to time.Time, system change.Ref) ([]change.Holding, error) {
	return d.Ledger.Calendar(ctx, from, to, system)
}

// Log returns entries of the audit log.
func (d *Desk) Log(ctx context.Context, f httpapi.LogFilter) ([]audit.Record, error) {
	return d.Ledger.Entries(ctx, f)
}

// Checkpoint returns the signed head of the audit log.
func (d *Desk) Checkpoint(ctx context.Context) (httpapi.Checkpoint, error) {
	note, size, err := d.Ledger.Checkpoint(ctx)
	return httpapi.Checkpoint{Note: note, Verifier: d.Verifier, Size: size}, err
}

// Ready returns nil when ledger and Temporal answer.
func (d *Desk) Ready(ctx context.Context) error {
	if err := d.Ledger.Ping(ctx); err != nil {
		return err
	}
	return d.Engine.Healthy(ctx)
}
