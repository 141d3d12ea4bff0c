package github_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/github"
	"github.com/changectl/changectl/internal/proposal"
	"github.com/changectl/changectl/test/ghfake"
)

// examples returns the payloads that GitHub gives as examples of an event, of one action.
func examples(t testing.TB, kind github.Kind, action string) [][]byte {
	t.Helper()
	var found [][]byte
	for _, b := range ghfake.Examples(t)[string(kind)] {
		var head struct{ Action string }
		if err := json.Unmarshal(b, &head); err != nil {
			t.Fatal(err)
		}
		if head.Action == action {
			found = append(found, b)
		}
	}
	if len(found) == 0 {
		t.Fatalf("GitHub has no example of %s %s", kind, action)
	}
	return found
}

// example returns the first of them.
func example(t testing.TB, kind github.Kind, action string) []byte {
	t.Helper()
	return examples(t, kind, action)[0]
}

var (
	hello      = github.Named{ID: 186853002, FullName: "Codertocat/Hello-World"}
	codertocat = proposal.User{ID: 21031067, Login: "Codertocat", Type: "User"}
)

const head = "ec26c3e57ca3a959ca5aad62de7213c562f8c821"

func TestParseReadsGitHubsExamples(t *testing.T) {
	for _, want := range []github.Event{
		{Kind: github.PullRequest, Action: "opened", Repository: hello, Pulls: []int{2}, After: head, Sender: codertocat},
		{Kind: github.PullRequestReview, Action: "dismissed", Repository: hello, Installation: 1, Pulls: []int{2}, After: head, Sender: codertocat},
		{Kind: github.PullRequestReviewComment, Action: "created", Repository: hello, Pulls: []int{2}, After: head, Sender: codertocat},
		{
			Kind: github.CheckRun, Action: "rerequested", Repository: github.Named{ID: 526, FullName: "github/hello-world"}, Installation: 1,
			After: "d6fde92930d4715a2b49857d24b940956b26d2d3", Sender: proposal.User{ID: 5346, Login: "octocat", Type: "User"},
		},
		{
			Kind: github.CheckSuite, Action: "rerequested", Repository: hello, Installation: 957387, Pulls: []int{2}, After: head,
			Sender: proposal.User{ID: 49795351, Login: "octocoders-linter[bot]", Type: "Bot"},
		},
		{
			Kind: github.Push, Repository: hello, Installation: 1, Ref: "refs/heads/master", Before: strings.Repeat("0", 40),
			After: "6113728f27ae82c7b1a177c8d03f9e96e0adf246", Sender: codertocat,
		},
		{
			Kind: github.MergeQueue, Action: "checks_requested", Repository: github.Named{ID: 17273051, FullName: "octo-org/octo-repo"}, Installation: 1,
			Pulls: []int{104}, Sender: codertocat,
			MergeGroup: github.MergeGroup{
				HeadSHA: "2ffea6db159f6b6c47a24e778fb9ef40cf6b1c7d", HeadRef: "refs/heads/gh-readonly-queue/main/pr-104-929f8209d40f77f4abc622a499c93a83babdbe64",
				BaseSHA: "380387fbc80638b734a49e1be1c4dfec1c01b33c", BaseRef: "refs/heads/main",
			},
		},
		{Kind: github.Installation, Action: "suspend", Installation: 16598467, Sender: codertocat},
		{Kind: github.InstallationRepositories, Action: "added", Installation: 957387, Repositories: []github.Named{{ID: 186853007, FullName: "Codertocat/Space"}}, Sender: codertocat},
		{
			Kind: github.DeploymentReview, Action: "requested", Repository: github.Named{ID: 616901961, FullName: "terraform-test-github/sample-app"},
			Installation: 35490125, Pulls: []int{3}, After: "5275a45b7e99c7fd7265b790392c10a74101a67a", Sender: proposal.User{ID: 3263338, Login: "ilmax", Type: "User"},
		},
		{Kind: github.RepositoryChanged, Action: "renamed", Repository: github.Named{ID: 186853261, FullName: "Octocoders/Hello-World"}, Installation: 1, Sender: codertocat},
		{Kind: github.Ping, Repository: github.Named{ID: 186853261, FullName: "Octocoders/Hello-World"}, Sender: codertocat},
	} {
		var all []github.Event
		for _, payload := range examples(t, want.Kind, want.Action) {
			got, err := github.Parse(string(want.Kind), payload)
			if err != nil {
				t.Errorf("%s: %v", want.Kind, err)
			}
			all = append(all, got)
		}
		if !slices.ContainsFunc(all, func(e github.Event) bool { return cmp.Equal(e, want) }) {
			t.Errorf("none of the examples of %s %s is read as it should be; the last (-want +got):\n%s", want.Kind, want.Action, cmp.Diff(want, all[len(all)-1]))
		}
	}
}

