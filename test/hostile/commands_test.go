package hostile_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/test/ghfake"
)

// unheard posts comments of somebody who could approve, and counts for each an attempt to
// approve.
func (g *ground) unheard(p *ghfake.Pull, who string, bodies map[string]string) {
	g.Helper()
	posted := map[string]*ghfake.Comment{}
	for what, body := range bodies {
		posted[what] = p.Comment(g.who(who), body, false)
	}
	g.settled(p)
	for what, c := range posted {
		g.attempt("a command is followed: "+what, g.succeeded(p) || slices.Contains(c.Reactions(), "+1"), c.Reactions())
	}
}

// approvals are /change approve with what must not approve.
var approvals = map[string]func(*ground){
	"of other commits": func(g *ground) {
		p := g.proposed()
		old := p.State().HeadSHA
		g.commit("b", g.changeFile("another reason"), ghfake.CommitOptions{})
		head := p.State().HeadSHA
		g.check(p, plan, "success")
		other := []byte(head)
		other[39] = "0123456789abcdef"[(strings.IndexByte("0123456789abcdef", other[39])+1)%16]
		g.unheard(p, "bob", map[string]string{
			"an older commit":          "/change approve " + old,
			"an older one, upper case": "/change approve " + strings.ToUpper(old),
			"seven digits":             "/change approve " + head[:7],
			"39 digits":                "/change approve " + head[:39],
			"one digit more":           "/change approve " + head + "0",
			"64 digits":                "/change approve " + head + strings.Repeat("0", 24),
			"another last digit":       "/change approve " + string(other),
			"the base":                 "/change approve " + g.repo.Branch("main"),
			"no commit":                "/change approve",
			"HEAD":                     "/change approve HEAD",
			"a branch":                 "/change approve b",
			"two commits":              "/change approve " + old + " " + head,
			"a word behind it":         "/change approve " + head + " please",
			"a star":                   "/change approve *",
		})
		c := p.Comment(g.who("bob"), "/change approve "+head, false)
		g.heard(p, c)
		g.check(p, approval, "success")
		g.commit("b", g.changeFile("yet another reason"), ghfake.CommitOptions{})
		g.lacks(p, "an approval by command survives a push")
	},
	"by the author": func(g *ground) {
		p := g.proposedBy("bob")
		head := p.State().HeadSHA
		for _, who := range []string{"bob", "bob-two"} {
			g.heard(p, p.Comment(g.who(who), "/change approve "+head, false))
			g.lacks(p, "the author approves by command as "+who)
		}
		g.heard(p, p.Comment(g.who("carol"), "/change approve "+head, false))
		g.check(p, approval, "success")
	},
	"by who has no say": func(g *ground) {
		p := g.proposed()
		head := p.State().HeadSHA
		for _, who := range []string{"mallory", "erin", "frank", "alice", "dave"} {
			g.heard(p, p.Comment(g.who(who), "/change approve "+head, false))
			g.lacks(p, who+" approves by command")
		}
		for _, who := range []string{"dba-helper[bot]", "carol-robot"} {
			p.Comment(g.who(who), "/change approve "+head, false)
			g.lacks(p, who+" approves by command")
		}
		g.heard(p, p.Comment(g.who("bob"), "/change approve "+head, false))
		g.check(p, approval, "success")
	},
	"by whoever pushed last": func(g *ground) {
		p := g.proposed()
		g.commit("b", g.changeFile("a little more"), ghfake.CommitOptions{Pusher: g.who("carol"), Author: g.who("alice")})
		g.heard(p, p.Comment(g.who("carol"), "/change approve "+p.State().HeadSHA, false))
		g.lacks(p, "who pushed last approves by command")
	},
	"before the base is another": func(g *ground) {
		p := g.proposed()
		g.heard(p, p.Comment(g.who("bob"), "/change approve "+p.State().HeadSHA, false))
		g.check(p, approval, "success")
		g.replaced("goodbye")
		g.lacks(p, "an approval by command counts for a runbook that came later")
	},
	"of what is closed": func(g *ground) {
		p := g.proposed()
		must(g.T, p.Close(g.who("alice")))
		g.settled(p)
		g.unheard(p, "bob", map[string]string{"closed": "/change approve " + p.State().HeadSHA})
		must(g.T, p.Reopen(g.who("alice")))
		g.lacks(p, "an approval while it was closed counts when it is open again")
	},
}

