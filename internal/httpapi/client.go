package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/change"
)

// maxAnswer bounds what the client reads of one answer, in bytes.
const maxAnswer = 64 << 20

// Client calls the API. Every error is a *change.Error. Where the server sends
// the record of a change along with an error, both are returned.
type Client struct {
	base  string
	token string
	http  *http.Client
	// Agent is sent as User-Agent.
	Agent string
}

// NewClient returns a client of the server at base, such as
// http://127.0.0.1:8440. A nil hc is replaced by one without a total timeout:
// callers bound each call by its context.
func NewClient(base, token string, hc *http.Client) *Client {
	if hc == nil {
		hc = &http.Client{Transport: http.DefaultTransport}
	}
	return &Client{base: strings.TrimRight(base, "/"), token: token, http: hc, Agent: "changectl"}
}

// Base returns the address of the server.
func (c *Client) Base() string { return c.base }

// patience is how long the client waits for an answer beyond the time that it
// asked the server to wait for news.
const patience = 60 * time.Second

// once is call for requests that carry a nonce and so may be sent twice: when the
// connection broke before the answer came, they are.
func (c *Client) once(ctx context.Context, method, path string, body, out any) error {
	err := c.call(ctx, method, path, nil, body, out)
	if errors.Is(err, errNoAnswer) && ctx.Err() == nil {
		err = c.call(ctx, method, path, nil, body, out)
	}
	return err
}

var errNoAnswer = errors.New("no answer")

// call sends one request and decodes the answer into out.
func (c *Client) call(ctx context.Context, method, path string, query url.Values, body, out any) error {
	limit := patience
	if _, ok := body.(calendarText); ok {
		limit = 2 * importTime
	}
	if wait, err := time.ParseDuration(query.Get("wait")); err == nil {
		limit += wait
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("it did not answer within %s", limit))
	defer cancel()
	req, err := c.request(ctx, method, path, query, body)
	if err != nil {
		return err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return c.unreachable(ctx, err)
	}
	defer resp.Body.Close() //nolint:errcheck // nothing is left to be read
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return c.unreachable(ctx, err)
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		return c.refused(resp, b, out)
	}
	if err := json.Unmarshal(b, out); err != nil {
		return change.FailedTo("read the answer of %s %s: %w", method, req.URL.Path, err).
			WithHint("is %s a changectl server of this version?", c.base)
	}
	return nil
}

func (c *Client) request(ctx context.Context, method, path string, query url.Values, body any) (*http.Request, error) {
	r, kind, err := encode(body)
	if err != nil {
		return nil, err
	}
	target := c.base + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, target, r)
	if err != nil || req.URL.Host == "" || (req.URL.Scheme != "http" && req.URL.Scheme != "https") {
		return nil, change.Invalid("%q is not the address of a server; write for example http://127.0.0.1:8440", c.base).At("server")
	}
	if body != nil {
		req.Header.Set("Content-Type", kind)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	req.Header.Set("Accept", "application/json, application/problem+json")
	req.Header.Set("User-Agent", c.Agent)
	return req, nil
}

// calendarText is a body that is sent as it stands.
type calendarText string

// encode returns a body with its media type; nil for none.
func encode(body any) (io.Reader, string, error) {
	switch b := body.(type) {
	case nil:
		return nil, "", nil
	case calendarText:
		return strings.NewReader(string(b)), "text/calendar", nil
	}
	b, err := json.Marshal(body)
	if err != nil {
		return nil, "", change.Invalid("encode the request: %w", err)
	}
	return bytes.NewReader(b), "application/json", nil
}

func (c *Client) unreachable(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return change.Unavailable("the request to %s was given up: %w", c.base, cause)
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return change.Unavailable("no changectl server answers at %s: %w", c.base, noAnswer{err}).
		WithHint("start one with changectl dev, or set CHANGECTL_SERVER (or --server) to the address of yours")
}

// noAnswer marks an error of the connection, in which the answer may have been lost.
type noAnswer struct{ error }

// Is reports whether target is errNoAnswer.
func (noAnswer) Is(target error) bool { return target == errNoAnswer }

// Unwrap returns the cause.
func (n noAnswer) Unwrap() error { return n.error }

// refused makes an error of an answer that is not a success, and hands over the
// record that came with it.
func (c *Client) refused(resp *http.Response, b []byte, out any) error {
	var p Problem
	if err := json.Unmarshal(b, &p); err != nil || p.Detail == "" {
		text := fmt.Sprintf("%s %s answers %s", resp.Request.Method, resp.Request.URL.Redacted(), resp.Status)
		e := &change.Error{Kind: kindOf(resp.StatusCode), Message: text}
		return e.WithHint("is %s the address of a changectl server?", c.base)
	}
	if rec, ok := out.(*change.Record); ok && p.Record != nil {
		*rec = *p.Record
	}
	return p.restore()
}
