package github_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/github"
)

// tagged answers with an ETag made from the body, and with 304 to who has it.
func (w *world) tagged(what string, body func() string) {
	w.HandleFunc(what, func(rw http.ResponseWriter, r *http.Request) {
		b := body()
		tag := fmt.Sprintf(`W/"%x"`, sha256.Sum256([]byte(b)))
		rw.Header().Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag {
			rw.WriteHeader(http.StatusNotModified)
			return
		}
		w.say(rw, b)
	})
}

func TestWhatDidNotChangeIsAnsweredFromWhatIsKept(t *testing.T) {
	w := newWorld(t)
	title := "first"
	w.tagged("GET /repos/acme/changes/pulls/7", func() string { return pull(7, fmt.Sprintf(`,"title":%q`, title)) })
	registry := prometheus.NewRegistry()
	c := w.client(t, func(o *github.Options) { o.Metrics = registry })
	read := func(want string, notModified int64) {
		t.Helper()
		p, err := c.Pull(t.Context(), repo, 7)
		if err != nil || p.Title != want {
			t.Errorf("got %q, %v; want %q", p.Title, err, want)
		}
		if got := c.Counts().NotModified; got != notModified {
			t.Errorf("%d were not modified, want %d", got, notModified)
		}
	}
	read("first", 0)
	read("first", 1)
	title = "second"
	read("second", 1)
	read("second", 2)
	if got := len(w.sent); int64(got) != c.Counts().Requests {
		t.Errorf("%d requests arrived, counted %+v", got, c.Counts())
	}
	families, err := registry.Gather()
	if err != nil || len(families) != 1 || families[0].GetName() != "changectl_github_requests_total" {
		t.Fatalf("gathered %v, %v", families, err)
	}
	got := map[string]float64{}
	for _, m := range families[0].GetMetric() {
		got[m.GetLabel()[0].GetValue()] = m.GetCounter().GetValue()
	}
	if diff := cmp.Diff(map[string]float64{"not modified": 2, "sent": float64(len(w.sent))}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A new token does not make the ETag forgotten: GitHub decides what it is worth.
func TestETagsOutliveATokenOfAnInstallation(t *testing.T) {
	w := newWorld(t)
	w.tagged("GET /repos/acme/changes/pulls/7", func() string { return pull(7, "") })
	revoked := ""
	inner := w.ServeMux
	w.ServeMux = http.NewServeMux()
	w.HandleFunc("/", func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == revoked {
			rw.WriteHeader(http.StatusUnauthorized)
			return
		}
		inner.ServeHTTP(rw, r)
	})
	c := w.client(t)
	for range 2 {
		if p, err := c.Pull(t.Context(), repo, 7); err != nil || p.Number != 7 {
			t.Fatalf("got %+v, %v", p, err)
		}
		asked := w.all("GET /repos/acme/changes/pulls/7")
		revoked = asked[len(asked)-1].Header.Get("Authorization")
	}
	asked := w.all("GET /repos/acme/changes/pulls/7")
	last := asked[len(asked)-1].Header
	if last.Get("Authorization") == asked[0].Header.Get("Authorization") || last.Get("If-None-Match") == "" {
		t.Errorf("asked with %q and %q, then with %q", asked[0].Header.Get("Authorization"), last.Get("Authorization"), last.Get("If-None-Match"))
	}
	if got := c.Counts().NotModified; got != 1 {
		t.Errorf("%d were not modified, want 1", got)
	}
}

// All installations ask for their repositories with one URL; they must not answer for
// each other.
func TestETagsAreOfOneInstallation(t *testing.T) {
	w := estate(t)
	c := w.client(t)
	for range 2 {
		if _, err := c.Repositories(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	w.ServeMux = http.NewServeMux()
	w.HandleFunc("POST /app/installations/{id}/access_tokens", w.mint)
	w.HandleFunc("GET /app/installations", func(rw http.ResponseWriter, _ *http.Request) { w.say(rw, w.installations) })
	w.HandleFunc("GET /installation/repositories", func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("ETag", `"same"`) // as if GitHub's were of the URL alone
		if r.Header.Get("If-None-Match") != "" {
			rw.WriteHeader(http.StatusNotModified)
			return
		}
		w.repositories(rw, r)
	})
	for range 2 {
		found, err := c.Repositories(t.Context())
		if err != nil || len(found) != 3 {
			t.Errorf("got %v, %v; want three", found, err)
		}
	}
}

// A page says where the next one is, also where it comes from what is kept.
func TestPagesThatAreKeptLeadOn(t *testing.T) {
	w := newWorld(t)
	w.HandleFunc("GET /repos/acme/changes/pulls/7/reviews", func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("ETag", `"`+r.URL.RawQuery+`"`)
		if r.Header.Get("If-None-Match") != "" { // without Link, as GitHub answers
			rw.WriteHeader(http.StatusNotModified)
			return
		}
		page := r.URL.Query().Get("page")
		if page != "3" {
			rw.Header().Set("Link", fmt.Sprintf(`<%srepos/acme/changes/pulls/7/reviews?page=%c&per_page=100>; rel="next"`, w.url, page[0]+1))
		}
		w.say(rw, `[{"id":`+page+`}]`)
	})
	c := w.client(t)
	for range 2 {
		found, err := c.Reviews(t.Context(), repo, 7)
		if err != nil || len(found) != 3 || found[2].ID != 3 {
			t.Errorf("got %v, %v; want three", found, err)
		}
	}
	for _, s := range w.all("GET /repos/acme/changes/pulls/7/reviews") {
		if !strings.Contains(s.Query, "per_page=100") {
			t.Errorf("asked for %s", s.Query)
		}
	}
	if got := c.Counts().NotModified; got != 3 {
		t.Errorf("%d were not modified, want 3", got)
	}
}

func TestAnAnswerWithoutEndIsRefused(t *testing.T) {
	w := newWorld(t)
	w.HandleFunc("GET /repos/acme/changes/pulls/7", func(rw http.ResponseWriter, _ *http.Request) {
		block := []byte(strings.Repeat(" ", 1<<20))
		for {
			if _, err := rw.Write(block); err != nil {
				return
			}
		}
	})
	_, err := w.client(t).Pull(t.Context(), repo, 7)
	wantKind(t, err, change.KindInvalid)
}

func TestALineThatIsCutIsUnavailable(t *testing.T) {
	w := newWorld(t)
	w.HandleFunc("GET /repos/acme/changes/pulls/7", func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Length", "1000")
		w.say(rw, `{"number":`)
	})
	_, err := w.client(t).Pull(t.Context(), repo, 7)
	wantKind(t, err, change.KindUnavailable)

	broken := errors.New("no route")
	c := w.client(t, func(o *github.Options) { o.HTTP = &http.Client{Transport: failing{broken}} })
	_, err = c.Pull(t.Context(), repo, 7)
	wantKind(t, err, change.KindUnavailable)
	if !errors.Is(err, broken) {
		t.Errorf("%v does not lead to its cause", err)
	}
}

type failing struct{ err error }

func (f failing) RoundTrip(*http.Request) (*http.Response, error) { return nil, f.err }
