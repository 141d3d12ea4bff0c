package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/changectl/changectl/internal/change"
)

// importTime is how long an import may take to be sent, and again to be answered.
const importTime = 5 * time.Minute

type declarationsIn struct {
	From   string `query:"from" doc:"RFC 3339; only those that are not over by then."`
	To     string `query:"to" doc:"RFC 3339; only those that begin before it."`
	System string `query:"system" doc:"Only those that hold this system."`
	All    bool   `query:"all" doc:"Withdrawn and ended ones too."`
}

type declarationIn struct {
	ID string `path:"id" example:"MNT-3"`
}

type declareIn struct{ Body DeclareRequest }

type redeclareIn struct {
	ID   string `path:"id" example:"MNT-3"`
	Body DeclareRequest
}

type importIn struct {
	Name    string   `path:"name" doc:"The name under which the calendar is known." example:"carrier"`
	Target  []string `query:"target,explode" maxItems:"1000" doc:"What events are declared on that name nothing the catalog knows; may be repeated."`
	Impact  string   `query:"impact" doc:"The impact of events that do not say it: NO-IMPACT, REDUCED-REDUNDANCY, DEGRADED or OUTAGE (the default)."`
	Owner   string   `query:"owner"`
	Contact string   `query:"contact"`
	DryRun  bool     `query:"dryRun" doc:"Only say what would come of it."`
	RawBody []byte   `contentType:"text/calendar"`
}

func (r routes) declarations(api huma.API) {
	add(api, operation("list-declarations", http.MethodGet, "/v1/declarations", "surroundings", "Declared maintenances"), r.listDeclarations)
	add(api, operation("get-declaration", http.MethodGet, "/v1/declarations/{id}", "surroundings", "A declared maintenance"), r.declaration)
	declare := operation("declare", http.MethodPost, "/v1/declarations", "surroundings", "Declare somebody's maintenance")
	declare.Description = "Answers with the changes that it hits, as they stand now."
	declare.DefaultStatus = http.StatusCreated
	add(api, declare, r.declare)
	add(api, operation("redeclare", http.MethodPatch, "/v1/declarations/{id}", "surroundings", "Move or otherwise alter a declared maintenance; empty fields stay"), r.redeclare)
	add(api, operation("withdraw-declaration", http.MethodPost, "/v1/declarations/{id}/withdraw", "surroundings", "Withdraw a declared maintenance"), r.withdraw)
	imported := operation("import-calendar", http.MethodPost, "/v1/calendars/{name}", "surroundings", "Take the events of an iCalendar as declarations, all or none of them")
	imported.MaxBodyBytes, imported.BodyReadTimeout = MaxCalendar, importTime
	add(api, imported, r.importCalendar)
}

func (r routes) listDeclarations(ctx context.Context, in *declarationsIn) ([]change.Declaration, error) {
	f := DeclarationFilter{All: in.All}
	var err error
	if f.System, err = parseRef("system", in.System, "resource"); err != nil {
		return nil, err
	}
	if f.From, err = parseTime("from", in.From); err != nil {
		return nil, err
	}
	if f.To, err = parseTime("to", in.To); err != nil {
		return nil, err
	}
	if !f.From.IsZero() && !f.To.IsZero() && !f.From.Before(f.To) {
		return nil, change.Invalid("%s is not after from", in.To).At("to")
	}
	return list(r.service.Declarations(ctx, f))
}

func (r routes) declaration(ctx context.Context, in *declarationIn) (change.Declaration, error) {
	id, err := change.ParseMaintenanceID(in.ID)
	if err != nil {
		return change.Declaration{}, err
	}
	return r.service.Declaration(ctx, id)
}

func (r routes) declare(ctx context.Context, in *declareIn) (DeclareAnswer, error) {
	return hits(r.service.Declare(ctx, who(ctx), in.Body))
}

func (r routes) redeclare(ctx context.Context, in *redeclareIn) (DeclareAnswer, error) {
	id, err := change.ParseMaintenanceID(in.ID)
	if err != nil {
		return DeclareAnswer{}, err
	}
	return hits(r.service.Redeclare(ctx, who(ctx), id, in.Body))
}

func (r routes) withdraw(ctx context.Context, in *reasonIn) (DeclareAnswer, error) {
	id, err := change.ParseMaintenanceID(in.ID)
	if err != nil {
		return DeclareAnswer{}, err
	}
	return hits(r.service.Withdraw(ctx, who(ctx), id, in.Body.Reason))
}

func hits(a DeclareAnswer, err error) (DeclareAnswer, error) {
	a.Hits = some(a.Hits)
	return a, err
}

func (r routes) importCalendar(ctx context.Context, in *importIn) (ImportAnswer, error) {
	req := ImportRequest{
		Calendar: in.Name, Text: string(in.RawBody), Impact: change.ImpactClass(in.Impact),
		Owner: in.Owner, Contact: in.Contact, DryRun: in.DryRun,
	}
	for _, s := range in.Target {
		ref, err := parseRef("target", s, "resource")
		if err != nil {
			return ImportAnswer{}, err
		}
		req.Targets = append(req.Targets, ref)
	}
	a, err := r.service.Import(ctx, who(ctx), req)
	a.Events, a.Hits = some(a.Events), some(a.Hits)
	return a, err
}
