package cli_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/httpapi/apitest"
	"github.com/changectl/changectl/test/ghfake"
)

const (
	layoutYAML = `apiVersion: changectl.dev/v1
kind: Repository
metadata: {name: changes}
spec: {instance: test, runbooks: [runbooks], changes: [changes], owners: 'group:operators'}
`
	bookYAML = `apiVersion: changectl.dev/v1
kind: Runbook
metadata: {name: touch, title: Touch it, owner: 'group:dba'}
spec:
  parameters: {target: {type: system, role: touch}}
  steps:
    - {name: wait, phase: patch, uses: wait, with: {for: 0s}, timeout: 10s}
`
	askYAML = `apiVersion: changectl.dev/v1
kind: Change
metadata: {title: 'Touch the orders'}
spec:
  reason: because
  runbook: touch
  parameters: {target: resource:orders-db-1}
  window: {start: '2031-03-08T23:00', duration: 1h, zone: Europe/Berlin}
`
)

// hub is a desk with a repository at a small GitHub.
type hub struct {
	*desk
	github     *ghfake.Server
	repo       *ghfake.Repo
	alice, bob *ghfake.User
	token      string
	programs   map[string]string // what git and gh answer, by their command line
}

func newHub(t *testing.T, records ...change.Record) *hub {
	t.Helper()
	s := ghfake.Start(t, ghfake.Options{})
	h := &hub{desk: newDesk(t, records...), github: s, alice: s.User("alice"), bob: s.User("bob"), programs: map[string]string{}}
	h.repo = ghfake.Must(s.CreateRepo("acme", "changes", ghfake.RepoOptions{Private: true}))
	h.repo.Collaborate(h.alice, "write")
	h.repo.Collaborate(h.bob, "write")
	h.commit("main", map[string]string{".changectl.yaml": layoutYAML, "runbooks/touch.yaml": bookYAML}, ghfake.CommitOptions{})
	h.token = s.PersonalToken(h.alice)
	h.env["GITHUB_API_URL"], h.env["GH_TOKEN"], h.env["GH_REPO"] = s.URL(), h.token, "acme/changes"
	h.program = func(_ context.Context, name string, args ...string) (string, error) {
		if out, ok := h.programs[strings.Join(append([]string{name}, args...), " ")]; ok {
			return out, nil
		}
		return "", errors.New("no such thing here")
	}
	return h
}

func (h *hub) commit(branch string, files map[string]string, o ghfake.CommitOptions) string {
	h.t.Helper()
	sha, err := h.repo.Commit(branch, files, o)
	if err != nil {
		h.t.Fatal(err)
	}
	return sha
}

