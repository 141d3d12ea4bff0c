package proposal_test

import (
	"bytes"
	"fmt"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extended "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/proposal"
)

// payloads are what somebody might write to be heard, seen or believed.
var payloads = []string{
	"@octocat", "@example/security", "hello@octocat", "＠octocat", "(@octocat)", "_@octocat_", "`@octocat", "a`@octocat`b", "@oct\u200bocat", "@\u202eoctocat",
	"&#64;octocat", "\\@octocat", "#1", "example/changes#1", "GH-1", "gh-1", "Fixes #1", "3f2a9c41d07be6a85f1c2d3e4b5a697880716253", "deadbeef", "(deadbeef)",
	"example/changes@3f2a9c4", "JIRA-17", "CVE-2027-0815", "GHSA-xxxx-yyyy-zzzz", ":tada:", "a:tada:b", ":+1:",
	"https://evil.example", "http://evil.example/a?b=c|d", "HTTPS://EVIL.EXAMPLE", "www.evil.example", "WWW.evil.example", "ftp://evil.example", "mailto:a@evil.example",
	"xmpp:a@evil.example", "[click](https://evil.example)", "[click](javascript:alert)", "[click][1]", "[1]: https://evil.example", "[^1]", "[^1]: note", "<https://evil.example>", "<a@evil.example>",
	"![](https://evil.example/beacon.png)", "![x][1]", "<img src=https://evil.example/beacon.png>", "<script>alert(1)</script>", "<b>", "</details>", "</summary>", "<details open>", "<!--", "-->",
	proposal.Marker, "--><script>", "<!-- changectl:pull-request --> x", "<?php", "<![CDATA[", "&lt;b&gt;", "&#60;b&#62;", "&amp;", "&copy;",
	"# heading", "x\n# heading", "x\n\n# heading", "x\n===", "x\n---", "---", "===", "***", "- item", "* item", "+ item", "1. item", "1) item", "- [ ] task", "- [x] task", "> quote", ">", "> [!CAUTION]", "[!NOTE]",
	"```", "~~~", "x\n```\nx", "````", "`", "``", "` `", "a`b", "`a|b`", "|", "a|b", "||", "\\|", "\\\\|", "a\\", "\\", "\\`", "x\n|---|", "| --- |", ":---:", ":-", "**bold**", "__bold__", "*it*", "_it_", "~~gone~~", "~x~",
	"$x$", "$$x$$", "$`x`$", "a$ b $c", "`$ $`", "#0969DA", "\u202etxt.exe", "\u2066x\u2069", "a\u00adb", "\u200d", "\u2800", "\u3164", "\ufe0f", "\U000e0041", "\U000e0101", "e\u0301\u0301\u0301\u0301\u0301\u0301",
	"\x00", "\x1b[31mred", "a\rb", "a\u2028b", "a\u0085b", "\t# x", "    code", "\xff\xfe", "<br>", "<br/>", "a<br>b", "&nbsp;", strings.Repeat("a", 5000), strings.Repeat("@a ", 3000), strings.Repeat("`", 3000), strings.Repeat("[", 3000), strings.Repeat("<", 3000),
	"user:bob](https://evil.example)", "group:dba|x", "/change approve", "a: b\nc: d", "${{ secrets.X }}", "{{x}}", "\"quoted\"", "'quoted'", "x  \ny", "x\\\ny",
}

// beyond are the fields that are words of the product or addresses, not of people.
var beyond = []string{"State", "Level", "URL", "Temporal", "Record", "Server", "Zone"}

// fill puts s in the place of every text that people wrote and that is not empty. It
// returns how many there were.
func fill(v reflect.Value, s string) int {
	n := 0
	switch v.Kind() { //nolint:exhaustive // the others hold no text
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			n = fill(v.Elem(), s)
		}
	case reflect.Slice:
		for i := range v.Len() {
			n += fill(v.Index(i), s)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && !slices.Contains(beyond, f.Name) {
				n += fill(v.Field(i), s)
			}
		}
	}
	if v.Kind() == reflect.String {
		ours := !slices.Contains([]reflect.Type{reflect.TypeFor[string](), reflect.TypeFor[change.Ref](), reflect.TypeFor[change.ID]()}, v.Type())
		if v.Len() > 0 && !ours && v.CanSet() {
			v.SetString(s)
			n = 1
		}
	}
	return n
}

