package proposal_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/catalog"
	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
	"github.com/changectl/changectl/internal/proposal"
)

const peopleFile = `apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: platform}
spec: {type: team, children: [], members: [pat]}
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: dba, annotations: {github.com/team-slug: acme/databases}}
spec: {type: team, children: []}
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: net}
spec: {type: team, children: []}
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: pat}
spec: {memberOf: []}
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: bob, annotations: {github.com/user-login: bob-at-acme}}
spec: {profile: {email: bob@example.com}, memberOf: [dba]}
`

const systemsFile = `apiVersion: backstage.io/v1alpha1
kind: Resource
metadata: {name: orders-db}
spec: {type: database, owner: dba}
---
apiVersion: backstage.io/v1alpha1
kind: Resource
metadata: {name: core-switch, namespace: net}
spec: {type: switch, owner: group:default/net}
---
apiVersion: changectl.dev/v1
kind: MaintenanceWindow
metadata: {name: nightly}
spec:
  owner: group:net
  zone: Europe/Berlin
  start: '2027-01-01T22:00'
  duration: 4h
  rule: FREQ=DAILY
  scope: {owners: ['group:net']}
`

// blobs are files by the name of their blob.
type blobs map[string]string

func (b blobs) read(e proposal.Entry) ([]byte, error) {
	text, there := b[e.Blob]
	if !there {
		return nil, change.Unavailable("there is no blob %q", e.Blob)
	}
	return []byte(text), nil
}

// trees makes a tree of files, and adds what is in them.
func (b blobs) tree(files map[string]string) []proposal.Entry {
	var all []proposal.Entry
	for path, text := range files {
		id := change.DigestOf([]byte(text))[7:47]
		b[id] = text
		all = append(all, proposal.Entry{Path: path, Mode: "100644", Blob: id, Size: int64(len(text))})
	}
	slices.SortFunc(all, func(x, y proposal.Entry) int { return strings.Compare(x.Path, y.Path) })
	return all
}

