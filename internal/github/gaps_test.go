package github_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	gh "github.com/google/go-github/v60/github"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/github"
)

// The tests in this file show what go-github v60 does not do, and that we do. When
// the library is replaced by a newer one, those that fail are no longer needed.

// library returns the bare library as a client of the world.
func library(t *testing.T, w *world, transport http.RoundTripper) *gh.Client {
	t.Helper()
	api := gh.NewClient(&http.Client{Transport: transport})
	base, err := url.Parse(w.url)
	if err != nil {
		t.Fatal(err)
	}
	api.BaseURL = base
	return api
}

// isLimit reports whether the library takes an error for a limit.
func isLimit(err error) bool {
	var hour *gh.RateLimitError
	var abuse *gh.AbuseRateLimitError
	return errors.As(err, &hour) || errors.As(err, &abuse)
}

func TestGapLibraryTakesNo429ForALimit(t *testing.T) {
	w := newWorld(t)
	w.refuse("GET /repos/acme/changes/pulls/7", http.StatusTooManyRequests, http.Header{"Retry-After": {"30"}}, `{"message":"slow down"}`)

	_, _, err := library(t, w, nil).PullRequests.Get(t.Context(), "acme", "changes", 7)
	if err == nil || isLimit(err) {
		t.Errorf("the library says %v, which is not the gap any more", err)
	}

	_, err = w.client(t).Pull(t.Context(), repo, 7)
	wantKind(t, err, change.KindUnavailable)
	if wait, ok := github.RetryAfter(err, start); !ok || wait.Seconds() != 30 {
		t.Errorf("wait %v (%t), want 30s: %v", wait, ok, err)
	}
}

func TestGapLibraryTakesNoSecondaryLimitWithoutDocumentationForALimit(t *testing.T) {
	w := newWorld(t)
	w.refuse("GET /repos/acme/changes/pulls/7", http.StatusForbidden, nil,
		`{"message":"You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}`)

	_, _, err := library(t, w, nil).PullRequests.Get(t.Context(), "acme", "changes", 7)
	if err == nil || isLimit(err) {
		t.Errorf("the library says %v, which is not the gap any more", err)
	}

	_, err = w.client(t).Pull(t.Context(), repo, 7)
	wantKind(t, err, change.KindUnavailable)
	if wait, ok := github.RetryAfter(err, start); !ok || wait.Seconds() != 60 {
		t.Errorf("wait %v (%t), want 60s: %v", wait, ok, err)
	}
}

func TestGapLibraryTakesTheAcceptanceOfARedeliveryForAnError(t *testing.T) {
	w := newWorld(t)
	w.refuse("POST /app/hook/deliveries/12/attempts", http.StatusAccepted, nil, `{}`)

	var accepted *gh.AcceptedError
	_, _, err := library(t, w, nil).Apps.RedeliverHookDelivery(t.Context(), 12)
	if !errors.As(err, &accepted) {
		t.Errorf("the library says %v, which is not the gap any more", err)
	}

	if err := w.client(t).Redeliver(t.Context(), 12); err != nil {
		t.Errorf("a redelivery that GitHub accepted is an error: %v", err)
	}
}

// webhook returns a request with a body that nobody signed.
func webhook(t *testing.T, body io.Reader) *http.Request {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/webhook", body)
	r.Header.Set("Content-Type", "application/json")
	return r
}

func TestGapLibraryValidatesEverythingWithAnEmptySecret(t *testing.T) {
	const body = `{"action":"opened"}`
	got, err := gh.ValidatePayload(webhook(t, strings.NewReader(body)), nil)
	if err != nil || string(got) != body {
		t.Errorf("the library says %q, %v, which is not the gap any more", got, err)
	}

	for name, secrets := range map[string][][]byte{"none": nil, "an empty one": {{}}, "one of two is empty": {[]byte("s"), nil}} {
		if _, err := github.NewReceiver(secrets...); err == nil {
			t.Errorf("%s: a receiver was made", name)
		}
	}
	r := webhook(t, strings.NewReader(body))
	r.Header.Set("X-Hub-Signature-256", signed(nil, body))
	_, err = github.Verify(nil, r.Header, r.Body)
	wantKind(t, err, change.KindDenied)
}

// endless counts what is read of it, and ends long after anybody should have stopped.
type endless struct{ read, size int }

func (e *endless) Read(b []byte) (int, error) {
	if e.read >= e.size {
		return 0, io.EOF
	}
	n := min(len(b), e.size-e.read)
	e.read += n
	return n, nil
}

func TestGapLibraryReadsABodyWithoutBound(t *testing.T) {
	const size = github.MaxPayload + 8<<20
	theirs := &endless{size: size}
	if _, err := gh.ValidatePayload(webhook(t, theirs), nil); err != nil || theirs.read != size {
		t.Errorf("the library read %d of %d bytes (%v), which is not the gap any more", theirs.read, size, err)
	}

	ours := &endless{size: size}
	r := webhook(t, ours)
	r.Header.Set("X-Hub-Signature-256", signed([]byte("s"), ""))
	_, err := github.Verify([]byte("s"), r.Header, r.Body)
	wantKind(t, err, change.KindInvalid)
	if ours.read != github.MaxPayload+1 {
		t.Errorf("%d bytes were read, want one more than %d", ours.read, github.MaxPayload)
	}
}

