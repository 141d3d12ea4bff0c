package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/changectl/changectl/internal/change"
)

type toSignIn struct {
	ID     string `path:"id" example:"CHG-17"`
	Verb   string `query:"verb" required:"true" enum:"approve,reject,continue,sign-off,break-claim" doc:"What shall be signed."`
	Reason string `query:"reason"`
	Step   string `query:"step"`
}

type approveIn struct {
	ID   string                   `path:"id" example:"CHG-17"`
	Body []change.SignedStatement `minItems:"1" maxItems:"64"`
}

type decideIn struct {
	ID   string `path:"id" example:"CHG-17"`
	Body DecideRequest
}

type breakIn struct {
	ID   string `path:"id" example:"CHG-17"`
	Body change.SignedStatement
}

func (r routes) decisions(api huma.API) {
	sign := operation("list-statements", http.MethodGet, "/v1/changes/{id}/statements", "decisions", "Statements to sign for a verb")
	sign.Description = "One statement for each role in which you can give the verb. Sign its canonical JSON (RFC 8785) in the SSHSIG namespace changectl."
	add(api, sign, r.toSign)
	add(api, operation("approve-change", http.MethodPost, "/v1/changes/{id}/approvals", "decisions", "Approve or reject with signed statements"), r.approve)
	add(api, operation("decide-change", http.MethodPost, "/v1/changes/{id}/decisions", "decisions", "Decide in a hold, or cancel"), r.decide)
	breaking := operation("break-claim", http.MethodPost, "/v1/changes/{id}/break-claim", "decisions", "Sign for taking the claim of a change away")
	breaking.Description = "It is taken away once two persons have signed; the answer says how many have."
	add(api, breaking, r.breakClaim)
}

func (r routes) toSign(ctx context.Context, in *toSignIn) ([]change.Statement, error) {
	id, err := change.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	q := SignQuery{Verb: change.Verb(in.Verb), Reason: in.Reason, Step: in.Step}
	return list(r.service.ToSign(ctx, who(ctx), id, q))
}

func (r routes) approve(ctx context.Context, in *approveIn) (change.Record, error) {
	id, err := change.ParseID(in.ID)
	if err != nil {
		return change.Record{}, err
	}
	return r.service.Approve(ctx, who(ctx), id, in.Body)
}

func (r routes) decide(ctx context.Context, in *decideIn) (change.Record, error) {
	id, err := change.ParseID(in.ID)
	if err != nil {
		return change.Record{}, err
	}
	return r.service.Decide(ctx, who(ctx), id, in.Body)
}

func (r routes) breakClaim(ctx context.Context, in *breakIn) (BreakAnswer, error) {
	id, err := change.ParseID(in.ID)
	if err != nil {
		return BreakAnswer{}, err
	}
	a, err := r.service.BreakClaim(ctx, who(ctx), id, in.Body)
	a.By = some(a.By)
	return a, err
}
