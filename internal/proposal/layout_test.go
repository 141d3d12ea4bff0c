package proposal_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/document"
	"github.com/changectl/changectl/internal/proposal"
)

const goodLayout = `apiVersion: changectl.dev/v1
kind: Repository
spec:
  instance: acme
  runbooks: [runbooks, network/books]
  changes: [changes]
  catalog: catalog
  policy: governance/policy.yaml
  owners: group:platform
`

var layout = proposal.Layout{
	Instance: "acme", Runbooks: []string{"runbooks", "network/books"}, Changes: []string{"changes"},
	Catalog: "catalog", Policy: "governance/policy.yaml", Owners: "group:platform",
}

func TestALayoutIsRead(t *testing.T) {
	got, err := proposal.ParseLayout(proposal.LayoutFile, []byte(goodLayout))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(layout, got); diff != "" {
		t.Error(diff)
	}
}

func TestWhatAFileIs(t *testing.T) {
	want := map[string]proposal.FileKind{
		"runbooks/web.yaml": proposal.KindRunbook, "runbooks/deep/er/web.yml": proposal.KindRunbook, "network/books/a.yaml": proposal.KindRunbook,
		"changes/2027/a.yaml": proposal.KindChange, "catalog/a.yaml": proposal.KindCatalog, "governance/policy.yaml": proposal.KindPolicy,
		".changectl.yaml": proposal.KindLayout, "CODEOWNERS": proposal.KindCodeOwners, ".github/CODEOWNERS": proposal.KindCodeOwners,
		"docs/CODEOWNERS": proposal.KindCodeOwners,
		"":                proposal.KindNone, "README.md": proposal.KindNone, "runbooks/README.md": proposal.KindNone, "runbooks": proposal.KindNone,
		"runbooks.yaml": proposal.KindNone, "runbooksx/a.yaml": proposal.KindNone, "network/a.yaml": proposal.KindNone, "Runbooks/a.yaml": proposal.KindNone,
		"sub/.changectl.yaml": proposal.KindNone, "governance/other.yaml": proposal.KindNone, "runbooks/a.YAML": proposal.KindNone, "a/CODEOWNERS": proposal.KindNone,
	}
	for path, kind := range want {
		if got := layout.Kind(path); got != kind {
			t.Errorf("%q is %q, want %q", path, got, kind)
		}
	}
	if got := (proposal.Layout{}).Kind("a.yaml"); got != proposal.KindNone {
		t.Errorf("without a layout a.yaml is %q", got)
	}
	if got := (proposal.Layout{Catalog: "catalog.yaml"}).Kind("catalog.yaml"); got != proposal.KindCatalog {
		t.Errorf("the catalog is %q", got)
	}
}