func acmeCatalog(t testing.TB) *catalog.Catalog {
	t.Helper()
	c, _, err := catalog.Load(fstest.MapFS{"people.yaml": {Data: []byte(peopleFile)}, "systems.yaml": {Data: []byte(systemsFile)}}, ".", catalog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func book(name, owner string) string {
	return `apiVersion: changectl.dev/v1
kind: Runbook
metadata: {name: ` + name + `, title: A runbook, owner: '` + owner + `'}
spec:
  parameters:
    target: {type: system, role: touch}
  steps:
    - name: look
      phase: preflight
      uses: sign-off
      with: {by: ['group:dba'], text: Look at it}
      timeout: 5m
      expected: 1m
`
}

func asked(needs []proposal.Need) []string {
	var all []string
	for _, n := range needs {
		var refs []string
		for _, r := range n.AnyOf {
			refs = append(refs, string(r))
		}
		all = append(all, strings.Join(refs, "|")+" for "+strings.Join(n.Paths, ","))
	}
	slices.Sort(all)
	return all
}

func TestWhoOwnsWhatIsAltered(t *testing.T) {
	const lay = proposal.LayoutFile
	tests := map[string]struct {
		old, now map[string]string
		owners   string // CODEOWNERS of the base
		want     []string
	}{
		"nothing":                               {nil, nil, "", nil},
		"nothing that is governed":              {map[string]string{"README.md": "a"}, map[string]string{"README.md": "b", "x.yaml": "c"}, "* @acme/databases", nil},
		"a new runbook":                         {nil, map[string]string{"runbooks/a.yaml": book("a", "group:dba")}, "", []string{"group:dba for runbooks/a.yaml"}},
		"an edited one":                         {map[string]string{"runbooks/a.yaml": book("a", "group:dba")}, map[string]string{"runbooks/a.yaml": book("a", "group:net")}, "", []string{"group:dba for runbooks/a.yaml"}},
		"one that is taken away":                {map[string]string{"runbooks/a.yaml": book("a", "user:bob")}, nil, "", []string{"user:bob for runbooks/a.yaml"}},
		"a rename asks both":                    {map[string]string{"runbooks/a.yaml": book("a", "group:dba")}, map[string]string{"runbooks/b.yaml": book("b", "group:net")}, "", []string{"group:dba for runbooks/a.yaml", "group:net for runbooks/b.yaml"}},
		"two of one owner":                      {nil, map[string]string{"runbooks/a.yaml": book("a", "group:dba"), "runbooks/b.yaml": book("b", "group:dba")}, "", []string{"group:dba for runbooks/a.yaml,runbooks/b.yaml"}},
		"an owner that nobody knows":            {nil, map[string]string{"runbooks/a.yaml": book("a", "group:gone")}, "", []string{"group:platform for runbooks/a.yaml"}},
		"a system as owner":                     {nil, map[string]string{"runbooks/a.yaml": book("a", "resource:orders-db")}, "", []string{"group:platform for runbooks/a.yaml"}},
		"a runbook that was broken":             {map[string]string{"runbooks/a.yaml": ":\n  - ["}, map[string]string{"runbooks/a.yaml": book("a", "group:net")}, "", []string{"group:platform for runbooks/a.yaml"}},
		"one that was wrong has its owner":      {map[string]string{"runbooks/a.yaml": "metadata: {owner: 'group:dba'}\nother: 1\n"}, map[string]string{"runbooks/a.yaml": book("a", "group:net")}, "", []string{"group:dba for runbooks/a.yaml"}},
		"CODEOWNERS as well":                    {nil, map[string]string{"runbooks/a.yaml": book("a", "group:net")}, "* @acme/databases", []string{"group:dba for runbooks/a.yaml", "group:net for runbooks/a.yaml"}},
		"CODEOWNERS, the same":                  {nil, map[string]string{"runbooks/a.yaml": book("a", "group:dba")}, "* @acme/databases", []string{"group:dba for runbooks/a.yaml"}},
		"CODEOWNERS, any of them":               {nil, map[string]string{"runbooks/a.yaml": book("a", "group:net")}, "/runbooks/ @ACME/Databases @Bob-At-Acme bob@example.com", []string{"group:dba|user:bob for runbooks/a.yaml", "group:net for runbooks/a.yaml"}},
		"CODEOWNERS, the last rule holds":       {nil, map[string]string{"runbooks/a.yaml": book("a", "group:net")}, "* @acme/databases\n/runbooks/", []string{"group:net for runbooks/a.yaml"}},
		"CODEOWNERS of the proposal counts not": {nil, map[string]string{"CODEOWNERS": "* @bob-at-acme", "runbooks/a.yaml": book("a", "group:net")}, "", []string{"group:net for runbooks/a.yaml", "group:platform for CODEOWNERS"}},
		"the layout":                            {map[string]string{lay: goodLayout}, map[string]string{lay: strings.Replace(goodLayout, "group:platform", "group:net", 1)}, "", []string{"group:platform for " + lay}},
		"the layout is taken away":              {map[string]string{lay: goodLayout}, nil, "", []string{"group:platform for " + lay}},
		"the policy":                            {map[string]string{"governance/policy.yaml": "a"}, map[string]string{"governance/policy.yaml": "b"}, "", []string{"group:platform for governance/policy.yaml"}},
		"CODEOWNERS":                            {nil, map[string]string{".github/CODEOWNERS": "a", "docs/CODEOWNERS": "b"}, "", []string{"group:platform for .github/CODEOWNERS,docs/CODEOWNERS"}},
		"a change that is taken away":           {map[string]string{"changes/a.yaml": "a"}, nil, "", []string{"group:platform for changes/a.yaml"}},
		"a catalog, one entity": {
			map[string]string{"catalog/s.yaml": systemsFile},
			map[string]string{"catalog/s.yaml": strings.Replace(systemsFile, "owner: dba", "owner: net", 1)},
			"",
			[]string{"group:dba for catalog/s.yaml"},
		},
		"a catalog, an entity with a namespace": {
			map[string]string{"catalog/s.yaml": systemsFile},
			map[string]string{"catalog/s.yaml": strings.Replace(systemsFile, "type: switch", "type: router", 1)},
			"",
			[]string{"group:net for catalog/s.yaml"},
		},
		"a catalog, a window": {
			map[string]string{"catalog/s.yaml": systemsFile},
			map[string]string{"catalog/s.yaml": strings.Replace(systemsFile, "duration: 4h", "duration: 8h", 1)},
			"",
			[]string{"group:net for catalog/s.yaml"},
		},
		"a catalog, a new entity": {
			map[string]string{"catalog/s.yaml": systemsFile},
			map[string]string{"catalog/s.yaml": systemsFile + "---\napiVersion: backstage.io/v1alpha1\nkind: Resource\nmetadata: {name: new}\nspec: {owner: net}\n"},
			"",
			[]string{"group:platform for catalog/s.yaml"},
		},
		"a catalog, renamed": {
			map[string]string{"catalog/s.yaml": systemsFile},
			map[string]string{"catalog/s.yaml": strings.Replace(systemsFile, "orders-db", "other-db", 1)},
			"",
			[]string{"group:dba for catalog/s.yaml", "group:platform for catalog/s.yaml"},
		},
		"a catalog, moved to another file": {
			map[string]string{"catalog/s.yaml": systemsFile},
			map[string]string{"catalog/t.yaml": systemsFile},
			"",
			[]string{"group:dba for catalog/s.yaml", "group:net for catalog/s.yaml", "group:platform for catalog/t.yaml"},
		},
		"a catalog, who is in a group": {
			map[string]string{"catalog/p.yaml": peopleFile},
			map[string]string{"catalog/p.yaml": strings.Replace(peopleFile, "memberOf: [dba]", "memberOf: [dba, net]", 1)},
			"",
			[]string{"group:platform for catalog/p.yaml"},
		},
		"a catalog, whose login it is": {
			map[string]string{"catalog/p.yaml": peopleFile},
			map[string]string{"catalog/p.yaml": strings.Replace(peopleFile, "bob-at-acme", "mallory", 1)},
			"",
			[]string{"group:platform for catalog/p.yaml"},
		},
		"a catalog, only comments": {
			map[string]string{"catalog/s.yaml": systemsFile}, map[string]string{"catalog/s.yaml": "# hello\n" + systemsFile}, "", []string{"group:platform for catalog/s.yaml"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := blobs{}
			base := proposal.Base{Layout: layout, Catalog: acmeCatalog(t)}
			if tt.owners != "" {
				var err error
				if base.CodeOwners, err = proposal.ParseCodeOwners("CODEOWNERS", []byte(tt.owners)); err != nil {
					t.Fatal(err)
				}
			}
			got, err := proposal.NeedsOf(base, nil, proposal.Compare(b.tree(tt.old), b.tree(tt.now)), nil, b.read)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, asked(got)); diff != "" {
				t.Error(diff)
			}
			for _, n := range got {
				if n.Why == "" || n.Count != 1 || n.Second {
					t.Errorf("%+v", n)
				}
			}
		})
	}
}

func TestPlansAskForTheirApprovals(t *testing.T) {
	b := blobs{}
	altered := proposal.Compare(nil, b.tree(map[string]string{"changes/a.yaml": "a", "changes/b.yaml": "b"}))
	plan := func(controller change.Ref, approvals ...change.Requirement) change.Plan {
		return change.Plan{Controller: controller, Approvals: approvals}
	}
	plans := []proposal.Planned{
		{Path: "changes/a.yaml", Plan: plan("", change.Requirement{Role: "group:dba", Count: 1, Systems: []change.Ref{"resource:a"}, Rule: "owner"}, change.Requirement{Role: "group:net", Count: 1, Second: true, Rule: "risk"})},
		{Path: "changes/a.yaml", Plan: plan("", change.Requirement{Role: "group:dba", Count: 2, Systems: []change.Ref{"resource:b"}, Rule: "owner"})},
		{Path: "changes/b.yaml", Plan: plan("user:bob", change.Requirement{Role: "group:dba", Count: 1, Rule: "owner"}, change.Requirement{Role: "group:net", Count: 1, Signature: true, Rule: "signed"})},
	}
	got, err := proposal.NeedsOf(proposal.Base{Layout: layout, Catalog: acmeCatalog(t)}, nil, altered, plans, b.read)
	if err != nil {
		t.Fatal(err)
	}
	both := []string{"changes/a.yaml", "changes/b.yaml"}
	want := []proposal.Need{
		{AnyOf: []change.Ref{"group:dba"}, Count: 2, Except: []change.Ref{"user:bob"}, Rules: []string{"owner"}, Paths: both, Systems: []change.Ref{"resource:a", "resource:b"}, Why: "changes/a.yaml works on what is theirs; the policy asks for them for changes/b.yaml"},
		{AnyOf: []change.Ref{"group:net"}, Count: 1, Second: true, Rules: []string{"risk"}, Paths: both[:1], Why: "the policy asks for them for changes/a.yaml"},
		{AnyOf: []change.Ref{"group:net"}, Count: 1, Signature: true, Except: []change.Ref{"user:bob"}, Rules: []string{"signed"}, Paths: both[1:], Why: "the policy asks for them for changes/b.yaml"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWhatAProposedLayoutGovernsIsAskedFor(t *testing.T) {
	b := blobs{}
	after := layout
	after.Runbooks = append(slices.Clone(after.Runbooks), "more")
	altered := proposal.Compare(b.tree(map[string]string{proposal.LayoutFile: "a"}), b.tree(map[string]string{proposal.LayoutFile: "b", "more/x.yaml": book("x", "group:net")}))
	got, err := proposal.NeedsOf(proposal.Base{Layout: layout, Catalog: acmeCatalog(t)}, &after, altered, nil, b.read)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"group:net for more/x.yaml", "group:platform for .changectl.yaml"}, asked(got)); diff != "" {
		t.Error(diff)
	}
}

func TestALinkInPlaceOfARunbookIsReplacedByTheOwnersOfTheLayout(t *testing.T) {
	b := blobs{}
	link := []proposal.Entry{{Path: "runbooks/a.yaml", Mode: "120000", Blob: "x"}}
	altered := proposal.Compare(link, b.tree(map[string]string{"runbooks/a.yaml": book("a", "group:net")}))
	got, err := proposal.NeedsOf(proposal.Base{Layout: layout, Catalog: acmeCatalog(t)}, nil, altered, nil, b.read)
	if diff := cmp.Diff([]string{"group:platform for runbooks/a.yaml"}, asked(got)); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func TestABaseThatCannotBeReliedOnIsClosed(t *testing.T) {
	b := blobs{}
	books := proposal.Compare(nil, b.tree(map[string]string{"runbooks/a.yaml": book("a", "group:dba")}))
	changes := proposal.Compare(nil, b.tree(map[string]string{"changes/a.yaml": "x"}))
	policy := proposal.Compare(nil, b.tree(map[string]string{"governance/policy.yaml": "x"}))
	broken := proposal.Compare(b.tree(map[string]string{"catalog/a.yaml": "["}), b.tree(map[string]string{"catalog/a.yaml": systemsFile}))
	unknown := layout
	unknown.Owners = "group:gone"
	owners := func(text string) *proposal.CodeOwners {
		o, err := proposal.ParseCodeOwners("CODEOWNERS", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	cat := acmeCatalog(t)
	tests := map[string]struct {
		base    proposal.Base
		altered []proposal.Altered
		want    string
	}{
		"a team that nobody knows":               {proposal.Base{Layout: layout, Catalog: cat, CodeOwners: owners("* @acme/strangers")}, books, "CODEOWNERS:1 names @acme/strangers"},
		"a team of another organisation":         {proposal.Base{Layout: layout, Catalog: cat, CodeOwners: owners("* @evil/databases")}, books, "names @evil/databases"},
		"a login that nobody knows":              {proposal.Base{Layout: layout, Catalog: cat, CodeOwners: owners("\n* @mallory")}, books, "CODEOWNERS:2 names @mallory"},
		"one of two is unknown":                  {proposal.Base{Layout: layout, Catalog: cat, CodeOwners: owners("* @bob-at-acme @mallory")}, books, "names @mallory"},
		"an address that nobody knows":           {proposal.Base{Layout: layout, Catalog: cat, CodeOwners: owners("* eve@example.com")}, books, "names eve@example.com"},
		"a login that is the name of a person":   {proposal.Base{Layout: layout, Catalog: cat, CodeOwners: owners("* @bob")}, books, "names @bob"},
		"owners of the layout whom nobody knows": {proposal.Base{Layout: unknown, Catalog: cat}, policy, "group:gone"},
		"no owners of the layout":                {proposal.Base{Catalog: cat, Layout: proposal.Layout{Policy: layout.Policy}}, policy, "are not in the catalog"},
		"a change without a plan":                {proposal.Base{Layout: layout, Catalog: cat}, changes, "there is no plan of changes/a.yaml"},
		"a catalog that was broken":              {proposal.Base{Layout: layout, Catalog: cat}, broken, "cannot be read"},
		"a file that cannot be read":             {proposal.Base{Layout: layout, Catalog: cat}, proposal.Compare(nil, tree("runbooks/a.yaml=missing")), "there is no blob"},
	}
	successes := 0
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := proposal.NeedsOf(tt.base, nil, tt.altered, nil, b.read)
			if err == nil || got != nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, %v; want %s", got, err, tt.want)
				successes++
			}
		})
	}
	t.Logf("%d attempts to be approved by a broken base, %d successes", len(tests), successes)
}

func TestCodeOwnersThatCannotBeReadAreClosed(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"a word that is no owner":     {"* @acme/databases\n/x dba\n", "CODEOWNERS:2:1: invalid owner format 'dba'"},
		"a negation":                  {"!x @bob\n", "unexpected character '!'"},
		"a range":                     {"[a-z] @bob\n", "unexpected character '['"},
		"three stars":                 {"/a/*** @bob\n", "three consecutive asterisks"},
		"a pattern of nothing":        {"/ @bob\n", "the pattern / matches nothing"},
		"a comment within a word":     {"runbooks#x @bob\n", "a comment must stand after a space"},
		"an escaped comment":          {"runbooks\\#x @bob\n", "a comment must stand after a space"},
		"a line that is too long":     {"* @bob\n# " + strings.Repeat("x", 70_000) + "\n* @mallory", "CODEOWNERS:2:1: the line is too long"},
		"too much":                    {strings.Repeat("# x\n", document.MaxBytes/4+1), "larger than 256 KiB"},
		"right to left":               {"* @bob # \u202e\n", "cannot be seen"},
		"a byte order mark":           {"\ufeff* @bob\n", "cannot be seen"},
		"a space that does not break": {"*\u00a0@bob\n", "cannot be seen"},
		"a lone carriage return":      {"* @bob\r* @mallory\n", "cannot be seen"},
		"NUL":                         {"* @bob\x00\n", "cannot be seen"},
		"an owner in another script":  {"* @bоb\n", "unexpected character"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := proposal.ParseCodeOwners("CODEOWNERS", []byte(tt.in))
			if err == nil || !strings.Contains(err.Error(), tt.want) || len(document.Problems(err)) == 0 {
				t.Errorf("%v, want %s", err, tt.want)
			}
		})
	}
}

