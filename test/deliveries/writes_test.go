package deliveries_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// writes stands between the product and GitHub and reads what is written.
//
// A write is a request that makes content and succeeds: a check run, the comment, a
// deployment or its status, a reaction. A transition is a write after which something
// shows otherwise than before: the check of a name on a commit (whatever run it is), the
// comment of a pull request, a deployment's newest status. So a write that is no
// transition says again what stands there already: a second run or comment with the
// same words, an edit that edits nothing. There must be none.
type writes struct {
	server *httptest.Server

	mu          sync.Mutex
	stands      map[string]string // by what it is of
	alias       map[string]string // what a number of GitHub's is of
	total       int
	transitions int
	idle        []string // the writes that were no transitions
	kinds       map[string]int
}

func startWrites(t testing.TB, to string) *writes {
	t.Helper()
	target, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	w := &writes{stands: map[string]string{}, alias: map[string]string{}, kinds: map[string]int{}}
	proxy := &httputil.ReverseProxy{
		ErrorLog: log.New(io.Discard, "", 0), // the product gives requests up when it stops
		Rewrite:  func(r *httputil.ProxyRequest) { r.SetURL(target) },
		ModifyResponse: func(r *http.Response) error {
			if body, ok := r.Request.Context().Value(bodyKey{}).([]byte); ok && r.StatusCode/100 == 2 {
				return w.note(r, body)
			}
			return nil
		},
	}
	w.server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost || r.Method == http.MethodPatch {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				http.Error(rw, err.Error(), http.StatusBadRequest)
				return
			}
			r = r.WithContext(withBody(r.Context(), body))
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		proxy.ServeHTTP(rw, r)
	}))
	t.Cleanup(w.server.Close)
	return w
}

var (
	checkRoute      = regexp.MustCompile(`/check-runs(?:/(\d+))?$`)
	commentRoute    = regexp.MustCompile(`/issues/(\d+)/comments$|/issues/comments/(\d+)$`)
	reactionRoute   = regexp.MustCompile(`/comments/(\d+)/reactions$`)
	statusRoute     = regexp.MustCompile(`/deployments/(\d+)/statuses$`)
	deploymentRoute = regexp.MustCompile(`/deployments$`)
)

// note takes a write that succeeded.
func (w *writes) note(r *http.Response, asked []byte) error {
	said, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	r.Body = io.NopCloser(bytes.NewReader(said))
	var answer struct {
		ID      int64
		Name    string
		HeadSHA string `json:"head_sha"`
		SHA     string
		Task    string
	}
	if err := json.Unmarshal(said, &answer); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	path, created := r.Request.URL.Path, fmt.Sprint(answer.ID)
	switch {
	case strings.HasSuffix(path, "/access_tokens"), strings.HasSuffix(path, "/attempts"):
	case checkRoute.MatchString(path):
		w.write("check", answer.Name+" on "+answer.HeadSHA, check(asked))
	case reactionRoute.MatchString(path):
		w.write("reaction", reactionRoute.FindStringSubmatch(path)[1], asked)
	case commentRoute.MatchString(path):
		m := commentRoute.FindStringSubmatch(path)
		if m[1] != "" {
			w.alias["comment "+created] = m[1]
		}
		w.write("comment", w.alias["comment "+created], asked)
	case statusRoute.MatchString(path):
		w.write("status", statusRoute.FindStringSubmatch(path)[1], asked)
	case deploymentRoute.MatchString(path):
		w.write("deployment", created, asked)
	default:
		w.write("other", path, asked)
	}
	return nil
}

// check is what of a request shows: not whether it makes a run or alters one.
func check(asked []byte) []byte {
	var c struct{ Status, Conclusion, Output json.RawMessage }
	if json.Unmarshal(asked, &c) != nil {
		return asked
	}
	return bytes.Join([][]byte{c.Status, c.Conclusion, c.Output}, []byte{0})
}

func (w *writes) write(kind, of string, text []byte) {
	w.total++
	w.kinds[kind]++
	key, sum := kind+" "+of, fmt.Sprintf("%x", sha256.Sum256(text))
	if w.stands[key] == sum {
		w.idle = append(w.idle, key)
		return
	}
	w.stands[key] = sum
	w.transitions++
}

// judge fails the test for writes that changed nothing, and returns a line.
func (w *writes) judge(t testing.TB) string {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, key := range w.idle {
		t.Errorf("written again as it stood: %s", key)
	}
	return fmt.Sprintf("%d content writes %v, %d transitions", w.total, w.kinds, w.transitions)
}

type bodyKey struct{}

func withBody(ctx context.Context, body []byte) context.Context {
	return context.WithValue(ctx, bodyKey{}, body)
}
