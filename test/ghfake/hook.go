package ghfake

import (
	"context"
	"crypto/hmac"
	crand "crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"
)

// hook is the App's webhook: deliveries go out one after the other, in order.
type hook struct {
	s       *Server
	url     string
	secret  string
	client  http.Client
	changed *sync.Cond // on the server's lock
	waiting []*delivery
	busy    bool
	held    bool
	done    []*delivery // oldest first
	stopped sync.WaitGroup
}

// delivery is one sending of an event.
type delivery struct {
	id                  int64
	guid, event, action string
	installation, repo  int64
	payload             []byte
	redelivery          bool
	at                  time.Time
	took                time.Duration
	status              int // 0: there was no answer
	reason              string
	request, response   http.Header
	answer              string
}

func newHook(s *Server) *hook {
	h := &hook{s: s, changed: sync.NewCond(&s.mu), client: http.Client{Timeout: 10 * time.Second}}
	h.stopped.Go(h.run)
	context.AfterFunc(s.ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		h.changed.Broadcast()
	})
	return h
}

// SetHook says where events are sent to, and what they are signed with. What happened
// before is not sent.
func (s *Server) SetHook(url, secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hook.url, s.hook.secret = url, secret
}

// add queues a delivery, with the faults that are ordered.
func (h *hook) add(d *delivery) {
	f := &h.s.faults
	switch {
	case f.lose(d):
		if f.recordLost {
			d.at, d.reason = h.s.now(), "failed to connect to host"
			h.done = append(h.done, d)
		}
	case f.twice():
		h.waiting = append(h.waiting, d, &delivery{
			id: h.s.nextID(), guid: d.guid, event: d.event, action: d.action, installation: d.installation, repo: d.repo, payload: d.payload,
		})
	default:
		h.waiting = append(h.waiting, d)
	}
	f.swap(h.waiting)
	h.changed.Broadcast()
}

// run sends until the server is closed.
func (h *hook) run() {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	for {
		for h.s.ctx.Err() == nil && (h.held || len(h.waiting) == 0) {
			h.changed.Wait()
		}
		if h.s.ctx.Err() != nil {
			return
		}
		d := h.waiting[0]
		h.waiting, h.busy = h.waiting[1:], true
		to, secret := h.url, h.secret
		d.at = h.s.now()
		h.s.mu.Unlock()
		h.post(d, to, secret)
		h.s.mu.Lock()
		h.done = append(h.done, d)
		h.busy = false
		h.changed.Broadcast()
	}
}

// WaitDeliveries waits until everything was sent that is to be sent. Held deliveries
// are not waited for.
func (s *Server) WaitDeliveries(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	stop := context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.hook.changed.Broadcast()
	})
	defer stop()
	for s.hook.busy || (len(s.hook.waiting) > 0 && !s.hook.held) {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("wait for %d deliveries: %w", len(s.hook.waiting), err)
		}
		s.hook.changed.Wait()
	}
	return nil
}

// HoldDeliveries keeps deliveries back until ReleaseDeliveries.
func (s *Server) HoldDeliveries() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hook.held = true
}

// ReleaseDeliveries sends what was kept back: in order, or shuffled by a seed other
// than 0.
func (s *Server) ReleaseDeliveries(seed uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hook
	if seed != 0 {
		dice := rand.New(rand.NewPCG(seed, 0))
		dice.Shuffle(len(h.waiting), func(i, j int) { h.waiting[i], h.waiting[j] = h.waiting[j], h.waiting[i] })
	}
	h.held = false
	h.changed.Broadcast()
}

func sign(newHash func() hash.Hash, secret string, body []byte) string {
	mac := hmac.New(newHash, []byte(secret))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// guid makes a random UUID.
func guid() string {
	b := make([]byte, 16)
	_, _ = crand.Read(b)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

var signatures = map[string]func(string, []byte) string{
	"X-Hub-Signature":     func(k string, b []byte) string { return "sha1=" + sign(sha1.New, k, b) },
	"X-Hub-Signature-256": func(k string, b []byte) string { return "sha256=" + sign(sha256.New, k, b) },
}

func (h *hook) find(id int64) *delivery {
	i := slices.IndexFunc(h.done, func(d *delivery) bool { return d.id == id })
	if i < 0 {
		return nil
	}
	return h.done[i]
}