func TestTheFirstCodeOwnersHold(t *testing.T) {
	b := blobs{}
	files := map[string]string{".github/CODEOWNERS": "* @bob-at-acme", "CODEOWNERS": "* @acme/databases\r\n", "docs/CODEOWNERS": "!", ".gitlab/CODEOWNERS": "!"}
	for _, want := range []string{"user:bob", "group:dba"} {
		o, err := proposal.ReadCodeOwners(b.tree(files), b.read)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := o.Owners("runbooks/a.yaml", acmeCatalog(t)); err != nil || len(got) != 1 || string(got[0]) != want {
			t.Errorf("%v, %v; want %s", got, err, want)
		}
		delete(files, map[string]string{"user:bob": ".github/CODEOWNERS", "group:dba": "CODEOWNERS"}[want])
	}
	if o, err := proposal.ReadCodeOwners(b.tree(files), b.read); err == nil {
		t.Errorf("%v was read", o)
	}
	if o, err := proposal.ReadCodeOwners(nil, b.read); o != nil || err != nil {
		t.Errorf("%v, %v", o, err)
	}
	link := []proposal.Entry{{Path: ".github/CODEOWNERS", Mode: "120000", Blob: "x"}, entry("CODEOWNERS", "y")}
	if o, err := proposal.ReadCodeOwners(link, b.read); err == nil {
		t.Errorf("%v was read through a link", o)
	}
	gone := func(proposal.Entry) ([]byte, error) { return nil, change.NotFound("not shown yet") }
	if o, err := proposal.ReadCodeOwners(tree("CODEOWNERS=1"), gone); o != nil || change.KindOf(err) != change.KindUnavailable {
		t.Errorf("%v, %v: what is not shown yet was taken for what is not there", o, err)
	}
}

