package hostile_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	enums "go.temporal.io/api/enums/v1"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/test/ghfake"
	"github.com/changectl/changectl/workflows"
)

// forgeries is how many webhooks are forged.
const forgeries = 10_000

func mac(h func() hash.Hash, secret string, body []byte) string {
	m := hmac.New(h, []byte(secret))
	m.Write(body)
	return hex.EncodeToString(m.Sum(nil))
}

func (f *field) secret(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(f.dir, "webhook"))
	must(t, err)
	return strings.TrimSpace(string(b))
}

// victim opens a pull request of which nobody tells the product.
func (f *field) victim(t *testing.T) *ghfake.Pull {
	t.Helper()
	repo := f.plots[0]
	_, err := repo.Commit("b", map[string]string{"changes/c.yaml": changeText(system(0), "h", "because")}, ghfake.CommitOptions{Pusher: f.Person("alice")})
	must(t, err)
	p, err := repo.OpenPull(f.Person("alice"), ghfake.PullOptions{Head: "b"})
	must(t, err)
	return p
}

// event is the payload of a pull request's event, as far as it is read.
func event(repo *ghfake.Repo, installation int64, number int) []byte {
	b, err := json.Marshal(map[string]any{
		"action": "synchronize", "number": number, "installation": map[string]any{"id": installation},
		"repository":   map[string]any{"id": repo.ID, "full_name": repo.FullName()},
		"pull_request": map[string]any{"number": number, "head": map[string]any{"sha": strings.Repeat("a", 40)}, "base": map[string]any{"repo": map[string]any{"id": repo.ID}}},
		"sender":       map[string]any{"login": "nordwind-bob", "id": 1, "type": "User"},
	})
	if err != nil {
		panic(err)
	}
	return b
}

// hook sends a webhook and returns the status of the answer.
func (f *field) hook(ctx context.Context, t testing.TB, name, guid string, body []byte, headers http.Header) int {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.dev.Server()+"/github/webhook", bytes.NewReader(body))
	must(t, err)
	req.Header = headers.Clone()
	if req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("X-GitHub-Event", name)
	req.Header.Set("X-GitHub-Delivery", guid)
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	return resp.StatusCode
}

// signed sends a webhook as GitHub does.
func (f *field) signed(ctx context.Context, t testing.TB, name, guid string, body []byte) int {
	t.Helper()
	return f.hook(ctx, t, name, guid, body, http.Header{"X-Hub-Signature-256": {"sha256=" + mac(sha256.New, f.secret(t), body)}})
}

// forgery returns the headers of the i-th forged webhook and its body.
func forgery(i int, secret string, genuine []byte) ([]byte, http.Header) {
	body := bytes.Replace(genuine, []byte("synchronize"), fmt.Appendf(nil, "synchronize%d", i), 1)
	right := mac(sha256.New, secret, body)
	flipped := []byte(right)
	flipped[i%64] = "0123456789abcdef"[(strings.IndexByte("0123456789abcdef", flipped[i%64])+1+i%15)%16]
	older := mac(sha1.New, secret, body)
	one := func(values ...string) http.Header { return http.Header{"X-Hub-Signature-256": values} }
	kinds := []http.Header{
		{},
		{"X-Hub-Signature": {"sha1=" + older}},
		one(""),
		one("sha256="),
		one("sha256=" + right[:i%64]),
		one("sha256=" + string(flipped)),
		one(right),
		one("SHA256=" + right),
		one("sha1=" + older),
		one("sha256=" + older),
		one("sha256=" + right + "00"),
		one("sha256=" + mac(sha256.New, "", body)),
		one("sha256=" + mac(sha256.New, secret+"\n", body)),
		one("sha256=" + mac(sha256.New, fmt.Sprint("guess ", i), body)),
		one("sha256=" + mac(sha256.New, secret, genuine)), // that of another body
		one("sha256="+right, "sha256="+right),
		one("sha256=" + string(flipped) + ",sha256=" + right),
		one("sha256=" + mac(sha256.New, secret, append(bytes.Clone(body), '\n'))),
		one("sha256=" + strings.Repeat("0", 64)),
		{"X-Hub-Signature-256": {"sha256=" + right}, "Content-Type": {"application/x-www-form-urlencoded"}},
	}
	return body, kinds[i%len(kinds)]
}

func (f *field) signatures() map[string]func(*ground) {
	return map[string]func(*ground){"ten thousand forged webhooks": func(g *ground) { f.forged(g) }}
}

