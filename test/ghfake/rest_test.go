package ghfake_test

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v4"
	"github.com/google/go-github/v60/github"

	"github.com/changectl/changectl/test/ghfake"
)

func TestPages(t *testing.T) {
	w := newWorld(t, ghfake.Options{})
	p := w.open(t, "resize")
	for n := range 25 {
		p.Comment(w.alice, fmt.Sprint(n), false)
	}
	opts := &github.IssueListCommentsOptions{ListOptions: github.ListOptions{PerPage: 10}}
	var seen []string
	for {
		page, resp, err := w.client.Issues.ListComments(t.Context(), "acme", "infra", p.Number, opts)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range page {
			seen = append(seen, c.GetBody())
		}
		if resp.NextPage == 0 {
			break
		}
		opts.Page = resp.NextPage
	}
	if len(seen) != 25 || seen[24] != "24" {
		t.Errorf("all pages together: %v", seen)
	}
}

func TestUnchangedAnswersCostNothing(t *testing.T) {
	w := newWorld(t, ghfake.Options{})
	first := get(t, w, "/repos/acme/infra/pulls")
	tag := first.header.Get("ETag")
	w.ResetCounts()
	again := get(t, w, "/repos/acme/infra/pulls", "If-None-Match", tag)
	if again.status != http.StatusNotModified || again.body != "" {
		t.Errorf("the answer to the same question is %d", again.status)
	}
	if used := "X-RateLimit-Used"; again.header.Get(used) != first.header.Get(used) {
		t.Errorf("it was counted: %s after %s", again.header.Get(used), first.header.Get(used))
	}
	if c := w.Counts(); c.Limited != 1 || c.Requests[ghfake.Request{Method: "GET", Route: "/repos/{owner}/{repo}/pulls", Status: 304}] != 1 {
		t.Errorf("counted:\n%v", c) // the one is for the token
	}
	w.open(t, "resize")
	if r := get(t, w, "/repos/acme/infra/pulls", "If-None-Match", tag); r.status != http.StatusOK {
		t.Errorf("after a change the answer is %d", r.status)
	}
}

func TestTokensReachOnlyWhatTheyMay(t *testing.T) {
	w := newWorld(t, ghfake.Options{})
	ctx := t.Context()
	other := ghfake.Must(w.CreateRepo("acme", "secret", ghfake.RepoOptions{Private: true}))
	refused := func(what string, want int, err error) {
		t.Helper()
		var e *github.ErrorResponse
		if !errors.As(err, &e) || e.Response.StatusCode != want {
			t.Errorf("%s: %v, want %d", what, err, want)
		}
	}
	_, _, err := w.client.Repositories.Get(ctx, "acme", "secret")
	refused("a repository without the App", http.StatusNotFound, err)
	_, _, err = w.bobs.Repositories.Get(ctx, "acme", "secret")
	refused("somebody else's private repository", http.StatusNotFound, err)
	_, _, err = client(t, w.Server, "ghs_made_up").Repositories.Get(ctx, "acme", "infra")
	refused("a token that is none", http.StatusUnauthorized, err)
	w.installation.Add(w.alice, other)
	narrow := ok[*github.InstallationToken](t)(w.app.Apps.CreateInstallationToken(ctx, w.installation.ID, &github.InstallationTokenOptions{
		RepositoryIDs: []int64{other.ID}, Permissions: &github.InstallationPermissions{Contents: github.String("read")},
	}))
	limited := client(t, w.Server, narrow.GetToken())
	_, _, err = limited.Repositories.Get(ctx, "acme", "infra")
	refused("a repository that was not asked for", http.StatusNotFound, err)
	_, _, err = limited.PullRequests.List(ctx, "acme", "secret", nil)
	refused("a permission that was not asked for", http.StatusForbidden, err)
	repos := ok[*github.ListRepositories](t)(limited.Apps.ListRepos(ctx, nil))
	if len(repos.Repositories) != 1 || repos.Repositories[0].GetID() != other.ID {
		t.Errorf("the token's repositories are %v", repos)
	}
	w.SuspendInstallation(w.installation, w.alice)
	_, _, err = w.client.Repositories.Get(ctx, "acme", "infra")
	refused("a suspended installation", http.StatusForbidden, err)
	i := ok[*github.Installation](t)(w.app.Apps.GetInstallation(ctx, w.installation.ID))
	if i.GetSuspendedAt().IsZero() {
		t.Error("the App sees that it is suspended")
	}
	w.UnsuspendInstallation(w.installation, w.alice)
	ok[*github.Repository](t)(w.client.Repositories.Get(ctx, "acme", "infra"))
	w.Advance(2 * time.Hour)
	_, _, err = w.client.Repositories.Get(ctx, "acme", "infra")
	refused("a token after its hour", http.StatusUnauthorized, err)
	_, _, err = w.app.Apps.Get(ctx, "")
	refused("the App's own token after its time", http.StatusUnauthorized, err)
}

