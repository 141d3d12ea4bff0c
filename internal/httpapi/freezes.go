package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/changectl/changectl/internal/change"
)

type freezesIn struct {
	System string `query:"system" doc:"Only those that this system falls under."`
	All    bool   `query:"all" doc:"Those that are over or lifted too."`
}

type freezeIn struct{ Body FreezeRequest }

// reasonIn names something that ends, with the reason.
type reasonIn struct {
	ID   string `path:"id" example:"FRZ-3"`
	Body struct {
		Reason string `json:"reason"`
	}
}

func (r routes) freezes(api huma.API) {
	add(api, operation("list-freezes", http.MethodGet, "/v1/freezes", "surroundings", "Freezes: times in which nobody may work"), r.listFreezes)
	begin := operation("add-freeze", http.MethodPost, "/v1/freezes", "surroundings", "Record a freeze")
	begin.Description = "Answers with the changes that it puts on hold. An empty scope is every system."
	begin.DefaultStatus = http.StatusCreated
	add(api, begin, r.addFreeze)
	add(api, operation("lift-freeze", http.MethodPost, "/v1/freezes/{id}/lift", "surroundings", "Lift a freeze before it is over"), r.liftFreeze)
}

func (r routes) listFreezes(ctx context.Context, in *freezesIn) ([]change.Freeze, error) {
	system, err := parseRef("system", in.System, "resource")
	if err != nil {
		return nil, err
	}
	return list(r.service.Freezes(ctx, FreezeFilter{System: system, All: in.All}))
}

func (r routes) addFreeze(ctx context.Context, in *freezeIn) (FreezeAnswer, error) {
	a, err := r.service.AddFreeze(ctx, who(ctx), in.Body)
	a.Changes = some(a.Changes)
	return a, err
}

func (r routes) liftFreeze(ctx context.Context, in *reasonIn) (FreezeAnswer, error) {
	id, err := change.ParseFreezeID(in.ID)
	if err != nil {
		return FreezeAnswer{}, err
	}
	a, err := r.service.LiftFreeze(ctx, who(ctx), id, in.Body.Reason)
	a.Changes = some(a.Changes)
	return a, err
}
