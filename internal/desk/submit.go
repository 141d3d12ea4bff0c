package desk

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/changectl/changectl/internal/catalog"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/check"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/runbook"
	"github.com/changectl/changectl/internal/schedule"
	"github.com/changectl/changectl/workflows"
)

// Preview compiles and checks a request and writes nothing.
func (d *Desk) Preview(ctx context.Context, who change.Person, req change.Request) (httpapi.Preview, error) {
	return d.PreviewDraft(ctx, who, "", Draft{Request: req})
}

// Submit records a request, has its workflow check it, and returns where it
// stands then. A change that was refused is returned together with a Conflict.
func (d *Desk) Submit(ctx context.Context, who change.Person, req change.Request) (change.Record, error) {
	return d.submit(ctx, who, Draft{Request: req})
}

func (d *Desk) submit(ctx context.Context, who change.Person, draft Draft) (change.Record, error) {
	if err := d.Engine.Healthy(ctx); err != nil {
		return change.Record{}, err
	}
	s, err := d.compile(ctx, who, draft)
	if err != nil {
		return change.Record{}, err
	}
	rec, created, err := d.Ledger.Submit(ctx, s)
	if err != nil {
		return rec, err
	}
	d.Logger.WithFields(logrus.Fields{"change": rec.ID, "person": who.Ref, "new": created}).Info("change submitted")
	if _, err := d.Engine.Submit(ctx, rec); err != nil {
		return rec, change.Unavailable("%s is recorded but not checked yet: %w", rec.ID, err).
			WithHint("it is checked as soon as Temporal and a worker answer; see changectl show %s", rec.ID)
	}
	return d.answer(ctx, rec.ID)
}

// Revise replaces what was asked for in a change that has not started.
func (d *Desk) Revise(ctx context.Context, who change.Person, id change.ID, req change.Request) (change.Record, error) {
	old, err := d.Ledger.Change(ctx, id)
	if err != nil {
		return old, err
	}
	if old.Submitter != who.Ref {
		return old, d.refused(ctx, old, who, "change.revision-refused",
			change.Denied("%s was submitted by %s; only they revise it", id, old.Submitter))
	}
	if o := old.Plan.Origin; o != nil {
		return old, d.refused(ctx, old, who, "change.revision-refused",
			change.Denied("%s comes from %s; it is revised there, by a push", id, o.Name()))
	}
	return d.revise(ctx, who, id, Draft{Request: req})
}

func (d *Desk) revise(ctx context.Context, who change.Person, id change.ID, draft Draft) (change.Record, error) {
	s, err := d.compile(ctx, who, draft)
	if err != nil {
		return change.Record{}, err
	}
	rec, err := d.Ledger.Revise(ctx, id, s, d.review())
	if err != nil {
		return rec, err
	}
	if _, err := d.tell(ctx, id, workflows.UpdateRevision, s.Nonce, workflows.Poke{Revision: rec.Revision}); err != nil {
		return rec, err
	}
	return d.answer(ctx, id)
}

// review judges by the catalog of this moment.
func (d *Desk) review() func(change.Facts) change.Verdict {
	estate := d.Catalog()
	return func(f change.Facts) change.Verdict { return check.Review(f, estate) }
}

// answer returns a change; a refused one comes with a Conflict that says why.
func (d *Desk) answer(ctx context.Context, id change.ID) (change.Record, error) {
	rec, err := d.Ledger.Change(ctx, id)
	if err != nil {
		return rec, err
	}
	if rec = d.withNext(ctx, rec); rec.Status != change.Refused {
		return rec, nil
	}
	for _, f := range rec.Findings {
		if f.Severity == change.Blocks {
			refusal := change.Conflict("%s is refused: %s", id, f.Message)
			if f.Next != nil {
				refusal = refusal.WithHint("the next free slot begins at %s (submit --next-slot takes it, changectl slots %s shows more)", f.Next.Start.Format(time.RFC3339), id)
			}
			return rec, refusal
		}
	}
	return rec, change.Conflict("%s is refused: %s", id, rec.Note)
}

// compile makes the plan of a request, whole: steps, footprint, risk, approvals, digest.
func (d *Desk) compile(ctx context.Context, who change.Person, draft Draft) (change.Submission, error) {
	req := draft.Request
	if err := complete(req); err != nil {
		return change.Submission{}, err
	}
	window, err := schedule.Resolve(req.Window)
	if err != nil {
		return change.Submission{}, err
	}
	if err := schedule.InPast(window, d.Clock()); err != nil && req.Type != change.Emergency { // an emergency has begun
		return change.Submission{}, err
	}
	plan, err := d.plan(ctx, who, draft, window)
	if err != nil {
		return change.Submission{}, err
	}
	digest, err := plan.Digest()
	if err != nil {
		return change.Submission{}, err
	}
	return change.Submission{Request: req, Plan: plan, Digest: digest, Submitter: who.Ref, Nonce: req.Nonce}, nil
}

