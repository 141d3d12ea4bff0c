package github_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/github"
	"github.com/changectl/changectl/internal/proposal"
	"github.com/changectl/changectl/internal/pullrequest"
	"github.com/changectl/changectl/test/ghfake"
)

var _ pullrequest.Forge = (*github.Client)(nil)

// scene is a fake of GitHub that holds every request against GitHub's description of
// its API, with a pull request of alice's.
type scene struct {
	*ghfake.Server
	t            *testing.T
	repo         *ghfake.Repo
	installation *ghfake.Installation
	alice, bob   *ghfake.User
	pull         *ghfake.Pull
	base, head   string
	c            *github.Client
	r            proposal.Repository
}

func newScene(t *testing.T, o ghfake.Options) *scene {
	t.Helper()
	s := &scene{Server: ghfake.Start(t, o), t: t}
	s.alice, s.bob = s.User("alice"), s.User("bob")
	s.repo = ghfake.Must(s.CreateRepo("acme", "infra", ghfake.RepoOptions{}))
	s.repo.Collaborate(s.alice, "write")
	s.repo.Collaborate(s.bob, "write")
	s.installation = s.Install(s.repo.Owner, nil, s.repo)
	s.base = s.commit("main", map[string]string{"README.md": "Infrastructure\n"}, ghfake.CommitOptions{})
	s.head = s.commit("feature/resize", map[string]string{"changes/resize.yaml": "name: resize\n", "run.sh": "true\n"}, ghfake.CommitOptions{
		Pusher: s.alice, Executable: []string{"run.sh"}, Links: map[string]string{"link": "README.md"}, Submodules: map[string]string{"module": sha},
	})
	s.pull = ghfake.Must(s.repo.OpenPull(s.alice, ghfake.PullOptions{Head: "feature/resize", Title: "Resize"}))
	s.c = s.client()
	s.r = proposal.Repository{
		ID: s.repo.ID, Owner: "acme", Name: "infra", DefaultBranch: "main", URL: s.read().URL, Installation: s.installation.ID,
	}
	return s
}

