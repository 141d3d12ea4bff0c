package desk

import (
	"context"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/schedule"
)

// longestFreeze bounds a freeze: what nobody may touch for longer is not frozen but
// abandoned.
const longestFreeze = 366 * 24 * time.Hour

// Freezes returns the freezes that a filter selects, by start.
func (d *Desk) Freezes(ctx context.Context, f httpapi.FreezeFilter) ([]change.Freeze, error) {
	from := d.Clock()
	if f.All {
		from = time.Time{}
	}
	list, err := d.Ledger.Freezes(ctx, from, time.Time{}, f.All)
	if err != nil || f.System == "" {
		return list, err
	}
	cat := d.Catalog()
	if _, err := cat.System(f.System); err != nil {
		return nil, err
	}
	kept := []change.Freeze{}
	for _, fr := range list {
		if cat.InScope(fr.Scope, f.System) {
			kept = append(kept, fr)
		}
	}
	return kept, nil
}

// AddFreeze records a freeze, and judges again what it forbids.
func (d *Desk) AddFreeze(ctx context.Context, who change.Person, req httpapi.FreezeRequest) (httpapi.FreezeAnswer, error) {
	f, err := d.freeze(who, req)
	if err != nil {
		return httpapi.FreezeAnswer{}, err
	}
	if f, err = d.Ledger.AddFreeze(ctx, f, req.Nonce); err != nil {
		return httpapi.FreezeAnswer{}, err
	}
	return d.frozen(ctx, f)
}

// LiftFreeze ends a freeze before its time.
func (d *Desk) LiftFreeze(ctx context.Context, who change.Person, id change.ID, reason string) (httpapi.FreezeAnswer, error) {
	f, err := d.Ledger.Freeze(ctx, id)
	if err != nil {
		return httpapi.FreezeAnswer{}, err
	}
	if err := d.mayFreeze(who, f); err != nil {
		return httpapi.FreezeAnswer{}, err
	}
	if strings.TrimSpace(reason) == "" {
		return httpapi.FreezeAnswer{}, change.Invalid("is missing; say why the freeze is lifted").At("reason")
	}
	if !f.LiftedAt.IsZero() {
		return httpapi.FreezeAnswer{}, change.Conflict("%s was lifted by %s at %s already: %s", id, f.LiftedBy, f.LiftedAt.UTC().Format(time.RFC3339), f.LiftedFor)
	}
	if f, err = d.Ledger.LiftFreeze(ctx, id, who.Ref, reason); err != nil {
		return httpapi.FreezeAnswer{}, err
	}
	return d.frozen(ctx, f)
}

func (d *Desk) frozen(ctx context.Context, f change.Freeze) (httpapi.FreezeAnswer, error) {
	moved, err := d.Recheck(ctx)
	answer := httpapi.FreezeAnswer{Freeze: f, Changes: []change.Summary{}}
	for _, rec := range moved {
		answer.Changes = append(answer.Changes, rec.Summary())
	}
	return answer, err
}

func (d *Desk) freeze(who change.Person, req httpapi.FreezeRequest) (change.Freeze, error) {
	f := change.Freeze{
		Title: req.Title, Reason: req.Reason, Owner: req.Owner, Scope: req.Scope, Recurrence: req.Recurrence,
		Exception: req.Exception, By: who.Ref,
	}
	switch {
	case strings.TrimSpace(f.Title) == "":
		return f, change.Invalid("is missing; say in a line what is frozen").At("metadata.title")
	case strings.TrimSpace(f.Reason) == "":
		return f, change.Invalid("is missing; say why nobody may work").At("spec.reason")
	case f.Owner == "":
		return f, change.Invalid("is missing; name the group that answers for the freeze").At("spec.owner")
	}
	cat := d.Catalog()
	for field, group := range map[string]change.Ref{"spec.owner": f.Owner, "spec.exception-by": f.Exception} {
		if group != "" && len(cat.Members(group)) == 0 {
			return f, change.NotFound("%s is not a group of the catalog with members", group).At(field)
		}
	}
	scope, err := cat.ResolveScope(f.Scope)
	if e, ok := asError(err); ok {
		return f, e.At("spec." + e.Field)
	}
	if err != nil {
		return f, err
	}
	f.Scope = scope
	if err := d.mayFreeze(who, f); err != nil {
		return f, err
	}
	err = d.freezeTime(&f, req)
	return f, err
}

func (d *Desk) freezeTime(f *change.Freeze, req httpapi.FreezeRequest) (err error) {
	if f.Window, err = schedule.ResolveWithin(req.Window, longestFreeze); err != nil {
		return err
	}
	if !f.Window.End.After(d.Clock()) {
		return change.Invalid("the freeze would have ended at %s", f.Window.End.UTC().Format(time.RFC3339)).At("spec.window.end")
	}
	if f.Recurrence == nil {
		return nil
	}
	r, err := schedule.Recur(*f.Recurrence)
	if e, ok := asError(err); ok {
		return e.At("spec.recurrence." + e.Field)
	}
	if err != nil {
		return err
	}
	if len(r.Between(f.Window.Start, f.Window.End)) == 0 {
		return change.Invalid("%q never happens between %s and %s", f.Recurrence.Rule, f.Window.Start.UTC().Format(time.RFC3339), f.Window.End.UTC().Format(time.RFC3339)).At("spec.recurrence.rule")
	}
	return nil
}

// mayFreeze reports whether a person has a say about a freeze.
func (d *Desk) mayFreeze(who change.Person, f change.Freeze) error {
	cat := d.Catalog()
	if cat.IsMember(who.Ref, f.Owner) || cat.IsMember(who.Ref, d.Operators) {
		return nil
	}
	return change.Denied("%s is neither in %s, which owns the freeze, nor in %s", who.Ref, f.Owner, d.Operators)
}

// Windows returns the maintenance windows of a system, or all.
func (d *Desk) Windows(_ context.Context, system change.Ref) ([]change.MaintenanceWindow, error) {
	cat := d.Catalog()
	if system == "" {
		return cat.Windows(), nil
	}
	return cat.WindowsOf(system)
}

// Open returns when the owners of all of some systems allow work.
func (d *Desk) Open(_ context.Context, systems []change.Ref, from, to time.Time) (httpapi.OpenTimes, error) {
	cat := d.Catalog()
	span := schedule.Span{Start: from, End: to}
	open, answer := schedule.Merge(span), httpapi.OpenTimes{Open: []change.Window{}}
	zone := "UTC"
	for _, target := range systems {
		members, err := cat.Expand(target)
		if err != nil {
			return answer, at(err, "system")
		}
		for _, s := range members {
			windows, names, limited := cat.Open(s, from, to)
			if !limited {
				continue
			}
			answer.Limited, answer.Names = true, addNames(answer.Names, names)
			var mine []schedule.Span
			for _, w := range windows {
				mine, zone = append(mine, schedule.Span{Start: w.Start, End: w.End}), w.Zone
			}
			open = open.Intersect(schedule.Merge(mine...))
		}
	}
	for _, s := range open {
		answer.Open = append(answer.Open, change.Window{Start: s.Start, End: s.End, Zone: zone})
	}
	return answer, nil
}
