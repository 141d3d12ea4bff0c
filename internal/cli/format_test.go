package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// commandsIn returns the commands that the runner of GitHub Actions finds in what a step
// prints: a line that begins with ::name, after spaces, or that holds ##[name] anywhere.
func commandsIn(text string) []string {
	var found []string
	for _, line := range regexp.MustCompile(`\r\n|\r|\n`).Split(text, -1) {
		line = strings.TrimLeftFunc(line, unicode.IsSpace)
		if rest, ok := strings.CutPrefix(line, "::"); ok && strings.Contains(rest, "::") {
			name, _, _ := strings.Cut(rest, " ")
			name, _, _ = strings.Cut(name, "::")
			found = append(found, name)
		} else if m := regexp.MustCompile(`##\[([^\] ]*)`).FindStringSubmatch(line); m != nil {
			found = append(found, m[1])
		}
	}
	return found
}

func TestTheTestSeesInjectedCommands(t *testing.T) {
	for text, want := range map[string]int{
		"a\n::add-mask::x\n": 1, "a\r  ::error file=a::b": 1, "x ##[stop-commands]y": 1, "a::b::c": 0, "::error a=b%0A::x::c": 1,
	} {
		if got := commandsIn(text); len(got) != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// Whatever stands in a file or in its name, a problem is one command and no other.
func TestNothingThatPeopleWriteBecomesACommand(t *testing.T) {
	evil := []string{
		"::add-mask::x", "\n::add-mask::x", "\r::add-mask::x", "\r\n ::stop-commands::x", "##[add-mask]x", "\n##[stop-commands]x",
		"%0A::add-mask::x", "%250A::add-mask::x", ",line=1::x\n::add-mask::x", "::::add-mask::x", "\u2028::add-mask::x", "\v::add-mask::x",
		"\u0085::add-mask::x", "###[add-mask]x", "#\u200b#[add-mask]x",
	}
	for _, e := range evil {
		quoted, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{
			"key":   "apiVersion: changectl.dev/v1\nkind: Change\nspec: {" + string(quoted) + ": 1}\n",
			"value": "apiVersion: changectl.dev/v1\nkind: " + string(quoted) + "\n",
			"type":  "apiVersion: changectl.dev/v1\nkind: Change\nspec: {type: " + string(quoted) + ", window: {zone: " + string(quoted) + "}}\n",
			"title": strings.Replace(askYAML, "'Touch the orders'", string(quoted), 1),
			"path":  "kind: Change\n",
		} {
			d := newDesk(t)
			dir := t.TempDir()
			file := filepath.Join(dir, "change.yaml")
			if name == "path" {
				file = filepath.Join(dir, strings.ReplaceAll(e, "/", "-")+".yaml")
			}
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			t.Chdir(dir)
			r := d.run("validate", filepath.Base(file), "--format", "github")
			for _, c := range commandsIn(r.out) {
				if c != "error" {
					t.Errorf("%s %q: command %s in %q", name, e, c, r.out)
				}
			}
			if n := strings.Count(r.out, "\n"); n != len(commandsIn(r.out)) || (r.code == 1 && n == 0) {
				t.Errorf("%s %q: %d lines, %q", name, e, n, r.out)
			}
			if got := commandsIn(r.err); len(got) > 0 {
				t.Errorf("%s %q: commands %v in %q", name, e, got, r.err)
			}
			d.env["GITHUB_ACTIONS"] = "true"
			for _, r := range []ran{
				d.run("validate", filepath.Base(file)), d.run("validate", dir, "no\n::such::file"),
				d.run("validate", filepath.Base(file), "-o", "json"), d.run("validate", filepath.Base(file), "--format", "sarif"),
			} {
				if got := commandsIn(r.out + "\n" + r.err); len(got) > 0 {
					t.Errorf("%s %q as text: commands %v in %q", name, e, got, r.out+r.err)
				}
			}
		}
	}
}

func TestCommandsEscapeAsActionsWantsIt(t *testing.T) {
	d := newDesk(t)
	t.Chdir(t.TempDir())
	if err := os.WriteFile("50%,a:b.yaml", []byte("apiVersion: changectl.dev/v1\nkind: \"a%b\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := d.run("validate", "50%,a:b.yaml", "--format", "github")
	if want := `::error file=50%25%2Ca%3Ab.yaml,line=2,col=7,title=changectl::kind: is "a%25b"; expected Runbook`; !strings.HasPrefix(r.out, want) {
		t.Errorf("got  %s\nwant %s", r.out, want)
	}
	d.in = "kind: x\n"
	if r := d.run("validate", "-", "--format", "github"); !strings.HasPrefix(r.out, "::error line=1,col=7,title=changectl::kind: ") {
		t.Errorf("standard input: %s", r.out)
	}
	d.expect(d.run("validate", "-", "--format", "xml"), 2, "--format", "text, github, sarif")
	d.expect(d.run("validate", "-", "--format", "sarif", "-o", "json"), 2, "leave --output away")
}

// must returns what is at a path of JSON, which the SARIF schema requires there.
func must(t *testing.T, v any, path ...any) any {
	t.Helper()
	for i, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			if m[p] == nil {
				t.Fatalf("no %v in %v", path[:i+1], v)
			}
			v = m[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				t.Fatalf("no %v in %v", path[:i+1], v)
			}
			v = l[p]
		}
	}
	return v
}

func TestSARIFHasWhatItsSchemaRequires(t *testing.T) {
	d := newDesk(t)
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{"a b:c.yaml": "kind: x\n", "change.yaml": "kind: Change\n", "good.yaml": askYAML} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := d.run("validate", ".", "--format", "sarif")
	d.expect(r, 1, "2 of 3 files have problems")
	var log any
	if err := json.Unmarshal([]byte(r.out), &log); err != nil {
		t.Fatal(err)
	}
	if v := must(t, log, "version"); v != "2.1.0" {
		t.Errorf("version %v", v)
	}
	if v := must(t, log, "runs", 0, "tool", "driver", "name"); v != "changectl" {
		t.Errorf("driver %v", v)
	}
	rules := must(t, log, "runs", 0, "tool", "driver", "rules").([]any)
	var files []any
	for _, result := range must(t, log, "runs", 0, "results").([]any) {
		if must(t, result, "message", "text") == "" || must(t, result, "level") != "error" {
			t.Errorf("result %v", result)
		}
		i := int(must(t, result, "ruleIndex").(float64))
		if must(t, rules, i, "id") != must(t, result, "ruleId") || must(t, rules, i, "shortDescription", "text") == "" {
			t.Errorf("rule %d of %v is not that of %v", i, rules, result)
		}
		region := must(t, result, "locations", 0, "physicalLocation", "region")
		if must(t, region, "startLine").(float64) < 1 || must(t, region, "startColumn").(float64) < 1 {
			t.Errorf("region %v", region)
		}
		files = append(files, must(t, result, "locations", 0, "physicalLocation", "artifactLocation", "uri"))
	}
	if files = slices.Compact(files); !slices.Equal(files, []any{"a%20b:c.yaml", "change.yaml"}) && !slices.Equal(files, []any{"./a%20b:c.yaml", "change.yaml"}) {
		t.Errorf("URIs %v", files)
	}
	r = d.run("validate", "good.yaml", "--format", "sarif")
	d.expect(r, 0, `"results": []`, `"rules": []`)
	d.in = "kind: Change\n"
	if r := d.run("validate", "-", "--format", "sarif"); strings.Contains(r.out, "locations") {
		t.Errorf("standard input has a place: %s", r.out)
	}
}

func TestTheProblemMatcherMatchesTheLines(t *testing.T) {
	d := newDesk(t)
	var m struct {
		ProblemMatcher []struct {
			Owner   string
			Pattern []struct {
				Regexp                      string
				File, Line, Column, Message int
			}
		}
	}
	if err := json.Unmarshal([]byte(d.run("validate", "--problem-matcher").out), &m); err != nil || m.ProblemMatcher[0].Owner != "changectl" {
		t.Fatalf("%v %+v", err, m)
	}
	p := m.ProblemMatcher[0].Pattern[0]
	t.Chdir(t.TempDir())
	if err := os.WriteFile("a.yaml", []byte("kind: x:1:2: y\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	line, rest, _ := strings.Cut(d.run("validate", "a.yaml").err, "\n")
	got := regexp.MustCompile(p.Regexp).FindStringSubmatch(line)
	if got == nil || got[p.File] != "a.yaml" || got[p.Line] != "1" || got[p.Column] != "1" || !strings.HasPrefix(got[p.Message], "is not valid YAML") {
		t.Errorf("%q in %q", got, line)
	}
	if regexp.MustCompile(p.Regexp).MatchString(rest) {
		t.Errorf("it matches %q too", rest)
	}
}

func TestValidateKnowsLayoutAndPolicy(t *testing.T) {
	d := newDesk(t)
	policy, err := os.ReadFile("../check/policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	d.expect(d.run("validate", d.file(".changectl.yaml", layoutYAML)), 0, `Repository "test" is valid`)
	d.expect(d.run("validate", d.file(".changectl.yaml", strings.Replace(layoutYAML, "group:op", "user:op", 1))), 1, ".changectl.yaml:4:", "spec.owners")
	d.expect(d.run("validate", d.file("policy.yaml", string(policy))), 0, "policy.yaml: Policy ")
	d.expect(d.run("validate", d.file("rules.yaml", strings.Replace(string(policy), "kind: Policy", "kind: Policy\nnope: 1", 1))), 1, "rules.yaml:3:", "nope")
}