func (s *scene) client(alter ...func(*github.Options)) *github.Client {
	s.t.Helper()
	o := github.Options{AppID: s.App().ID, Key: s.App().Key(), BaseURL: s.URL(), Repositories: []string{"Acme/Infra"}}
	for _, a := range alter {
		a(&o)
	}
	c, err := github.New(o)
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

func (s *scene) read() proposal.Repository {
	s.t.Helper()
	r, err := s.c.Repository(s.t.Context(), s.repo.ID)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

func (s *scene) commit(branch string, files map[string]string, o ghfake.CommitOptions) string {
	s.t.Helper()
	id, err := s.repo.Commit(branch, files, o)
	if err != nil {
		s.t.Fatal(err)
	}
	return id
}

// must returns a value that came without an error.
func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func same[T any](t *testing.T, what string, want, got T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func person(u *ghfake.User) proposal.User {
	return proposal.User{ID: u.ID, Login: u.Login, Type: "User"}
}

func TestFakeRepositories(t *testing.T) {
	s := newScene(t, ghfake.Options{})
	ctx := t.Context()
	second := ghfake.Must(s.CreateRepo("acme", "site", ghfake.RepoOptions{}))
	s.installation.Add(s.alice, second)
	same(t, "served", []proposal.Repository{s.r}, must[[]proposal.Repository](t)(s.c.Repositories(ctx)))
	same(t, "read", s.r, must[proposal.Repository](t)(s.c.Repository(ctx, s.repo.ID)))
	same(t, "found", s.r, must[proposal.Repository](t)(s.c.Find(ctx, "ACME", "infra")))
	_, err := s.c.Repository(ctx, second.ID)
	wantKind(t, err, change.KindDenied)

	s.SuspendInstallation(s.installation, s.alice)
	_, err = s.c.Repository(ctx, s.repo.ID)
	wantKind(t, err, change.KindConflict)
	_, err = s.c.Pull(ctx, s.r, 1)
	wantKind(t, err, change.KindConflict)
	s.UnsuspendInstallation(s.installation, s.alice)
	must[proposal.Pull](t)(s.c.Pull(ctx, s.r, 1))

	if err := s.repo.Rename("moved", s.alice); err != nil {
		t.Fatal(err)
	}
	must[proposal.Pull](t)(s.c.Pull(ctx, s.r, 1)) // the old name leads on
	_, err = s.c.Repository(ctx, s.repo.ID)
	wantKind(t, err, change.KindDenied)
	s.Uninstall(s.installation, s.alice)
	_, err = s.client(func(o *github.Options) { o.Repositories = nil }).Repository(ctx, s.repo.ID)
	wantKind(t, err, change.KindDenied)
}

func TestFakePulls(t *testing.T) {
	s := newScene(t, ghfake.Options{})
	ctx := t.Context()
	got := must[proposal.Pull](t)(s.c.Pull(ctx, s.r, 1))
	state := s.pull.State()
	want := proposal.Pull{
		Repository: s.r, Number: 1, Title: "Resize", URL: got.URL, Open: true, Author: person(s.alice), UpdatedAt: state.Updated,
		Head: proposal.Branch{Ref: "feature/resize", SHA: s.head, RepositoryID: s.repo.ID},
		Base: proposal.Branch{Ref: "main", SHA: s.base, RepositoryID: s.repo.ID},
	}
	same(t, "open", want, got)
	same(t, "listed", []proposal.Pull{want}, must[[]proposal.Pull](t)(s.c.Pulls(ctx, s.r)))
	same(t, "of the commit", []int{1}, must[[]int](t)(s.c.PullsOf(ctx, s.r, s.head)))

	merged := ghfake.Must(s.pull.Merge(ghfake.Squash, s.bob))
	got = must[proposal.Pull](t)(s.c.Pull(ctx, s.r, 1))
	if got.Open || !got.Merged || got.MergeCommit != merged || got.MergedBy != person(s.bob) {
		t.Errorf("after the merge: %+v", got)
	}
	if left := must[[]proposal.Pull](t)(s.c.Pulls(ctx, s.r)); len(left) != 0 {
		t.Errorf("still open: %+v", left)
	}
	same(t, "of the merge", []int{1}, must[[]int](t)(s.c.PullsOf(ctx, s.r, merged)))
	_, err := s.c.Pull(ctx, s.r, 99)
	wantKind(t, err, change.KindNotFound)
}

func TestFakeCommits(t *testing.T) {
	s := newScene(t, ghfake.Options{})
	ctx := t.Context()
	branch := must[proposal.Commit](t)(s.c.Branch(ctx, s.r, "feature/resize"))
	commit := must[proposal.Commit](t)(s.c.Commit(ctx, s.r, s.head))
	same(t, "the branch and its commit", commit, branch)
	same(t, "commit", proposal.Commit{
		SHA: s.head, Tree: commit.Tree, Author: person(s.alice), Committer: person(s.alice), Parents: []string{s.base},
	}, commit)
	for range 120 {
		s.head = s.commit("feature/resize", map[string]string{"changes/resize.yaml": fmt.Sprint(time.Now().UnixNano())}, ghfake.CommitOptions{Pusher: s.bob, Quiet: true})
	}
	if err := s.repo.Sync(s.bob); err != nil {
		t.Fatal(err)
	}
	compared := must[proposal.Comparison](t)(s.c.Compare(ctx, s.r, s.base, s.head))
	if compared.Status != "ahead" || compared.MergeBase != s.base || compared.Total != 121 || len(compared.Commits) != 121 || compared.Commits[120].SHA != s.head {
		t.Errorf("got %s from %s with %d of %d", compared.Status, compared.MergeBase, len(compared.Commits), compared.Total)
	}
	same(t, "pushed by", person(s.bob), must[proposal.User](t)(s.c.Pusher(ctx, s.r, "feature/resize", s.head)))
	_, err := s.c.Pusher(ctx, s.r, "main", s.head)
	wantKind(t, err, change.KindNotFound)
	_, err = s.c.Branch(ctx, s.r, "gone")
	wantKind(t, err, change.KindNotFound)
	_, err = s.c.Compare(ctx, s.r, s.base, sha)
	wantKind(t, err, change.KindNotFound)
}

func TestFakeTreesAndFiles(t *testing.T) {
	s := newScene(t, ghfake.Options{})
	ctx := t.Context()
	entries := must[[]proposal.Entry](t)(s.c.Tree(ctx, s.r, s.head))
	var got []string
	for _, e := range entries {
		got = append(got, e.Mode+" "+e.Path)
	}
	same(t, "tree", []string{"100644 README.md", "100644 changes/resize.yaml", "120000 link", "160000 module", "100755 run.sh"}, got)
	tree := must[proposal.Commit](t)(s.c.Commit(ctx, s.r, s.head)).Tree
	same(t, "by its own ID", entries, must[[]proposal.Entry](t)(s.c.Tree(ctx, s.r, tree)))
	for _, e := range entries {
		if e.Path == "changes/resize.yaml" {
			same(t, "file", "name: resize\n", string(must[[]byte](t)(s.c.Blob(ctx, s.r, e.Blob))))
		}
	}
	_, err := s.c.Blob(ctx, s.r, sha)
	wantKind(t, err, change.KindNotFound)
	_, err = s.c.Tree(ctx, s.r, sha)
	wantKind(t, err, change.KindNotFound)
	s.repo.TruncateTree(s.base)
	_, err = s.c.Tree(ctx, s.r, s.base)
	wantKind(t, err, change.KindInvalid)
}

func TestFakeReviewsAndComments(t *testing.T) {
	s := newScene(t, ghfake.Options{})
	ctx := t.Context()
	s.pull.Review(s.bob, ghfake.Approved, "")
	gone := s.User("carol")
	s.pull.Review(gone, ghfake.ChangesRequested, s.base)
	s.DeleteUser(gone)
	reviews := must[[]proposal.Review](t)(s.c.Reviews(ctx, s.r, 1))
	if len(reviews) != 2 || reviews[0].State != "APPROVED" || reviews[0].Commit != s.head || reviews[0].User != person(s.bob) ||
		reviews[1].State != "CHANGES_REQUESTED" || reviews[1].Commit != s.base || reviews[1].User.Human() {
		t.Errorf("got %+v", reviews)
	}

	said := s.pull.Comment(s.alice, "/changectl check", false)
	s.pull.Comment(s.bob, "by a tool", true)
	id := must[int64](t)(s.c.PutComment(ctx, s.r, 1, 0, "the plan"))
	s.Advance(2 * time.Second)
	if again := must[int64](t)(s.c.PutComment(ctx, s.r, 1, id, "the plan, again")); again != id {
		t.Errorf("comment %d became %d", id, again)
	}
	for range 2 {
		if err := s.c.React(ctx, s.r, said.ID, "eyes"); err != nil {
			t.Error(err)
		}
	}
	same(t, "reactions", 1, len(said.Reactions()))
	comments := must[[]proposal.Comment](t)(s.c.Comments(ctx, s.r, 1))
	if len(comments) != 3 || comments[0].Mine || comments[0].User != person(s.alice) || comments[0].Edited() || comments[1].App != "changectl" {
		t.Fatalf("got %+v", comments)
	}
	if mine := comments[2]; mine.ID != id || !mine.Mine || mine.Body != "the plan, again" || !mine.Edited() {
		t.Errorf("got %+v", mine)
	}
	_, err := s.c.PutComment(ctx, s.r, 99, 0, "x")
	wantKind(t, err, change.KindNotFound)
}

func TestFakeChecks(t *testing.T) {
	s := newScene(t, ghfake.Options{})
	ctx := t.Context()
	s.repo.ForeignCheck(99, s.head, "changectl", "success")
	k := proposal.Check{Name: "changectl", Head: s.head, Title: "T", Summary: "S", ExternalID: "x", DetailsURL: "https://example.com/x"}
	k.ID = must[int64](t)(s.c.PutCheck(ctx, s.r, k))
	same(t, "in progress", []proposal.Check{k}, must[[]proposal.Check](t)(s.c.Checks(ctx, s.r, s.head)))
	k.Conclusion, k.Text, k.Annotations = proposal.Failure, "X", notes(120)
	for range 2 { // the second time there is nothing to add
		same(t, "ID", k.ID, must[int64](t)(s.c.PutCheck(ctx, s.r, k)))
	}
	if all := s.repo.Checks(s.head); len(all) != 2 || !slices.ContainsFunc(all, func(c ghfake.CheckRun) bool { return c.Annotations == 120 }) {
		t.Errorf("there are %d runs: %+v", len(all), all)
	}
	k.Annotations = nil // they are not read back
	same(t, "completed", []proposal.Check{k}, must[[]proposal.Check](t)(s.c.Checks(ctx, s.r, s.head)))
}

func TestFakeDeployments(t *testing.T) {
	s := newScene(t, ghfake.Options{})
	ctx := t.Context()
	d := proposal.Deployment{Ref: s.head, Task: "change", Environment: "orders-db", Description: "Resize", Production: true, Payload: `{"change":"CHG-7"}`}
	d.ID = must[int64](t)(s.c.CreateDeployment(ctx, s.r, d))
	same(t, "deployments", []proposal.Deployment{d}, must[[]proposal.Deployment](t)(s.c.Deployments(ctx, s.r, s.head)))
	for _, state := range []string{"queued", "in_progress", "success"} {
		if err := s.c.SetDeploymentStatus(ctx, s.r, d.ID, proposal.DeploymentStatus{State: state, Description: "CHG-7", LogURL: "https://example.com/CHG-7"}); err != nil {
			t.Error(err)
		}
	}
	if made := s.repo.Deployments(); len(made) != 1 || len(made[0].Statuses) != 3 {
		t.Errorf("got %+v", made)
	}
	wantKind(t, s.c.SetDeploymentStatus(ctx, s.r, 1, proposal.DeploymentStatus{State: "queued"}), change.KindNotFound)
}

// hook takes deliveries in until it is told to refuse them.
type hook struct {
	receiver *github.Receiver
	events   chan github.Event
	refuse   bool
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e, err := h.receiver.Receive(r.Header, r.Body)
	if err != nil || h.refuse {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	h.events <- e
}

func TestFakeDeliveriesAreReceivedAndRedelivered(t *testing.T) {
	s := newScene(t, ghfake.Options{})
	ctx := t.Context()
	receiver, err := github.NewReceiver(secret)
	if err != nil {
		t.Fatal(err)
	}
	h := &hook{receiver: receiver, events: make(chan github.Event, 100), refuse: true}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	s.SetHook(server.URL, string(secret))
	s.pull.Comment(s.alice, "/changectl check", false)
	settle(ctx, t, s)
	failed := must[[]proposal.Delivery](t)(s.c.Deliveries(ctx, time.Now().Add(-time.Hour)))
	if len(failed) != 1 || failed[0].Status != http.StatusServiceUnavailable || failed[0].Event != "issue_comment" || failed[0].Redelivery {
		t.Fatalf("got %+v", failed)
	}
	h.refuse = false
	if err := s.c.Redeliver(ctx, failed[0].ID); err != nil {
		t.Fatal(err)
	}
	settle(ctx, t, s)
	e := <-h.events
	if e.Kind != github.IssueComment || !slices.Equal(e.Pulls, []int{1}) || e.Repository.ID != s.repo.ID || e.Sender != person(s.alice) || e.Delivery != failed[0].GUID {
		t.Errorf("got %+v", e)
	}
	both := must[[]proposal.Delivery](t)(s.c.Deliveries(ctx, time.Now().Add(-time.Hour)))
	if len(both) != 2 || !both[0].Redelivery || both[0].Status != http.StatusOK || both[0].GUID != both[1].GUID {
		t.Errorf("got %+v", both)
	}
	if later := must[[]proposal.Delivery](t)(s.c.Deliveries(ctx, time.Now().Add(time.Hour))); len(later) != 0 {
		t.Errorf("of the future: %+v", later)
	}
	wantKind(t, s.c.Redeliver(ctx, 1), change.KindNotFound)
}

func settle(ctx context.Context, t *testing.T, s *scene) {
	t.Helper()
	if err := s.WaitDeliveries(ctx); err != nil {
		t.Fatal(err)
	}
}

// What GitHub does to its clients when it is busy.
func TestFakeLimitsAndFailures(t *testing.T) {
	for name, tc := range map[string]struct {
		failure ghfake.Failure
		limit   time.Duration // 0 is none
	}{
		"a server error":            {ghfake.ServerError, 0},
		"too many requests":         {ghfake.TooManyRequests, time.Second},
		"a secondary limit":         {ghfake.SecondaryLimit, time.Minute},
		"one without documentation": {ghfake.BareSecondaryLimit, time.Minute},
	} {
		s := newScene(t, ghfake.Options{})
		now := time.Now()
		c := s.client(func(o *github.Options) { o.Clock = func() time.Time { return now } })
		must[proposal.Pull](t)(c.Pull(t.Context(), s.r, 1))
		s.Fail(tc.failure, "GET /repos/{owner}/{repo}/pulls/{pull_number}", 1)
		_, err := c.Pull(t.Context(), s.r, 1)
		wantKind(t, err, change.KindUnavailable)
		wait, ok := github.RetryAfter(err, now)
		if ok != (tc.limit > 0) || wait != tc.limit {
			t.Errorf("%s: wait %v (%t), want %v: %v", name, wait, ok, tc.limit, err)
		}
		now = now.Add(tc.limit)
		must[proposal.Pull](t)(c.Pull(t.Context(), s.r, 1))
	}
}

func TestFakeHourThatIsSpent(t *testing.T) {
	s := newScene(t, ghfake.Options{})
	now := time.Now().Truncate(time.Second)
	c := s.client(func(o *github.Options) { o.Clock = func() time.Time { return now } })
	must[proposal.Pull](t)(c.Pull(t.Context(), s.r, 1))
	s.ExhaustRateLimit(now.Add(30 * time.Minute))
	_, err := c.Reviews(t.Context(), s.r, 1)
	if wait, ok := github.RetryAfter(err, now); !ok || wait != 30*time.Minute {
		t.Errorf("wait %v (%t): %v", wait, ok, err)
	}
	sent := s.Counts().Total()
	_, err = c.Pull(t.Context(), s.r, 1)
	wantKind(t, err, change.KindUnavailable)
	if s.Counts().Total() != sent {
		t.Error("a request was sent in spite of the limit")
	}
	s.Advance(31 * time.Minute)
	now = now.Add(31 * time.Minute)
	must[proposal.Pull](t)(c.Pull(t.Context(), s.r, 1))
}

// Reading the same again costs nothing of the hour.
func TestFakeWhatDidNotChangeIsFree(t *testing.T) {
	s := newScene(t, ghfake.Options{})
	ctx := t.Context()
	read := func() {
		must[proposal.Pull](t)(s.c.Pull(ctx, s.r, 1))
		must[[]proposal.Review](t)(s.c.Reviews(ctx, s.r, 1))
		must[[]proposal.Comment](t)(s.c.Comments(ctx, s.r, 1))
		must[[]proposal.Entry](t)(s.c.Tree(ctx, s.r, s.head))
	}
	read()
	before := s.Counts()
	read()
	if got := s.Counts().Limited - before.Limited; got != 0 {
		t.Errorf("%d requests of the hour were spent:\n%s", got, s.Counts())
	}
	s.pull.Review(s.bob, ghfake.Approved, "")
	if got := must[[]proposal.Review](t)(s.c.Reviews(ctx, s.r, 1)); len(got) != 1 {
		t.Errorf("a review that is new is not seen: %+v", got)
	}
}

func TestFakeAPersonReadsTheSame(t *testing.T) {
	s := newScene(t, ghfake.Options{})
	ctx := t.Context()
	c := must[*github.Client](t)(github.WithToken(s.URL(), s.PersonalToken(s.alice)))
	r := must[proposal.Repository](t)(c.Find(ctx, "acme", "infra"))
	want := s.r
	want.Installation = 0
	same(t, "repository", want, r)
	same(t, "by its ID", want, must[proposal.Repository](t)(c.Repository(ctx, r.ID)))
	mine, theirs := must[proposal.Pull](t)(c.Pull(ctx, r, 1)), must[proposal.Pull](t)(s.c.Pull(ctx, s.r, 1))
	theirs.Repository = r
	same(t, "pull request", theirs, mine)
	same(t, "tree", must[[]proposal.Entry](t)(s.c.Tree(ctx, s.r, s.head)), must[[]proposal.Entry](t)(c.Tree(ctx, r, s.head)))
	if strings.Contains(fmt.Sprint(r, mine), "ghp_") {
		t.Error("the token shows")
	}
}
