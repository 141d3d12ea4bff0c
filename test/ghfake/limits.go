package ghfake

import (
	"net/http"
	"strconv"
	"time"
)

// window is what is left of an hour's requests.
type window struct {
	used  int
	reset time.Time
}

// ExhaustRateLimit has every caller used up its requests until a moment.
func (s *Server) ExhaustRateLimit(until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.tokens {
		s.windowOf(t.owner())
	}
	for _, w := range s.limits {
		w.used, w.reset = s.options.RateLimit, until
	}
}

func (s *Server) windowOf(owner string) *window {
	w := s.limits[owner]
	now := s.now()
	if w == nil || !now.Before(w.reset) {
		w = &window{reset: now.Add(time.Hour)}
		s.limits[owner] = w
	}
	return w
}

// headers tells the caller where it stands.
func (s *Server) limitHeaders(h http.Header, w *window) {
	limit := s.options.RateLimit
	h.Set("X-RateLimit-Limit", strconv.Itoa(limit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(max(limit-w.used, 0)))
	h.Set("X-RateLimit-Used", strconv.Itoa(min(w.used, limit)))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(w.reset.Unix(), 10))
	h.Set("X-RateLimit-Resource", "core")
}

func (s *Server) rateLimit(c *call) (any, error) {
	w := s.windowOf(c.token.owner())
	core := object{
		"limit": s.options.RateLimit, "used": w.used, "remaining": max(s.options.RateLimit-w.used, 0), "reset": w.reset.Unix(),
	}
	return object{"rate": core, "resources": object{"core": core, "search": core}}, nil
}
