package github_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/github"
	"github.com/changectl/changectl/internal/proposal"
)

const (
	appID = 4321
	sha   = "1111111111111111111111111111111111111111"
	other = "2222222222222222222222222222222222222222"
)

var start = time.Date(2027, 3, 6, 22, 0, 0, 0, time.UTC)

var repo = proposal.Repository{ID: 1, Owner: "acme", Name: "changes", DefaultBranch: "main", Installation: 10}

// key is one for all tests: making it takes a while.
var key = sync.OnceValue(func() []byte {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(k)})
})

// sent is a request as it arrived.
type sent struct {
	What   string // GET /path, without the query
	Query  string
	Header http.Header
	Body   string
}

// world is a GitHub of which a test says only what it needs.
type world struct {
	*http.ServeMux
	url string

	mu            sync.Mutex
	now           time.Time
	sent          []sent
	minted        int
	installations string           // as JSON
	reach         map[int64]string // the repositories of installations, as JSON
	bearer        map[string]int64 // tokens given out, with their installations
}

// newWorld has one installation, 10 of acme, that reaches repo.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		ServeMux: http.NewServeMux(), now: start, bearer: map[string]int64{},
		installations: `[{"id":10,"app_id":4321,"app_slug":"changectl","account":{"login":"acme","id":5}}]`,
		reach:         map[int64]string{10: `{"id":1,"name":"changes","full_name":"acme/changes","owner":{"login":"acme","id":5},"default_branch":"main"}`},
	}
	w.HandleFunc("GET /app/installations", func(rw http.ResponseWriter, _ *http.Request) { w.say(rw, w.installations) })
	w.HandleFunc("POST /app/installations/{id}/access_tokens", w.mint)
	w.HandleFunc("GET /installation/repositories", w.repositories)
	server := httptest.NewServer(http.HandlerFunc(w.serve))
	t.Cleanup(server.Close)
	w.url = server.URL + "/"
	return w
}

func (w *world) serve(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.mu.Lock()
	w.sent = append(w.sent, sent{What: r.Method + " " + r.URL.Path, Query: r.URL.RawQuery, Header: r.Header.Clone(), Body: string(body)})
	mux := w.ServeMux // a test may put another in its place
	w.mu.Unlock()
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	mux.ServeHTTP(rw, r)
}

func (w *world) mint(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.minted++
	token := fmt.Sprintf("token-%d", w.minted)
	var id int64
	_, _ = fmt.Sscan(r.PathValue("id"), &id)
	w.bearer["token "+token] = id
	rw.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(rw).Encode(map[string]any{"token": token, "expires_at": time.Now().Add(time.Hour)})
}

func (w *world) repositories(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.say(rw, `{"total_count":1,"repositories":[`+w.reach[w.bearer[r.Header.Get("Authorization")]]+`]}`)
}

func (w *world) say(rw http.ResponseWriter, body string) {
	rw.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(rw, body)
}

// answer lets a request be answered always the same.
func (w *world) answer(what, body string) {
	w.HandleFunc(what, func(rw http.ResponseWriter, _ *http.Request) { w.say(rw, body) })
}

// refuse lets a request be answered with a status.
func (w *world) refuse(what string, status int, header http.Header, body string) {
	w.HandleFunc(what, func(rw http.ResponseWriter, _ *http.Request) {
		for name, values := range header {
			rw.Header()[http.CanonicalHeaderKey(name)] = values
		}
		rw.WriteHeader(status)
		_, _ = io.WriteString(rw, body)
	})
}

// requests returns those that arrived, as METHOD /path, without those that the App
// makes to find its way.
func (w *world) requests() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	found := []string{}
	for _, s := range w.sent {
		if !strings.Contains(s.What, " /app/") && !strings.Contains(s.What, " /installation/") {
			found = append(found, s.What)
		}
	}
	return found
}

// all returns the requests that were as what says.
func (w *world) all(what string) (found []sent) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.sent {
		if s.What == what {
			found = append(found, s)
		}
	}
	return found
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) client(t *testing.T, alter ...func(*github.Options)) *github.Client {
	t.Helper()
	o := github.Options{AppID: appID, Key: key(), BaseURL: w.url, Clock: w.clock}
	for _, a := range alter {
		a(&o)
	}
	c, err := github.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func wantKind(t *testing.T, err error, want change.Kind) {
	t.Helper()
	if got := change.KindOf(err); err == nil || got != want {
		t.Errorf("the error is %q of kind %q, want kind %q", err, got, want)
	}
}

func pull(number int, more string) string {
	return fmt.Sprintf(`{"number":%d,"state":"open","title":"T","html_url":"https://x/pull/%d","updated_at":"2027-03-06T21:00:00Z",
		"user":{"id":7,"login":"alice","type":"User"},
		"head":{"ref":"topic","sha":"%s","repo":{"id":1}},"base":{"ref":"main","sha":"%s","repo":{"id":1}}%s}`, number, number, sha, other, more)
}
