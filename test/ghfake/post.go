package ghfake

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"time"
)

// post sends a delivery and notes what came of it. It runs without the server's lock:
// whoever receives the event may ask the server at once.
func (h *hook) post(d *delivery, to, secret string) {
	start := time.Now()
	defer func() { d.took = time.Since(start) }()
	req, err := http.NewRequestWithContext(h.s.ctx, http.MethodPost, to, bytes.NewReader(d.payload))
	if err != nil {
		d.reason = err.Error()
		return
	}
	req.Header = d.headers(h.s.app.ID, secret)
	d.request = req.Header.Clone()
	resp, err := h.client.Do(req)
	if err != nil {
		d.reason = "failed to connect to host"
		return
	}
	defer func() { _ = resp.Body.Close() }()
	answer, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	d.status, d.reason, d.response, d.answer = resp.StatusCode, http.StatusText(resp.StatusCode), resp.Header, string(answer)
}

func (d *delivery) headers(app int64, secret string) http.Header {
	h := http.Header{
		"Content-Type": {"application/json"}, "User-Agent": {"GitHub-Hookshot/fake"}, "Accept": {"*/*"},
		"X-Github-Event": {d.event}, "X-Github-Delivery": {d.guid}, "X-Github-Hook-Id": {"1"},
		"X-Github-Hook-Installation-Target-Id":   {strconv.FormatInt(app, 10)},
		"X-Github-Hook-Installation-Target-Type": {"integration"},
	}
	if secret != "" {
		for name, signed := range signatures {
			h.Set(name, signed(secret, d.payload))
		}
	}
	return h
}

// Event is an event that was sent, or that was to be.
type Event struct {
	ID           int64
	GUID         string
	Name, Action string
	Payload      []byte
	Headers      http.Header
	Status       int // of the answer, 0 for none
	Redelivery   bool
}

// Events returns the deliveries so far, oldest first, as they are listed.
func (s *Server) Events() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Event
	for _, d := range s.hook.done {
		out = append(out, Event{d.id, d.guid, d.event, d.action, d.payload, d.request, d.status, d.redelivery})
	}
	return out
}

// json renders a delivery as lists have it, and whole when it is asked for alone.
func (d *delivery) json() object {
	out := object{
		"id": d.id, "guid": d.guid, "delivered_at": stamp(d.at), "redelivery": d.redelivery, "duration": d.took.Seconds(),
		"status": d.reason, "status_code": d.status, "event": d.event, "action": orNull(d.action), "throttled_at": nil,
		"installation_id": orZero(d.installation), "repository_id": orZero(d.repo), "url": "",
		"request": object{"headers": headersJSON(d.request), "payload": rawJSON(d.payload)},
	}
	out["response"] = object{"headers": headersJSON(d.response), "payload": orNull(d.answer)}
	return out
}

func orZero(id int64) any {
	if id == 0 {
		return nil
	}
	return id
}

func headersJSON(h http.Header) object {
	out := object{}
	for name := range h {
		out[name] = h.Get(name)
	}
	return out
}

// redeliver queues a delivery again: the same event under another ID.
func (h *hook) redeliver(d *delivery) {
	again := *d
	again.id, again.redelivery, again.status, again.reason = h.s.nextID(), true, 0, ""
	h.waiting = append(h.waiting, &again)
	h.changed.Broadcast()
}
