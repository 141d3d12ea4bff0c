package hostile_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/test/ghfake"
)

// secrets are what stands in the catalog and the ledger, and in no file of the case's
// pull request.
func (g *ground) secrets(other change.Record) []string {
	return []string{
		fmt.Sprintf("leans-%03d", g.n), fmt.Sprintf("Dachstube %03d", g.n), fmt.Sprintf("Kellergeist %03d", g.n), "Bob Bruhn", "user:bob", "user:carol", "Carol Carstens",
		"group:operators", "group:orders-team", "orders-api", "orders-pool", "web-shop", "jump-host", other.Plan.Title, string(other.ID),
	}
}

// neighbour is somebody else's change of the same system at the same time.
func (g *ground) neighbour() change.Record {
	g.Helper()
	rec, err := g.f.alice.Submit(g.ctx, change.Request{
		Title: fmt.Sprintf("Verschlossene Auster %02d", g.n), Type: change.Normal, Reason: "nobody's business", Runbook: "neighbour",
		Parameters: map[string]any{"host": g.system},
		Window:     change.WindowRequest{Start: opensFor(g.system).Format(time.RFC3339), Duration: "90m"},
	})
	if rec.ID == "" {
		must(g.T, err)
	}
	return rec
}

// told returns all that was written about a pull request.
func (g *ground) told(p *ghfake.Pull) string {
	var b strings.Builder
	for _, sha := range strings.Fields(g.git("rev-list", "--all")) {
		for _, r := range g.repo.Checks(sha) {
			fmt.Fprintln(&b, r.Name, r.Title, r.Summary, r.Text)
		}
	}
	for _, c := range p.Comments() {
		if strings.HasPrefix(c.Body(), "<!-- changectl") {
			fmt.Fprintln(&b, c.Body())
		}
	}
	return b.String()
}

// silentOn counts for every secret an attempt to have it shown.
func (g *ground) silentOn(p *ghfake.Pull, other change.Record, where string) {
	g.Helper()
	text := g.told(p)
	if text == "" {
		g.Error("nothing was written at all")
	}
	for _, s := range g.secrets(other) {
		at := strings.Index(text, s)
		shown := ""
		if at >= 0 {
			shown = text[max(0, at-200):min(len(text), at+200)]
		}
		g.attempt(fmt.Sprintf("%s: %q is shown", where, s), s != "" && at >= 0, shown)
	}
}

func (g *ground) fork(owner string, files map[string]string, o ghfake.CommitOptions) *ghfake.Pull {
	g.Helper()
	fork, err := g.repo.Fork(owner)
	must(g.T, err)
	o.Pusher = g.who(owner)
	_, err = fork.Commit("b", files, o)
	must(g.T, err)
	p, err := g.repo.OpenPull(g.who(owner), ghfake.PullOptions{Head: "b", From: fork})
	must(g.T, err)
	return p
}

// hostileRunbook would do harm if it were run, and say much if it were planned.
func (g *ground) hostileRunbook(word string) string {
	return strings.Replace(runbookText("h", "group:dba", word), "argv: [echo, '"+word, "argv: [sh, -c, 'touch "+g.TempDir()+"/mark; env; cat /etc/passwd", 1)
}

// forks are pull requests from other repositories, and of people whom nobody knows.
var forks = map[string]func(*ground){
	"of an outsider": func(g *ground) { g.fromFork("mallory") },
	"of one of ours": func(g *ground) { g.fromFork("frank") },
	"of a runbook alone": func(g *ground) {
		other := g.neighbour()
		p := g.fork("mallory", map[string]string{"runbooks/h.yaml": g.hostileRunbook("owned"), "runbooks/new.yaml": runbookText("new", "group:nobody-knows", "x")}, ghfake.CommitOptions{})
		g.check(p, approval, "action_required")
		g.settled(p)
		g.silentOn(p, other, "a runbook from a fork")
		p.Review(g.who("frank"), ghfake.Approved, "")
		g.lacks(p, "a hostile runbook of a fork is approved by somebody")
	},
	"of an own layout and catalog": func(g *ground) {
		other := g.neighbour()
		layout := layoutText + "  catalog: estate\n"
		entity := fmt.Sprintf("apiVersion: backstage.io/v1alpha1\nkind: Resource\nmetadata: {name: %s}\nspec: {type: server, owner: group:platform}\n", g.system[len("resource:"):])
		p := g.fork("mallory", map[string]string{".changectl.yaml": strings.Replace(layout, "change-managers", "platform", 1), "estate/all.yaml": entity}, ghfake.CommitOptions{})
		g.check(p, approval, "action_required")
		g.settled(p)
		g.silentOn(p, other, "a catalog from a fork")
		g.lacks(p, "a fork takes the repository over")
	},
	"of somebody unknown, not in a fork": func(g *ground) {
		other := g.neighbour()
		g.commit("b", g.changeFile("because"), ghfake.CommitOptions{Pusher: g.who("mallory")})
		p := g.open("b", "mallory")
		g.check(p, approval, "action_required")
		g.everyCommand(p)
		g.silentOn(p, other, "of somebody unknown")
		g.attempt("a change comes of somebody unknown", len(g.changes(p.Number)) != 0)
	},
	"of a robot": func(g *ground) {
		other := g.neighbour()
		g.commit("b", g.changeFile("because"), ghfake.CommitOptions{Pusher: g.who("alice")})
		p := g.open("b", "dba-helper[bot]")
		g.check(p, approval, "action_required")
		p.Review(g.who("carol"), ghfake.Approved, "")
		g.everyCommand(p)
		g.silentOn(p, other, "of a robot")
		g.attempt("a change of a robot is approved", g.succeeded(p))
	},
}

// everyCommand has people ask for all that can be asked for.
func (g *ground) everyCommand(p *ghfake.Pull) {
	g.Helper()
	for _, who := range []string{"mallory", "bob"} {
		for _, c := range []string{"plan", "status", "help", "submit", "approve " + p.State().HeadSHA, "abort because", "nonsense"} {
			g.heard(p, p.Comment(g.who(who), "/change "+c, false))
		}
	}
	g.settled(p)
}

func (g *ground) fromFork(owner string) {
	other := g.neighbour()
	files := g.changeFile("because")
	files["runbooks/h.yaml"] = g.hostileRunbook("owned")
	files["changes/real.yaml"] = changeText("resource:orders-db-1", "h", "real")
	p := g.fork(owner, files, ghfake.CommitOptions{})
	g.check(p, approval, "action_required")
	p.Review(g.who("carol"), ghfake.Approved, "")
	g.everyCommand(p)
	secrets := "a fork of " + owner
	text := g.told(p)
	for _, s := range []string{"Bob Bruhn", "user:bob", "user:carol", "group:operators", "orders-pool", "orders-api", fmt.Sprintf("leans-%03d", g.n), fmt.Sprintf("Kellergeist %03d", g.n), other.Plan.Title, string(other.ID)} {
		g.attempt(fmt.Sprintf("%s: %q is shown", secrets, s), strings.Contains(text, s))
	}
	g.attempt("a change comes of a fork", len(g.changes(p.Number)) != 0)
	g.attempt("a fork is approved", g.succeeded(p))
}