// filled returns the views of every situation with s in each place, and how many places
// there are.
func filled(s string) (views []proposal.View, places int) {
	for _, name := range []string{"invalid", "conflict", "edited", "emergency", "rejected", "scheduled", "held", "completed", "fork"} {
		v := situations[name]()
		places += fill(reflect.ValueOf(&v).Elem(), s)
		views = append(views, v)
	}
	return views, places
}

var github = goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote), goldmark.WithRendererOptions(html.WithUnsafe()))

// outline returns the structure of Markdown: every node that is not text or code, with
// raw HTML and the addresses of links as they are.
func outline(t *testing.T, src string) []string {
	t.Helper()
	var out []string
	source := []byte(src)
	err := ast.Walk(github.Parser().Parse(text.NewReader(source)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Text, *ast.String, *ast.CodeSpan:
			return ast.WalkContinue, nil
		case *ast.RawHTML:
			out = append(out, "html "+string(n.Segments.Value(source)))
		case *ast.HTMLBlock:
			out = append(out, "html "+string(n.Lines().Value(source)))
		case *ast.Link:
			out = append(out, "link "+string(n.Destination))
		case *ast.FencedCodeBlock, *ast.Heading, *extended.Table, *ast.AutoLink, *ast.Image:
			out = append(out, n.Kind().String())
		default:
			out = append(out, n.Kind().String())
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Error(err)
	}
	return out
}

// seen returns what GitHub's own filters look at behind Markdown: text outside of code.
func seen(t *testing.T, src string) string {
	t.Helper()
	var b bytes.Buffer
	if err := github.Convert([]byte(src), &b); err != nil {
		t.Error(err)
	}
	plain := regexp.MustCompile(`(?s)<(?:code|pre)[^>]*>.*?</(?:code|pre)>|<[^>]*>`).ReplaceAllString(b.String(), "\x01")
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&quot;", `"`, "&amp;", "&").Replace(plain)
}

// heard are what GitHub makes of text that Markdown leaves alone.
var heard = map[string]*regexp.Regexp{
	"mention":   regexp.MustCompile(`[@＠﹫]`),
	"issue":     regexp.MustCompile(`[#＃﹟][0-9A-Za-z]|(?i)\bgh-\d`),
	"commit":    regexp.MustCompile(`(?:^|[^0-9A-Za-z])[0-9a-f]{7,40}(?:$|[^0-9A-Za-z])`),
	"emoji":     regexp.MustCompile(`:(?:[A-Za-z0-9_+-]*[A-Za-z_+-][A-Za-z0-9_+-]*|\d{3,}|\d):`), // not 23:09:42,
	"address":   regexp.MustCompile(`://|(?i)www\.`),
	"math":      regexp.MustCompile(`\$`),
	"a tracker": regexp.MustCompile(`\b(?:JIRA|CVE|GHSA)-[0-9A-Za-z]`),
}

// outlines are those of innocent texts, which are looked at again and again.
var outlines sync.Map

func unique(list []string) []string { return slices.Compact(slices.Sorted(slices.Values(list))) }

// hears returns what came of hostile text in src, where benign is the same text with an
// innocent word in every place.
func hears(t *testing.T, src, benign string) (list []string) {
	t.Helper()
	cached, _ := outlines.LoadOrStore(benign, sync.OnceValue(func() []string { return outline(t, benign) }))
	want, got := cached.(func() []string)(), outline(t, src)
	if strings.Contains(src, "not shown here") || strings.Contains(src, "Left out here") { // too long: nothing new, at least
		want, got = unique(want), unique(got)
		got = slices.DeleteFunc(got, func(s string) bool { return s == "Paragraph" || slices.Contains(want, s) })
		want = got[:0]
	}
	if d := cmp.Diff(want, got); d != "" {
		list = append(list, "another structure:\n"+d)
	}
	looked := seen(t, src)
	for name, pattern := range heard {
		if m := pattern.FindString(looked); m != "" {
			list = append(list, fmt.Sprintf("%s %q", name, m))
		}
	}
	for _, r := range src {
		if r != '\n' && !unicode.IsPrint(r) || unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) {
			list = append(list, fmt.Sprintf("%U, which cannot be seen", r))
			break
		}
	}
	if n, want := strings.Count(src, proposal.Marker), strings.Count(benign, proposal.Marker); n != want {
		list = append(list, fmt.Sprintf("%d markers", n))
	}
	if len(src) > 65_535 {
		list = append(list, fmt.Sprintf("%d bytes", len(src)))
	}
	return list
}

// markdown returns all Markdown that is written of a view.
func markdown(v proposal.View) map[string]string {
	validate, plan, approval := proposal.ValidateCheck(v), proposal.PlanCheck(v), proposal.ApprovalCheck(v)
	return map[string]string{
		"comment": proposal.CommentText(v), "validate": validate.Summary, "plan": plan.Summary, "plan, text": plan.Text, "approval": approval.Summary,
	}
}

// innocent are the views with a word that nobody minds.
var innocent = sync.OnceValue(func() []proposal.View {
	views, _ := filled("word x")
	return views
})

// attack puts payload in every place of every situation and returns what came of it.
func attack(t *testing.T, payload string) (places int, came []string) {
	t.Helper()
	innocent := innocent()
	hostile, places := filled(payload + " x")
	for i, v := range hostile {
		benign := markdown(innocent[i])
		for name, src := range markdown(v) {
			for _, c := range hears(t, src, benign[name]) {
				came = append(came, fmt.Sprintf("%s: %s", name, c))
			}
		}
	}
	return places, came
}

// Nothing that people write is more than text: no link, no picture, no mention, no
// heading, no tag, no second marker, nothing that cannot be seen.
func TestWhatPeopleWriteIsOnlyText(t *testing.T) {
	var attempts, successes atomic.Int64
	var all sync.WaitGroup
	turn := make(chan struct{}, runtime.GOMAXPROCS(0))
	for _, p := range payloads {
		all.Go(func() {
			turn <- struct{}{}
			defer func() { <-turn }()
			places, came := attack(t, p)
			attempts.Add(int64(places))
			successes.Add(int64(len(came)))
			for _, c := range came[:min(len(came), 3)] {
				t.Errorf("%.60q: %s", p, c)
			}
		})
	}
	all.Wait()
	t.Logf("%d payloads, %d attempts in all situations and places, %d successes", len(payloads), attempts.Load(), successes.Load())
}

// inEveryKindOfPlace is Markdown with s wherever text of others may stand.
func inEveryKindOfPlace(s string) string {
	text, name := proposal.Prose(s, 300), proposal.Code(s)
	return text + "\n\n" + name + "\n\n## " + text + " " + name + "\n\n> [!NOTE]\n> " + text + "\n>\n> " + name + "\n\n- " + text + "\n  - " + name +
		"\n  - " + text + "\n\n| | | |\n| --- | --- | --- |\n| " + text + " | " + name + " | LAST |\n| " + name + "<br>" + text + " | x | LAST |\n\n**" + text + "**\n\n" + proposal.Fence(s) + "\nend\n"
}

func FuzzWhatPeopleWriteIsOnlyText(f *testing.F) {
	for _, p := range payloads {
		f.Add(p)
	}
	benign := inEveryKindOfPlace("word x")
	f.Fuzz(func(t *testing.T, p string) {
		for _, s := range []string{p + " x", "x" + p + "x"} {
			came := hears(t, inEveryKindOfPlace(s), benign)
			if strings.Count(seen(t, inEveryKindOfPlace(s)), "LAST") < 2 { // a cell more pushes the last one out
				came = append(came, "another cell of a table")
			}
			if len(came) > 0 {
				t.Errorf("%q: %s", s, came[0])
			}
		}
	})
}

// Only addresses of pages become links.
func TestOnlyAddressesBecomeLinks(t *testing.T) {
	for address, want := range map[string]bool{
		sampleURL + "/changes/CHG-7?a=b&c=d": true, "": false, "javascript:alert(1)": false, "https://": false, "//evil.example": false,
		"https://evil.example/) [x](https://evil.example/": false, "https://evil.example/ x": false, "https://user:secret@evil.example/": false, "https://evil.example/|x": false,
		"data:text/html,x": false, "https://evil.example/\nx": false, "https://evil.example/<b>": false, "ftp://evil.example/": false,
	} {
		v := submitted(change.Scheduled)
		v.Server, v.Changes[0].Temporal, v.Changes[0].Record = "", address, ""
		if got := strings.Contains(proposal.CommentText(v), "[Temporal]("); got != want {
			t.Errorf("%q is a link: %t, want %t", address, got, want)
		}
	}
}
