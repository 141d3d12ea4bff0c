package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/changectl/changectl/internal/change"
)

// Slots returns the next windows in which nothing would be in the way of a request.
func (c *Client) Slots(ctx context.Context, q SlotsQuery) (l []change.Window, err error) {
	err = c.call(ctx, http.MethodPost, "/v1/slots", nil, q, &l)
	return l, err
}

// Sandbox returns who is playing around of: a change, a system, or site:, cluster: or
// region: with a name; everybody where it is empty.
func (c *Client) Sandbox(ctx context.Context, of string) (s change.Sandbox, err error) {
	q := url.Values{}
	set(q, "of", of)
	err = c.call(ctx, http.MethodGet, "/v1/sandbox", q, nil, &s)
	return s, err
}

// Windows returns the maintenance windows: of a system, or all where that is empty.
func (c *Client) Windows(ctx context.Context, system change.Ref) (l []change.MaintenanceWindow, err error) {
	q := url.Values{}
	set(q, "system", string(system))
	err = c.call(ctx, http.MethodGet, "/v1/windows", q, nil, &l)
	return l, err
}

// Open returns when the owners of all these systems allow work, in [from, to).
func (c *Client) Open(ctx context.Context, systems []change.Ref, from, to time.Time) (o OpenTimes, err error) {
	q := url.Values{}
	addRefs(q, "system", systems)
	setTime(q, "from", from)
	setTime(q, "to", to)
	err = c.call(ctx, http.MethodGet, "/v1/windows/open", q, nil, &o)
	return o, err
}

// Freezes returns the freezes that f selects.
func (c *Client) Freezes(ctx context.Context, f FreezeFilter) (l []change.Freeze, err error) {
	q := url.Values{}
	set(q, "system", string(f.System))
	setTrue(q, "all", f.All)
	err = c.call(ctx, http.MethodGet, "/v1/freezes", q, nil, &l)
	return l, err
}

// AddFreeze records a freeze.
func (c *Client) AddFreeze(ctx context.Context, req FreezeRequest) (a FreezeAnswer, err error) {
	err = c.once(ctx, http.MethodPost, "/v1/freezes", req, &a)
	return a, err
}

// reason is the body of what only needs one.
type reason struct {
	Reason string `json:"reason"`
}

// LiftFreeze lifts a freeze before it is over.
func (c *Client) LiftFreeze(ctx context.Context, id change.ID, why string) (a FreezeAnswer, err error) {
	err = c.call(ctx, http.MethodPost, "/v1/freezes/"+url.PathEscape(string(id))+"/lift", nil, reason{why}, &a)
	return a, err
}

func declarationPath(id change.ID) string { return "/v1/declarations/" + url.PathEscape(string(id)) }

// Declarations returns the declared maintenances that f selects.
func (c *Client) Declarations(ctx context.Context, f DeclarationFilter) (l []change.Declaration, err error) {
	q := url.Values{}
	setTime(q, "from", f.From)
	setTime(q, "to", f.To)
	set(q, "system", string(f.System))
	setTrue(q, "all", f.All)
	err = c.call(ctx, http.MethodGet, "/v1/declarations", q, nil, &l)
	return l, err
}

// Declaration returns a declared maintenance.
func (c *Client) Declaration(ctx context.Context, id change.ID) (d change.Declaration, err error) {
	err = c.call(ctx, http.MethodGet, declarationPath(id), nil, nil, &d)
	return d, err
}

// Declare records somebody's maintenance.
func (c *Client) Declare(ctx context.Context, req DeclareRequest) (a DeclareAnswer, err error) {
	err = c.once(ctx, http.MethodPost, "/v1/declarations", req, &a)
	return a, err
}

// Redeclare moves or otherwise alters a declared maintenance. Empty fields stay.
func (c *Client) Redeclare(ctx context.Context, id change.ID, req DeclareRequest) (a DeclareAnswer, err error) {
	err = c.once(ctx, http.MethodPatch, declarationPath(id), req, &a)
	return a, err
}

// Withdraw takes a declared maintenance back.
func (c *Client) Withdraw(ctx context.Context, id change.ID, why string) (a DeclareAnswer, err error) {
	err = c.call(ctx, http.MethodPost, declarationPath(id)+"/withdraw", nil, reason{why}, &a)
	return a, err
}

// Import takes the events of an iCalendar as declarations. The text may be as long as
// MaxCalendar; more is Invalid.
func (c *Client) Import(ctx context.Context, req ImportRequest) (a ImportAnswer, err error) {
	if len(req.Text) > MaxCalendar {
		return a, change.Invalid("the calendar is over %d MiB", MaxCalendar>>20).WithHint("split it")
	}
	q := url.Values{}
	addRefs(q, "target", req.Targets)
	set(q, "impact", string(req.Impact))
	set(q, "owner", req.Owner)
	set(q, "contact", req.Contact)
	setTrue(q, "dryRun", req.DryRun)
	err = c.call(ctx, http.MethodPost, calendarsPath+url.PathEscape(req.Calendar), q, calendarText(req.Text), &a)
	return a, err
}

// BreakClaim signs for taking the claim of a change away.
func (c *Client) BreakClaim(ctx context.Context, id change.ID, s change.SignedStatement) (a BreakAnswer, err error) {
	err = c.once(ctx, http.MethodPost, changePath(id, "/break-claim"), s, &a)
	return a, err
}

func addRefs(q url.Values, key string, refs []change.Ref) {
	for _, r := range refs {
		q.Add(key, string(r))
	}
}

func setTrue(q url.Values, key string, v bool) {
	if v {
		q.Set(key, strconv.FormatBool(v))
	}
}