// commands are what comments must not bring about.
var commands = map[string]func(*ground){
	"not plain": func(g *ground) {
		p := g.proposed()
		c := "/change approve " + p.State().HeadSHA
		g.unheard(p, "bob", map[string]string{
			"in a quote":                  "> " + c,
			"in a quote that goes on":     "> he wrote\n" + c,
			"in a fence":                  "```\n" + c + "\n```",
			"in a fence of tildes":        "~~~ sh\n" + c + "\n~~~",
			"in an open fence":            "```\n" + c,
			"indented":                    "    " + c,
			"behind a tab":                "\t" + c,
			"behind a space":              " " + c,
			"in an HTML comment":          "<!--\n" + c + "\n-->",
			"behind an HTML comment":      "<!-- x --> " + c,
			"in details":                  "<details>\n<summary>x</summary>\n\n" + c + "\n\n</details>",
			"in pre":                      "<pre>\n" + c + "\n</pre>",
			"in a list":                   "- one\n" + c,
			"in a list item":              "- " + c,
			"in code that spans lines":    "see `\n" + c + "\n`",
			"in the middle of a line":     "Please " + c,
			"in bold":                     "**" + c + "**",
			"in a link":                   "[" + c + "](https://example.com)",
			"in a table":                  "| a |\n|---|\n" + c,
			"in a script":                 "<script>\n" + c + "\n</script>",
			"in an attribute":             "<a title=\"\n" + c + "\n\">x</a>",
			"two in one":                  c + "\n" + c,
			"with another one":            "/change status\n" + c,
			"with another one far below":  c + strings.Repeat("\n\ntext", 200) + "\n\n/change help",
			"in capitals":                 strings.ToUpper(c[:7]) + c[7:],
			"the verb in capitals":        strings.Replace(c, "approve", "APPROVE", 1),
			"without a space":             strings.Replace(c, "/change ", "/change", 1),
			"a carriage return inside":    strings.Replace(c, "approve ", "approve\r", 1),
			"a vertical tab":              strings.Replace(c, "approve ", "approve\v", 1),
			"a backslash in front":        `\` + c,
			"as a heading":                "# " + c,
			"in CRLF in a quote":          "> x\r\n" + c + "\r\n",
			"in CRLF in a fence":          "```\r\n" + c + "\r\n```\r\n",
			"shell behind it":             c + "; rm -rf /",
			"a substitution":              "/change approve $(git rev-parse HEAD)",
			"more than 64 KiB before it":  strings.Repeat("x", 65<<10) + "\n\n" + c,
			"more than 64 KiB behind it":  c + "\n\n" + strings.Repeat("y ", 33<<10),
			"a null byte, written":        c + "%00",
			"an emoji behind it":          c + " 👍",
			"a form feed, as a separator": "/change\fapprove " + p.State().HeadSHA,
		})
		g.heard(p, p.Comment(g.who("bob"), "/change approve "+p.State().HeadSHA+"\r\n", false))
		g.check(p, approval, "success")
	},
	"in letters that look like others": func(g *ground) {
		p := g.proposed()
		head := p.State().HeadSHA
		g.unheard(p, "bob", map[string]string{
			"a Cyrillic a":           "/ch\u0430nge approve " + head,
			"a Cyrillic e":           "/chang\u0435 approve " + head,
			"a Cyrillic verb":        "/change \u0430pprove " + head,
			"a Greek letter":         "/change appr\u03bfve " + head,
			"a fraction slash":       "\u2044change approve " + head,
			"a division slash":       "\u2215change approve " + head,
			"full width":             "\uff0fchange approve " + head,
			"full width letters":     "/\uff43hange approve " + head,
			"a zero width space":     "/cha\u200bnge approve " + head,
			"a zero width in front":  "\u200b/change approve " + head,
			"a byte order mark":      "\ufeff/change approve " + head,
			"a zero width joiner":    "/change app\u200drove " + head,
			"a soft hyphen":          "/change app\u00adrove " + head,
			"right to left override": "/change \u202eevorppa\u202c " + head,
			"an isolate":             "/change approve \u2066" + head + "\u2069",
			"a right to left mark":   "/change approve " + head + "\u200f",
			"a no-break space":       "/change\u00a0approve " + head,
			"an ideographic space":   "/change\u3000approve " + head,
			"a combining mark":       "/change a\u0301pprove " + head,
			"mathematical letters":   "/change \U0001d41a\U0001d429\U0001d429\U0001d42b\U0001d428\U0001d42f\U0001d41e " + head,
			"full width digits":      "/change approve " + strings.Map(func(r rune) rune { return r - '0' + '\uff10' }, strings.Repeat("1", 40)),
			"a tag character":        "/change approve " + head + "\U000e0041",
			"a line separator":       "text\u2028/change approve " + head,
			"a next line":            "text\u0085/change approve " + head,
			"a variation selector":   "/change\ufe0f approve " + head,
		})
		g.right(p, "bob")
	},
	"edited into one": func(g *ground) {
		p := g.proposed()
		c := "/change approve " + p.State().HeadSHA
		innocent := p.Comment(g.who("bob"), "I will look at it.", false)
		status := p.Comment(g.who("bob"), "/change status", false)
		broken := p.Comment(g.who("bob"), "/change approve", false)
		g.heard(p, status)
		second(g, time.Now())
		for what, one := range map[string]*ghfake.Comment{"an innocent one": innocent, "another command": status, "a broken one": broken} {
			g.f.EditComment(one, c, g.who("bob"))
			g.lacks(p, "a command that was edited into a comment is followed: "+what)
		}
		other := p.Comment(g.who("bob"), "I will look at it.", false)
		second(g, time.Now())
		g.f.EditComment(other, c, g.who("alice"))
		g.lacks(p, "a command that somebody else edited into a comment is followed")
		g.right(p, "bob")
	},
	"through an App": func(g *ground) {
		p := g.proposed()
		p.Comment(g.who("bob"), "/change approve "+p.State().HeadSHA, true)
		g.lacks(p, "a command through an App is followed")
		p.Comment(g.f.App().Bot, "/change approve "+p.State().HeadSHA, true)
		g.lacks(p, "a command of our own is followed")
		g.right(p, "bob")
	},
	"with a reason for a shell": func(g *ground) {
		p := g.proposed()
		mark := filepath.Join(g.TempDir(), "mark")
		reason := fmt.Sprintf("; touch %[1]s; rm -rf / $(touch %[1]s) `touch %[1]s` | tee %[1]s && ${IFS} %%s '\" <script>", mark)
		g.heard(p, p.Comment(g.who("bob"), "/change reject "+reason, false))
		g.check(p, approval, "failure")
		body := g.ours(p)
		g.attempt("HTML in a reason is HTML", strings.Contains(body, "<script>"), body)
		g.right(p, "bob")
		_, err := p.Merge(ghfake.Squash, g.who("alice"))
		must(g.T, err)
		rec := g.change(p.Number, change.Scheduled)
		g.heard(p, p.Comment(g.who("mallory"), "/change abort "+reason, false))
		g.attempt("somebody unknown aborts", g.get(rec.ID).Status != change.Scheduled)
		g.heard(p, p.Comment(g.who("frank"), "/change abort "+reason, false))
		g.attempt("somebody who has no say aborts", g.get(rec.ID).Status != change.Scheduled, g.get(rec.ID).Status)
		g.heard(p, p.Comment(g.who("alice"), "/change abort "+reason, false))
		g.change(p.Number, change.Cancelled)
		_, err = os.Stat(mark)
		g.attempt("a reason is run", err == nil)
		entries, err := g.f.alice.Log(g.ctx, httpapi.LogFilter{Change: rec.ID})
		must(g.T, err)
		g.attempt("a reason is not kept as it was written", !slices.ContainsFunc(entries, func(e auditRecord) bool { return strings.Contains(e.Entry.Why, reason) }))
	},
	"delivered ten times": func(g *ground) {
		p := g.proposed()
		c := p.Comment(g.who("bob"), "/change reject not tonight", false)
		own := p.Comment(g.who("alice"), "/change submit", false)
		must(g.T, g.f.WaitDeliveries(g.ctx))
		for _, e := range g.f.Events() {
			if e.Name != "issue_comment" || !bytes.Contains(e.Payload, fmt.Appendf(nil, `"id":%d,`, c.ID)) {
				continue
			}
			for i := range 10 {
				if status := g.f.signed(g.ctx, g.T, e.Name, fmt.Sprintf("again-%d-%d", g.n, i), e.Payload); status != http.StatusAccepted {
					g.Errorf("it was answered with %d", status)
				}
				if status := g.f.signed(g.ctx, g.T, e.Name, e.GUID, e.Payload); status != http.StatusAccepted {
					g.Errorf("it was answered with %d", status)
				}
			}
		}
		g.heard(p, c)
		g.heard(p, own)
		g.settled(p)
		entries, err := g.f.alice.Log(g.ctx, httpapi.LogFilter{Limit: 10_000, Since: opens.Add(-49 * time.Hour)})
		must(g.T, err)
		times := 0
		for _, e := range entries {
			if e.Entry.Kind == "command.followed" && strings.Contains(e.Entry.What, fmt.Sprintf("comment %d ", c.ID)) {
				times++
			}
		}
		for range 20 {
			g.attempt("a command that is delivered often is followed often", times != 1 || len(c.Reactions()) != 1, times, c.Reactions())
		}
		g.attempt("a submission is made often", len(g.changes(p.Number)) != 1, len(g.changes(p.Number)))
	},
	"that have nothing to do here": func(g *ground) {
		p := g.proposed()
		for _, who := range []string{"mallory", "frank", "dba-helper[bot]"} {
			p.Comment(g.who(who), "/change submit", false)
			p.Comment(g.who(who), "/change abort now", false)
		}
		g.settled(p)
		g.attempt("somebody without a say submits", len(g.changes(p.Number)) != 0)
	},
}

func (g *ground) get(id change.ID) change.Record {
	g.Helper()
	rec, err := g.f.alice.Get(g.ctx, id)
	must(g.T, err)
	return rec
}
