package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
)

// longestCalendar bounds what one look at the calendar covers.
const longestCalendar = 366 * 24 * time.Hour

type calendarIn struct {
	From   string `query:"from" required:"true" doc:"RFC 3339." example:"2027-03-06T00:00:00Z"`
	To     string `query:"to" required:"true" doc:"RFC 3339; not included." example:"2027-03-13T00:00:00Z"`
	System string `query:"system"`
}

type logIn struct {
	From   int64  `query:"from" minimum:"0" doc:"Number of the first entry."`
	Limit  int    `query:"limit" minimum:"0" maximum:"10000" doc:"At most this many; 0 for the server's limit."`
	Change string `query:"change"`
	System string `query:"system"`
	Person string `query:"person"`
	Since  string `query:"since" doc:"RFC 3339."`
	Until  string `query:"until" doc:"RFC 3339; not included."`
}

type byName struct {
	Name string `path:"name"`
}

func (r routes) lookups(api huma.API) {
	add(api, operation("get-calendar", http.MethodGet, "/v1/calendar", "lookups", "What holds systems, by window"), r.calendar)
	add(api, operation("list-log", http.MethodGet, "/v1/log", "log", "Entries of the audit log, oldest first"), r.log)
	add(api, operation("get-checkpoint", http.MethodGet, "/v1/log/checkpoint", "log", "The newest signed checkpoint of the log"), r.checkpoint)
	add(api, operation("list-runbooks", http.MethodGet, "/v1/runbooks", "lookups", "Runbooks that changes can name"), r.runbooks)
	add(api, operation("get-runbook", http.MethodGet, "/v1/runbooks/{name}", "lookups", "A runbook with its text"), r.runbook)
	add(api, operation("whoami", http.MethodGet, "/v1/whoami", "lookups", "Who the token belongs to"), r.whoami)
}

func (r routes) calendar(ctx context.Context, in *calendarIn) ([]change.Holding, error) {
	from, to, err := parseSpan(in.From, in.To)
	if err != nil {
		return nil, err
	}
	system, err := parseRef("system", in.System, "resource")
	if err != nil {
		return nil, err
	}
	return list(r.service.Calendar(ctx, from, to, system))
}

func (r routes) log(ctx context.Context, in *logIn) ([]audit.Record, error) {
	f, err := in.filter()
	if err != nil {
		return nil, err
	}
	return list(r.service.Log(ctx, f))
}

func (in *logIn) filter() (LogFilter, error) {
	f := LogFilter{From: in.From, Limit: in.Limit}
	var err error
	if in.Change != "" {
		if f.Change, err = change.ParseID(in.Change); err != nil {
			return f, err
		}
	}
	if f.System, err = parseRef("system", in.System, "resource"); err != nil {
		return f, err
	}
	if f.Person, err = parseRef("person", in.Person, "user"); err != nil {
		return f, err
	}
	if f.Since, err = parseTime("since", in.Since); err != nil {
		return f, err
	}
	f.Until, err = parseTime("until", in.Until)
	return f, err
}

func (r routes) checkpoint(ctx context.Context, _ *none) (Checkpoint, error) {
	return r.service.Checkpoint(ctx)
}

func (r routes) runbooks(ctx context.Context, _ *none) ([]RunbookInfo, error) {
	return list(r.service.Runbooks(ctx))
}

func (r routes) runbook(ctx context.Context, in *byName) (RunbookInfo, error) {
	return r.service.Runbook(ctx, in.Name)
}

func (r routes) whoami(ctx context.Context, _ *none) (change.Person, error) {
	return who(ctx), nil
}
