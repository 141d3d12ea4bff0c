package github_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/github"
	"github.com/changectl/changectl/internal/proposal"
)

// calls makes a call of every method.
func calls(c *github.Client) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"Repositories": func(ctx context.Context) error { return second(c.Repositories(ctx)) },
		"Repository":   func(ctx context.Context) error { return second(c.Repository(ctx, 1)) },
		"Pulls":        func(ctx context.Context) error { return second(c.Pulls(ctx, repo)) },
		"Pull":         func(ctx context.Context) error { return second(c.Pull(ctx, repo, 7)) },
		"PullsOf":      func(ctx context.Context) error { return second(c.PullsOf(ctx, repo, sha)) },
		"Branch":       func(ctx context.Context) error { return second(c.Branch(ctx, repo, "main")) },
		"Commit":       func(ctx context.Context) error { return second(c.Commit(ctx, repo, sha)) },
		"Compare":      func(ctx context.Context) error { return second(c.Compare(ctx, repo, sha, other)) },
		"Tree":         func(ctx context.Context) error { return second(c.Tree(ctx, repo, sha)) },
		"Blob":         func(ctx context.Context) error { return second(c.Blob(ctx, repo, sha)) },
		"Pusher":       func(ctx context.Context) error { return second(c.Pusher(ctx, repo, "topic", sha)) },
		"Reviews":      func(ctx context.Context) error { return second(c.Reviews(ctx, repo, 7)) },
		"Comments":     func(ctx context.Context) error { return second(c.Comments(ctx, repo, 7)) },
		"Checks":       func(ctx context.Context) error { return second(c.Checks(ctx, repo, sha)) },
		"PutCheck": func(ctx context.Context) error {
			return second(c.PutCheck(ctx, repo, proposal.Check{Name: "n", Head: sha}))
		},
		"PutComment":  func(ctx context.Context) error { return second(c.PutComment(ctx, repo, 7, 0, "x")) },
		"React":       func(ctx context.Context) error { return c.React(ctx, repo, 5, "eyes") },
		"Deployments": func(ctx context.Context) error { return second(c.Deployments(ctx, repo, sha)) },
		"CreateDeployment": func(ctx context.Context) error {
			return second(c.CreateDeployment(ctx, repo, proposal.Deployment{Ref: sha}))
		},
		"SetDeploymentStatus": func(ctx context.Context) error {
			return c.SetDeploymentStatus(ctx, repo, 5, proposal.DeploymentStatus{State: "queued"})
		},
		"Deliveries": func(ctx context.Context) error { return second(c.Deliveries(ctx, start)) },
		"Redeliver":  func(ctx context.Context) error { return c.Redeliver(ctx, 1) },
	}
}

// stuck lets everything through that leads to a repository, and nothing else until its
// context ends.
type stuck struct{ waiting chan string }

func (s stuck) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, "/access_tokens") {
		return respond(r, http.StatusCreated, `{"token":"t","expires_at":"2999-01-01T00:00:00Z"}`), nil
	}
	s.waiting <- r.URL.Path
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func respond(r *http.Request, status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}
}

// leading answers what leads to a repository, and leaves the rest to another.
type leading struct{ next http.RoundTripper }

func (l leading) RoundTrip(r *http.Request) (*http.Response, error) {
	switch r.URL.Path {
	case "/app/installations":
		return respond(r, http.StatusOK, `[{"id":10,"account":{"login":"acme"}}]`), nil
	case "/installation/repositories":
		return respond(r, http.StatusOK, `{"repositories":[`+repoJSON(1, "acme", "changes")+`]}`), nil
	}
	return l.next.RoundTrip(r)
}

// Every method ends when its context does, in the middle of a request.
func TestEveryMethodEndsWithItsContext(t *testing.T) {
	s := stuck{make(chan string, 1)}
	c, err := github.New(github.Options{AppID: appID, Key: key(), HTTP: &http.Client{Transport: leading{s}}})
	if err != nil {
		t.Fatal(err)
	}
	for name, call := range calls(c) {
		if name == "Repositories" { // it is answered; see below
			continue
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- call(ctx) }()
		<-s.waiting
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) || change.KindOf(err) != "" {
			t.Errorf("%s: %v of kind %q, want %v of none", name, err, change.KindOf(err), context.Canceled)
		}
	}
}

func TestRepositoriesEndsWithItsContext(t *testing.T) {
	s := stuck{make(chan string, 1)}
	c, err := github.New(github.Options{AppID: appID, Key: key(), HTTP: &http.Client{Transport: s}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- second(c.Repositories(ctx)) }()
	<-s.waiting
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want %v", err, context.Canceled)
	}
}

// slowToken gives no token before it is told to.
type slowToken struct {
	release chan struct{}
	asked   *int
}

func (s slowToken) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(r.URL.Path, "/access_tokens") {
		return respond(r, http.StatusOK, pull(7, "")), nil
	}
	*s.asked++
	if *s.asked > 1 { // the first is for the list of repositories
		<-s.release
	}
	return respond(r, http.StatusCreated, `{"token":"t","expires_at":"2999-01-01T00:00:00Z"}`), nil
}

// Who waits for a token that another asks for can give up; the library waits on.
func TestWaitingForAnothersTokenEndsWithTheContext(t *testing.T) {
	pem := key()
	synctest.Test(t, func(t *testing.T) {
		s := slowToken{make(chan struct{}), new(int)}
		c, err := github.New(github.Options{AppID: appID, Key: pem, HTTP: &http.Client{Transport: leading{s}}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Repositories(t.Context()); err != nil {
			t.Fatal(err)
		}
		first, waiter := make(chan error, 1), make(chan error, 1)
		go func() { first <- second(c.Pull(t.Context(), repo, 7)) }()
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		go func() { waiter <- second(c.Pull(ctx, repo, 7)) }()
		synctest.Wait()
		cancel()
		synctest.Wait()
		select {
		case err := <-waiter:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%v, want %v", err, context.Canceled)
			}
		default:
			t.Error("it still waits")
		}
		close(s.release)
		if err := <-first; err != nil || *s.asked != 2 {
			t.Errorf("the other: %v after %d tokens", err, *s.asked)
		}
	})
}
