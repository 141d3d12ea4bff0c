package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// wire is the way to GitHub. It keeps the requests, with their bodies, so that they can
// be made again by themselves, and says when a check was written.
type wire struct {
	next http.RoundTripper

	mu       sync.Mutex
	delay    time.Duration // of each request, as GitHub's distance
	kept     []sent
	approval map[string]time.Time // when the approval check of a commit was made
	news     chan struct{}        // closed when there is another
}

type sent struct {
	req  *http.Request
	body []byte
}

// RoundTrip sends the request on.
func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		var err error
		if body, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	w.note(req, body)
	if err := w.travel(req.Context()); err != nil {
		return nil, err
	}
	resp, err := w.next.RoundTrip(req)
	if err == nil && resp.StatusCode == http.StatusCreated && strings.HasSuffix(req.URL.Path, "/check-runs") {
		w.written(body, time.Now())
	}
	return resp, err
}

func (w *wire) note(req *http.Request, body []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.kept = append(w.kept, sent{req.Clone(context.WithoutCancel(req.Context())), body})
}

// travel takes as long as the way to GitHub and back is set to.
func (w *wire) travel(ctx context.Context) error {
	w.mu.Lock()
	delay := w.delay
	w.mu.Unlock()
	if delay == 0 {
		return nil
	}
	way := time.NewTimer(delay)
	defer way.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-way.C:
		return nil
	}
}

// away puts GitHub so far away.
func (w *wire) away(delay time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.delay = delay
}

// forget forgets the requests so far.
func (w *wire) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.kept = nil
}

func (w *wire) written(body []byte, now time.Time) {
	var c struct {
		Name string
		Head string `json:"head_sha"`
	}
	if json.Unmarshal(body, &c) != nil || !strings.HasPrefix(c.Name, "changectl/approval: ") {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.approval[c.Head] = now
	close(w.news)
	w.news = make(chan struct{})
}

// await waits until the approval check of a commit is made, and says when it was.
func (w *wire) await(ctx context.Context, head string) (time.Time, error) {
	for {
		w.mu.Lock()
		at, there := w.approval[head]
		news := w.news
		w.mu.Unlock()
		if there {
			return at, nil
		}
		select {
		case <-ctx.Done():
			return at, ctx.Err()
		case <-news:
		}
	}
}

// of returns the requests that were kept, those alone that one look needs: of a pull
// request, its head, and once each of what is of no pull request.
func (w *wire) of(head string, marks ...string) []sent {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []sent
	once := map[string]bool{}
	for _, s := range w.kept {
		path := s.req.URL.Path
		own := strings.Contains(path, head) || bytes.Contains(s.body, []byte(head))
		for _, m := range marks {
			own = own || strings.Contains(path+"/", m)
		}
		general := !strings.Contains(path, "/pulls/") && !strings.Contains(path, "/issues/") && !strings.Contains(path, "/compare/") &&
			!strings.Contains(path, "/git/") && s.req.Method == http.MethodGet && !once[path]
		if own || general || strings.Contains(path, "/git/blobs/") {
			once[path] = true
			list = append(list, s)
		}
	}
	return list
}

// again makes the requests once more, one after the other, with nothing in between.
func again(list []sent) (time.Duration, error) {
	began := time.Now()
	for _, s := range list {
		req := s.req.Clone(s.req.Context())
		if s.body != nil {
			req.Body = io.NopCloser(bytes.NewReader(s.body))
		}
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			return 0, err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		if e := resp.Body.Close(); err == nil {
			err = e
		}
		if err != nil {
			return 0, err
		}
	}
	return time.Since(began), nil
}
