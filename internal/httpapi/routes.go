package httpapi

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/changectl/changectl/internal/change"
)

// routes turns requests into calls of the Service, one file per part of it.
type routes struct{ service Service }

func (r routes) all(api huma.API) {
	r.changes(api)
	r.proposals(api)
	r.decisions(api)
	r.around(api)
	r.freezes(api)
	r.declarations(api)
	r.lookups(api)
}

// reply is an answer with a JSON body.
type reply[T any] struct{ Body T }

type none struct{}

// add registers an operation whose handler speaks in change.Errors. A handler
// that returns a record beside its error has it sent along.
func add[I, O any](api huma.API, op huma.Operation, handle func(context.Context, *I) (O, error)) {
	op.Errors = append(op.Errors, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound,
		http.StatusConflict, http.StatusInternalServerError, http.StatusServiceUnavailable)
	if op.MaxBodyBytes == 0 {
		op.MaxBodyBytes = MaxBody
	}
	huma.Register(api, op, func(ctx context.Context, in *I) (*reply[O], error) {
		out, err := handle(ctx, in)
		if err != nil {
			rec, _ := any(out).(change.Record)
			return nil, problemOf(ctx, err, &rec)
		}
		return &reply[O]{Body: out}, nil
	})
}

func operation(id, method, path, tag, summary string) huma.Operation {
	return huma.Operation{OperationID: id, Method: method, Path: path, Tags: []string{tag}, Summary: summary}
}

func who(ctx context.Context) change.Person { return infoOf(ctx).person }

// list makes an absent list an empty one, so that clients need not tell null apart.
func list[T any](l []T, err error) ([]T, error) {
	if l == nil {
		l = []T{}
	}
	return l, err
}

func parseTime(field, s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, change.Invalid("%q is not a time; write RFC 3339, for example 2027-03-06T23:00:00Z", s).At(field)
	}
	return t.UTC(), nil
}

func parseWait(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, change.Invalid("%q is not a time to wait; write for example 30s", s).At("wait")
	}
	return min(d, MaxWait), nil
}

// parseRef reads an optional reference; kind is assumed where none is written.
func parseRef(field, s, kind string) (change.Ref, error) {
	if s == "" {
		return "", nil
	}
	ref, err := change.ParseRef(s, kind)
	if err != nil {
		return "", change.Invalid("%q is not a reference; write kind:name, for example resource:orders-db-1", s).At(field)
	}
	return ref, nil
}

func parseStatuses(list []string) ([]change.Status, error) {
	var all []change.Status
	for _, s := range list {
		st := change.Status(strings.ToLower(strings.TrimSpace(s)))
		if !st.Valid() {
			return nil, change.Invalid("%q is not a status; expected one of %s", s, statusNames()).At("status")
		}
		all = append(all, st)
	}
	return all, nil
}

func statusNames() string {
	names := make([]string, len(change.Statuses))
	for i, s := range change.Statuses {
		names[i] = string(s)
	}
	return strings.Join(names, ", ")
}
