package ghfake_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v4"
	"github.com/google/go-github/v60/github"

	"github.com/changectl/changectl/test/ghfake"
)

// world is a server with a repository that the App is installed in.
type world struct {
	*ghfake.Server
	repo              *ghfake.Repo
	installation      *ghfake.Installation
	alice, bob        *ghfake.User
	app, client, bobs *github.Client
}

func newWorld(t *testing.T, o ghfake.Options) *world {
	t.Helper()
	s := ghfake.Start(t, o)
	w := &world{Server: s, alice: s.User("alice"), bob: s.User("bob")}
	w.repo = ghfake.Must(s.CreateRepo("acme", "infra", ghfake.RepoOptions{}))
	w.repo.Collaborate(w.alice, "write")
	w.repo.Collaborate(w.bob, "write")
	w.installation = s.Install(w.repo.Owner, nil, w.repo)
	w.commit(t, "main", map[string]string{"README.md": "Infrastructure\n", "changes/one.yaml": "name: one\n"}, ghfake.CommitOptions{})
	w.app = client(t, s, appToken(t, s))
	w.client = client(t, s, w.installationToken(t))
	w.bobs = client(t, s, s.PersonalToken(w.bob))
	return w
}

func (w *world) commit(t *testing.T, branch string, files map[string]string, o ghfake.CommitOptions) string {
	t.Helper()
	sha, err := w.repo.Commit(branch, files, o)
	if err != nil {
		t.Fatal(err)
	}
	return sha
}

// open makes a branch with one commit of alice's, and a pull request of it.
func (w *world) open(t *testing.T, branch string) *ghfake.Pull {
	t.Helper()
	w.commit(t, branch, map[string]string{"changes/" + branch + ".yaml": "name: " + branch + "\n"}, ghfake.CommitOptions{Pusher: w.alice})
	p, err := w.repo.OpenPull(w.alice, ghfake.PullOptions{Head: branch, Title: "Do " + branch})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (w *world) installationToken(t *testing.T) string {
	t.Helper()
	token, _, err := w.app.Apps.CreateInstallationToken(t.Context(), w.installation.ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	return token.GetToken()
}

func appToken(t *testing.T, s *ghfake.Server) string {
	t.Helper()
	key, err := jwt.ParseRSAPrivateKeyFromPEM(s.App().Key())
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.RegisteredClaims{
		Issuer:    strconv.FormatInt(s.App().ID, 10),
		IssuedAt:  jwt.NewNumericDate(time.Now().Add(-time.Minute)),
		ExpiresAt: jwt.NewNumericDate(time.Now().Add(5 * time.Minute)),
	}).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func client(t *testing.T, s *ghfake.Server, token string) *github.Client {
	t.Helper()
	c, err := github.NewClient(&http.Client{}).WithAuthToken(token).WithEnterpriseURLs(s.URL(), s.URL())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// ok returns a value that came without an error.
func ok[T any](t *testing.T) func(T, *github.Response, error) T {
	return func(v T, _ *github.Response, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
