package github_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/github"
	"github.com/changectl/changectl/internal/proposal"
)

func repoJSON(id int64, owner, name string) string {
	return fmt.Sprintf(`{"id":%d,"name":%q,"full_name":"%s/%s","owner":{"login":%q},"default_branch":"main"}`, id, name, owner, name, owner)
}

func serving(names ...string) func(*github.Options) {
	return func(o *github.Options) { o.Repositories = names }
}

// three installations: acme with two repositories, beta with one, a suspended one.
func estate(t *testing.T) *world {
	w := newWorld(t)
	w.installations = `[{"id":10,"account":{"login":"acme"}},{"id":20,"account":{"login":"beta"}},
		{"id":30,"account":{"login":"gamma"},"suspended_at":"2027-03-01T00:00:00Z"}]`
	w.reach[10] = repoJSON(1, "acme", "changes") + "," + repoJSON(2, "acme", "Site")
	w.reach[20] = repoJSON(3, "beta", "changes")
	return w
}

func TestRepositoriesAreThoseServed(t *testing.T) {
	for name, tc := range map[string]struct {
		alter func(*github.Options)
		want  []string
	}{
		"all":                          {serving(), []string{"acme/Site", "acme/changes", "beta/changes"}},
		"one, in another case":         {serving("ACME/site"), []string{"acme/Site"}},
		"one of each":                  {serving("acme/changes", "beta/changes"), []string{"acme/changes", "beta/changes"}},
		"one that is not there":        {serving("acme/gone"), nil},
		"of one installation":          {func(o *github.Options) { o.Installations = []int64{20} }, []string{"beta/changes"}},
		"named but of another account": {func(o *github.Options) { o.Installations = []int64{20}; o.Repositories = []string{"acme/changes"} }, nil},
	} {
		w := estate(t)
		found, err := w.client(t, tc.alter).Repositories(t.Context())
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var got []string
		for _, r := range found {
			got = append(got, r.FullName())
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Somebody else's installation of the App must not be able to do harm.
func TestInstallationsThatConcernNobodyAreNotAsked(t *testing.T) {
	w := estate(t)
	if _, err := w.client(t, serving("acme/changes")).Repositories(t.Context()); err != nil {
		t.Fatal(err)
	}
	if asked := w.all("POST /app/installations/20/access_tokens"); len(asked) != 0 {
		t.Errorf("beta was asked %d times", len(asked))
	}
}

func TestRepository(t *testing.T) {
	for name, tc := range map[string]struct {
		id    int64
		alter func(*github.Options)
		world func(*world)
		want  change.Kind
	}{
		"served":                       {1, serving("acme/changes"), nil, ""},
		"not served":                   {2, serving("acme/changes"), nil, change.KindDenied},
		"foreign":                      {99, serving("acme/changes"), nil, change.KindDenied},
		"of an installation not meant": {3, func(o *github.Options) { o.Installations = []int64{10} }, nil, change.KindDenied},
		"may be of a suspended one":    {99, serving("gamma/changes"), nil, change.KindConflict},
		"renamed to what is not served": {
			1, serving("acme/changes"), func(w *world) { w.answer("GET /repositories/1", repoJSON(1, "acme", "moved")) }, change.KindDenied,
		},
		"removed at this moment": {1, serving("acme/changes"), func(w *world) {
			w.HandleFunc("GET /repositories/1", func(rw http.ResponseWriter, _ *http.Request) {
				w.reach[10] = repoJSON(2, "acme", "Site")
				rw.WriteHeader(http.StatusNotFound)
			})
		}, change.KindDenied},
		"suspended at this moment": {1, serving("acme/changes"), func(w *world) {
			w.HandleFunc("GET /repositories/1", func(rw http.ResponseWriter, _ *http.Request) {
				w.installations = `[{"id":10,"account":{"login":"acme"},"suspended_at":"2027-03-01T00:00:00Z"}]`
				rw.WriteHeader(http.StatusForbidden)
			})
		}, change.KindConflict},
		"not shown, though reached": {
			1, serving("acme/changes"), func(w *world) { w.refuse("GET /repositories/1", 404, nil, `{}`) }, change.KindNotFound,
		},
	} {
		w := estate(t)
		if tc.world == nil {
			tc.world = func(w *world) { w.answer("GET /repositories/1", repoJSON(1, "acme", "changes")) }
		}
		tc.world(w)
		got, err := w.client(t, tc.alter).Repository(t.Context(), tc.id)
		if change.KindOf(err) != tc.want || (tc.want == "" && err != nil) {
			t.Errorf("%s: %+v, %v; want kind %q", name, got, err, tc.want)
		}
		if want := (proposal.Repository{ID: 1, Owner: "acme", Name: "changes", DefaultBranch: "main", Installation: 10}); err == nil && got != want {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

// What is not known is asked for once more, so that a new repository needs no restart,
// and once only.
func TestUnknownRepositoriesAreAskedForOnce(t *testing.T) {
	w := estate(t)
	w.answer("GET /repositories/4", repoJSON(4, "acme", "new"))
	c := w.client(t)
	if _, err := c.Repositories(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.reach[10] += "," + repoJSON(4, "acme", "new")
	if got, err := c.Repository(t.Context(), 4); err != nil || got.Name != "new" {
		t.Errorf("got %+v, %v", got, err)
	}
	before := len(w.all("GET /app/installations"))
	if _, err := c.Repository(t.Context(), 99); err == nil {
		t.Error("no error")
	}
	if asked := len(w.all("GET /app/installations")) - before; asked != 1 {
		t.Errorf("asked %d times, want once", asked)
	}
}

func TestASuspendedInstallationComesBack(t *testing.T) {
	w := estate(t)
	w.answer("GET /repos/acme/changes/pulls/7", pull(7, ""))
	c := w.client(t)
	if _, err := c.Pull(t.Context(), repo, 7); err != nil {
		t.Fatal(err)
	}
	working := w.installations
	w.installations = `[{"id":10,"account":{"login":"acme"},"suspended_at":"2027-03-01T00:00:00Z"}]`
	if found, err := c.Repositories(t.Context()); err != nil || len(found) != 0 {
		t.Errorf("got %v, %v; want none", found, err)
	}
	_, err := c.Pull(t.Context(), repo, 7)
	wantKind(t, err, change.KindConflict)
	w.installations = working
	if _, err := c.Pull(t.Context(), repo, 7); err != nil {
		t.Errorf("after it was unsuspended: %v", err)
	}
}

// One installation that does not answer stops the others as little as it can.
func TestAnInstallationThatDoesNotAnswerIsTakenAsItWas(t *testing.T) {
	w := estate(t)
	limited := false
	inner := w.ServeMux
	w.ServeMux = http.NewServeMux()
	w.HandleFunc("/", func(rw http.ResponseWriter, r *http.Request) {
		if limited && r.URL.Path == "/installation/repositories" && w.bearer[r.Header.Get("Authorization")] == 20 {
			rw.WriteHeader(http.StatusBadGateway)
			return
		}
		inner.ServeHTTP(rw, r)
	})
	fresh := w.client(t)
	c := w.client(t)
	if _, err := c.Repositories(t.Context()); err != nil {
		t.Fatal(err)
	}
	limited = true
	w.reach[10] = repoJSON(2, "acme", "Site")
	found, err := c.Repositories(t.Context())
	if err != nil || len(found) != 2 || found[0].Name != "Site" || found[1].Owner != "beta" {
		t.Errorf("got %v, %v; want the new of acme and the old of beta", found, err)
	}
	_, err = fresh.Repositories(t.Context())
	wantKind(t, err, change.KindUnavailable)
}

// A token reaches one repository and no more than is needed.
func TestTokensAreForOneRepositoryAndWhatIsNeeded(t *testing.T) {
	w := estate(t)
	w.answer("GET /repos/acme/changes/pulls/7", pull(7, ""))
	if _, err := w.client(t).Pull(t.Context(), repo, 7); err != nil {
		t.Fatal(err)
	}
	var got []any
	for _, s := range w.all("POST /app/installations/10/access_tokens") {
		var body any
		if err := json.Unmarshal([]byte(s.Body), &body); err != nil {
			t.Fatal(err)
		}
		got = append(got, body)
	}
	want := []any{
		map[string]any{"permissions": map[string]any{"metadata": "read"}},
		map[string]any{"repository_ids": []any{1.0}, "permissions": map[string]any{
			"metadata": "read", "contents": "read", "pull_requests": "read", "issues": "write", "checks": "write", "deployments": "write",
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The number decides which repository, and by it which token: a name does not.
func TestTheTokenIsThatOfTheNumber(t *testing.T) {
	w := estate(t)
	w.refuse("GET /repos/beta/changes/pulls/7", 404, nil, `{}`)
	c := w.client(t)
	_, err := c.Pull(t.Context(), proposal.Repository{ID: 1, Owner: "beta", Name: "changes", Installation: 20}, 7)
	wantKind(t, err, change.KindNotFound)
	for _, s := range w.all("POST /app/installations/20/access_tokens") {
		if strings.Contains(s.Body, "repository_ids") {
			t.Errorf("a token of beta was asked for: %s", s.Body)
		}
	}
}

func TestATokenThatIsRefusedIsReplacedOnce(t *testing.T) {
	for name, tc := range map[string]struct {
		refusals, want int
		kind           change.Kind
	}{"at first": {1, 2, ""}, "always": {9, 2, change.KindDenied}} {
		w := newWorld(t)
		asked := 0
		w.HandleFunc("POST /repos/acme/changes/issues/7/comments", func(rw http.ResponseWriter, _ *http.Request) {
			if asked++; asked <= tc.refusals {
				rw.WriteHeader(http.StatusUnauthorized)
				return
			}
			w.say(rw, `{"id":5}`)
		})
		id, err := w.client(t).PutComment(t.Context(), repo, 7, 0, "x")
		if change.KindOf(err) != tc.kind || (tc.kind == "" && id != 5) {
			t.Errorf("%s: %d, %v", name, id, err)
		}
		tokens := map[string]bool{}
		for _, s := range w.all("POST /repos/acme/changes/issues/7/comments") {
			tokens[s.Header.Get("Authorization")] = true
		}
		if asked != tc.want || len(tokens) != tc.want {
			t.Errorf("%s: asked %d times with %d tokens, want %d", name, asked, len(tokens), tc.want)
		}
	}
}

func TestWhyAnInstallationGivesNoToken(t *testing.T) {
	for name, tc := range map[string]struct {
		status int
		body   string
		want   change.Kind
	}{
		"suspended":      {403, `{"message":"This installation has been suspended"}`, change.KindConflict},
		"not installed":  {404, `{"message":"Not Found"}`, change.KindDenied},
		"wrong key":      {401, `{"message":"A JSON web token could not be decoded"}`, change.KindDenied},
		"not granted":    {422, `{"message":"The permissions requested are not granted to this installation."}`, change.KindDenied},
		"GitHub is down": {502, `<html>`, change.KindUnavailable},
		"limited":        {403, `{"message":"You have exceeded a secondary rate limit"}`, change.KindUnavailable},
	} {
		w := newWorld(t)
		c := w.client(t)
		if _, err := c.Repositories(t.Context()); err != nil {
			t.Fatal(err)
		}
		inner := w.ServeMux
		w.ServeMux = http.NewServeMux()
		w.Handle("/", inner)
		w.refuse("POST /app/installations/10/access_tokens", tc.status, nil, tc.body)
		_, err := c.Pull(t.Context(), repo, 7)
		if got := change.KindOf(err); got != tc.want {
			t.Errorf("%s: %v of kind %q, want %q", name, err, got, tc.want)
		}
		if _, limit := github.RetryAfter(err, start); limit != (name == "limited") {
			t.Errorf("%s: is a limit: %t", name, limit)
		}
	}
}

func TestFind(t *testing.T) {
	w := estate(t)
	w.answer("GET /repos/acme/site", repoJSON(2, "acme", "Site"))
	w.refuse("GET /repos/acme/gone", 404, nil, `{}`)
	mine, err := github.WithToken(w.url, "personal")
	if err != nil {
		t.Fatal(err)
	}
	for who, c := range map[string]*github.Client{"App": w.client(t), "person": mine} {
		if got, err := c.Find(t.Context(), "acme", "site"); err != nil || got.ID != 2 {
			t.Errorf("%s: got %+v, %v", who, got, err)
		}
		_, err := c.Find(t.Context(), "acme", "gone")
		want := map[string]change.Kind{"App": change.KindDenied, "person": change.KindNotFound}[who]
		wantKind(t, err, want)
	}
	if got := w.all("GET /repos/acme/site"); len(got) != 1 || got[0].Header.Get("Authorization") != "Bearer personal" {
		t.Errorf("the person asked %v", got)
	}
}

func TestAPersonReadsTheSameWithoutTheApp(t *testing.T) {
	w := newWorld(t)
	w.answer("GET /user/repos", "["+repoJSON(1, "acme", "changes")+"]")
	w.answer("GET /repositories/1", repoJSON(1, "acme", "changes"))
	w.answer("GET /repos/acme/changes/pulls/7", pull(7, ""))
	w.answer("GET /repos/acme/changes/commits/"+sha+"/check-runs", `{"total_count":1,"check_runs":[{"id":3,"name":"changectl","app":{"id":4321}}]}`)
	w.answer("GET /repos/acme/changes/issues/7/comments", `[{"id":1,"body":"b","user":{"login":"changectl[bot]"},"performed_via_github_app":{"id":4321,"slug":"changectl"}}]`)
	c, err := github.WithToken(w.url, "personal")
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	if all, err := c.Repositories(ctx); err != nil || len(all) != 1 {
		t.Errorf("got %v, %v", all, err)
	}
	r, err := c.Repository(ctx, 1)
	if err != nil || r.FullName() != "acme/changes" {
		t.Errorf("got %v, %v", r, err)
	}
	if p, err := c.Pull(ctx, r, 7); err != nil || p.Number != 7 {
		t.Errorf("got %v, %v", p, err)
	}
	if k, err := c.Checks(ctx, r, sha); err != nil || len(k) != 1 || strings.Contains(w.all("GET /repos/acme/changes/commits/" + sha + "/check-runs")[0].Query, "app_id") {
		t.Errorf("got %v, %v", k, err)
	}
	if m, err := c.Comments(ctx, r, 7); err != nil || len(m) != 1 || m[0].Mine || m[0].App != "changectl" {
		t.Errorf("got %+v, %v", m, err)
	}
	_, err = c.Deliveries(ctx, start)
	wantKind(t, err, change.KindDenied)
	wantKind(t, c.Redeliver(ctx, 1), change.KindDenied)
	for _, s := range w.sent {
		if s.Header.Get("Authorization") != "Bearer personal" {
			t.Errorf("%s with %q", s.What, s.Header.Get("Authorization"))
		}
	}
}

func TestNewTellsAllThatIsWrong(t *testing.T) {
	_, err := github.New(github.Options{Key: []byte("no key"), BaseURL: "api.github.com", Repositories: []string{"acme", "a/b/c", "ok/ok"}})
	for _, want := range []string{"private key", "App's ID", `"acme"`, `"a/b/c"`, `"api.github.com"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
	if err == nil || strings.Contains(err.Error(), "ok/ok") || strings.Contains(err.Error(), "no key") {
		t.Errorf("%v names what is right, or the key", err)
	}
	for _, base := range []string{"ftp://x/", "https://", "https://user:password@x/", "::"} {
		if _, err := github.WithToken(base, "t"); err == nil {
			t.Errorf("%s was taken", base)
		}
	}
	if _, err := github.WithToken("", ""); err == nil {
		t.Error("no token was taken")
	}
}

// The path of GitHub Enterprise stays in front of every request, those for tokens too.
func TestEnterpriseHasItsPath(t *testing.T) {
	w := newWorld(t)
	w.answer("GET /repos/acme/changes/pulls/7", pull(7, ""))
	inner := w.ServeMux
	w.ServeMux = http.NewServeMux()
	w.Handle("/api/v3/", http.StripPrefix("/api/v3", inner))
	for _, base := range []string{w.url + "api/v3/", w.url + "api/v3"} {
		c := w.client(t, func(o *github.Options) { o.BaseURL = base })
		if _, err := c.Pull(t.Context(), repo, 7); err != nil {
			t.Errorf("%s: %v", base, err)
		}
	}
}

// A redirect to another host must not carry the token there.
func TestTokensGoNowhereElse(t *testing.T) {
	w, thief := newWorld(t), newWorld(t)
	thief.answer("GET /repos/acme/changes/pulls/7", pull(7, ""))
	w.HandleFunc("GET /repos/acme/changes/pulls/7", func(rw http.ResponseWriter, r *http.Request) {
		http.Redirect(rw, r, thief.url+"repos/acme/changes/pulls/7", http.StatusMovedPermanently)
	})
	_, err := w.client(t).Pull(t.Context(), repo, 7)
	wantKind(t, err, change.KindDenied)
	if got := thief.requests(); len(got) != 0 {
		t.Errorf("the other host heard %v", got)
	}
	var kind *change.Error
	if !errors.As(err, &kind) || kind.Hint == "" {
		t.Errorf("%v does not say what to do", err)
	}
}

// A redirect of a repository that was renamed is followed.
func TestRenamedRepositoriesAreFollowed(t *testing.T) {
	w := newWorld(t)
	w.HandleFunc("GET /repos/acme/changes/pulls/7", func(rw http.ResponseWriter, r *http.Request) {
		http.Redirect(rw, r, w.url+"repositories/1/pulls/7", http.StatusMovedPermanently)
	})
	w.answer("GET /repositories/1/pulls/7", pull(7, ""))
	if p, err := w.client(t).Pull(t.Context(), repo, 7); err != nil || p.Number != 7 {
		t.Errorf("got %+v, %v", p, err)
	}
}
