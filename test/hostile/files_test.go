package hostile_test

import (
	"fmt"
	"strings"

	"github.com/changectl/changectl/test/ghfake"
)

// bomb is YAML that grows when its aliases are followed.
var bomb = func() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x]\n")
	for i := range 9 {
		fmt.Fprintf(&b, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i+1, i+1, i, i, i, i, i, i, i, i, i)
	}
	return b.String()
}()

// odd is a pull request of Alice's with odd files, approved by everybody.
func (g *ground) odd(what string, files map[string]string, o ghfake.CommitOptions) *ghfake.Pull {
	g.Helper()
	if g.odds++; g.odds%5 == 0 { // GitHub takes only so many writes in a minute
		g.take(g.f.plot(g.T))
	}
	o.From = "refs/heads/main"
	g.commit("odd", files, o)
	p := g.open("odd", "alice")
	g.everybody(p)
	await(g.T, func() (ghfake.CheckRun, bool) {
		r := g.run(p.State().HeadSHA, approval)
		return r, r.Conclusion != ""
	})
	g.settled(p)
	g.attempt("approved: "+what, g.succeeded(p), g.run(p.State().HeadSHA, approval).Title)
	if r := g.run(p.State().HeadSHA, validate); r.Conclusion == "success" {
		g.Errorf("%s is valid: %s", what, r.Summary)
	}
	must(g.T, p.Close(g.who("alice")))
	must(g.T, g.repo.Point("odd", "", g.who("alice")))
	return p
}

// everybody approves.
func (g *ground) everybody(p *ghfake.Pull) {
	for _, who := range []string{"bob", "carol", "dave", "erin", "frank"} {
		p.Review(g.who(who), ghfake.Approved, "")
	}
}

// theirs has a file approved by everybody but those who own it, then by those.
func (g *ground) theirs(what string, p *ghfake.Pull, others []string, owner string) {
	g.Helper()
	g.check(p, approval, "action_required")
	for _, who := range others {
		p.Review(g.who(who), ghfake.Approved, "")
		g.lacks(p, what+", approved by "+who)
	}
	g.right(p, owner)
}

// broken has everybody approve on a base that is broken.
func (g *ground) broken(what string, files map[string]string) {
	g.Helper()
	p := g.approved()
	g.commit("main", files, ghfake.CommitOptions{Pusher: g.who("erin")})
	g.check(p, approval, "action_required")
	g.shrugged(p)
	g.attempt("approved although it is broken on the base: "+what, g.succeeded(p))
	g.commit("b2", map[string]string{"runbooks/h.yaml": runbookText("h", "group:dba", "goodbye")}, ghfake.CommitOptions{})
	p2 := g.open("b2", "alice")
	g.check(p2, approval, "action_required")
	g.shrugged(p2)
	g.attempt("a runbook is approved although it is broken on the base: "+what, g.succeeded(p2))
	g.commit("b3", map[string]string{"README.md": "nothing of changectl's"}, ghfake.CommitOptions{})
	p3 := g.open("b3", "alice")
	g.check(p3, approval, "action_required")
	g.attempt("let through although it is broken on the base: "+what, g.succeeded(p3))
	_, err := p.AdminMerge(ghfake.Squash, g.who("alice"))
	must(g.T, err)
	g.tip()
	await(g.T, func() (kept, bool) { k := g.kept(p.Number); return k, k.Version > 0 && !p.State().Open })
	g.attempt("scheduled although it is broken on the base: "+what, g.ready(p.Number) || g.ready(0))
}

// shrugged has everybody approve and waits until that was looked at, by a pull request
// that may not be listened to.
func (g *ground) shrugged(p *ghfake.Pull) {
	g.Helper()
	g.everybody(p)
	must(g.T, g.f.WaitDeliveries(g.ctx))
	before := g.kept(p.Number)
	p.Review(g.who("bob"), ghfake.Commented, "")
	g.looked(p, before)
}

