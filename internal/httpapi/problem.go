package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/changectl/changectl/internal/change"
)

// Problem is how an error travels: an RFC 9457 problem document that carries a
// change.Error, with the change it is about where there is one.
type Problem struct {
	Type      string           `json:"type" doc:"Always about:blank; kind classifies the problem."`
	Title     string           `json:"title" doc:"The HTTP status in words."`
	Status    int              `json:"status"`
	Detail    string           `json:"detail" doc:"What is wrong, for a person."`
	Kind      change.Kind      `json:"kind" enum:"invalid,not-found,conflict,denied,awaiting,unavailable,failed"`
	Field     string           `json:"field,omitempty" doc:"Path of the offending value, such as spec.window.end."`
	Hint      string           `json:"hint,omitempty" doc:"What to do next."`
	RequestID string           `json:"requestId,omitempty" doc:"Finds the request in the server's log."`
	Findings  []change.Finding `json:"findings,omitempty" doc:"What stands in the way."`
	Record    *change.Record   `json:"record,omitempty" doc:"The change as it stands now."`
}

// Error returns the detail.
func (p *Problem) Error() string { return p.Detail }

// GetStatus returns the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType names the media type of problem documents (RFC 9457).
func (p *Problem) ContentType(string) string { return problemType }

const problemType = "application/problem+json"

// statusOf is the one place where kinds of errors become HTTP statuses.
func statusOf(k change.Kind) int {
	switch k {
	case change.KindInvalid:
		return http.StatusUnprocessableEntity
	case change.KindNotFound:
		return http.StatusNotFound
	case change.KindConflict, change.KindAwaiting:
		return http.StatusConflict
	case change.KindDenied:
		return http.StatusForbidden
	case change.KindUnavailable:
		return http.StatusServiceUnavailable
	case change.KindFailed:
		return http.StatusInternalServerError
	}
	return http.StatusInternalServerError
}

// kindOf is its reverse, for answers that carry no kind: those of the HTTP
// layer itself and of proxies on the way.
func kindOf(status int) change.Kind {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return change.KindDenied
	case http.StatusNotFound:
		return change.KindNotFound
	case http.StatusConflict:
		return change.KindConflict
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout, http.StatusTooManyRequests:
		return change.KindUnavailable
	}
	if status >= 400 && status < 500 {
		return change.KindInvalid
	}
	return change.KindFailed
}

func newProblem(status int, kind change.Kind, detail string) *Problem {
	return &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Kind: kind, Detail: detail}
}

// problemOf makes the problem for an error of the Service. What has no kind is
// an internal error, of which only the request's ID is told.
func problemOf(ctx context.Context, err error, rec *change.Record) *Problem {
	info := infoOf(ctx)
	var p *Problem
	var e *change.Error
	switch {
	case errors.As(err, &e):
		p = newProblem(statusOf(e.Kind), e.Kind, e.Message)
		p.Field, p.Hint = e.Field, e.Hint
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		p = newProblem(http.StatusServiceUnavailable, change.KindUnavailable, "the request ended before it was answered")
		p.Hint = "try again"
	default:
		p = newProblem(http.StatusInternalServerError, change.KindFailed, "the server met an error of its own")
		p.Hint = "its log tells more under the request ID " + info.id
	}
	p.RequestID = info.id
	if rec != nil && rec.ID != "" {
		p.Record, p.Findings = rec, rec.Findings
	}
	if p.Status >= http.StatusInternalServerError {
		info.err = err
	}
	return p
}

// fromHuma makes the problem for what the HTTP layer refuses by itself, such as
// a body that does not fit its schema.
func fromHuma(status int, msg string, errs ...error) huma.StatusError {
	p := newProblem(status, kindOf(status), msg)
	var told []string
	for _, err := range errs {
		var d huma.ErrorDetailer
		if !errors.As(err, &d) {
			told = append(told, err.Error())
			continue
		}
		detail := d.ErrorDetail()
		place := strings.TrimPrefix(detail.Location, "body.")
		if p.Field == "" {
			p.Field = place
			told = append(told, detail.Message)
			continue
		}
		told = append(told, place+": "+detail.Message)
	}
	if len(told) > 0 {
		p.Detail = strings.Join(told, "; ")
		p.Hint = "GET /openapi.yaml describes what is expected"
	}
	return p
}

// restore turns a problem back into the error that it was made of.
func (p *Problem) restore() *change.Error {
	kind := p.Kind
	if kind == "" {
		kind = kindOf(p.Status)
	}
	return &change.Error{Kind: kind, Message: p.Detail, Field: p.Field, Hint: p.Hint}
}
