package ghfake_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/changectl/changectl/test/ghfake"
)

type answer struct {
	status int
	header http.Header
	body   string
}

// get asks for a path as the installation. The answer's body is read.
func get(t *testing.T, w *world, path string, header ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+w.installationToken(t))
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(body)}
}

func TestWhatDoesNotFitIsRefusedAndNoted(t *testing.T) {
	for name, ask := range map[string]func(w *world) error{
		"there is no query parameter colour": func(w *world) error {
			return get(t, w, "/repos/acme/infra/pulls?colour=red").err()
		},
		"does nothing with the query parameter author": func(w *world) error {
			return get(t, w, "/repos/acme/infra/commits?author=alice").err()
		},
		"does not serve this": func(w *world) error {
			return get(t, w, "/repos/acme/infra/keys").err()
		},
		"maximum string length is 65535": func(w *world) error {
			_, _, err := w.client.Checks.CreateCheckRun(t.Context(), "acme", "infra", github.CreateCheckRunOptions{
				Name: "x", HeadSHA: w.repo.Branch("main"), Output: &github.CheckRunOutput{
					Title: github.String("x"), Summary: github.String(strings.Repeat("x", 70_000)),
				},
			})
			return err
		},
		"maximum number of items is 50": func(w *world) error {
			out := &github.CheckRunOutput{Title: github.String("x"), Summary: github.String("x")}
			for range 51 {
				out.Annotations = append(out.Annotations, &github.CheckRunAnnotation{
					Path: github.String("x"), StartLine: github.Int(1), EndLine: github.Int(1),
					AnnotationLevel: github.String("notice"), Message: github.String("x"),
				})
			}
			_, _, err := w.client.Checks.CreateCheckRun(t.Context(), "acme", "infra", github.CreateCheckRunOptions{
				Name: "x", HeadSHA: w.repo.Branch("main"), Output: out,
			})
			return err
		},
		"property \"node_id\" is unsupported": func(w *world) error {
			_, _, err := w.client.Issues.CreateComment(t.Context(), "acme", "infra", w.open(t, "x").Number, &github.IssueComment{
				Body: github.String("x"), NodeID: github.String("x"),
			})
			return err
		},
		"value is not one of the allowed values": func(w *world) error {
			c := w.open(t, "x").Comment(w.alice, "x", false)
			_, _, err := w.client.Reactions.CreateIssueCommentReaction(t.Context(), "acme", "infra", c.ID, "sad")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, ghfake.Options{})
			if err := ask(w); err == nil {
				t.Error("it was taken")
			}
			if found := w.Forgive(); len(found) != 1 || !strings.Contains(found[0], name) {
				t.Errorf("violations: %q", found)
			}
		})
	}
}

func (a answer) err() error {
	if a.status >= http.StatusMultipleChoices {
		return errors.New(a.body)
	}
	return nil
}

func TestLimitsAndFailures(t *testing.T) {
	w := newWorld(t, ghfake.Options{})
	list := func() error {
		_, _, err := w.client.PullRequests.List(t.Context(), "acme", "infra", nil)
		return err
	}
	w.Fail(ghfake.ServerError, "GET /repos/{owner}/{repo}/pulls", 1)
	if err := list(); err == nil || !strings.Contains(err.Error(), "500") {
		t.Errorf("a server error: %v", err)
	}
	w.Fail(ghfake.SecondaryLimit, "/pulls", 1)
	var abuse *github.AbuseRateLimitError
	if err := list(); !errors.As(err, &abuse) || abuse.GetRetryAfter() != time.Minute {
		t.Errorf("the secondary limit: %v", err)
	}
	w.client = client(t, w.Server, w.installationToken(t)) // it remembers limits
	w.Fail(ghfake.BareSecondaryLimit, "/pulls", 1)
	if err := list(); err == nil || errors.As(err, &abuse) || !strings.Contains(err.Error(), "secondary rate limit") {
		t.Errorf("the secondary limit without an address: %v", err)
	}
	w.Fail(ghfake.TooManyRequests, "/pulls", 1)
	var plain *github.ErrorResponse
	if err := list(); !errors.As(err, &plain) || plain.Response.Header.Get("Retry-After") != "1" {
		t.Errorf("too many requests: %v", err)
	}
	p := w.open(t, "resize")
	w.Fail(ghfake.LostAnswer, "POST", 1)
	if _, _, err := w.client.Issues.CreateComment(t.Context(), "acme", "infra", p.Number, &github.IssueComment{Body: github.String("x")}); err == nil {
		t.Error("the answer was to be lost")
	}
	if len(p.Comments()) != 1 {
		t.Error("the answer was lost, and the comment is to be there")
	}
	w.ExhaustRateLimit(time.Now().Add(time.Hour))
	var limited *github.RateLimitError
	if err := list(); !errors.As(err, &limited) {
		t.Errorf("the hourly limit: %v", err)
	}
}