func (d *Desk) plan(ctx context.Context, who change.Person, draft Draft, window change.Window) (change.Plan, error) {
	req, library := draft.Request, draft.Library
	if library == nil {
		library = d.Library
	}
	if req.Controller != "" {
		if _, err := d.Catalog().Person(req.Controller); err != nil {
			return change.Plan{}, at(err, "spec.controller")
		}
	}
	book, source, _, err := library.Find(req.Runbook)
	if err != nil {
		return change.Plan{}, err
	}
	cat := d.Catalog()
	plan, err := book.Compile(runbook.Input{
		Request: req, Window: window, Systems: cat, Source: source, Instance: d.Instance, Submitter: who.Ref,
	})
	if err != nil {
		return plan, err
	}
	if plan.Footprint, err = cat.Footprint(plan.Footprint.Touch, roots(plan.Footprint.Observe)); err != nil {
		return plan, err
	}
	if plan.Targets, err = targetsOf(cat, plan); err != nil {
		return plan, err
	}
	plan.Controller, plan.Exceptions, plan.People, plan.Origin = req.Controller, req.Exceptions, people(plan, req), draft.Origin
	plan.Catalog, plan.Policy = cat.Digest(), d.Policy.Digest()
	if err := schedule.Fits(window, check.Times(plan), plan.Margin.Std()); err != nil {
		return plan, err
	}
	history, err := d.Ledger.History(ctx, plan.Runbook.Name)
	if err != nil {
		return plan, err
	}
	plan.Risk = check.Risk(plan, history)
	if plan.Approvals, err = d.requirements(ctx, plan); err != nil {
		return plan, err
	}
	if draft.More != nil {
		more, err := draft.More(plan)
		if err != nil {
			return plan, err
		}
		plan.Approvals = append(plan.Approvals, more...)
	}
	return plan, check.Approvable(plan, cat)
}

// targetsOf adds to what a plan names the systems that a site, cluster or region stands
// for, so that the owner of each is asked.
func targetsOf(cat *catalog.Catalog, plan change.Plan) ([]change.System, error) {
	named := make([]change.Ref, len(plan.Targets))
	for i, t := range plan.Targets {
		named[i] = t.Ref
	}
	members, err := cat.Touched(named)
	if err != nil {
		return nil, err
	}
	list := slices.Clone(plan.Targets)
	for _, m := range members {
		if !slices.Contains(named, m.Ref) {
			list = append(list, m)
		}
	}
	return list, nil
}

// people returns the persons whom a plan needs themselves.
func people(plan change.Plan, req change.Request) []change.Ref {
	list := []change.Ref{plan.Submitter}
	if req.Controller != "" {
		list = append(list, req.Controller)
	}
	for _, s := range plan.Steps {
		for _, by := range signers(plan, s.Name) {
			if by.Kind() == "user" {
				list = append(list, by)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// requirements returns the approvals that policy asks for, and those for exceptions
// from freezes.
func (d *Desk) requirements(ctx context.Context, plan change.Plan) ([]change.Requirement, error) {
	list, err := d.Policy.Requirements(plan)
	if err != nil || len(plan.Exceptions) == 0 {
		return list, err
	}
	freezes, err := d.Ledger.Freezes(ctx, plan.Window.Start, plan.Window.End, false)
	if err != nil {
		return nil, err
	}
	more, err := check.Exceptions(plan, freezes)
	return append(list, more...), err
}

func roots(observed []change.Affected) []change.Ref {
	refs := make([]change.Ref, len(observed))
	for i, a := range observed {
		refs[i] = a.System
	}
	return refs
}

// complete checks what a request must hold before anything is looked up.
func complete(req change.Request) error {
	switch {
	case strings.TrimSpace(req.Title) == "":
		return change.Invalid("is missing; say in a line what is done").At("metadata.title")
	case len(req.Title) > 120:
		return change.Invalid("has %d bytes; at most 120 fit into a list", len(req.Title)).At("metadata.title")
	case strings.TrimSpace(req.Reason) == "":
		return change.Invalid("is missing; say why this change is made").At("spec.reason")
	case req.Runbook == "":
		return change.Invalid("is missing; changectl runbook list shows the choices").At("spec.runbook")
	case req.Type != change.Normal && req.Type != change.Emergency:
		return change.Invalid("is %q; this installation takes changes of type normal and emergency", req.Type).At("spec.type")
	case req.Type == change.Emergency && req.Controller == "":
		return change.Invalid("is missing; an emergency has one person in charge of it").At("spec.controller")
	case req.Type != change.Emergency && req.Controller != "":
		return change.Invalid("is for emergencies only; this change is of type %s", req.Type).At("spec.controller")
	}
	return nil
}
