// Package hostile_test attacks the product through GitHub: a campaign of forged webhooks,
// approvals that must not count, commands that must not be followed, files that are not
// what they seem, and histories that were rewritten. The product is run as it is, from its
// built programs, against a GitHub on real git. Every class counts its attempts and its
// successes; a success is something that an attacker reached and must not.
package hostile_test

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/client"
	_ "modernc.org/sqlite" // the ledger of changectl dev is looked into

	"github.com/changectl/changectl/internal/app"
	"github.com/changectl/changectl/test/ghfake"
	"github.com/changectl/changectl/test/product"
)

// atOnce is how many cases are played at the same time: they mostly wait.
const atOnce = "8"

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", atOnce); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// field is where all cases are played: one product, one GitHub, and for each case a
// repository and a system of its own.
type field struct {
	*product.Forge
	dev      *product.Dev
	alice    product.Person
	ledger   *sql.DB // read only
	temporal client.Client
	dir      string
	tally    tally

	mu      sync.Mutex
	plots   []*ghfake.Repo
	owners  []*ghfake.Installation
	taken   int
	holding sync.Mutex // deliveries are held by one case at a time
}

// plots is how many repositories there are.
const plots = 128

func system(n int) string { return fmt.Sprintf("resource:h-%03d", n) }

// TestHostileCampaign is the campaign.
func TestHostileCampaign(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	t.Cleanup(cancel)
	f := prepare(ctx, t)
	t.Cleanup(func() { f.tally.print(t) })
	// What concerns an installation has everything looked at, and the others wait for it.
	for _, last := range []bool{false, true} {
		t.Run(fmt.Sprintf("installations=%t", last), func(t *testing.T) {
			for _, c := range f.classes() {
				for name, play := range c.cases {
					if strings.Contains(name, "install") != last {
						continue
					}
					t.Run(c.name+"/"+name, func(t *testing.T) {
						t.Parallel()
						play(f.ground(ctx, t, c.name))
					})
				}
			}
		})
	}
	f.readsWell(t)
}

type class struct {
	name  string
	cases map[string]func(*ground)
}

func (f *field) classes() []class {
	return []class{
		{"1 signatures", f.signatures()},
		{"2 foreign", foreign},
		{"3 reviews", reviews},
		{"4 approve", approvals},
		{"5 commands", commands},
		{"6 forks", forks},
		{"7 merges", merges},
		{"8 files", files},
		{"9 queue", queue},
	}
}

func prepare(ctx context.Context, t *testing.T) *field {
	t.Helper()
	f := &field{dir: t.TempDir()}
	var err error
	f.Forge, err = product.StartForge(ctx, f.dir, ghfake.Options{RateLimit: 1_000_000}, layoutOnly())
	must(t, err)
	t.Cleanup(func() {
		for _, v := range f.Violations() {
			t.Errorf("at odds with GitHub's description: %s", v)
		}
		must(t, f.Close())
	})
	f.people()
	names := f.estate(t)
	books := t.TempDir()
	must(t, os.WriteFile(filepath.Join(books, "neighbour.yaml"), []byte(runbookText("neighbour", "group:dba", "mine")), 0o600))
	f.dev, err = product.Start(ctx, product.Options{
		Bin: binaries(t), StateDir: t.TempDir(), Args: []string{"--catalog", f.catalog(t), "--runbooks", books},
		Env: append(f.Env(), "CHANGECTL_GITHUB_REPOSITORIES="+strings.Join(names, ",")),
	})
	must(t, err)
	t.Cleanup(func() {
		if err := f.dev.Stop(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("changectl dev printed:\n%s", tail(f.dev.Output(), 120))
		}
	})
	f.alice, err = f.dev.As("alice")
	must(t, err)
	f.ledger, err = sql.Open("sqlite", "file:"+filepath.Join(f.dev.StateDir, "dev", "ledger.db")+"?mode=ro&_pragma=busy_timeout(5000)")
	must(t, err)
	t.Cleanup(func() { must(t, f.ledger.Close()) })
	f.temporal, err = client.Dial(client.Options{HostPort: fmt.Sprintf("127.0.0.1:%d", f.dev.Temporal), Namespace: "changectl", Logger: silent{}})
	must(t, err)
	t.Cleanup(f.temporal.Close)
	// Every repository has been looked at, so that what comes to its branch is news.
	await(t, func() (int, bool) {
		n := f.count("select count(*) from github_pulls where number = 0")
		return n, n > plots
	})
	f.victim(t)
	f.Deliver(f.dev)
	return f
}

// people are the accounts that are not those of the company's own people.
func (f *field) people() {
	for _, u := range []ghfake.User{
		{Login: "bob-two"},
		{Login: "carol-gone"},
		{Login: "mallory"},
		{Login: "dba-helper[bot]", Type: "Bot"},
		{Login: "carol-robot", Type: "Bot"},
	} {
		f.AddUser(u)
	}
}

// estate makes the repositories, each with an installation of its own: GitHub takes only
// so many writes of one in a minute.
func (f *field) estate(t *testing.T) []string {
	t.Helper()
	names := []string{f.Repo.FullName()}
	for n := range plots {
		company := f.AddUser(ghfake.User{Login: fmt.Sprintf("o-%03d", n), Type: "Organization"})
		repo, err := f.CreateRepo(company.Login, "ops", ghfake.RepoOptions{Private: true})
		must(t, err)
		_, err = repo.Commit("main", layoutOnly(), ghfake.CommitOptions{Pusher: f.Person("erin"), Message: "As it is"})
		must(t, err)
		install := f.Install(company, nil, repo)
		f.plots, f.owners = append(f.plots, repo), append(f.owners, install)
		names = append(names, repo.FullName())
	}
	return names
}

