package github

import (
	"fmt"
	"io"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/sirupsen/logrus"
)

// Counts is what was asked of GitHub.
type Counts struct {
	Requests    int64 // sent, those for tokens too
	NotModified int64 // of them, answered from what was kept
	Writes      int64 // of them, those that count as content
	Limited     int64 // of them, answered with a limit
	Refused     int64 // not sent: a limit or the budget of writes was in the way
}

type counters struct {
	requests, notModified, writes, limited, refused atomic.Int64
	metric                                          *prometheus.CounterVec
}

func newCounters(r prometheus.Registerer) (*counters, error) {
	c := &counters{metric: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "changectl_github_requests_total",
		Help: "Requests to GitHub: all that were sent, those answered with not modified, writes of content, those answered with a limit, and those that were not sent because of one.",
	}, []string{"what"})}
	if r == nil {
		return c, nil
	}
	if err := r.Register(c.metric); err != nil {
		return nil, fmt.Errorf("register the metric of GitHub requests: %w", err)
	}
	return c, nil
}

func (c *counters) now() Counts {
	return Counts{
		Requests: c.requests.Load(), NotModified: c.notModified.Load(), Writes: c.writes.Load(),
		Limited: c.limited.Load(), Refused: c.refused.Load(),
	}
}

func (c *counters) add(n *atomic.Int64, what string) {
	n.Add(1)
	c.metric.WithLabelValues(what).Inc()
}

func (c *counters) sent(write bool) {
	c.add(&c.requests, "sent")
	if write {
		c.add(&c.writes, "write")
	}
}

func silence() *logrus.Entry {
	l := logrus.New()
	l.SetOutput(io.Discard)
	return logrus.NewEntry(l)
}
