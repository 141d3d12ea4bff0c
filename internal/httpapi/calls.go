package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/audit"
	"github.com/changectl/changectl/internal/change"
)

func changePath(id change.ID, rest ...string) string {
	return "/v1/changes/" + url.PathEscape(string(id)) + strings.Join(rest, "")
}

// Preview compiles and checks a request and writes nothing.
func (c *Client) Preview(ctx context.Context, req change.Request) (p Preview, err error) {
	err = c.call(ctx, http.MethodPost, "/v1/preview", nil, req, &p)
	return p, err
}

// Submit submits a change. One that is refused is a Conflict beside its record.
func (c *Client) Submit(ctx context.Context, req change.Request) (rec change.Record, err error) {
	err = c.once(ctx, http.MethodPost, "/v1/changes", req, &rec)
	return rec, err
}

// Revise replaces the request of a change that has not started.
func (c *Client) Revise(ctx context.Context, id change.ID, req change.Request) (rec change.Record, err error) {
	err = c.once(ctx, http.MethodPut, changePath(id), req, &rec)
	return rec, err
}

// Get returns a change.
func (c *Client) Get(ctx context.Context, id change.ID) (rec change.Record, err error) {
	err = c.call(ctx, http.MethodGet, changePath(id), nil, nil, &rec)
	return rec, err
}

// Await returns a change once its version is above after, or when wait is over.
func (c *Client) Await(ctx context.Context, id change.ID, after int64, wait time.Duration) (rec change.Record, err error) {
	q := url.Values{"after": {strconv.FormatInt(after, 10)}, "wait": {wait.String()}}
	err = c.call(ctx, http.MethodGet, changePath(id), q, nil, &rec)
	return rec, err
}

// List returns the changes that f selects; f.Mine is taken as the caller,
// whatever person it names.
func (c *Client) List(ctx context.Context, f Filter) (l []change.Summary, err error) {
	q := url.Values{}
	names := make([]string, len(f.Status))
	for i, s := range f.Status {
		names[i] = string(s)
	}
	set(q, "status", strings.Join(names, ","))
	set(q, "system", string(f.System))
	if f.Mine != "" {
		q.Set("mine", "true")
	}
	if f.Open {
		q.Set("open", "true")
	}
	if f.Origin != nil {
		q.Set("origin", f.Origin.String())
	}
	setInt(q, "limit", int64(f.Limit))
	err = c.call(ctx, http.MethodGet, "/v1/changes", q, nil, &l)
	return l, err
}

// ToSign returns the statements to sign for a verb.
func (c *Client) ToSign(ctx context.Context, id change.ID, s SignQuery) (l []change.Statement, err error) {
	q := url.Values{"verb": {string(s.Verb)}}
	set(q, "reason", s.Reason)
	set(q, "step", s.Step)
	err = c.call(ctx, http.MethodGet, changePath(id, "/statements"), q, nil, &l)
	return l, err
}

// Approve sends signed statements with the verbs approve or reject.
func (c *Client) Approve(ctx context.Context, id change.ID, s []change.SignedStatement) (rec change.Record, err error) {
	err = c.once(ctx, http.MethodPost, changePath(id, "/approvals"), s, &rec)
	return rec, err
}

// Decide sends a decision.
func (c *Client) Decide(ctx context.Context, id change.ID, d DecideRequest) (rec change.Record, err error) {
	err = c.once(ctx, http.MethodPost, changePath(id, "/decisions"), d, &rec)
	return rec, err
}

// Calendar returns what holds systems in [from, to).
func (c *Client) Calendar(ctx context.Context, from, to time.Time, system change.Ref) (l []change.Holding, err error) {
	q := url.Values{}
	setTime(q, "from", from)
	setTime(q, "to", to)
	set(q, "system", string(system))
	err = c.call(ctx, http.MethodGet, "/v1/calendar", q, nil, &l)
	return l, err
}

// Log returns entries of the audit log.
func (c *Client) Log(ctx context.Context, f LogFilter) (l []audit.Record, err error) {
	q := url.Values{}
	setInt(q, "from", f.From)
	setInt(q, "limit", int64(f.Limit))
	set(q, "change", string(f.Change))
	set(q, "system", string(f.System))
	set(q, "person", string(f.Person))
	setTime(q, "since", f.Since)
	setTime(q, "until", f.Until)
	err = c.call(ctx, http.MethodGet, "/v1/log", q, nil, &l)
	return l, err
}

// Checkpoint returns the newest signed checkpoint of the log.
func (c *Client) Checkpoint(ctx context.Context) (p Checkpoint, err error) {
	err = c.call(ctx, http.MethodGet, "/v1/log/checkpoint", nil, nil, &p)
	return p, err
}

// Runbooks returns the runbooks that changes can name.
func (c *Client) Runbooks(ctx context.Context) (l []RunbookInfo, err error) {
	err = c.call(ctx, http.MethodGet, "/v1/runbooks", nil, nil, &l)
	return l, err
}

// Runbook returns one runbook, with its text.
func (c *Client) Runbook(ctx context.Context, name string) (r RunbookInfo, err error) {
	err = c.call(ctx, http.MethodGet, "/v1/runbooks/"+url.PathEscape(name), nil, nil, &r)
	return r, err
}

// Whoami returns the person whom the token belongs to.
func (c *Client) Whoami(ctx context.Context) (p change.Person, err error) {
	err = c.call(ctx, http.MethodGet, "/v1/whoami", nil, nil, &p)
	return p, err
}

func set(q url.Values, key, value string) {
	if value != "" {
		q.Set(key, value)
	}
}

func setInt(q url.Values, key string, n int64) {
	if n != 0 {
		q.Set(key, strconv.FormatInt(n, 10))
	}
}

func setTime(q url.Values, key string, t time.Time) {
	if !t.IsZero() {
		q.Set(key, t.UTC().Format(time.RFC3339Nano))
	}
}