// pull opens a pull request of alice's with these files.
func (h *hub) pull(branch string, files map[string]string) *ghfake.Pull {
	h.t.Helper()
	h.commit(branch, files, ghfake.CommitOptions{Pusher: h.alice})
	p, err := h.repo.OpenPull(h.alice, ghfake.PullOptions{Head: branch, Title: "Do " + branch})
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

// run runs a command, which must not print the token.
func (h *hub) run(args ...string) ran {
	h.t.Helper()
	r := h.desk.run(args...)
	if strings.Contains(r.out+r.err, h.token) {
		h.t.Errorf("the token is printed: %s%s", r.out, r.err)
	}
	return r
}

func TestPRValidateNamesEveryProblemAtItsLine(t *testing.T) {
	h := newHub(t)
	h.pull("good", map[string]string{"changes/orders.yaml": askYAML, "README.md": "x"})
	h.pull("bad", map[string]string{
		"changes/orders.yaml": strings.Replace(askYAML, "runbook: touch", "runbok: touch", 1),
		"runbooks/other.yaml": bookYAML,
	})
	h.expect(h.run("pr", "validate", "1"), 0, `changes/orders.yaml: change request "Touch the orders" is valid`)
	h.expect(h.run("pr", "validate", "2"), 1, "changes/orders.yaml:6:3: spec.runbok: ", `runbooks/other.yaml:3:18: metadata.name: is "touch", but the file is called "other"`, "2 of 2 files have problems")
	r := h.run("pr", "validate", "#2", "--format", "github")
	h.expect(r, 1, "::error file=changes/orders.yaml,line=6,col=3,title=changectl::spec.runbok: ")
	for _, line := range strings.Split(strings.TrimSpace(r.out), "\n") {
		if !strings.HasPrefix(line, "::error file=") {
			t.Errorf("not a command: %q", line)
		}
	}
	var list []struct {
		File     string
		Problems []struct{ Line int }
	}
	if err := json.Unmarshal([]byte(h.run("pr", "validate", "2", "-o", "json").out), &list); err != nil || len(list) != 2 || list[0].Problems[1].Line != 6 {
		t.Errorf("json: %v %+v", err, list)
	}
	h.expect(h.run("pr", "validate", "99"), 1, "404")
	h.expect(h.run("pr", "validate", "two"), 2, "not the number of a pull request")
}

func TestPRValidateKnowsWhatTheBaseDoes(t *testing.T) {
	h := newHub(t)
	h.commit("stale", map[string]string{"runbooks/touch.yaml": bookYAML + "# mine\n"}, ghfake.CommitOptions{Pusher: h.alice})
	ghfake.Must(h.repo.OpenPull(h.alice, ghfake.PullOptions{Head: "stale"}))
	h.commit("main", map[string]string{"runbooks/touch.yaml": bookYAML + "# theirs\n"}, ghfake.CommitOptions{})
	h.expect(h.run("pr", "validate", "1"), 0, "runbooks/touch.yaml has been altered on main too")
	h.expect(h.run("pr", "plan", "1"), 3, "behind main", "update the branch")
	h.pull("docs", map[string]string{"README.md": "only"})
	h.expect(h.run("pr", "validate", "2"), 0, "acme/changes#2 alters nothing")

	p := h.pull("merged", map[string]string{"changes/orders.yaml": askYAML})
	if _, err := p.Merge(ghfake.Squash, h.bob); err != nil {
		t.Fatal(err)
	}
	r := h.run("pr", "validate", "3")
	h.expect(r, 0, `changes/orders.yaml: change request "Touch the orders" is valid`)
	if r.err != "" {
		t.Errorf("once it is merged: %s", r.err)
	}
}

// A repository that takes changectl up does so by a pull request too.
func TestPRValidateWithoutALayoutOnTheBase(t *testing.T) {
	h := newHub(t)
	h.commit("bare", map[string]string{"README.md": "x"}, ghfake.CommitOptions{From: "main", Delete: []string{".changectl.yaml"}})
	h.commit("takes", map[string]string{".changectl.yaml": layoutYAML, "changes/orders.yaml": askYAML}, ghfake.CommitOptions{From: "bare"})
	h.commit("leaves", map[string]string{"changes/orders.yaml": askYAML}, ghfake.CommitOptions{From: "bare"})
	for _, head := range []string{"takes", "leaves"} {
		ghfake.Must(h.repo.OpenPull(h.alice, ghfake.PullOptions{Head: head, Base: "bare"}))
	}
	h.expect(h.run("pr", "validate", "1"), 0, "bare has no .changectl.yaml that can be used", `changes/orders.yaml: change request "Touch the orders" is valid`)
	h.expect(h.run("pr", "validate", "2"), 1, "acme/changes has no .changectl.yaml, neither on bare nor in the pull request")
	h.commit("bare", map[string]string{".changectl.yaml": "kind: Repository\n"}, ghfake.CommitOptions{})
	h.expect(h.run("pr", "validate", "2"), 1, ".changectl.yaml:1:1:", "is missing")
}

func TestPRPlanSendsTheRequestWithItsRunbook(t *testing.T) {
	h := newHub(t)
	plan := apitest.Sample(change.AwaitingApproval).Plan
	h.service.Plan = httpapi.Preview{Plan: plan, Digest: "sha256:1"}
	p := h.pull("one", map[string]string{"changes/orders.yaml": askYAML, "runbooks/touch.yaml": bookYAML + "# new\n"})
	r := h.run("pr", "plan", "1")
	h.expect(r, 0, "== changes/orders.yaml", "Approvals   1 person of group:dba for resource:orders-db-1")
	got := h.last("PreviewProposal")[1].(httpapi.ProposalRequest)
	if got.Request.Title != "Touch the orders" || got.Request.Nonce != "" || len(got.Runbooks) != 1 || got.Runbooks[0].YAML != bookYAML+"# new\n" {
		t.Errorf("asked for %+v", got)
	}
	want := httpapi.ProposalOrigin{
		RepositoryID: h.repo.ID, Repository: "acme/changes", Number: 1, Head: p.State().HeadSHA, Base: "main", Path: "changes/orders.yaml",
	}
	if got.Origin != want {
		t.Errorf("origin %+v, want %+v", got.Origin, want)
	}
	h.expect(h.run("pr", "plan", "1", "-o", "name"), 0, "changes/orders.yaml\n")
	h.expect(h.run("pr", "plan", "1", "-o", "json"), 0, `"digest": "sha256:1"`)

	h.service.Plan.Findings = []change.Finding{{Rule: "overlap", Severity: change.Blocks, Message: "CHG-5 is there"}}
	h.expect(h.run("pr", "plan", "1"), 3, "in the way: CHG-5 is there", "it would be refused: changes/orders.yaml")
	h.service.Plan.Plan.Instance = "prod"
	h.expect(h.run("pr", "plan", "1"), 2, `the server is the installation "prod"; acme/changes is served by "test"`)
	h.service.Errs["PreviewProposal"] = change.Invalid("no such system").At("spec.parameters.target")
	h.expect(h.run("pr", "plan", "1"), 1, "changes/orders.yaml:7:24: spec.parameters.target: no such system", "1 of 2 files have problems")
	h.service.Errs["PreviewProposal"] = change.Unavailable("the ledger is away")
	h.expect(h.run("pr", "plan", "1"), 1, "the ledger is away")
}

func TestPRPlanAsksForNothingThatIsWrong(t *testing.T) {
	h := newHub(t)
	h.pull("bad", map[string]string{"changes/orders.yaml": "kind: Change\n"})
	h.expect(h.run("pr", "plan", "1"), 1, "changes/orders.yaml:1:1:", "1 of 1 files have problems")
	h.pull("none", map[string]string{"runbooks/touch.yaml": bookYAML + "# new\n"})
	h.expect(h.run("pr", "plan", "2"), 0, "acme/changes#2 asks for no change")
	for _, c := range h.service.Calls() {
		if c.Method == "PreviewProposal" {
			t.Error("the server was asked")
		}
	}
	delete(h.env, "CHANGECTL_SERVER")
	h.expect(h.run("pr", "plan", "1"), 1, "no server is named")
}

func TestPRStatusShowsGitHubAndTheChanges(t *testing.T) {
	h := newHub(t)
	p := h.pull("one", map[string]string{"changes/orders.yaml": askYAML})
	old := p.State().HeadSHA
	p.Review(h.bob, ghfake.Approved, old)
	head := h.commit("one", map[string]string{"changes/orders.yaml": askYAML + "# again\n"}, ghfake.CommitOptions{Pusher: h.alice})
	p.Review(h.bob, ghfake.ChangesRequested, head)
	p.Review(h.bob, ghfake.Approved, head)
	p.Review(h.bob, ghfake.Commented, head)
	h.repo.ForeignCheck(7, head, "changectl/plan", "success")
	h.repo.ForeignCheck(8, head, "build", "failure")
	h.service.Summaries = []change.Summary{apitest.Sample(change.Running).Summary()}
	r := h.run("pr", "status", "1")
	h.expect(r, 0, "acme/changes#1  Do one\n", "open, by alice", head+" of one, into main", "changectl/plan  success", "approved", "1 of earlier commits", "CHG-7", "running")
	if strings.Contains(r.out, "build") || strings.Contains(r.out, "changes_requested") {
		t.Errorf("too much: %s", r.out)
	}
	f := h.last("List")[0].(httpapi.Filter)
	if f.Origin == nil || *f.Origin != (change.PullKey{RepositoryID: h.repo.ID, Number: 1}) {
		t.Errorf("asked for the changes of %v", f.Origin)
	}
	if r := h.run("pr", "status", "1", "-o", "name"); r.out != "CHG-7\n" {
		t.Errorf("name: %q", r.out)
	}
	h.expect(h.run("pr", "status", "1", "-o", "yaml"), 0, "state: open\n", "- name: changectl/plan\n", "login: bob\n")
	h.service.Errs["List"] = change.Denied("not you")
	h.expect(h.run("pr", "status", "1"), 4, "open, by alice", "not you")
	delete(h.env, "CHANGECTL_SERVER")
	h.expect(h.run("pr", "status", "1"), 0, "the changes are not shown: no server is named")
}

func TestPRFindsRepositoryPullAndToken(t *testing.T) {
	h := newHub(t)
	h.pull("one", map[string]string{"changes/orders.yaml": askYAML})
	h.pull("two", map[string]string{"changes/orders.yaml": askYAML + "# two\n"})
	const branch = "git symbolic-ref --quiet --short HEAD"
	h.programs[branch] = "two\n"
	h.expect(h.run("pr", "status"), 0, "acme/changes#2")
	delete(h.env, "GH_REPO")
	h.expect(h.run("pr", "status"), 2, "no git remote origin")
	h.programs["git config --get remote.origin.url"] = "git@127.0.0.1:acme/changes.git\n"
	h.expect(h.run("pr", "status"), 0, "acme/changes#2")
	h.expect(h.run("pr", "status", "-R", "acme/nothing"), 1, "404")
	h.programs[branch] = "three"
	h.expect(h.run("pr", "status"), 1, "no open pull request of the branch three")
	ghfake.Must(h.repo.OpenPull(h.alice, ghfake.PullOptions{Head: "two", Base: "one"}))
	h.programs[branch] = "two"
	h.expect(h.run("pr", "status"), 2, "several open pull requests of the branch two: #2, #3")
	delete(h.programs, branch)
	h.expect(h.run("pr", "status"), 2, "no pull request is named", "changectl pr status 12")
	h.env["GITHUB_REF"] = "refs/pull/1/merge"
	h.expect(h.run("pr", "status"), 0, "acme/changes#1")

	delete(h.env, "GH_TOKEN")
	h.expect(h.run("pr", "status"), 4, "there is no token for GitHub", "gh auth login", "GH_TOKEN")
	h.programs["gh auth token --hostname 127.0.0.1"] = h.token + "\n"
	h.expect(h.run("pr", "status"), 0)
	delete(h.programs, "gh auth token --hostname 127.0.0.1")
	h.env["GITHUB_TOKEN"] = h.token
	h.expect(h.run("pr", "status"), 0)
	h.env["GITHUB_TOKEN"] = "ghp_wrong"
	if r := h.run("pr", "status"); r.code != 4 || strings.Contains(r.err, "ghp_wrong") {
		t.Errorf("%d %s", r.code, r.err)
	}
	h.expect(h.run("pr", "status", "--github-url", "github"), 2, "--github-url")
	h.expect(h.run("pr", "stat"), 2, "did you mean status")
}

func TestPRSaysNothingOfPasswordsInARemote(t *testing.T) {
	h := newHub(t)
	delete(h.env, "GH_REPO")
	for remote, want := range map[string]string{
		"https://x:hunter2@gitlab.com/acme/changes":      "acme/changes is at gitlab.com, and GitHub is looked for at 127.0.0.1",
		"https://x:hunter2@127.0.0.1/acme":               "no repository at GitHub",
		"hunter2/changes":                                "no repository at GitHub",
		"https://x:hunter2@127.0.0.1/../changes":         "no repository at GitHub",
		"https://x:hunter2@127.0.0.1/acme/changes/x\x1b": "no repository at GitHub",
	} {
		h.programs["git config --get remote.origin.url"] = remote
		r := h.run("pr", "status", "1")
		h.expect(r, 2, want, "-R owner/name")
		if strings.Contains(r.err, "hunter2") {
			t.Errorf("%s", r.err)
		}
	}
}

// Nothing of a pull request is taken for what it is not, wherever it comes from.
func TestPRValidateRefusesWhatIsNoPlainFile(t *testing.T) {
	h := newHub(t)
	h.commit("links", nil, ghfake.CommitOptions{Pusher: h.alice, Links: map[string]string{"changes/link.yaml": "/etc/passwd"}})
	ghfake.Must(h.repo.OpenPull(h.alice, ghfake.PullOptions{Head: "links"}))
	h.expect(h.run("pr", "validate", "1"), 1, "changes/link.yaml:1:1: is a symbolic link")
	fork := ghfake.Must(h.repo.Fork("mallory"))
	ghfake.Must(fork.Commit("main", map[string]string{"changes/orders.yaml": askYAML}, ghfake.CommitOptions{}))
	ghfake.Must(h.repo.OpenPull(fork.Owner, ghfake.PullOptions{From: fork, Head: "main"}))
	h.expect(h.run("pr", "validate", "2"), 0, "it comes from another repository", `"Touch the orders" is valid`)
	h.programs["git symbolic-ref --quiet --short HEAD"] = "main"
	h.expect(h.run("pr", "validate"), 1, "no open pull request of the branch main")
}