func TestLayoutMistakes(t *testing.T) {
	spec := func(lines string) string {
		return "apiVersion: changectl.dev/v1\nkind: Repository\nspec:\n  instance: acme\n  owners: group:platform\n" + lines
	}
	tests := map[string]struct{ in, want string }{
		"another kind":              {"apiVersion: changectl.dev/v1\nkind: Policy\n", `.changectl.yaml:2:7: kind: is the text "Policy"; expected Repository`},
		"another version":           {strings.Replace(goodLayout, "dev/v1", "dev/v2", 1), `:1:13: apiVersion: is "changectl.dev/v2"; expected changectl.dev/v1`},
		"an unknown key":            {spec("  books: [a]\n"), ":6:3: spec.books: is not a key here"},
		"no instance":               {strings.Replace(goodLayout, "  instance: acme\n", "", 1), ":4:3: spec.instance: is missing"},
		"no owners":                 {strings.Replace(goodLayout, "  owners: group:platform\n", "", 1), "spec.owners: is missing"},
		"a person as owner":         {strings.Replace(goodLayout, "group:platform", "user:bob", 1), `spec.owners: is "user:bob"; expected a group`},
		"nothing at all":            {spec(""), "spec: says of nothing where it is"},
		"a path that leads out":     {spec("  runbooks: [../other]\n"), `:6:14: spec.runbooks[0]: is "../other"; expected a path within the repository`},
		"a path that comes back":    {spec("  runbooks: [a/../b]\n"), "expected a path within the repository"},
		"an absolute path":          {spec("  runbooks: [/etc]\n"), "expected a path within the repository"},
		"everything":                {spec("  changes: [.]\n"), "expected a path within the repository"},
		"a slash at the end":        {spec("  changes: [a/]\n"), "without / at its ends"},
		"an empty path":             {spec("  changes: ['']\n"), "which is empty"},
		"a backslash":               {spec("  changes: ['a\\b']\n"), "holds a backslash"},
		"a control character":       {spec("  changes: [\"a\\nb\"]\n"), "holds a control character"},
		"right to left":             {spec("  changes: [\"a\\u202eb\"]\n"), "cannot be seen"},
		"git's own folder":          {spec("  changes: [.git/hooks]\n"), "which is something else already"},
		"twice the same folder":     {spec("  runbooks: [a]\n  changes: [a]\n"), ":7:13: spec.changes[0]: is \"a\", as spec.runbooks[0] is"},
		"a folder within another":   {spec("  runbooks: [a]\n  changes: [a/b]\n"), `lies in "a" of spec.runbooks[0]`},
		"a folder around another":   {spec("  runbooks: [a/b]\n  changes: [a]\n"), `in which "a/b" of spec.runbooks[0] lies`},
		"the catalog in runbooks":   {spec("  runbooks: [a]\n  catalog: a/c.yaml\n"), "a file can be one thing only"},
		"the policy in the catalog": {spec("  catalog: a\n  policy: a/p.yaml\n"), "a file can be one thing only"},
		"the policy as layout":      {spec("  policy: .changectl.yaml\n"), "which is something else already"},
		"a policy that is a folder": {spec("  policy: governance\n"), "expected a file *.yaml"},
		"a file as folder":          {spec("  runbooks: [a.yaml]\n"), "expected a folder"},
		"a list that is none":       {spec("  runbooks: a\n"), `:6:13: spec.runbooks: is the text "a"; expected a list`},
		"an alias":                  {spec("  runbooks: &a [x]\n  changes: *a\n"), "anchors and aliases are not read"},
		"a bomb":                    {bomb(), "anchors and aliases are not read"},
		"two documents":             {goodLayout + "---\n" + goodLayout, "holds 2 YAML documents"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := proposal.ParseLayout(proposal.LayoutFile, []byte(tt.in))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

// bomb is YAML of a few lines that unfolds to billions.
func bomb() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [lol, lol]\n")
	for _, n := range []string{"1", "2", "3", "4", "5"} {
		last := string(n[0] - 1)
		b.WriteString("a" + n + ": &a" + n + " [" + strings.Repeat("*a"+last+", ", 9) + "*a" + last + "]\n")
	}
	return b.String()
}

func TestAllMistakesOfALayoutAreToldAtOnce(t *testing.T) {
	in := "apiVersion: v2\nkind: Repository\nspec:\n  instance: 'a b'\n  runbooks: [/a, b, b]\n  owners: bob\n  other: 1\n"
	_, err := proposal.ParseLayout(proposal.LayoutFile, []byte(in))
	if got := len(document.Problems(err)); got != 6 {
		t.Errorf("%d problems: %v", got, err)
	}
}

func FuzzALayoutThatIsReadMakesNoFileTwoThings(f *testing.F) {
	f.Add([]byte(goodLayout))
	f.Add([]byte(strings.Replace(goodLayout, "network/books", "changes/x", 1)))
	f.Fuzz(func(t *testing.T, in []byte) {
		l, err := proposal.ParseLayout(proposal.LayoutFile, in)
		if err != nil {
			return
		}
		var claims []string
		claims = append(append(append(claims, l.Runbooks...), l.Changes...), l.Catalog, l.Policy)
		for i, a := range claims {
			for k, b := range claims {
				if i != k && a != "" && b != "" && (a == b || strings.HasPrefix(a, b+"/")) {
					t.Errorf("%q and %q overlap", a, b)
				}
			}
			if strings.HasPrefix(a, "/") || strings.Contains("/"+a+"/", "/../") || strings.ContainsAny(a, "\\\x00\n\u202e") {
				t.Errorf("%q was accepted", a)
			}
		}
		if l.Instance == "" || l.Owners.Kind() != "group" {
			t.Errorf("%+v was accepted", l)
		}
	})
}
