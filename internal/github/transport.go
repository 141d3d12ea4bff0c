package github

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// maxAnswer is the largest answer that is read, in bytes. GitHub cuts trees off at 7 MB.
const maxAnswer = 32 << 20

// answer is what GitHub said to a GET, with the ETag under which it said it.
type answer struct {
	etag   string
	header http.Header
	body   []byte
}

// conditional asks whether what it has of a GET is still so: a 304 does not count
// against the limit of requests. What it has is given out only where GitHub, which
// looks at the token first, says 304. GitHub makes the ETag from the token too, so
// a new token costs one full answer; the entry itself stays and is replaced.
//
// It reads every answer whole, so that a size and a context bound them all.
type conditional struct {
	next   http.RoundTripper
	kept   *lru[answer]
	counts *counters
	who    string // two installations ask different things with the same URL
}

// RoundTrip sends the request with the ETag of what is kept.
func (c *conditional) RoundTrip(req *http.Request) (*http.Response, error) {
	key := c.key(req)
	had, ok := c.kept.get(key)
	if key != "" && ok {
		req = req.Clone(req.Context())
		req.Header.Set("If-None-Match", had.etag)
	}
	resp, err := c.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := readAnswer(req.Context(), resp)
	if err != nil {
		return nil, err
	}
	if ok && resp.StatusCode == http.StatusNotModified {
		c.counts.add(&c.counts.notModified, "not modified")
		return had.respond(resp), nil
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	if etag := resp.Header.Get("ETag"); key != "" && etag != "" && resp.StatusCode == http.StatusOK {
		c.kept.put(key, answer{etag: etag, header: resp.Header.Clone(), body: body}, len(body)+headerRoom)
	}
	return resp, nil
}

// headerRoom is about what the header of an answer takes, in bytes.
const headerRoom = 2 << 10

// key returns where the answer to a request is kept, or "" for nowhere. Git's
// objects are kept by those who read them, decoded.
func (c *conditional) key(req *http.Request) string {
	if req.Method != http.MethodGet || strings.Contains(req.URL.Path, "/git/") {
		return ""
	}
	return c.who + " " + req.URL.String() + " " + strings.Join(req.Header.Values("Accept"), ",")
}

// respond turns a 304 into the answer that it confirms.
func (a answer) respond(to *http.Response) *http.Response {
	header := a.header.Clone()
	for name, values := range to.Header {
		if name != "Content-Length" && name != "Content-Type" {
			header[name] = values
		}
	}
	r := *to
	r.StatusCode, r.Status = http.StatusOK, "200 OK"
	r.Header, r.ContentLength = header, int64(len(a.body))
	r.Body = io.NopCloser(bytes.NewReader(a.body))
	return &r
}

type roomKey struct{}

// atMost bounds the answers to requests with the context, in bytes.
func atMost(ctx context.Context, room int) context.Context {
	return context.WithValue(ctx, roomKey{}, room)
}

// tooLarge says that an answer was not read to its end.
type tooLarge struct{ room int }

func (e *tooLarge) Error() string {
	return fmt.Sprintf("the answer is larger than %d bytes", e.room)
}

func readAnswer(ctx context.Context, resp *http.Response) ([]byte, error) {
	defer func() { _ = resp.Body.Close() }()
	room, ok := ctx.Value(roomKey{}).(int)
	if !ok {
		room = maxAnswer
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, int64(room)+1))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if len(body) > room {
		return nil, &tooLarge{room}
	}
	return body, nil
}