func (f *field) forged(g *ground) {
	repo := f.plots[0]
	genuine, secret := event(repo, 1, 1), f.secret(g.T)
	var accepted atomic.Int64
	var all sync.WaitGroup
	const senders = 4
	for s := range senders {
		all.Go(func() {
			for i := s; i < forgeries; i += senders {
				body, headers := forgery(i, secret, genuine)
				if status := f.hook(g.ctx, g.T, "pull_request", fmt.Sprint("forged-", i), body, headers); status < 400 && accepted.Add(1) == 1 {
					g.Errorf("forgery %d with %v was answered with %d", i, headers, status)
				}
			}
		})
	}
	all.Wait()
	f.tally.count(g.class, "forged webhooks", forgeries-1, accepted.Load() > 0)
	kept := f.count("select count(*) from github_deliveries where guid like 'forged-%'")
	looked := f.count("select count(*) from github_pulls where repository = ? and number > 0", repo.ID)
	head := repo.Pull(1).State().HeadSHA
	g.attempt("a forged webhook is kept or followed", kept != 0 || looked != 0 || len(repo.Checks(head)) != 0, kept, looked)
	// A genuine one is: the victim can be seen.
	if status := f.signed(g.ctx, g.T, "pull_request", "genuine-1", genuine); status != http.StatusAccepted {
		g.Fatalf("the genuine webhook was answered with %d", status)
	}
	v := *g
	v.repo = repo
	v.checkOn(head, approval, "action_required")
	if n := f.count("select count(*) from github_deliveries where guid = 'genuine-1'"); n != 1 {
		g.Errorf("the genuine webhook was kept %d times", n)
	}
}

// foreign are webhooks that GitHub signs, about what is not served.
var foreign = map[string]func(*ground){
	"a repository without the App": func(g *ground) {
		repo, pull := g.outside("evil", "without")
		g.nothing(repo, pull, repo.ID, pull.Number, event(repo, 1, pull.Number))
	},
	"another installation": func(g *ground) {
		repo, pull := g.outside("evil2", "other")
		other := g.f.Install(g.f.User("evil2"), nil, repo)
		g.nothing(repo, pull, repo.ID, pull.Number, event(repo, other.ID, pull.Number))
	},
	"our installation's number with a foreign repository": func(g *ground) {
		repo, pull := g.outside("evil3", "mixed")
		g.nothing(repo, pull, repo.ID, pull.Number, event(repo, g.install.ID, pull.Number))
	},
	"our repository's name with a foreign number": func(g *ground) {
		repo, pull := g.outside("evil4", "named")
		body := bytes.ReplaceAll(event(repo, g.install.ID, pull.Number), []byte(repo.FullName()), []byte(g.repo.FullName()))
		g.nothing(repo, pull, repo.ID, pull.Number, body)
	},
	"a repository that is installed and not configured": func(g *ground) {
		repo, pull := g.outside(g.repo.Owner.Login, "unlisted")
		g.install.Add(g.repo.Owner, repo)
		g.nothing(repo, pull, repo.ID, pull.Number, event(repo, g.install.ID, pull.Number))
	},
	"a pull request that is not there": func(g *ground) {
		g.nothing(g.repo, nil, g.repo.ID, 4711, event(g.repo, g.install.ID, 4711))
	},
	"a repository that nobody has": func(g *ground) {
		made := &ghfake.Repo{ID: 1 << 50, Owner: g.repo.Owner, Name: "nowhere"}
		g.nothing(g.repo, nil, made.ID, 1, event(made, g.install.ID, 1))
	},
}

// outside is a repository that is not served, with a pull request that looks like ours.
func (g *ground) outside(owner, name string) (*ghfake.Repo, *ghfake.Pull) {
	g.Helper()
	repo, err := g.f.CreateRepo(owner, name, ghfake.RepoOptions{})
	must(g.T, err)
	_, err = repo.Commit("main", layoutOnly(), ghfake.CommitOptions{})
	must(g.T, err)
	_, err = repo.Commit("b", g.changeFile("because"), ghfake.CommitOptions{})
	must(g.T, err)
	pull, err := repo.OpenPull(g.who("alice"), ghfake.PullOptions{Head: "b"})
	must(g.T, err)
	return repo, pull
}

// nothing sends the event, waits until the workflow that it starts has ended, and looks
// for anything that came of it.
func (g *ground) nothing(repo *ghfake.Repo, pull *ghfake.Pull, id int64, number int, body []byte) {
	g.Helper()
	for i, name := range []string{"pull_request", "pull_request_review", "issue_comment"} {
		sent := body
		if name == "issue_comment" {
			sent = bytes.Replace(body, []byte(`"sender"`), fmt.Appendf(nil, `"issue":{"number":%d,"pull_request":{}},"sender"`, number), 1)
		}
		if status := g.f.signed(g.ctx, g.T, name, fmt.Sprintf("foreign-%d-%d", g.n, i), sent); status != http.StatusAccepted {
			g.Errorf("the event was answered with %d", status)
		}
	}
	key := change.PullKey{RepositoryID: id, Number: number}
	rows := 0
	await(g.T, func() (string, bool) { // the look is over, or something came of it
		rows = g.f.count("select count(*) from github_pulls where repository = ? and number = ?", id, number)
		d, err := g.f.temporal.DescribeWorkflowExecution(g.ctx, workflows.PullRequestID(key), "")
		if err != nil {
			return err.Error(), false
		}
		status := d.GetWorkflowExecutionInfo().GetStatus()
		return status.String(), rows > 0 || status == enums.WORKFLOW_EXECUTION_STATUS_COMPLETED
	})
	written := 0
	if pull != nil {
		written = len(repo.Checks(pull.State().HeadSHA)) + len(pull.Comments())
	}
	g.attempt("something is written about what is not served", written != 0, written)
	g.attempt("something is kept about what is not served", rows != 0, rows)
	g.attempt("a change comes of what is not served", len(g.changes(number)) != 0)
}
