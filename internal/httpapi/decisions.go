package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/changectl/changectl/internal/change"
)

type toSignIn struct {
	ID     string `path:"id" example:"CHG-17"`
	Verb   string `query:"verb" required:"true" enum:"approve,reject,continue,sign-off" doc:"What shall be signed."`
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

func (r routes) decisions(api huma.API) {
	sign := operation("list-statements", http.MethodGet, "/v1/changes/{id}/statements", "decisions", "Statements to sign for a verb")
	sign.Description = "One statement for each role in which you can give the verb. Sign its canonical JSON (RFC 8785) in the SSHSIG namespace changectl."
	add(api, sign, r.toSign)
	add(api, operation("approve-change", http.MethodPost, "/v1/changes/{id}/approvals", "decisions", "Approve or reject with signed statements"), r.approve)
	add(api, operation("decide-change", http.MethodPost, "/v1/changes/{id}/decisions", "decisions", "Decide in a hold, or cancel"), r.decide)
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