// catalog writes the example company with the systems of the campaign beside it. Bob and
// Carol have further accounts.
func (f *field) catalog(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	example, err := app.Example()
	must(t, err)
	must(t, os.CopyFS(dir, example))
	people := filepath.Join(dir, "people.yaml")
	b, err := os.ReadFile(people)
	must(t, err)
	text := strings.NewReplacer(
		"github.com/user-login: nordwind-bob", "github.com/user-login: nordwind-bob\n    changectl.dev/principals: github:bob-two",
		"github.com/user-login: nordwind-carol", "github.com/user-login: nordwind-carol\n    changectl.dev/principals: github:carol-gone, github:carol-robot",
	).Replace(string(b))
	must(t, os.Chmod(people, 0o600))
	must(t, os.WriteFile(people, []byte(text), 0o600))
	var all strings.Builder
	for n := range plots {
		fmt.Fprintf(&all, systemText, n)
	}
	must(t, os.WriteFile(filepath.Join(dir, "hostile.yaml"), []byte(all.String()), 0o600))
	return dir
}

const systemText = `---
apiVersion: backstage.io/v1alpha1
kind: Resource
metadata:
  name: h-%03[1]d
  title: Kellergeist %03[1]d
  annotations: {changectl.dev/tier: "4", changectl.dev/contact.on-call: group:operators}
spec: {type: server, owner: group:dba}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: leans-%03[1]d, title: Dachstube %03[1]d}
spec: {type: service, lifecycle: production, owner: orders-team, dependsOn: [resource:h-%03[1]d]}
`

// ground is what one case is played on.
type ground struct {
	*testing.T
	ctx     context.Context
	f       *field
	class   string
	n       int
	repo    *ghfake.Repo
	install *ghfake.Installation
	system  string
	odds    int
}

// plot returns the number of a repository that nobody has used yet.
func (f *field) plot(t *testing.T) int {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.taken++ // the first is the victim's
	if f.taken >= plots {
		t.Fatal("there are more cases than repositories")
	}
	return f.taken
}

// take goes to a repository.
func (g *ground) take(n int) {
	g.n, g.repo, g.install, g.system = n, g.f.plots[n], g.f.owners[n], system(n)
}

// ground gives a case its repository and system.
func (f *field) ground(ctx context.Context, t *testing.T, class string) *ground {
	t.Helper()
	g := &ground{T: t, ctx: ctx, f: f, class: class}
	g.take(f.plot(t))
	return g
}

// tally counts what was tried and what was reached.
type tally struct {
	mu    sync.Mutex
	tried map[string]int
	won   map[string][]string
}

func (a *tally) count(class, what string, tries int, won bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.tried == nil {
		a.tried, a.won = map[string]int{}, map[string][]string{}
	}
	a.tried[class] += tries
	if won {
		a.won[class] = append(a.won[class], what)
	}
}

func (a *tally) print(t *testing.T) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var b strings.Builder
	attempts, successes := 0, 0
	fmt.Fprintf(&b, "\n%-14s %9s %10s\n", "class", "attempts", "successes")
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for k := range a.tried {
			if !yield(k) {
				return
			}
		}
	}) {
		fmt.Fprintf(&b, "%-14s %9d %10d\n", name, a.tried[name], len(a.won[name]))
		attempts, successes = attempts+a.tried[name], successes+len(a.won[name])
		for _, w := range a.won[name] {
			fmt.Fprintf(&b, "    reached: %s\n", w)
		}
	}
	fmt.Fprintf(&b, "%-14s %9d %10d\n", "all", attempts, successes)
	t.Log(b.String())
}

// attempt counts one attempt; a won one fails the test.
func (g *ground) attempt(what string, won bool, detail ...any) {
	g.Helper()
	g.f.tally.count(g.class, what, 1, won)
	if won {
		g.Errorf("the attacker reached it: %s %s", what, fmt.Sprint(detail...))
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func binaries(t *testing.T) string {
	t.Helper()
	bin := os.Getenv("CHANGECTL_BIN")
	if bin == "" {
		bin = "../../bin"
	}
	bin, err := filepath.Abs(bin)
	must(t, err)
	return bin
}

// await polls a condition until it holds, or fails the test.
func await[T any](t testing.TB, ready func() (T, bool)) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for {
		v, ok := ready()
		if ok {
			return v
		}
		select {
		case <-ctx.Done():
			t.Fatalf("what was waited for did not come; last it was: %v", v)
		case <-tick.C:
		}
	}
}

// count answers a question to the ledger's database.
func (f *field) count(query string, args ...any) int {
	n := -1
	if err := f.ledger.QueryRow(query, args...).Scan(&n); err != nil {
		return -1
	}
	return n
}

func tail(s string, lines int) string {
	all := strings.Split(s, "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

type silent struct{}

func (silent) Debug(string, ...any) {}
func (silent) Info(string, ...any)  {}
func (silent) Warn(string, ...any)  {}
func (silent) Error(string, ...any) {}
