package github

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/changectl/changectl/internal/change"
)

// gate is what all requests of one installation pass: while GitHub wants none, none
// is sent. It keeps limits itself: the library's own know neither 429 nor our clock.
type gate struct {
	next   http.RoundTripper
	base   *url.URL
	clock  func() time.Time
	budget *budget
	counts *counters
	log    *logrus.Entry

	mu      sync.Mutex
	limit   *Limited // the last one, nil for none
	strikes int      // secondary limits without an answer between them
}

// RoundTrip sends the request unless there is a limit, and notes the limit that
// the answer speaks of. The error is a Limited.
func (g *gate) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := g.admit(req); err != nil {
		closeBody(req)
		return nil, err
	}
	g.counts.sent(content(req))
	resp, err := g.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	return g.judge(resp)
}

func (g *gate) admit(req *http.Request) error {
	if req.URL.Host != g.base.Host || req.URL.Scheme != g.base.Scheme {
		return change.Denied("GitHub redirects to %s, which is not the configured %s", req.URL.Host, g.base.Host).
			WithHint("the token is sent nowhere else; correct the base URL")
	}
	now := g.clock()
	if l := g.limited(now); l != nil {
		g.counts.add(&g.counts.refused, "refused")
		return l
	}
	if !content(req) {
		return nil
	}
	if until, ok := g.budget.spend(now); !ok {
		g.counts.add(&g.counts.refused, "refused")
		return &Limited{Until: until, Why: writes}
	}
	return nil
}

func (g *gate) limited(now time.Time) *Limited {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.limit == nil || !g.limit.Until.After(now) {
		return nil
	}
	return g.limit
}

// judge turns an answer that is a limit into an error. The library must not see when
// the hour ends: it would keep a limit of its own, by another clock.
func (g *gate) judge(resp *http.Response) (*http.Response, error) {
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	now := g.clock()
	g.mu.Lock()
	defer g.mu.Unlock()
	l := limitOf(resp, body, now, g.strikes)
	if l != nil {
		g.note(l)
		return nil, l
	}
	g.strikes = 0
	if resp.Header.Get("X-RateLimit-Remaining") == "0" {
		g.limit = &Limited{Until: resetOf(resp.Header, now), Why: primary}
	}
	resp.Header.Del("X-RateLimit-Reset")
	return resp, nil
}

// note keeps a limit; one that ends later is not shortened by an answer that was
// under way.
func (g *gate) note(l *Limited) {
	g.counts.add(&g.counts.limited, "limited")
	if l.Why == secondary {
		g.strikes++
	}
	if g.limit == nil || l.Until.After(g.limit.Until) {
		g.limit = l
	}
	g.log.WithFields(logrus.Fields{"limit": l.Why, "until": l.Until.UTC()}).Warn("GitHub limits requests")
}

// content reports whether a request makes content, as GitHub counts it. Tokens and
// redeliveries are none.
func content(req *http.Request) bool {
	if req.Method == http.MethodGet || req.Method == http.MethodHead {
		return false
	}
	return !strings.HasSuffix(req.URL.Path, "/access_tokens") && !strings.HasSuffix(req.URL.Path, "/attempts")
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}