// Every example that there is can be read, also those that others recorded:
// CHANGECTL_GITHUB_PAYLOADS names a directory with such, in folders named after their events.
func TestParseReadsWhateverGitHubSent(t *testing.T) {
	read := 0
	check := func(name, event string, payload []byte) {
		t.Helper()
		read++
		e, err := github.Parse(event, payload)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if e.Kind == github.PullRequest && (e.Repository.ID == 0 || len(e.Pulls) != 1) {
			t.Errorf("%s names no pull request: %+v", name, e)
		}
	}
	for event, list := range ghfake.Examples(t) {
		for i, payload := range list {
			check(fmt.Sprintf("%s %d", event, i), event, payload)
		}
	}
	if dir := os.Getenv("CHANGECTL_GITHUB_PAYLOADS"); dir != "" {
		files, err := filepath.Glob(filepath.Join(dir, "payloads*", "*", "*.json"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no payloads in %s: %v", dir, err)
		}
		for _, file := range files {
			payload, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			check(file, filepath.Base(filepath.Dir(file)), payload)
		}
	}
	t.Logf("%d payloads were read", read)
}

func TestParse(t *testing.T) {
	for name, tc := range map[string]struct {
		event, payload string
		want           github.Event
	}{
		"a comment on an issue that is no pull request": {"issue_comment", `{"action":"created","issue":{"number":4}}`, github.Event{Kind: github.Other}},
		"an event that says nothing here":               {"star", `{"action":"created"}`, github.Event{Kind: github.Other}},
		"an event of the future, even if it is no JSON": {"tea_break", `tea`, github.Event{Kind: github.Other}},
		"a push by force": {
			"push", `{"ref":"refs/heads/topic","before":"a","after":"b","forced":true,"repository":{"id":3,"full_name":"o/r"}}`,
			github.Event{Kind: github.Push, Ref: "refs/heads/topic", Before: "a", After: "b", Forced: true, Repository: github.Named{ID: 3, FullName: "o/r"}},
		},
		"a pull request that moved": {
			"pull_request", `{"action":"synchronize","number":5,"before":"a","after":"b","pull_request":{"number":5,"head":{"sha":"b"}}}`,
			github.Event{Kind: github.PullRequest, Action: "synchronize", Pulls: []int{5}, Before: "a", After: "b"},
		},
		"a pull request of an account that is gone": {
			"pull_request", `{"action":"closed","number":5,"sender":null,"pull_request":{"number":5,"user":null,"head":{"sha":"b","repo":null}}}`,
			github.Event{Kind: github.PullRequest, Action: "closed", Pulls: []int{5}, After: "b"},
		},
		"a suite that names pull requests of a fork and of none": {
			"check_suite", `{"repository":{"id":3},"check_suite":{"head_sha":"b","pull_requests":[
				{"number":9,"base":{"repo":{"id":3}}},{"number":4,"base":{"repo":{"id":4}}},{"number":2},{"number":9,"base":{"repo":{"id":3}}}]}}`,
			github.Event{Kind: github.CheckSuite, Repository: github.Named{ID: 3}, Pulls: []int{2, 9}, After: "b"},
		},
		"a suite without a list": {
			"check_suite", `{"check_suite":{"head_sha":"b","pull_requests":null}}`, github.Event{Kind: github.CheckSuite, After: "b"},
		},
		"a group into a branch with pr- in its name": {
			"merge_group", `{"merge_group":{"head_ref":"refs/heads/gh-readonly-queue/fix/pr-1-x/pr-77-abc"}}`,
			github.Event{Kind: github.MergeQueue, Pulls: []int{77}, MergeGroup: github.MergeGroup{HeadRef: "refs/heads/gh-readonly-queue/fix/pr-1-x/pr-77-abc"}},
		},
		"a group that names nothing": {
			"merge_group", `{"merge_group":{"head_ref":"refs/heads/gh-readonly-queue/main/pr--abc"}}`,
			github.Event{Kind: github.MergeQueue, MergeGroup: github.MergeGroup{HeadRef: "refs/heads/gh-readonly-queue/main/pr--abc"}},
		},
		"an installation that is new": {
			"installation", `{"action":"created","installation":{"id":8},"repositories":[{"id":1,"full_name":"a/b"}]}`,
			github.Event{Kind: github.Installation, Action: "created", Installation: 8, Repositories: []github.Named{{ID: 1, FullName: "a/b"}}},
		},
	} {
		got, err := github.Parse(tc.event, []byte(tc.payload))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestParseRefusesWhatIsNoObject(t *testing.T) {
	for _, payload := range []string{"", "null", "[]", "7", `"x"`, "{", `{"action":`, `{"number":"five"}`, "{}{}"} {
		e, err := github.Parse("pull_request", []byte(payload))
		if change.KindOf(err) != change.KindInvalid {
			t.Errorf("%q: got %+v, %v; want Invalid", payload, e, err)
		}
	}
	if _, err := github.Parse("", []byte("{}")); change.KindOf(err) != change.KindInvalid {
		t.Errorf("an event without a name: %v, want Invalid", err)
	}
}

func TestBranchIsOfBranchesOnly(t *testing.T) {
	for ref, want := range map[string]string{"refs/heads/main": "main", "refs/heads/a/b": "a/b", "refs/tags/v1": "", "": ""} {
		if got := (github.Event{Ref: ref}).Branch(); got != want {
			t.Errorf("%q: got %q, want %q", ref, got, want)
		}
	}
}

// Whatever comes, Parse says Invalid or gives an event of a kind that it knows, with
// numbers that are numbers of pull requests.
func FuzzParse(f *testing.F) {
	for event, list := range ghfake.Examples(f) {
		f.Add(event, []byte(list[0]))
	}
	f.Add("check_run", []byte(`{"check_run":{"pull_requests":[null,{"number":-1}]}}`))
	f.Fuzz(func(t *testing.T, event string, payload []byte) {
		e, err := github.Parse(event, payload)
		if err != nil {
			if change.KindOf(err) != change.KindInvalid || !cmp.Equal(e, github.Event{}) {
				t.Fatalf("got %+v with %v", e, err)
			}
			return
		}
		if e.Kind != github.Other && string(e.Kind) != event {
			t.Fatalf("%q became %q", event, e.Kind)
		}
		for i, n := range e.Pulls {
			if n <= 0 || i > 0 && n <= e.Pulls[i-1] {
				t.Fatalf("pulls are %v", e.Pulls)
			}
		}
	})
}