func FuzzCodeOwners(f *testing.F) {
	f.Add([]byte("* @acme/databases\n/runbooks/ @bob-at-acme # x\n"), "runbooks/a.yaml")
	f.Add([]byte("/ @bob"), "a")
	f.Add([]byte("a\\ b @bob\n**/x/ bob@example.com\n"), "a b")
	cat := acmeCatalog(f)
	f.Fuzz(func(t *testing.T, in []byte, path string) {
		o, err := proposal.ParseCodeOwners("CODEOWNERS", in)
		if err != nil {
			if len(document.Problems(err)) == 0 {
				t.Errorf("%v has no place", err)
			}
			return
		}
		refs, err := o.Owners(path, cat)
		for _, r := range refs {
			if _, unknown := cat.Entity(r); unknown != nil || err != nil {
				t.Errorf("%s of %q: %v, %v", r, in, unknown, err)
			}
		}
	})
}

func TestPeopleAreThoseOfTheCatalog(t *testing.T) {
	p := proposal.PeopleOf(acmeCatalog(t))
	if got, err := p.ByLogin("Bob-At-Acme"); err != nil || got.Ref != "user:bob" {
		t.Errorf("%v, %v", got, err)
	}
	for _, login := range []string{"bob", "bob@example.com", "user:bob", "", "github:bob-at-acme"} {
		if got, err := p.ByLogin(login); change.KindOf(err) != change.KindNotFound {
			t.Errorf("%q is %v, %v", login, got, err)
		}
	}
	if !p.IsMember("user:bob", "group:dba") || p.IsMember("user:bob", "group:net") || !slices.Equal(p.Members("group:platform"), []change.Ref{"user:pat"}) {
		t.Error("the groups are others")
	}
}