func TestStatesShowLate(t *testing.T) {
	w := newWorld(t, ghfake.Options{})
	ctx := t.Context()
	p := w.open(t, "resize")
	old := p.State().HeadSHA
	for _, k := range []ghfake.Kind{ghfake.Pulls, ghfake.Branches, ghfake.Activities, ghfake.Reviews} {
		w.Lag(k, ghfake.Lag{Requests: 1})
	}
	fresh := w.commit(t, "resize", map[string]string{"x": "y"}, ghfake.CommitOptions{Pusher: w.alice})
	p.Review(w.bob, ghfake.Approved, "")
	for n, want := range []string{old, fresh} {
		pull := ok[*github.PullRequest](t)(w.client.PullRequests.Get(ctx, "acme", "infra", p.Number))
		branch := ok[*github.Branch](t)(w.client.Repositories.GetBranch(ctx, "acme", "infra", "resize", 0))
		reviews := ok[[]*github.PullRequestReview](t)(w.client.PullRequests.ListReviews(ctx, "acme", "infra", p.Number, nil))
		if pull.GetHead().GetSHA() != want || branch.GetCommit().GetSHA() != want || len(reviews) != n {
			t.Errorf("request %d sees %s, %s, %d reviews", n, pull.GetHead().GetSHA(), branch.GetCommit().GetSHA(), len(reviews))
		}
		entries, err := activity(t, w, "resize")
		if err != nil || len(entries) != n+1 {
			t.Errorf("request %d sees the activity %v: %v", n, entries, err)
		}
	}
	w.Lag(ghfake.Commits, ghfake.Lag{For: time.Hour})
	hidden := w.commit(t, "resize", map[string]string{"x": "z"}, ghfake.CommitOptions{Pusher: w.alice})
	if _, _, err := w.client.Git.GetTree(ctx, "acme", "infra", hidden, true); err == nil {
		t.Error("the commit was to be unknown for an hour")
	}
	w.Lag(ghfake.Commits, ghfake.Lag{})
	w.Advance(59 * time.Minute)
	if _, _, err := w.client.Git.GetTree(ctx, "acme", "infra", hidden, true); err == nil {
		t.Error("the commit was to be unknown for an hour")
	}
	w.Advance(50 * time.Second)
	w.client = client(t, w.Server, w.PersonalToken(w.alice))
	w.Advance(time.Minute)
	ok[*github.Tree](t)(w.client.Git.GetTree(ctx, "acme", "infra", hidden, true))
}

// entry is an entry of the activity, which the client does not know.
type entry struct {
	Type  string `json:"activity_type"`
	After string `json:"after"`
	Actor *github.User
}

func activity(t *testing.T, w *world, branch string) ([]entry, error) {
	t.Helper()
	req, err := w.client.NewRequest(http.MethodGet, "repos/acme/infra/activity?ref=refs/heads/"+branch, nil)
	if err != nil {
		return nil, err
	}
	var out []entry
	_, err = w.client.Do(t.Context(), req, &out)
	return out, err
}

func TestChaosIsTheSameForASeed(t *testing.T) {
	run := func() string {
		w := newWorld(t, ghfake.Options{})
		w.Unleash(ghfake.Chaos{Seed: 7, ServerErrors: 0.3, TooMany: 0.1})
		var seen strings.Builder
		for range 40 {
			_, _, err := w.bobs.Repositories.Get(t.Context(), "acme", "infra")
			switch {
			case err == nil:
				seen.WriteByte('.')
			case strings.Contains(err.Error(), "500"):
				seen.WriteByte('5')
			default:
				seen.WriteByte('4')
			}
		}
		return seen.String()
	}
	first, second := run(), run()
	if first != second || !strings.Contains(first, "5") || !strings.Contains(first, ".") {
		t.Errorf("faults of one seed:\n%s\n%s", first, second)
	}
}