// files are entries of a tree that are not what they seem.
var files = map[string]func(*ground){
	"links": func(g *ground) {
		h := g.repo.Branch("main")
		g.odd("a link for a change", g.changeFile("x"), ghfake.CommitOptions{Links: map[string]string{"changes/l.yaml": "../.changectl.yaml"}})
		g.odd("a link out of the repository", g.changeFile("x"), ghfake.CommitOptions{Links: map[string]string{"changes/l.yaml": "/etc/passwd"}})
		g.odd("a link for a runbook", nil, ghfake.CommitOptions{Links: map[string]string{"runbooks/l.yaml": "h.yaml"}})
		g.odd("a link in place of a runbook", nil, ghfake.CommitOptions{Delete: []string{"runbooks/h.yaml"}, Links: map[string]string{"runbooks/h.yaml": "../changes/c.yaml"}})
		g.odd("a submodule for a change", nil, ghfake.CommitOptions{Submodules: map[string]string{"changes/s.yaml": h}})
		g.odd("a submodule for a runbook", g.changeFile("x"), ghfake.CommitOptions{Submodules: map[string]string{"runbooks/s.yaml": h}})
		g.odd("a link for the layout", nil, ghfake.CommitOptions{Delete: []string{".changectl.yaml"}, Links: map[string]string{".changectl.yaml": "runbooks/h.yaml"}})
		g.odd("a link for CODEOWNERS", nil, ghfake.CommitOptions{Links: map[string]string{"CODEOWNERS": "README.md"}})
	},
	"links in place of folders": func(g *ground) {
		for what, o := range map[string]ghfake.CommitOptions{
			"a link in place of the folder of changes":      {Links: map[string]string{"changes": "elsewhere"}},
			"a submodule in place of the folder of changes": {Submodules: map[string]string{"changes": g.repo.Branch("main")}},
			"a link in place of the folder of runbooks":     {Delete: []string{"runbooks/h.yaml"}, Links: map[string]string{"runbooks": "elsewhere"}},
			"a file in place of the folder of changes":      {},
		} {
			files := map[string]string{"elsewhere/c.yaml": changeText(g.system, "h", "x"), "elsewhere/h.yaml": runbookText("h", "group:platform", "x")}
			if len(o.Links)+len(o.Submodules) == 0 {
				files["changes"] = "a file"
			}
			g.odd(what, files, o)
		}
	},
	"bombs": func(g *ground) {
		change, book := g.changeFile("x")["changes/c.yaml"], runbookText("h", "group:dba", "x")
		for what, files := range map[string]map[string]string{
			"a bomb for a change":      {"changes/c.yaml": bomb},
			"a bomb behind a change":   {"changes/c.yaml": change + bomb},
			"a bomb for a runbook":     {"runbooks/h.yaml": bomb},
			"a bomb behind a runbook":  {"runbooks/h.yaml": book + bomb},
			"a bomb for the layout":    {".changectl.yaml": bomb},
			"a bomb behind the layout": {".changectl.yaml": layoutText + bomb},
			"a bomb for CODEOWNERS":    {"CODEOWNERS": strings.Repeat("*", 20<<10) + " @nordwind/dba\n"},
		} {
			g.odd(what, files, ghfake.CommitOptions{})
		}
	},
	"too much": func(g *ground) {
		change, book := g.changeFile("x")["changes/c.yaml"], runbookText("h", "group:dba", "x")
		big := strings.Repeat("# "+strings.Repeat("x", 100)+"\n", 257*1024/103+2)
		for what, files := range map[string]map[string]string{
			"257 KiB for a change":   {"changes/c.yaml": change + big},
			"257 KiB for a runbook":  {"runbooks/h.yaml": book + big},
			"257 KiB for the layout": {".changectl.yaml": layoutText + big},
			"deep nesting":           {"changes/c.yaml": "a: " + strings.Repeat("[", 50_000) + strings.Repeat("]", 50_000)},
		} {
			g.odd(what, files, ghfake.CommitOptions{})
		}
	},
	"odd YAML": func(g *ground) {
		change, book := g.changeFile("x")["changes/c.yaml"], runbookText("h", "group:dba", "x")
		for what, files := range map[string]map[string]string{
			"two documents":              {"changes/c.yaml": change + "---\n" + change},
			"a key twice":                {"changes/c.yaml": change + "spec: {}\n"},
			"not UTF-8":                  {"changes/c.yaml": change + "# \xff\xfe\n"},
			"a null byte":                {"changes/c.yaml": change + "# \x00\n"},
			"a tag of a language":        {"changes/c.yaml": "!!python/object/apply:os.system ['id']\n"},
			"a merge key":                {"changes/c.yaml": "x: &x {a: b}\n<<: *x\n" + change},
			"an owner whom nobody knows": {"runbooks/h.yaml": strings.Replace(book, "group:dba", "group:dba\\u200b", 1)},
		} {
			g.odd(what, files, ghfake.CommitOptions{})
		}
	},
	"names": func(g *ground) {
		text, book := g.changeFile("x")["changes/c.yaml"], runbookText("h", "group:platform", "x")
		for what, files := range map[string]map[string]string{
			"a right to left override":           {"changes/\u202etxt.yaml": text},
			"an override in the name of no YAML": {"changes/c\u202elmay.txt": text, "changes/c.yaml": text},
			"an isolate":                         {"changes/\u2066c\u2069.yaml": text},
			"a zero width space":                 {"changes/c\u200b.yaml": text},
			"a line feed":                        {"changes/c\n.yaml": text},
			"a backslash":                        {`changes/..\runbooks\h.yaml`: text},
			"a runbook of the same name":         {"runbooks/deep/h.yaml": book},
			"a runbook of the same name, .yml":   {"runbooks/h.yml": book},
			"a runbook that looks the same":      {"runbooks/\u0570.yaml": strings.Replace(book, "name: h", "name: \u0570", 1)},
			"a runbook that names another":       {"runbooks/i.yaml": book},
			"a null width runbook":               {"runbooks/h\u00ad.yaml": book},
		} {
			g.odd(what, files, ghfake.CommitOptions{})
		}
	},
	"a layout for the author's group": func(g *ground) {
		files := g.changeFile("because")
		files[".changectl.yaml"] = strings.Replace(layoutText, "change-managers", "platform", 1)
		g.commit("b", files, ghfake.CommitOptions{})
		g.theirs("the layout is the author's group's", g.open("b", "alice"), []string{"bob", "carol", "frank"}, "erin")
	},
	"CODEOWNERS for the author's group": func(g *ground) {
		g.commit("main", map[string]string{"CODEOWNERS": "/runbooks/ @nordwind-erin\n"}, ghfake.CommitOptions{Pusher: g.who("erin")})
		g.tip()
		g.commit("b", map[string]string{"CODEOWNERS": "/runbooks/ @nordwind-bob\n", "runbooks/h.yaml": runbookText("h", "group:dba", "x")}, ghfake.CommitOptions{})
		g.theirs("CODEOWNERS names the reviewer", g.open("b", "alice"), []string{"bob", "carol"}, "erin")
	},
	"CODEOWNERS in a place that comes first": func(g *ground) {
		g.commit("main", map[string]string{"docs/CODEOWNERS": "/runbooks/ @nordwind-erin\n"}, ghfake.CommitOptions{Pusher: g.who("erin")})
		g.tip()
		g.commit("b", map[string]string{".github/CODEOWNERS": "* @nordwind-bob\n", "runbooks/h.yaml": runbookText("h", "group:dba", "x")}, ghfake.CommitOptions{})
		g.theirs("another CODEOWNERS comes first", g.open("b", "alice"), []string{"bob", "carol"}, "erin")
	},
	"a runbook for the reviewer's group": func(g *ground) {
		g.commit("main", map[string]string{"runbooks/m.yaml": runbookText("m", "group:change-managers", "x")}, ghfake.CommitOptions{Pusher: g.who("erin")})
		g.tip()
		g.commit("b", map[string]string{"runbooks/m.yaml": runbookText("m", "group:dba", "x")}, ghfake.CommitOptions{})
		g.theirs("a runbook is the reviewer's from now on", g.open("b", "alice"), []string{"bob", "carol", "frank"}, "erin")
	},
	"a runbook that is moved": func(g *ground) {
		g.commit("main", map[string]string{"runbooks/m.yaml": runbookText("m", "group:change-managers", "x")}, ghfake.CommitOptions{Pusher: g.who("erin")})
		g.tip()
		g.commit("b", map[string]string{"runbooks/deep/m.yaml": runbookText("m", "group:dba", "x")}, ghfake.CommitOptions{Delete: []string{"runbooks/m.yaml"}})
		g.theirs("a runbook is moved to the reviewer's", g.open("b", "alice"), []string{"bob", "carol"}, "erin")
	},
	"a catalog that has the reviewer in the group": func(g *ground) {
		g.withCatalog()
		all := g.git("show", "main:catalog/all.yaml")
		at := strings.Index(all, "name: carol")
		g.commit("b", map[string]string{"catalog/all.yaml": all[:at] + strings.Replace(all[at:], "memberOf: []", "memberOf: [dba, change-managers]", 1)}, ghfake.CommitOptions{})
		g.theirs("the catalog of the pull request has the reviewer in the group", g.open("b", "alice"), []string{"carol", "bob"}, "erin")
	},
	"a broken layout":    func(g *ground) { g.broken("the layout", map[string]string{".changectl.yaml": "kind: ["}) },
	"a layout of a link": func(g *ground) { g.broken("the layout, a bomb", map[string]string{".changectl.yaml": bomb}) },
	"a broken CODEOWNERS": func(g *ground) {
		g.broken("CODEOWNERS", map[string]string{"CODEOWNERS": "/runbooks/[ @nordwind-bob\n"})
	},
	"CODEOWNERS of nobody": func(g *ground) {
		p := g.approved()
		g.commit("main", map[string]string{"CODEOWNERS": "* @nordwind/nobody-knows\n"}, ghfake.CommitOptions{Pusher: g.who("erin")})
		g.check(p, approval, "action_required")
		g.everybody(p)
		g.lacks(p, "approved although CODEOWNERS names a team that nobody knows")
	},
	"a broken catalog": func(g *ground) {
		g.broken("the catalog", map[string]string{".changectl.yaml": layoutText + "  catalog: catalog\n", "catalog/x.yaml": "kind: ["})
	},
	"a broken policy": func(g *ground) {
		g.broken("the policy", map[string]string{".changectl.yaml": layoutText + "  policy: policy.yaml\n", "policy.yaml": "apiVersion: changectl.dev/v1\nkind: Policy\nspec: {rules: [{name: x, when: 'plan.', require: {owners: touched}}]}\n"})
	},
	"a policy that is not there": func(g *ground) {
		g.broken("the policy, missing", map[string]string{".changectl.yaml": layoutText + "  policy: policy.yaml\n"})
	},
}
