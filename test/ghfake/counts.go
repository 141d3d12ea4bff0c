package ghfake

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Request is a kind of request with how it was answered. The route is that of GitHub's
// description.
type Request struct {
	Method, Route string
	Status        int
}

// Counts say what was asked of the server.
type Counts struct {
	Requests map[Request]int
	// Limited are the requests that count against the hourly limit: an answer 304
	// does not.
	Limited int
	// Writes are the requests that make content, of which GitHub takes 80 in a minute.
	Writes int
	// Points are what GitHub's secondary limit counts, 900 in a minute: 1 for a read,
	// 5 for a write.
	Points int
}

// Total is the number of all requests.
func (c Counts) Total() int {
	n := 0
	for _, times := range c.Requests {
		n += times
	}
	return n
}

// String lists the requests, the most frequent first.
func (c Counts) String() string {
	var b strings.Builder
	kinds := slices.SortedFunc(maps.Keys(c.Requests), func(x, y Request) int {
		return cmp.Or(c.Requests[y]-c.Requests[x], strings.Compare(x.Route, y.Route), strings.Compare(x.Method, y.Method), x.Status-y.Status)
	})
	for _, k := range kinds {
		fmt.Fprintf(&b, "%7d %-6s %s %d\n", c.Requests[k], k.Method, k.Route, k.Status)
	}
	fmt.Fprintf(&b, "%7d in all, %d against the hourly limit, %d writes, %d points\n", c.Total(), c.Limited, c.Writes, c.Points)
	return b.String()
}

// Counts returns what was asked so far.
func (s *Server) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.counts
	out.Requests = maps.Clone(out.Requests)
	return out
}

// ResetCounts begins to count anew.
func (s *Server) ResetCounts() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts = Counts{Requests: map[Request]int{}}
}

func (s *Server) count(c *call, status int) {
	s.counts.Requests[Request{c.route.method, c.route.path, status}]++
	reading := c.route.method == "GET"
	switch {
	case status == 304:
		return
	case reading:
		s.counts.Points++
	default:
		s.counts.Points += 5
		if c.route.write {
			s.counts.Writes++
		}
	}
	s.counts.Limited++
}
