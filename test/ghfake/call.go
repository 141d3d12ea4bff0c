package ghfake

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"time"
)

// call is one request as it is served.
type call struct {
	s      *Server
	http   *http.Request
	writer http.ResponseWriter
	route  *route
	token  *token
	repo   *Repo
	raw    []byte
	header http.Header
	status int // where it is not the route's
}

type handler func(*Server, *call) (any, error)

func (c *call) number(name string) int64 {
	n, err := strconv.ParseInt(c.http.PathValue(name), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

func (c *call) query(name string) string { return c.http.URL.Query().Get(name) }

// decode reads the body; an empty one says nothing.
func (c *call) decode(into any) error {
	if len(c.raw) == 0 {
		return nil
	}
	if err := json.Unmarshal(c.raw, into); err != nil {
		return refuse(http.StatusBadRequest, "Problems parsing JSON")
	}
	return nil
}

// serve answers a request to a known route. The whole of it is one step: no other act
// or request happens within.
func (s *Server) serve(rt *route, w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if string(bytes.TrimSpace(raw)) == "null" {
		raw = nil // what some clients send for nothing, and GitHub takes for it
	}
	c := &call{s: s, http: r, writer: w, route: rt, raw: raw, header: http.Header{}}
	c.write(c.locked(err))
}

func (c *call) locked(err error) answer {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	a := c.refused(refuse(http.StatusRequestEntityTooLarge, "the body is too long"))
	if err == nil {
		a = c.answer()
	}
	c.s.count(c, a.status)
	return a
}

func (c *call) answer() answer {
	t, err := c.s.authenticate(c.http)
	if err != nil {
		return c.refused(err)
	}
	c.token = t
	w := c.s.windowOf(t.owner())
	if err := c.limited(w); err != nil {
		c.s.limitHeaders(c.header, w)
		return c.refused(err)
	}
	failure := c.s.faults.failing(c.route.method + " " + c.route.path)
	if failure == nil {
		return c.counted(w, c.checked())
	}
	if failure.After {
		_ = c.checked()
	}
	c.header = http.Header{}
	if failure.RetryAfter > 0 {
		c.header.Set("Retry-After", strconv.Itoa(int((failure.RetryAfter+time.Second-1)/time.Second)))
	}
	return c.counted(w, c.refused(&refusal{status: failure.Status, message: failure.Message, documentation: failure.Documentation}))
}

// limited refuses a request when the hour's are used up.
func (c *call) limited(w *window) error {
	if w.used < c.s.options.RateLimit || c.route.path == "/rate_limit" {
		return nil
	}
	return &refusal{
		status: http.StatusForbidden, message: "API rate limit exceeded for " + c.token.owner() + ".",
		documentation: docs + "/overview/rate-limits-for-the-rest-api",
	}
}

func (c *call) counted(w *window, a answer) answer {
	if a.status != http.StatusNotModified && c.route.path != "/rate_limit" {
		w.used++
	}
	c.s.limitHeaders(a.header, w)
	return a
}

// checked carries the request out, and holds it and the answer against the description.
func (c *call) checked() answer {
	if !c.s.options.Unchecked {
		if wrong := c.checkRequest(); wrong != "" {
			c.s.violate("request %s %s: %s", c.http.Method, c.http.URL.RequestURI(), wrong)
			return c.refused(invalid("%s", wrong))
		}
	}
	a := c.render(c.handle())
	if !c.s.options.Unchecked {
		c.checkAnswer(a.status, a.header, a.body)
	}
	return a
}

func (c *call) handle() (any, error) {
	if err := c.findRepo(); err != nil {
		return nil, err
	}
	if err := c.allow(); err != nil {
		return nil, err
	}
	return c.route.handle(c.s, c)
}
