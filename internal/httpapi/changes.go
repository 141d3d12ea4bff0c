package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/changectl/changectl/internal/change"
)

type requestIn struct{ Body change.Request }

type reviseIn struct {
	ID   string `path:"id" example:"CHG-17"`
	Body change.Request
}

type getIn struct {
	ID    string `path:"id" example:"CHG-17"`
	After int64  `query:"after" doc:"Answer when the record's version is above this."`
	Wait  string `query:"wait" doc:"Wait at most this long for a version above after; at most 60s." example:"30s"`
}

type listIn struct {
	Status []string `query:"status" doc:"Only these statuses, separated by commas."`
	System string   `query:"system" doc:"Only changes that touch this system."`
	Mine   bool     `query:"mine" doc:"Only those that you submitted or that await your approval."`
	Open   bool     `query:"open" doc:"Only those that have not ended."`
	Origin string   `query:"origin" doc:"Only those of this pull request: the repository's number at GitHub, a slash, its own number." example:"1296269/42"`
	Limit  int      `query:"limit" minimum:"0" maximum:"1000" doc:"At most this many, the newest; 0 for the server's limit."`
}

func (r routes) changes(api huma.API) {
	submit := operation("submit-change", http.MethodPost, "/v1/changes", "changes", "Submit a change")
	submit.Description = "Compiles, checks and reserves. A change that is refused is answered with 409, its record and the findings."
	submit.DefaultStatus = http.StatusCreated
	add(api, submit, r.submit)
	add(api, operation("preview-change", http.MethodPost, "/v1/preview", "changes", "Compile and check a change without submitting it"), r.preview)
	add(api, operation("list-changes", http.MethodGet, "/v1/changes", "changes", "List changes, newest first"), r.list)
	add(api, operation("get-change", http.MethodGet, "/v1/changes/{id}", "changes", "Show a change, or wait for news of it"), r.get)
	revise := operation("revise-change", http.MethodPut, "/v1/changes/{id}", "changes", "Replace the request of a change that has not started")
	revise.Description = "Makes a new revision; approvals of the earlier one are void."
	add(api, revise, r.revise)
}

func (r routes) submit(ctx context.Context, in *requestIn) (change.Record, error) {
	rec, err := r.service.Submit(ctx, who(ctx), in.Body)
	if err == nil && rec.Status == change.Refused {
		err = refusal(rec)
	}
	return rec, err
}

// refusal is the error of a change that did not pass its checks.
func refusal(rec change.Record) error {
	blocking := 0
	for _, f := range rec.Findings {
		if f.Severity == change.Blocks {
			blocking++
		}
	}
	things := "things stand"
	if blocking == 1 {
		things = "thing stands"
	}
	return change.Conflict("%s is refused: %d %s in the way", rec.ID, blocking, things).
		WithHint("see the findings (changectl explain %s), then submit it again with another window or other systems", rec.ID)
}

func (r routes) preview(ctx context.Context, in *requestIn) (Preview, error) {
	return r.service.Preview(ctx, who(ctx), in.Body)
}

func (r routes) revise(ctx context.Context, in *reviseIn) (change.Record, error) {
	id, err := change.ParseID(in.ID)
	if err != nil {
		return change.Record{}, err
	}
	return r.service.Revise(ctx, who(ctx), id, in.Body)
}

func (r routes) get(ctx context.Context, in *getIn) (change.Record, error) {
	id, err := change.ParseID(in.ID)
	if err != nil {
		return change.Record{}, err
	}
	wait, err := parseWait(in.Wait)
	if err != nil {
		return change.Record{}, err
	}
	if wait == 0 {
		return r.service.Get(ctx, id)
	}
	ctx, cancel := untilShutdown(ctx)
	defer cancel()
	return r.service.Await(ctx, id, in.After, wait)
}

func (r routes) list(ctx context.Context, in *listIn) ([]change.Summary, error) {
	statuses, err := parseStatuses(in.Status)
	if err != nil {
		return nil, err
	}
	system, err := parseRef("system", in.System, "resource")
	if err != nil {
		return nil, err
	}
	origin, err := parseOrigin(in.Origin)
	if err != nil {
		return nil, err
	}
	f := Filter{Status: statuses, System: system, Open: in.Open, Origin: origin, Limit: in.Limit}
	if in.Mine {
		f.Mine = who(ctx).Ref
	}
	return list(r.service.List(ctx, f))
}
