package desk

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/schedule"
)

// The longest that things outside of changes may last, and how far ahead the product
// looks.
const (
	longestDeclaration = 60 * 24 * time.Hour
	horizon            = 400 * 24 * time.Hour
)

// DeclarationFilter selects declared maintenances in the ledger.
type DeclarationFilter struct {
	From, To time.Time  // overlapping [From, To); zero: any time
	System   change.Ref // that they hold
	All      bool       // those that are withdrawn or ended too
	Calendar string     // imported under this name
}

// Declarations returns the declared maintenances that a filter selects, by window.
func (d *Desk) Declarations(ctx context.Context, f httpapi.DeclarationFilter) ([]change.Declaration, error) {
	return d.Ledger.Declarations(ctx, DeclarationFilter{From: f.From, To: f.To, System: f.System, All: f.All})
}

// Declaration returns one declared maintenance.
func (d *Desk) Declaration(ctx context.Context, id change.ID) (change.Declaration, error) {
	return d.Ledger.Declaration(ctx, id)
}

// Declare records somebody's maintenance. Anybody may: it is news, not leave to work.
func (d *Desk) Declare(ctx context.Context, who change.Person, req httpapi.DeclareRequest) (httpapi.DeclareAnswer, error) {
	decl := change.Declaration{Impact: change.Outage, State: change.Planned}
	if err := d.fill(&decl, req); err != nil {
		return httpapi.DeclareAnswer{}, err
	}
	switch {
	case strings.TrimSpace(decl.Title) == "":
		return httpapi.DeclareAnswer{}, change.Invalid("is missing; say in a line what is done").At("title")
	case len(decl.Targets) == 0:
		return httpapi.DeclareAnswer{}, change.Invalid("is missing; name a system, site:NAME, cluster:NAME or region:NAME").At("targets")
	case strings.TrimSpace(decl.Owner) == "":
		return httpapi.DeclareAnswer{}, change.Invalid("is missing; say whose work it is").At("owner")
	case strings.TrimSpace(decl.Contact) == "":
		return httpapi.DeclareAnswer{}, change.Invalid("is missing; say how to reach whoever does it").At("contact")
	case decl.Window.Start.IsZero():
		return httpapi.DeclareAnswer{}, change.Invalid("is missing").At("window")
	case !decl.Window.End.After(d.Clock()):
		return httpapi.DeclareAnswer{}, change.Invalid("the window ended at %s", decl.Window.End.UTC().Format(time.RFC3339)).At("window")
	}
	return d.declare(ctx, who, req.Nonce, decl)
}

// Redeclare moves or alters a declared maintenance.
func (d *Desk) Redeclare(ctx context.Context, who change.Person, id change.ID, req httpapi.DeclareRequest) (httpapi.DeclareAnswer, error) {
	decl, err := d.Ledger.Declaration(ctx, id)
	if err != nil {
		return httpapi.DeclareAnswer{}, err
	}
	if !decl.State.Holds() {
		return httpapi.DeclareAnswer{}, change.Conflict("%s is %s; declare it anew", id, decl.State)
	}
	if err := d.mayAlter(who, decl); err != nil {
		return httpapi.DeclareAnswer{}, err
	}
	if err := d.fill(&decl, req); err != nil {
		return httpapi.DeclareAnswer{}, err
	}
	return d.declare(ctx, who, req.Nonce, decl)
}

// Withdraw records that a declared maintenance does not take place.
func (d *Desk) Withdraw(ctx context.Context, who change.Person, id change.ID, reason string) (httpapi.DeclareAnswer, error) {
	decl, err := d.Ledger.Declaration(ctx, id)
	if err != nil {
		return httpapi.DeclareAnswer{}, err
	}
	if err := d.mayAlter(who, decl); err != nil {
		return httpapi.DeclareAnswer{}, err
	}
	if strings.TrimSpace(reason) == "" {
		return httpapi.DeclareAnswer{}, change.Invalid("is missing; say why it does not take place").At("reason")
	}
	if !decl.State.Holds() {
		return httpapi.DeclareAnswer{}, change.Conflict("%s is %s already", id, decl.State)
	}
	decl.State, decl.Reason = change.Withdrawn, reason
	return d.declare(ctx, who, "", decl)
}

// mayAlter reports whether a person has a say about a declared maintenance.
func (d *Desk) mayAlter(who change.Person, decl change.Declaration) error {
	cat := d.Catalog()
	if who.Ref == decl.DeclaredBy || cat.IsMember(who.Ref, d.Operators) || cat.IsMember(who.Ref, change.Ref(decl.Owner)) {
		return nil
	}
	return change.Denied("%s was declared by %s; they, %s and %s alter it", decl.ID, decl.DeclaredBy, decl.Owner, d.Operators)
}

