package deliveries_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/changectl/changectl/test/ghfake"
	"github.com/changectl/changectl/test/product"
)

// world is a GitHub with a repository, and the product as its App.
type world struct {
	t      *testing.T
	name   string
	github *ghfake.Server
	repo   *ghfake.Repo
	app    *ghfake.Installation
	dev    *product.Dev
	relay  *relay
	writes *writes
	pulls  []*pull
	opens  time.Time // the first window
	calm   *calm
}

// pull is a pull request with what its people did.
type pull struct {
	*ghfake.Pull
	box      int
	version  int
	aside    bool
	author   string
	pusher   string
	heads    []string
	opinions []opinion
	approved bool // when it was merged, by the judge's word
}

const secret = "the secret of the campaign's webhook"

// newWorld brings a world up. The histories' windows open at the same time in all.
func newWorld(ctx context.Context, t *testing.T, name string, w way, seed uint64, opens time.Time) *world {
	t.Helper()
	g, err := ghfake.New(ctx, ghfake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, v := range g.Violations() {
			t.Errorf("at odds with GitHub's description: %s", v)
		}
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	u := &world{t: t, name: name, github: g, opens: opens, relay: startRelay(t, w, seed), writes: startWrites(t, g.URL())}
	u.settle()
	u.start(ctx)
	u.calm = newCalm(ctx, t, u)
	return u
}

// settle makes people, repository and installation.
func (u *world) settle() {
	persons, _ := everybody()
	for _, p := range persons {
		u.github.AddUser(ghfake.User{Login: "gh-" + p, Email: p + "@box.example"})
	}
	company := u.github.AddUser(ghfake.User{Login: "boxes", Type: "Organization"})
	repo, err := u.github.CreateRepo("boxes", "operations", ghfake.RepoOptions{Private: true})
	u.must(err)
	_, err = repo.Commit(onMain, repositoryFiles(), ghfake.CommitOptions{Pusher: u.user("keepers-0"), Message: "As it is"})
	u.must(err)
	u.must(repo.Point(onRelease, repo.Branch(onMain), u.user("keepers-0")))
	for _, branch := range []string{onMain, onRelease} {
		repo.Protect(branch, ghfake.Rules{Checks: []string{"changectl/approval: " + branch}})
	}
	u.repo, u.app = repo, u.github.Install(company, nil, repo)
}

func (u *world) start(ctx context.Context) {
	u.t.Helper()
	dir := u.t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		u.must(os.WriteFile(file, []byte(text), 0o600))
		return file
	}
	d, err := product.Start(ctx, product.Options{
		Bin: programs(u.t), StateDir: dir, Args: []string{"--catalog", write("catalog.yaml", catalogText(pulls()))},
		Env: []string{
			fmt.Sprintf("CHANGECTL_GITHUB_APP_ID=%d", u.github.App().ID),
			"CHANGECTL_GITHUB_PRIVATE_KEY_FILE=" + write("app.pem", string(u.github.App().Key())),
			"CHANGECTL_GITHUB_WEBHOOK_SECRET_FILE=" + write("webhook", secret),
			"CHANGECTL_GITHUB_API_URL=" + u.writes.server.URL + "/",
			"CHANGECTL_GITHUB_REPOSITORIES=" + u.repo.FullName(),
			// The one comparison of a run is that at the start of the product.
			"CHANGECTL_GITHUB_COMPARE_EVERY=24h",
		},
	})
	u.must(err)
	u.dev = d
	u.relay.to = d.Server() + "/github/webhook"
	u.github.SetHook(u.relay.server.URL, secret)
	u.t.Cleanup(func() {
		if err := d.Stop(); err != nil {
			u.t.Error(err)
		}
		if u.t.Failed() {
			u.t.Logf("%s: changectl dev printed:\n%s", u.name, d.Output())
		}
	})
}

func (u *world) must(err error) {
	u.t.Helper()
	if err != nil {
		u.t.Fatalf("%s: %v", u.name, err)
	}
}

func (u *world) user(name string) *ghfake.User { return u.github.User("gh-" + name) }