func TestAnAppsTokenIsChecked(t *testing.T) {
	w := newWorld(t, ghfake.Options{})
	own, err := jwt.ParseRSAPrivateKeyFromPEM(w.App().Key())
	if err != nil {
		t.Fatal(err)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		key    any
		method jwt.SigningMethod
		issuer string
		life   time.Duration
	}{
		"another key":    {other, jwt.SigningMethodRS256, "4321", time.Minute},
		"another method": {own, jwt.SigningMethodRS512, "4321", time.Minute},
		"no signature":   {jwt.UnsafeAllowNoneSignatureType, jwt.SigningMethodNone, "4321", time.Minute},
		"another App":    {own, jwt.SigningMethodRS256, "1", time.Minute},
		"past":           {own, jwt.SigningMethodRS256, "4321", -time.Minute},
		"too long":       {own, jwt.SigningMethodRS256, "4321", 11 * time.Minute},
	} {
		text, err := jwt.NewWithClaims(c.method, jwt.RegisteredClaims{
			Issuer: c.issuer, ExpiresAt: jwt.NewNumericDate(time.Now().Add(c.life)),
		}).SignedString(c.key)
		if err != nil {
			t.Fatal(err)
		}
		if _, resp, err := client(t, w.Server, text).Apps.Get(t.Context(), ""); err == nil || resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: %v", name, err)
		}
	}
	if a := ok[*github.App](t)(w.app.Apps.Get(t.Context(), "")); a.GetSlug() != "changectl" {
		t.Errorf("the App is %v", a)
	}
}

func TestARenamedRepositoryIsFoundByItsID(t *testing.T) {
	w := newWorld(t, ghfake.Options{})
	p := w.open(t, "resize")
	must(t, w.repo.Rename("infrastructure", w.alice))
	byID := ok[*github.Repository](t)(w.client.Repositories.GetByID(t.Context(), w.repo.ID))
	if byID.GetFullName() != "acme/infrastructure" {
		t.Errorf("by its ID it is %s", byID.GetFullName())
	}
	moved := ok[*github.PullRequest](t)(w.client.PullRequests.Get(t.Context(), "acme", "infra", p.Number))
	if moved.GetNumber() != p.Number {
		t.Errorf("by its old name the pull request is %v", moved)
	}
}

func TestFilesTreesAndBlobs(t *testing.T) {
	w := newWorld(t, ghfake.Options{})
	ctx := t.Context()
	sha := w.commit(t, "main", map[string]string{"bin/run": "#!/bin/sh\n", `odd "name"/ü.txt`: "odd\n"}, ghfake.CommitOptions{
		Executable: []string{"bin/run"}, Links: map[string]string{"link": "README.md"}, Delete: []string{"changes/one.yaml"},
		Submodules: map[string]string{"sub": w.repo.Branch("main")},
	})
	tree := ok[*github.Tree](t)(w.client.Git.GetTree(ctx, "acme", "infra", sha, true))
	modes := map[string]string{}
	for _, e := range tree.Entries {
		modes[e.GetPath()] = e.GetMode()
		if e.GetPath() != "bin/run" {
			continue
		}
		blob := ok[*github.Blob](t)(w.client.Git.GetBlob(ctx, "acme", "infra", e.GetSHA()))
		if blob.GetSize() != 10 || strings.TrimSpace(blob.GetContent()) != "IyEvYmluL3NoCg==" {
			t.Errorf("the file is %v", blob)
		}
	}
	want := "map[README.md:100644 bin:040000 bin/run:100755 link:120000 odd \"name\":040000 odd \"name\"/ü.txt:100644 sub:160000]"
	if got := fmt.Sprint(modes); got != want || tree.GetTruncated() {
		t.Errorf("the tree is %s\nwant %s", got, want)
	}
	w.repo.TruncateTree("")
	if tree = ok[*github.Tree](t)(w.client.Git.GetTree(ctx, "acme", "infra", sha, true)); !tree.GetTruncated() {
		t.Error("the tree was to be cut off")
	}
	file, _, _, err := w.client.Repositories.GetContents(ctx, "acme", "infra", `odd "name"/ü.txt`, nil)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := file.GetContent(); err != nil || text != "odd\n" {
		t.Errorf("the content is %q: %v", text, err)
	}
	if _, folder, _, err := w.client.Repositories.GetContents(ctx, "acme", "infra", "bin", nil); err != nil || len(folder) != 1 {
		t.Errorf("the folder is %v: %v", folder, err)
	}
	commit := ok[*github.RepositoryCommit](t)(w.client.Repositories.GetCommit(ctx, "acme", "infra", sha, nil))
	if len(commit.Files) != 5 {
		t.Errorf("the commit touches %v", commit.Files)
	}
}