// fill puts what was asked for into a declaration; what was left empty stays.
func (d *Desk) fill(decl *change.Declaration, req httpapi.DeclareRequest) error {
	for field, text := range map[*string]string{&decl.Title: req.Title, &decl.Owner: req.Owner, &decl.Contact: req.Contact, &decl.Reason: req.Reason} {
		if text != "" {
			*field = text
		}
	}
	if len(req.Targets) > 0 {
		decl.Targets = req.Targets
	}
	if req.Impact != "" {
		decl.Impact = change.ImpactClass(strings.ToUpper(string(req.Impact)))
	}
	if !slices.Contains(change.ImpactClasses, decl.Impact) {
		return change.Invalid("%q is not an impact; expected one of %v", req.Impact, change.ImpactClasses).At("impact")
	}
	if req.State != "" {
		decl.State = req.State
	}
	if done := decl.ID != "" && decl.State == change.Ended; !decl.State.Holds() && !done {
		return change.Invalid("%q is not a state in which maintenance is declared; expected %s or %s", req.State, change.Planned, change.Tentative).At("state")
	}
	if req.Window == (change.WindowRequest{}) {
		return nil
	}
	if req.Window.End == "" && req.Window.Duration == "" && !decl.Window.Start.IsZero() {
		req.Window.Duration = decl.Window.Length().String() // moved as long as it was
	}
	w, err := schedule.ResolveWithin(req.Window, longestDeclaration)
	if err == nil {
		decl.Window = w
	}
	return err
}

// declare records a declaration with what it holds, and judges again what it hits.
func (d *Desk) declare(ctx context.Context, who change.Person, nonce string, decl change.Declaration) (httpapi.DeclareAnswer, error) {
	var err error
	if decl.Holds, err = d.Catalog().Declared(decl.Targets, decl.Impact); err != nil && decl.State.Holds() {
		return httpapi.DeclareAnswer{}, at(err, "targets")
	}
	if decl.ID == "" {
		decl.DeclaredBy = who.Ref
	}
	list, err := d.Ledger.Declare(ctx, who.Ref, nonce, []change.Declaration{decl})
	if err != nil {
		return httpapi.DeclareAnswer{}, err
	}
	answer := httpapi.DeclareAnswer{Declaration: list[0].Declaration}
	answer.Hits, err = d.hits(ctx, list)
	return answer, err
}

// hits judges again what is around new declarations, and returns the changes that
// they are in the way of, or have set free.
func (d *Desk) hits(ctx context.Context, list []change.Imported) ([]change.Summary, error) {
	moved, err := d.Recheck(ctx)
	if err != nil {
		return nil, err
	}
	found := map[change.ID]change.Record{}
	for _, rec := range moved {
		found[rec.ID] = rec
	}
	for _, i := range list {
		if err := d.hitsOf(ctx, i.Declaration, found); err != nil {
			return nil, err
		}
	}
	return summaries(found, list), nil
}

// hitsOf adds the changes that know of a declaration: another worker may have judged
// them.
func (d *Desk) hitsOf(ctx context.Context, decl change.Declaration, found map[change.ID]change.Record) error {
	var systems []change.Ref
	for _, h := range decl.Holds {
		systems = append(systems, h.System)
	}
	held, _, err := d.Ledger.Around(ctx, decl.ID, systems, decl.Window.Start, decl.Window.End)
	if err != nil {
		return err
	}
	for _, h := range held {
		if _, known := found[h.By]; known || h.By.Declared() {
			continue
		}
		rec, err := d.Ledger.Change(ctx, h.By)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(rec.Findings, func(f change.Finding) bool { return f.Other != nil && f.Other.By == decl.ID }) {
			found[rec.ID] = rec
		}
	}
	return nil
}

// summaries are the changes that news concerns, with what the news means to those
// that run: their own note says where they stand.
func summaries(found map[change.ID]change.Record, news []change.Imported) []change.Summary {
	list := make([]change.Summary, 0, len(found))
	for _, rec := range found {
		s := rec.Summary()
		for _, f := range rec.Findings {
			about := func(i change.Imported) bool { return f.Other != nil && f.Other.By == i.Declaration.ID }
			if rec.Started() && slices.ContainsFunc(news, about) {
				s.Note = f.Message
				break
			}
		}
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b change.Summary) int { return a.Window.Start.Compare(b.Window.Start) })
	return list
}

// at names the field in which an error lies, where it names none itself.
func at(err error, field string) error {
	if e, ok := asError(err); ok && e.Field == "" {
		return e.At(field)
	}
	return err
}
