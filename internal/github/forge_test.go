package github_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/proposal"
)

func TestPull(t *testing.T) {
	alice := proposal.User{ID: 7, Login: "alice", Type: "User"}
	open := proposal.Pull{
		Repository: repo, Number: 7, Title: "T", URL: "https://x/pull/7", Open: true, Author: alice, UpdatedAt: start.Add(-time.Hour),
		Head: proposal.Branch{Ref: "topic", SHA: sha, RepositoryID: 1}, Base: proposal.Branch{Ref: "main", SHA: other, RepositoryID: 1},
	}
	with := func(alter func(*proposal.Pull)) proposal.Pull {
		p := open
		alter(&p)
		return p
	}
	for name, tc := range map[string]struct {
		more string
		want proposal.Pull
	}{
		"open, with the commit of a merge that was tried": {`,"merged":false,"merge_commit_sha":"` + sha + `"`, open},
		"draft": {`,"draft":true`, with(func(p *proposal.Pull) { p.Draft = true })},
		"merged": {`,"state":"closed","merged":true,"merge_commit_sha":"` + other + `","merged_by":{"id":7,"login":"alice","type":"User"}`, with(func(p *proposal.Pull) {
			p.Open, p.Merged, p.MergeCommit, p.MergedBy = false, true, other, alice
		})},
		"merged, as a list says it": {`,"state":"closed","merged_at":"2027-03-06T21:00:00Z","merge_commit_sha":"` + other + `"`, with(func(p *proposal.Pull) {
			p.Open, p.Merged, p.MergeCommit = false, true, other
		})},
		"of a fork": {`,"head":{"ref":"topic","sha":"` + sha + `","repo":{"id":66}}`, with(func(p *proposal.Pull) { p.Head.RepositoryID = 66 })},
		"of a fork that is gone, by who is gone": {`,"user":null,"head":{"ref":"topic","sha":"` + sha + `","repo":null}`, with(func(p *proposal.Pull) {
			p.Head.RepositoryID, p.Author = 0, proposal.User{}
		})},
	} {
		w := newWorld(t)
		w.answer("GET /repos/acme/changes/pulls/7", pull(7, tc.more))
		w.answer("GET /repos/acme/changes/pulls", "["+pull(7, tc.more)+"]")
		c := w.client(t)
		got, err := c.Pull(t.Context(), repo, 7)
		if diff := cmp.Diff(tc.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
		all, err := c.Pulls(t.Context(), repo)
		if diff := cmp.Diff([]proposal.Pull{tc.want}, all); diff != "" || err != nil {
			t.Errorf("%s, in a list: %v (-want +got):\n%s", name, err, diff)
		}
	}
}

// The old name of a repository can be given to another, which is public.
func TestPullsOfAnotherRepositoryWithTheNameAreRefused(t *testing.T) {
	w := newWorld(t)
	foreign := pull(7, `,"base":{"ref":"main","sha":"x","repo":{"id":2}}`)
	w.answer("GET /repos/acme/changes/pulls/7", foreign)
	w.answer("GET /repos/acme/changes/pulls", "["+pull(6, "")+","+foreign+"]")
	w.answer("GET /repos/acme/changes/commits/"+sha+"/pulls", "["+foreign+","+pull(6, "")+"]")
	c := w.client(t)
	_, err := c.Pull(t.Context(), repo, 7)
	wantKind(t, err, change.KindConflict)
	_, err = c.Pulls(t.Context(), repo)
	wantKind(t, err, change.KindConflict)
	numbers, err := c.PullsOf(t.Context(), repo, sha)
	if err != nil || !cmp.Equal(numbers, []int{6}) {
		t.Errorf("got %v, %v; want 6", numbers, err)
	}
}

// paged answers a list in pages of two.
func (w *world) paged(what string, items []string, wrap string) {
	w.HandleFunc(what, func(rw http.ResponseWriter, r *http.Request) {
		page := 1
		_, _ = fmt.Sscan(r.URL.Query().Get("page"), &page)
		from, to := min(2*(page-1), len(items)), min(2*page, len(items))
		if to < len(items) {
			rw.Header().Set("Link", fmt.Sprintf(`<%sx?page=%d>; rel="next", <%sx?page=9>; rel="last"`, w.url, page+1, w.url))
		}
		w.say(rw, fmt.Sprintf(wrap, strings.Join(items[from:to], ",")))
	})
}

func TestListsAreReadToTheirEnd(t *testing.T) {
	w := newWorld(t)
	five := func(one func(n int) string) (all []string) {
		for n := 1; n <= 5; n++ {
			all = append(all, one(n))
		}
		return all
	}
	id := func(n int) string { return fmt.Sprintf(`{"id":%d,"name":"n%d"}`, n, n) }
	w.paged("GET /repos/acme/changes/pulls", five(func(n int) string { return pull(n, "") }), "[%s]")
	w.paged("GET /repos/acme/changes/pulls/7/reviews", five(id), "[%s]")
	w.paged("GET /repos/acme/changes/issues/7/comments", five(id), "[%s]")
	w.paged("GET /repos/acme/changes/commits/"+sha+"/pulls", five(func(n int) string { return pull(n, "") }), "[%s]")
	w.paged("GET /repos/acme/changes/commits/"+sha+"/check-runs", five(id), `{"check_runs":[%s]}`)
	w.paged("GET /repos/acme/changes/deployments", five(func(n int) string {
		return fmt.Sprintf(`{"id":%d,"creator":{"login":"changectl[bot]"}}`, n)
	}), "[%s]")
	w.paged("GET /repos/acme/changes/compare/{x}", five(func(n int) string { return fmt.Sprintf(`{"sha":"c%d"}`, n) }),
		`{"status":"ahead","total_commits":5,"merge_base_commit":{"sha":"mb"},"commits":[%s]}`)
	c, ctx := w.client(t), t.Context()
	count := func(n int, err error) string { return fmt.Sprint(n, " ", err) }
	pulls, err := c.Pulls(ctx, repo)
	got := map[string]string{"Pulls": count(len(pulls), err)}
	reviews, err := c.Reviews(ctx, repo, 7)
	got["Reviews"] = count(len(reviews), err)
	comments, err := c.Comments(ctx, repo, 7)
	got["Comments"] = count(len(comments), err)
	numbers, err := c.PullsOf(ctx, repo, sha)
	got["PullsOf"] = count(len(numbers), err)
	checks, err := c.Checks(ctx, repo, sha)
	got["Checks"] = count(len(checks), err)
	deployments, err := c.Deployments(ctx, repo, sha)
	got["Deployments"] = count(len(deployments), err)
	compared, err := c.Compare(ctx, repo, other, sha)
	got["Compare"] = count(len(compared.Commits), err)
	for name, n := range got {
		if n != "5 <nil>" {
			t.Errorf("%s: %s, want 5", name, n)
		}
	}
	if compared.Total != 5 || compared.MergeBase != "mb" || compared.Status != "ahead" {
		t.Errorf("got %+v", compared)
	}
}

func TestABranchThatWasRenamedIsNotFound(t *testing.T) {
	w := newWorld(t)
	w.answer("GET /repos/acme/changes/branches/{name...}", `{"name":"feature/new","commit":{"sha":"`+sha+`","commit":{"tree":{"sha":"t"}},"author":{"id":7,"login":"alice","type":"User"},"committer":null,"parents":[{"sha":"p1"},{"sha":"p2"}]}}`)
	c := w.client(t)
	got, err := c.Branch(t.Context(), repo, "feature/new")
	want := proposal.Commit{SHA: sha, Tree: "t", Author: proposal.User{ID: 7, Login: "alice", Type: "User"}, Parents: []string{"p1", "p2"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	_, err = c.Branch(t.Context(), repo, "feature/old")
	wantKind(t, err, change.KindNotFound)
}

func TestACommitIsTheOneThatWasAskedFor(t *testing.T) {
	w := newWorld(t)
	w.answer("GET /repos/acme/changes/commits/{id}", `{"sha":"`+sha+`","author":{},"commit":{"tree":{"sha":"t"}}}`)
	c := w.client(t)
	if got, err := c.Commit(t.Context(), repo, sha); err != nil || got.Tree != "t" || got.Author.Human() {
		t.Errorf("got %+v, %v", got, err)
	}
	_, err := c.Commit(t.Context(), repo, other)
	wantKind(t, err, change.KindNotFound)
}

func TestPusher(t *testing.T) {
	entry := func(after, ref, actor string) string {
		return fmt.Sprintf(`{"after":%q,"ref":%q,"actor":%s}`, after, ref, actor)
	}
	const topic, alice, bob = "refs/heads/topic", `{"id":7,"login":"alice","type":"User"}`, `{"id":8,"login":"bob","type":"User"}`
	for name, tc := range map[string]struct {
		entries []string
		want    string
	}{
		"the last of them":          {[]string{entry(other, topic, bob), entry(sha, topic, alice), entry(sha, topic, bob)}, "alice"},
		"on the next page":          {[]string{entry(other, topic, bob), entry(other, topic, bob), entry(sha, topic, alice)}, "alice"},
		"onto another branch":       {[]string{entry(sha, "refs/heads/topic2", bob)}, ""},
		"by an account that's gone": {[]string{entry(sha, topic, "null")}, ""},
		"not yet":                   {nil, ""},
	} {
		w := newWorld(t)
		w.HandleFunc("GET /repos/acme/changes/activity", func(rw http.ResponseWriter, r *http.Request) {
			from := 0
			_, _ = fmt.Sscan(r.URL.Query().Get("after"), &from)
			to := min(from+2, len(tc.entries))
			if to < len(tc.entries) {
				rw.Header().Set("Link", fmt.Sprintf(`<%sx?after=%d&per_page=100>; rel="next"`, w.url, to))
			}
			if r.URL.Query().Get("ref") != topic {
				t.Errorf("asked for %s", r.URL.RawQuery)
			}
			w.say(rw, "["+strings.Join(tc.entries[from:to], ",")+"]")
		})
		got, err := w.client(t).Pusher(t.Context(), repo, "topic", sha)
		if got.Login != tc.want || (tc.want == "") != (change.KindOf(err) == change.KindNotFound) {
			t.Errorf("%s: got %+v, %v; want %q", name, got, err, tc.want)
		}
	}
}

func TestCommentsSayWhichAreMine(t *testing.T) {
	w := newWorld(t)
	w.answer("GET /repos/acme/changes/issues/7/comments", `[
		{"id":1,"user":{"login":"changectl[bot]","type":"Bot"},"performed_via_github_app":{"id":4321,"slug":"changectl"}},
		{"id":2,"user":{"login":"changectl[bot]","type":"Bot"},"performed_via_github_app":null},
		{"id":3,"user":{"login":"changectl","type":"User"}},
		{"id":4,"user":{"login":"robot[bot]","type":"Bot"},"performed_via_github_app":{"id":99,"slug":"robot"}},
		{"id":5,"user":{"login":"changectl[bot]","type":"Bot"},"performed_via_github_app":{"id":99,"slug":"changectl"}},
		{"id":6,"user":null}]`)
	found, err := w.client(t).Comments(t.Context(), repo, 7)
	if err != nil {
		t.Fatal(err)
	}
	mine := map[int64]bool{}
	for _, m := range found {
		mine[m.ID] = m.Mine
	}
	if diff := cmp.Diff(map[int64]bool{1: true, 2: true, 3: false, 4: false, 5: false, 6: false}, mine); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPutCommentCreatesOrReplacesAndCuts(t *testing.T) {
	w := newWorld(t)
	w.answer("POST /repos/acme/changes/issues/7/comments", `{"id":5}`)
	w.answer("PATCH /repos/acme/changes/issues/comments/5", `{"id":5}`)
	c := w.client(t)
	long := strings.Repeat("ä", 40_000)
	if id, err := c.PutComment(t.Context(), repo, 7, 0, "short <b>"); err != nil || id != 5 {
		t.Errorf("got %d, %v", id, err)
	}
	if id, err := c.PutComment(t.Context(), repo, 7, 5, long); err != nil || id != 5 {
		t.Errorf("got %d, %v", id, err)
	}
	var body struct{ Body string }
	if err := json.Unmarshal([]byte(w.all("POST /repos/acme/changes/issues/7/comments")[0].Body), &body); err != nil || body.Body != "short <b>" {
		t.Errorf("sent %q, %v", body.Body, err)
	}
	if err := json.Unmarshal([]byte(w.all("PATCH /repos/acme/changes/issues/comments/5")[0].Body), &body); err != nil {
		t.Fatal(err)
	}
	if len(body.Body) > 65535 || len(body.Body) < 65000 || !strings.HasSuffix(body.Body, "GitHub takes no more.*") || strings.ContainsRune(body.Body, '\uFFFD') {
		t.Errorf("sent %d bytes that end with %q", len(body.Body), body.Body[len(body.Body)-40:])
	}
}

func TestReact(t *testing.T) {
	w := newWorld(t)
	w.answer("POST /repos/acme/changes/issues/comments/5/reactions", `{"id":1}`)
	c := w.client(t)
	if err := c.React(t.Context(), repo, 5, "+1"); err != nil {
		t.Error(err)
	}
	wantKind(t, c.React(t.Context(), repo, 5, "heart"), change.KindInvalid)
	if got := w.all("POST /repos/acme/changes/issues/comments/5/reactions"); len(got) != 1 || !strings.Contains(got[0].Body, `"+1"`) {
		t.Errorf("sent %v", got)
	}
}

func TestCreateDeploymentLeavesTheDecisionWithUs(t *testing.T) {
	w := newWorld(t)
	w.answer("POST /repos/acme/changes/deployments", `{"id":8}`)
	d := proposal.Deployment{Ref: sha, Task: "change", Environment: "production", Description: strings.Repeat("ä", 100), Production: true, Payload: `{"change":"CHG-7"}`}
	if id, err := w.client(t).CreateDeployment(t.Context(), repo, d); err != nil || id != 8 {
		t.Errorf("got %d, %v", id, err)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(w.all("POST /repos/acme/changes/deployments")[0].Body), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"ref": sha, "task": "change", "environment": "production", "description": strings.Repeat("ä", 68) + "...",
		"auto_merge": false, "required_contexts": []any{}, "transient_environment": false, "production_environment": true,
		"payload": map[string]any{"change": "CHG-7"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	d.Payload = "CHG-7"
	_, err := w.client(t).CreateDeployment(t.Context(), repo, d)
	wantKind(t, err, change.KindInvalid)
}

func TestADeploymentThatWasNotMadeIsAConflict(t *testing.T) {
	for _, status := range []int{http.StatusAccepted, http.StatusConflict} {
		w := newWorld(t)
		w.refuse("POST /repos/acme/changes/deployments", status, nil, `{"message":"Auto-merged main into topic"}`)
		_, err := w.client(t).CreateDeployment(t.Context(), repo, proposal.Deployment{Ref: sha})
		wantKind(t, err, change.KindConflict)
	}
}

func TestSetDeploymentStatusLeavesOthersActive(t *testing.T) {
	w := newWorld(t)
	w.answer("POST /repos/acme/changes/deployments/8/statuses", `{"id":1}`)
	s := proposal.DeploymentStatus{State: "success", Description: "done", LogURL: "https://x"}
	if err := w.client(t).SetDeploymentStatus(t.Context(), repo, 8, s); err != nil {
		t.Error(err)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(w.all("POST /repos/acme/changes/deployments/8/statuses")[0].Body), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{"state": "success", "description": "done", "log_url": "https://x", "auto_inactive": false}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDeploymentsAreOurs(t *testing.T) {
	w := newWorld(t)
	w.answer("GET /repos/acme/changes/deployments", `[
		{"id":1,"sha":"`+sha+`","task":"change","environment":"e","description":"d","production_environment":true,"payload":{"change": "CHG-7"},"creator":{"login":"changectl[bot]"}},
		{"id":2,"payload":"{\"change\":\"CHG-8\"}","performed_via_github_app":{"id":4321}},
		{"id":3,"payload":{},"creator":{"login":"alice"}},
		{"id":4,"payload":{},"creator":{"login":"alice"},"performed_via_github_app":{"id":99}},
		{"id":5,"payload":"","creator":{"login":"changectl[bot]"}}]`)
	got, err := w.client(t).Deployments(t.Context(), repo, sha)
	want := []proposal.Deployment{
		{ID: 1, Ref: sha, Task: "change", Environment: "e", Description: "d", Production: true, Payload: `{"change":"CHG-7"}`},
		{ID: 2, Payload: `{"change":"CHG-8"}`},
		{ID: 5},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if q := w.all("GET /repos/acme/changes/deployments")[0].Query; !strings.Contains(q, "sha="+sha) {
		t.Errorf("asked for %s", q)
	}
}

func TestDeliveriesEndWhereTheyWereSeen(t *testing.T) {
	w := newWorld(t)
	w.HandleFunc("GET /app/hook/deliveries", func(rw http.ResponseWriter, r *http.Request) {
		n := 0
		_, _ = fmt.Sscan(strings.TrimPrefix(r.URL.Query().Get("cursor"), "v1_"), &n)
		rw.Header().Set("Link", fmt.Sprintf(`<%sapp/hook/deliveries?cursor=v1_%d>; rel="next"`, w.url, n+1))
		w.say(rw, fmt.Sprintf(`[{"id":%d,"guid":"g","delivered_at":%q,"redelivery":true,"status":"Invalid HTTP Response: 503","status_code":503,"event":"push"}]`,
			100-n, start.Add(-time.Duration(n)*time.Minute).Format(time.RFC3339)))
	})
	got, err := w.client(t).Deliveries(t.Context(), start.Add(-2*time.Minute))
	var want []proposal.Delivery
	for n := range 3 {
		want = append(want, proposal.Delivery{ID: int64(100 - n), GUID: "g", At: start.Add(-time.Duration(n) * time.Minute), Redelivery: true, Status: 503, Event: "push"})
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if asked := len(w.all("GET /app/hook/deliveries")); asked != 4 {
		t.Errorf("asked %d times, want 4", asked)
	}
}

func TestErrorsHaveKinds(t *testing.T) {
	for name, tc := range map[string]struct {
		status int
		body   string
		want   change.Kind
	}{
		"malformed":         {400, `{"message":"Problems parsing JSON"}`, change.KindInvalid},
		"not authenticated": {401, `{"message":"Bad credentials"}`, change.KindDenied},
		"forbidden":         {403, `{"message":"Resource not accessible by integration"}`, change.KindDenied},
		"suspended":         {403, `{"message":"This installation has been suspended"}`, change.KindConflict},
		"not found":         {404, `{"message":"Not Found"}`, change.KindNotFound},
		"gone":              {410, `{}`, change.KindNotFound},
		"conflict":          {409, `{"message":"Git Repository is empty."}`, change.KindConflict},
		"invalid":           {422, `{"message":"Validation Failed","errors":[{"resource":"X","field":"f","code":"invalid"}]}`, change.KindInvalid},
		"unknown commit":    {422, `{"message":"No commit found for SHA: 1"}`, change.KindNotFound},
		"legal":             {451, `{}`, change.KindDenied},
		"broken":            {500, `<html>`, change.KindUnavailable},
		"overloaded":        {503, ``, change.KindUnavailable},
		"no JSON":           {200, `<html>`, change.KindUnavailable},
		"nothing":           {200, `null`, change.KindConflict}, // not the repository that was meant
	} {
		w := newWorld(t)
		w.refuse("GET /repos/acme/changes/pulls/7", tc.status, nil, tc.body)
		_, err := w.client(t).Pull(t.Context(), repo, 7)
		if got := change.KindOf(err); got != tc.want {
			t.Errorf("%s: %v of kind %q, want %q", name, err, got, tc.want)
		}
		if err != nil && !strings.Contains(err.Error(), "acme/changes") {
			t.Errorf("%s: %v does not name the repository", name, err)
		}
	}
}

func TestARefusalNamesWhatIsNeeded(t *testing.T) {
	w := newWorld(t)
	w.refuse("GET /repos/acme/changes/pulls/7", 403, http.Header{"X-Accepted-GitHub-Permissions": {"pull_requests=read"}}, `{"message":"no"}`)
	w.refuse("GET /repos/acme/changes/pulls/8", 422, nil, `{"message":"Validation Failed","errors":[{"resource":"Pull","field":"number","code":"invalid"}]}`)
	c := w.client(t)
	_, err := c.Pull(t.Context(), repo, 7)
	if err == nil || !strings.Contains(err.Error(), "needs pull_requests=read") {
		t.Errorf("got %v", err)
	}
	_, err = c.Pull(t.Context(), repo, 8)
	if err == nil || !strings.Contains(err.Error(), "Validation Failed: Pull number invalid") {
		t.Errorf("got %v", err)
	}
}
