package desk

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/check"
	"github.com/changectl/changectl/internal/httpapi"
)

// ahead is how far next free slots are looked for.
const ahead = 90 * 24 * time.Hour

// Slots returns the next windows in which nothing would be in the way of a request, or
// of a change.
func (d *Desk) Slots(ctx context.Context, who change.Person, q httpapi.SlotsQuery) ([]change.Window, error) {
	rec, err := d.wanted(ctx, who, &q)
	if err != nil {
		return nil, err
	}
	now := d.Clock()
	if q.From.Before(now) {
		q.From = now
	}
	if q.To.IsZero() {
		q.To = q.From.Add(ahead)
	}
	if !q.From.Before(q.To) || q.To.Sub(q.From) > horizon {
		return nil, change.Invalid("from %s to %s is not a span in which to look; it is at most 400 days", q.From.Format(time.RFC3339), q.To.Format(time.RFC3339)).At("to")
	}
	return d.slots(ctx, rec, q)
}

// wanted returns what is to be carried out, as a record.
func (d *Desk) wanted(ctx context.Context, who change.Person, q *httpapi.SlotsQuery) (change.Record, error) {
	if q.Change != "" {
		return d.Ledger.Change(ctx, q.Change)
	}
	if q.Request == nil {
		return change.Record{}, change.Invalid("names neither a request nor a change").At("request")
	}
	req := *q.Request
	if req.Window.Start == "" || q.From.After(d.Clock()) {
		start := q.From
		if start.IsZero() {
			start = d.Clock().Add(time.Minute)
		}
		req.Window.Start = start.UTC().Format(time.RFC3339)
	}
	s, err := d.compile(ctx, who, Draft{Request: req})
	if q.From.IsZero() {
		q.From = s.Plan.Window.Start
	}
	return change.Record{ID: q.Revises, Plan: s.Plan}, err
}

func (d *Desk) slots(ctx context.Context, rec change.Record, q httpapi.SlotsQuery) ([]change.Window, error) {
	held, frozen, err := d.Ledger.Around(ctx, rec.ID, rec.Holds().Concerned(), q.From, q.To)
	if err != nil {
		return nil, err
	}
	return check.Slots(check.SlotQuestion{
		Plan: rec.Plan, Footprint: rec.Holds(), Holdings: held, Freezes: frozen, From: q.From, To: q.To,
		Length: rec.Plan.Window.Length(), Count: min(max(q.Count, 1), 100), Now: d.Clock(), Accepted: rec.Accepted,
	}, d.Catalog()), nil
}

// withNext tells, beside each finding that is in the way, the first window in which
// nothing would be. Not finding it out must not hide the finding.
func (d *Desk) withNext(ctx context.Context, rec change.Record) change.Record {
	blocks := func(f change.Finding) bool { return f.Severity == change.Blocks }
	if !slices.ContainsFunc(rec.Findings, blocks) || rec.Started() {
		return rec
	}
	from := d.Clock()
	if rec.Plan.Window.Start.After(from) {
		from = rec.Plan.Window.Start
	}
	list, err := d.slots(ctx, rec, httpapi.SlotsQuery{From: from, To: from.Add(ahead)})
	if err != nil {
		d.Logger.WithField("change", rec.ID).WithError(err).Warn("the next free slot could not be found out")
	}
	if len(list) == 0 {
		return rec
	}
	rec.Findings = slices.Clone(rec.Findings)
	for i, f := range rec.Findings {
		if blocks(f) {
			rec.Findings[i].Next = &list[0]
		}
	}
	return rec
}

func addNames(list, more []string) []string {
	for _, n := range more {
		if !slices.Contains(list, n) {
			list = append(list, n)
		}
	}
	return list
}

func asError(err error) (*change.Error, bool) {
	var e *change.Error
	ok := errors.As(err, &e)
	return e, ok
}
