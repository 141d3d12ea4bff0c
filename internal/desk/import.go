package desk

import (
	"context"
	"fmt"
	"strings"

	"github.com/changectl/changectl/internal/catalog"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/icalendar"
)

// Import takes the events of an iCalendar as declarations, all or none of them.
func (d *Desk) Import(ctx context.Context, who change.Person, req httpapi.ImportRequest) (httpapi.ImportAnswer, error) {
	if strings.TrimSpace(req.Calendar) == "" {
		return httpapi.ImportAnswer{}, change.Invalid("is missing; name the calendar, so that its next edition is known again").At("calendar")
	}
	cal, err := icalendar.Read(strings.NewReader(req.Text), icalendar.Options{Calendar: req.Calendar, Now: d.Clock(), Horizon: horizon})
	if err != nil {
		return httpapi.ImportAnswer{}, err
	}
	known, err := d.Ledger.Declarations(ctx, DeclarationFilter{Calendar: req.Calendar, All: true})
	if err != nil {
		return httpapi.ImportAnswer{}, err
	}
	answer := httpapi.ImportAnswer{Notes: cal.Notes}
	if len(cal.Events) == 0 {
		answer.Notes = append(answer.Notes, "the calendar holds no events that are to come")
		return answer, nil
	}
	var list []change.Declaration
	for _, e := range cal.Events {
		if e.Start.IsZero() || (e.State() == change.Withdrawn && e.Recurrence == "") {
			list = append(list, cancelled(known, e)...)
			continue
		}
		decl, err := d.declaration(who, req, e)
		if err != nil {
			return answer, err
		}
		list = append(list, decl)
	}
	if req.DryRun {
		answer.Events, err = d.Ledger.WouldDeclare(ctx, who.Ref, list)
		return answer, err
	}
	if answer.Events, err = d.Ledger.Declare(ctx, who.Ref, "", list); err != nil {
		return answer, err
	}
	answer.Hits, err = d.hits(ctx, answer.Events)
	return answer, err
}

// cancelled withdraws what is known of an event that is cancelled, which may come
// without times and is about every one of its series.
func cancelled(known []change.Declaration, e icalendar.Event) []change.Declaration {
	var list []change.Declaration
	for _, decl := range known {
		same := decl.Source.UID == e.UID && (e.Recurrence == "" || decl.Source.Recurrence == e.Recurrence)
		if !same || !decl.State.Holds() {
			continue
		}
		source := *decl.Source
		source.Sequence = e.Sequence
		decl.State, decl.Source = change.Withdrawn, &source
		decl.ID, decl.Revision = "", 0 // it is the calendar that speaks, not a person
		list = append(list, decl)
	}
	return list
}

// declaration makes a declaration of an event. What the event does not say, the
// request does.
func (d *Desk) declaration(who change.Person, req httpapi.ImportRequest, e icalendar.Event) (change.Declaration, error) {
	cat := d.Catalog()
	decl := change.Declaration{
		State: e.State(), Title: e.Summary, Impact: e.Impact(), DeclaredBy: who.Ref, Reason: e.Description,
		Window: change.Window{Start: e.Start, End: e.End, Zone: e.Zone},
		Owner:  first(e.Maintnote.Provider, req.Owner, e.Organizer, req.Calendar), Contact: first(e.Contact, e.Organizer, req.Contact),
		Source: &change.CalendarEntry{Calendar: req.Calendar, UID: e.UID, Recurrence: e.Recurrence, Sequence: e.Sequence},
	}
	if e.Maintnote.Impact == "" && req.Impact != "" {
		decl.Impact = req.Impact
	}
	if len([]rune(decl.Reason)) > 2000 {
		decl.Reason = string([]rune(decl.Reason)[:2000]) + " ..."
	}
	if decl.Targets = targets(cat, e); len(decl.Targets) == 0 {
		decl.Targets = req.Targets
	}
	if !decl.State.Holds() {
		return decl, nil
	}
	if len(decl.Targets) == 0 {
		return decl, change.Invalid("the event %q (%s) names nothing that the catalog knows%s", e.Summary, e.UID, objects(e)).
			WithHint("put the name into changectl.dev/known-as of a system, or say what it is on (--on); nothing was imported")
	}
	var err error
	if decl.Holds, err = cat.Declared(decl.Targets, decl.Impact); err != nil {
		return decl, fmt.Errorf("the event %q (%s): %w", e.Summary, e.UID, err)
	}
	return decl, nil
}

// targets are the systems that a provider's names stand for.
func targets(cat *catalog.Catalog, e icalendar.Event) []change.Ref {
	var list []change.Ref
	for _, o := range e.Maintnote.Objects {
		known := cat.KnownAs(e.Maintnote.Provider + ":" + o.ID)
		if len(known) == 0 {
			known = cat.KnownAs(o.ID)
		}
		list = append(list, known...)
	}
	return list
}

func objects(e icalendar.Event) string {
	var names []string
	for _, o := range e.Maintnote.Objects {
		names = append(names, o.ID)
	}
	if len(names) == 0 {
		return ""
	}
	return ": it is on " + strings.Join(names, ", ") + " of " + e.Maintnote.Provider
}

func first(texts ...string) string {
	for _, t := range texts {
		if strings.TrimSpace(t) != "" {
			return t
		}
	}
	return ""
}