// act does what the history says.
func (u *world) act(a act) {
	u.t.Helper()
	if a.what == opens {
		u.open(a)
		return
	}
	p := u.pulls[slices.IndexFunc(u.pulls, func(p *pull) bool { return p.box == a.pull })]
	switch a.what {
	case pushes:
		u.push(p, a)
	case comments:
		p.Comment(u.user(a.by), a.arg, false)
		u.touch(p)
	case reviews:
		r := p.Review(u.user(a.by), a.arg, "")
		p.opinions = append(p.opinions, opinion{a.by, a.arg, r.Commit, r.At})
		u.touch(p)
	case closes:
		u.must(p.Close(u.user(a.by)))
	case reopens:
		u.must(p.Reopen(u.user(a.by)))
	case retargets:
		u.must(p.Retarget(a.arg, u.user(a.by)))
	case merges, forces:
		u.merge(p, a)
	}
}

// touch has GitHub note that the pull request was altered.
func (u *world) touch(p *pull) { p.EditTitle(p.State().Title, p.State().Author) }

func (u *world) open(a act) {
	p := &pull{box: a.pull, author: a.by, aside: a.pull%4 == 3}
	u.pulls = append(u.pulls, p)
	u.push(p, a)
	var err error
	p.Pull, err = u.repo.OpenPull(u.user(a.by), ghfake.PullOptions{Head: fmt.Sprintf("box-%d", a.pull), Title: fmt.Sprintf("Look at box %d", a.pull)})
	u.must(err)
}

func (u *world) push(p *pull, a act) {
	p.version++
	path, text := changePath(p.box), changeFile(p.box, p.version, a.arg == broken, u.opens)
	if p.aside {
		path, text = fmt.Sprintf("notes/box-%d.md", p.box), fmt.Sprintf("Version %d\n", p.version)
	}
	sha, err := u.repo.Commit(fmt.Sprintf("box-%d", p.box), map[string]string{path: text}, ghfake.CommitOptions{
		Pusher: u.user(a.by), Message: fmt.Sprintf("Version %d", p.version),
	})
	u.must(err)
	p.pusher, p.heads = a.by, append(p.heads, sha)
}

// merge merges where the judge says that it may be, and then GitHub must let it.
func (u *world) merge(p *pull, a act) {
	p.approved = u.truth(p).wants() == "success"
	if a.what == forces {
		_, err := p.AdminMerge(ghfake.Method(a.arg), u.user(a.by))
		u.must(err)
		return
	}
	if err := u.tryMerge(p, a); (err == nil) != p.approved {
		u.t.Errorf("%s: #%d may be merged: %t; GitHub says %v", u.name, p.Number, p.approved, err)
	}
}

// restart starts the product again after it was killed: its Temporal, which it kept, needs
// a moment to go too.
func (u *world) restart(ctx context.Context) {
	u.t.Helper()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		err := u.dev.Restart(ctx)
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			u.t.Fatalf("%s: %v", u.name, err)
		case <-tick.C:
		}
	}
}

// tryMerge tries again for a while where it must come to be allowed: a check can be taken
// back for as long as GitHub does not show everything.
func (u *world) tryMerge(p *pull, a act) error {
	ctx, cancel := context.WithTimeout(u.t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		_, err := p.Merge(ghfake.Method(a.arg), u.user(a.by))
		if err == nil || !p.approved {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}

// truth is what GitHub has of a pull request.
func (u *world) truth(p *pull) truth {
	s := p.State()
	t := truth{
		number: p.Number, open: s.Open, merged: s.Merged, base: s.BaseRef, head: s.HeadSHA, mergeCommit: s.MergeCommit,
		author: p.author, hands: []string{p.pusher}, reviews: p.opinions, files: map[string]string{}, approvedThen: p.approved,
	}
	// What it proposed is between its head and the branch as it was before all merges.
	first := u.git("rev-list", "--max-parents=0", s.HeadSHA)
	for mail := range strings.Lines(u.git("log", "--format=%ae", first+".."+s.HeadSHA)) {
		who, _, _ := strings.Cut(mail, "@")
		t.hands = append(t.hands, who)
	}
	for file := range strings.Lines(u.git("diff", "--name-only", first, s.HeadSHA)) {
		if file = strings.TrimSpace(file); strings.HasPrefix(file, "changes/") {
			t.files[file] = u.git("show", s.HeadSHA+":"+file)
		}
	}
	return t
}

func (u *world) git(args ...string) string {
	u.t.Helper()
	out, err := exec.CommandContext(u.t.Context(), "git", append([]string{"--git-dir", u.repo.Path()}, args...)...).Output()
	if err != nil {
		u.t.Fatalf("git %v: %v", args, err)
	}
	return strings.TrimSpace(string(out))
}