func TestGapLibraryDoesNotKnowDeploymentReview(t *testing.T) {
	payload := example(t, github.DeploymentReview, "requested")
	if e, err := gh.ParseWebHook("deployment_review", payload); err == nil {
		t.Errorf("the library knows %T, which is not the gap any more", e)
	}

	e, err := github.Parse("deployment_review", payload)
	if err != nil || e.Kind != github.DeploymentReview || len(e.Pulls) != 1 || e.Pulls[0] != 3 {
		t.Errorf("got %+v, %v", e, err)
	}
}

func TestGapLibraryDropsThroughWhichAppACommentWasMade(t *testing.T) {
	w := newWorld(t)
	w.answer("GET /repos/acme/changes/issues/7/comments", `[{"id":1,"body":"b","user":{"id":9,"login":"alice","type":"User"},
		"performed_via_github_app":{"id":99,"slug":"a-robot"},"created_at":"2027-03-06T21:00:00Z","updated_at":"2027-03-06T21:00:00Z"}]`)

	theirs, _, err := library(t, w, nil).Issues.ListComments(t.Context(), "acme", "changes", 7, nil)
	if err != nil || len(theirs) != 1 || strings.Contains(gh.Stringify(theirs[0]), "a-robot") {
		t.Errorf("the library says %v, %v, which is not the gap any more", theirs, err)
	}

	ours, err := w.client(t).Comments(t.Context(), repo, 7)
	if err != nil || len(ours) != 1 || ours[0].App != "a-robot" || ours[0].Mine {
		t.Errorf("got %+v, %v; want a comment through a-robot that is not mine", ours, err)
	}
}

type markKey struct{}

// marking notes which requests have the context that the caller gave.
type marking struct{ marked map[string]bool }

func (m marking) RoundTrip(r *http.Request) (*http.Response, error) {
	m.marked[r.URL.Path] = r.Context().Value(markKey{}) != nil
	return http.DefaultTransport.RoundTrip(r)
}

// The library's way to read a file asks for it without the context: neither a
// cancellation nor a deadline ends it. We read files as git's objects.
func TestGapLibraryDownloadsContentsWithoutTheContext(t *testing.T) {
	w := newWorld(t)
	w.answer("GET /repos/acme/changes/contents/dir", `[{"type":"file","name":"a.yaml","path":"dir/a.yaml","download_url":"`+w.url+`raw/a.yaml"}]`)
	w.answer("GET /raw/a.yaml", "a: 1\n")
	w.answer("GET /repos/acme/changes/git/blobs/"+blobID("a: 1\n"), blobJSON("a: 1\n"))
	ctx := context.WithValue(t.Context(), markKey{}, true)

	theirs := marking{map[string]bool{}}
	body, _, err := library(t, w, theirs).Repositories.DownloadContents(ctx, "acme", "changes", "dir/a.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = body.Close()
	if !theirs.marked["/repos/acme/changes/contents/dir"] || theirs.marked["/raw/a.yaml"] {
		t.Errorf("the library gave its context to %v, which is not the gap any more", theirs.marked)
	}

	ours := marking{map[string]bool{}}
	c := w.client(t, func(o *github.Options) { o.HTTP = &http.Client{Transport: ours} })
	if _, err := c.Blob(ctx, repo, blobID("a: 1\n")); err != nil {
		t.Fatal(err)
	}
	for path, marked := range ours.marked {
		if !marked {
			t.Errorf("%s was asked for without the context", path)
		}
	}
}

// REST writes APPROVED, webhooks write approved; the library gives out what it gets.
func TestGapLibraryLeavesTheCaseOfReviewStates(t *testing.T) {
	w := newWorld(t)
	w.answer("GET /repos/acme/changes/pulls/7/reviews", `[{"id":1,"state":"APPROVED"},{"id":2,"state":"changes_requested"}]`)

	e, err := gh.ParseWebHook("pull_request_review", example(t, github.PullRequestReview, "dismissed"))
	if err != nil || e.(*gh.PullRequestReviewEvent).GetReview().GetState() != "dismissed" {
		t.Errorf("the library says %v, %v, which is not the gap any more", e, err)
	}
	theirs, _, err := library(t, w, nil).PullRequests.ListReviews(t.Context(), "acme", "changes", 7, nil)
	if err != nil || theirs[1].GetState() != "changes_requested" {
		t.Errorf("the library says %v, %v, which is not the gap any more", theirs, err)
	}

	ours, err := w.client(t).Reviews(t.Context(), repo, 7)
	if err != nil || len(ours) != 2 || ours[0].State != "APPROVED" || ours[1].State != "CHANGES_REQUESTED" {
		t.Errorf("got %+v, %v; want states in upper case", ours, err)
	}
}
