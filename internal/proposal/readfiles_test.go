package proposal_test

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
	"github.com/changectl/changectl/internal/proposal"
)

const goodChange = `apiVersion: changectl.dev/v1
kind: Change
metadata: {title: Restart the web servers}
spec:
  reason: A leak of memory
  runbook: web
  parameters: {target: 'resource:orders-db'}
  window: {start: '2027-03-06T23:00', duration: 90m, zone: Europe/Berlin}
`

const goodPolicy = `apiVersion: changectl.dev/v1
kind: Policy
spec:
  rules:
    - {name: owners, require: {owners: touched}}
`

func validate(t *testing.T, old, now map[string]string) proposal.Checked {
	t.Helper()
	b := blobs{}
	altered := proposal.Compare(b.tree(old), b.tree(now))
	got, err := proposal.Validate(proposal.Proposed{Layout: layout, Altered: altered, Merged: proposal.Merged(b.tree(old), altered), Read: b.read})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func remarks(all []proposal.Annotation) []string {
	var out []string
	for _, a := range all {
		out = append(out, fmt.Sprintf("%s:%d:%d: %s", a.Path, a.Line, a.Column, a.Message))
	}
	return out
}

func TestSoundFilesAreRead(t *testing.T) {
	old := map[string]string{"changes/a.yaml": "old", "catalog/p.yaml": peopleFile}
	now := map[string]string{
		"changes/a.yaml": goodChange, "changes/b.yml": strings.Replace(goodChange, "runbook: web", "runbook: other", 1), "runbooks/x/web.yaml": book("web", "group:dba"),
		"governance/policy.yaml": goodPolicy, ".github/CODEOWNERS": "* @bob\n", "catalog/p.yaml": peopleFile, "catalog/s.yaml": systemsFile,
		proposal.LayoutFile: goodLayout, "README.md": "x", "other/a.yaml": "[",
	}
	got := validate(t, old, now)
	if got.Annotations != nil {
		t.Fatal(remarks(got.Annotations))
	}
	if len(got.Requests) != 2 || got.Requests[0].Path != "changes/a.yaml" || string(got.Requests[0].Old) != "old" || got.Requests[1].Old != nil ||
		got.Requests[0].Request.Title != "Restart the web servers" || got.Requests[0].Document == nil || string(got.Requests[0].Text) != goodChange {
		t.Errorf("%+v", got.Requests)
	}
	if len(got.Runbooks) != 1 || got.Runbooks[0].Path != "runbooks/x/web.yaml" || got.Runbooks[0].Runbook.Metadata.Owner != "group:dba" {
		t.Errorf("%+v", got.Runbooks)
	}
	if got.Layout == nil || got.Policy == nil || got.Catalog == nil || got.Catalog.Owner("resource:orders-db") != "group:dba" {
		t.Errorf("%+v", got)
	}
	if diff := cmp.Diff([]string{"other", "web"}, got.Names()); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsWrongIsToldAtItsPlace(t *testing.T) {
	deep := strings.Repeat("[", 100) + strings.Repeat("]", 100)
	tests := map[string]struct {
		old, now map[string]string
		want     string
	}{
		"a change with an unknown key":     {nil, map[string]string{"changes/a.yaml": strings.Replace(goodChange, "  reason", "  raeson", 1)}, "changes/a.yaml:5:3: spec.raeson: is not a key here"},
		"a runbook among changes":          {nil, map[string]string{"changes/a.yaml": book("a", "group:dba")}, "changes/a.yaml:2:7: kind: is"},
		"a change among runbooks":          {nil, map[string]string{"runbooks/a.yaml": goodChange}, "runbooks/a.yaml:3:11: metadata.owner: is missing"},
		"a runbook of another name":        {nil, map[string]string{"runbooks/a.yaml": book("b", "group:dba")}, `runbooks/a.yaml:3:18: metadata.name: is "b", but the file is called "a"`},
		"a runbook of another name, wrong": {nil, map[string]string{"runbooks/a.yaml": strings.Replace(book("b", "group:dba"), "steps", "stops", 1)}, `metadata.name: is "b", but the file is called "a"`},
		"a runbook whose name is taken":    {map[string]string{"network/books/a.yml": book("a", "group:net")}, map[string]string{"network/books/a.yml": book("a", "group:net"), "runbooks/a.yaml": book("a", "group:dba")}, `runbooks/a.yaml:3:18: metadata.name: "a" is also the name of network/books/a.yml`},
		"a bomb":                           {nil, map[string]string{"changes/a.yaml": bomb()}, "anchors and aliases are not read"},
		"an alias in a runbook":            {nil, map[string]string{"runbooks/a.yaml": "metadata: &x {name: a}\nspec: *x\n"}, "anchors and aliases are not read"},
		"a merge key":                      {nil, map[string]string{"changes/a.yaml": "<<: {a: b}\n"}, "a key must be plain text"},
		"nested deeply":                    {nil, map[string]string{"runbooks/a.yaml": "spec: " + deep}, "nested deeper than 64 levels"},
		"a bomb in the catalog":            {map[string]string{"catalog/p.yaml": peopleFile}, map[string]string{"catalog/p.yaml": peopleFile, "catalog/b.yaml": bomb()}, "catalog/b.yaml:1:5: a0: YAML anchors and aliases are not read"},
		"no YAML":                          {nil, map[string]string{"changes/a.yaml": "a: [\n"}, "changes/a.yaml:1:1: is not valid YAML"},
		"nothing in it":                    {nil, map[string]string{"changes/a.yaml": ""}, "holds 0 YAML documents"},
		"two changes in a file":            {nil, map[string]string{"changes/a.yaml": goodChange + "---\n" + goodChange}, "holds 2 YAML documents"},
		"too large":                        {nil, map[string]string{"changes/a.yaml": strings.Repeat("#", document.MaxBytes+1)}, "changes/a.yaml:1:0: is larger than 256 KiB"},
		"a layout":                         {map[string]string{proposal.LayoutFile: goodLayout}, map[string]string{proposal.LayoutFile: strings.Replace(goodLayout, "instance", "instanz", 1)}, ".changectl.yaml:4:3: spec.instanz: is not a key here"},
		"a policy":                         {nil, map[string]string{"governance/policy.yaml": strings.Replace(goodPolicy, "touched", "all", 1)}, "governance/policy.yaml:5:31: spec.rules[0].require: needs exactly one"},
		"a policy's condition":             {nil, map[string]string{"governance/policy.yaml": strings.Replace(goodPolicy, "name: owners", "name: o, when: 'plan.('", 1)}, "governance/policy.yaml:5:"},
		"CODEOWNERS":                       {nil, map[string]string{"docs/CODEOWNERS": "\n* bob\n"}, "docs/CODEOWNERS:2:1: invalid owner format"},
		"a reference to nothing":           {map[string]string{"catalog/p.yaml": peopleFile}, map[string]string{"catalog/p.yaml": peopleFile, "catalog/s.yaml": strings.Replace(systemsFile, "owner: dba", "owner: gone", 1)}, "catalog/s.yaml:4:31: spec.owner: refers to group:gone"},
		"an owner who is taken away":       {map[string]string{"catalog/p.yaml": peopleFile, "catalog/s.yaml": systemsFile}, map[string]string{"catalog/s.yaml": systemsFile}, "catalog/s.yaml:4:31: spec.owner: refers to group:dba"},
		"a catalog that is taken away":     {map[string]string{"catalog/p.yaml": peopleFile}, nil, "catalog/p.yaml:1:0: "},
		"a Location that leads out":        {map[string]string{"catalog/p.yaml": peopleFile, "secret.yaml": systemsFile}, map[string]string{"catalog/p.yaml": peopleFile, "secret.yaml": systemsFile, "catalog/l.yaml": "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: l}\nspec: {target: ../secret.yaml}\n"}, "catalog/l.yaml:4:"},
		"a policy that is taken away":      {map[string]string{"governance/policy.yaml": goodPolicy}, nil, "governance/policy.yaml:1:0: .changectl.yaml names the policy governance/policy.yaml, which is not there then"},
		"a layout that moves the policy":   {map[string]string{proposal.LayoutFile: goodLayout}, map[string]string{proposal.LayoutFile: strings.Replace(goodLayout, "governance/policy", "other", 1)}, ".changectl.yaml:1:0: .changectl.yaml names the policy other.yaml"},
		"a layout that moves the catalog":  {map[string]string{proposal.LayoutFile: goodLayout, "catalog/p.yaml": peopleFile}, map[string]string{proposal.LayoutFile: strings.Replace(goodLayout, "catalog: catalog", "catalog: other", 1), "catalog/p.yaml": peopleFile}, ".changectl.yaml:1:0: "},
		"what a proposed layout governs":   {map[string]string{proposal.LayoutFile: goodLayout}, map[string]string{proposal.LayoutFile: strings.Replace(goodLayout, "[changes]", "[changes, more]", 1), "more/a.yaml": "["}, "more/a.yaml:1:"},
		"an expression in a runbook":       {nil, map[string]string{"runbooks/a.yaml": strings.Replace(book("a", "group:dba"), "Look at it", "'${{ nonsense( }}'", 1)}, "runbooks/a.yaml:11:"},
		"templates are no templates to us": {nil, map[string]string{"changes/a.yaml": strings.Replace(goodChange, "start: '2027", "start: '{{ now }}2027", 1) + "  x: 1\n"}, "changes/a.yaml:9:3: spec.x: is not a key here"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := validate(t, tt.old, tt.now)
			all := strings.Join(remarks(got.Annotations), "\n")
			if !strings.Contains(all, tt.want) {
				t.Errorf("got  %s\nwant %s", all, tt.want)
			}
			for _, a := range got.Annotations {
				if a.Level != "failure" || a.Line < 1 || a.Path == "" {
					t.Errorf("%+v", a)
				}
			}
		})
	}
}

func TestRefusedFilesAreNotRead(t *testing.T) {
	link := proposal.Entry{Path: "runbooks/a.yaml", Mode: "120000", Blob: "1"}
	under := proposal.Entry{Path: "runbooks/\u202ea.yaml", Mode: "100644", Blob: "2"}
	altered := proposal.Compare(nil, []proposal.Entry{link, under})
	got, err := proposal.Validate(proposal.Proposed{Layout: layout, Altered: altered, Merged: proposal.Merged(nil, altered), Read: func(e proposal.Entry) ([]byte, error) {
		t.Errorf("%q was read", e.Path)
		return nil, nil
	}})
	if err != nil || len(got.Annotations) != 2 || got.Runbooks != nil {
		t.Errorf("%+v, %v", got, err)
	}
}

var errAway = errors.New("away")

func TestWhatCannotBeReadIsNoMistake(t *testing.T) {
	for _, path := range []string{"runbooks/a.yaml", "changes/a.yaml", "catalog/a.yaml", "governance/policy.yaml", proposal.LayoutFile, "CODEOWNERS"} {
		altered := proposal.Compare(nil, tree(path+"=1"))
		got, err := proposal.Validate(proposal.Proposed{Layout: layout, Altered: altered, Merged: tree(path + "=1"), Read: func(proposal.Entry) ([]byte, error) { return nil, errAway }})
		if !errors.Is(err, errAway) {
			t.Errorf("%s: %v, %v", path, remarks(got.Annotations), err)
		}
	}
}

func TestTheCatalogIsOnlyWhatIsGoverned(t *testing.T) {
	b := blobs{}
	files := b.tree(map[string]string{"catalog/a.yaml": "1", "catalog/b/c.yml": "22", "catalog/b/d.json": "3", "other.yaml": "4", "catalogue/x.yaml": "5", "catalog/.hidden.yaml": "6"})
	got, err := proposal.CatalogFS(layout, files, b.read)
	if err != nil {
		t.Fatal(err)
	}
	if err := fstest.TestFS(got, "catalog/a.yaml", "catalog/b/c.yml", "catalog/.hidden.yaml"); err != nil {
		t.Error(err)
	}
	var names []string
	err = fs.WalkDir(got, ".", func(p string, d fs.DirEntry, err error) error {
		if !d.IsDir() {
			names = append(names, p)
		}
		return err
	})
	if want := []string{"catalog/.hidden.yaml", "catalog/a.yaml", "catalog/b/c.yml"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("%v, %v", names, err)
	}
	for _, p := range []string{"other.yaml", "../other.yaml", "/catalog/a.yaml", "catalog/b/d.json", ""} {
		if f, err := got.Open(p); err == nil {
			t.Errorf("%q was opened: %v", p, f)
		}
	}
	link := append(slices.Clone(files), proposal.Entry{Path: "catalog/link.yaml", Mode: "120000", Blob: "x"})
	if _, err := proposal.CatalogFS(layout, link, b.read); err == nil {
		t.Error("a link is part of the catalog")
	}
}

func TestWhatTheBaseHolds(t *testing.T) {
	b := blobs{}
	files := map[string]string{proposal.LayoutFile: goodLayout, "catalog/p.yaml": peopleFile, "governance/policy.yaml": goodPolicy}
	l, err := proposal.LoadLayout(b.tree(files), b.read)
	if err != nil || l.Instance != "acme" {
		t.Fatal(l, err)
	}
	if c, err := proposal.LoadCatalog(l, b.tree(files), b.read); err != nil || len(c.People()) != 2 {
		t.Error(c, err)
	}
	if p, err := proposal.LoadPolicy(l, b.tree(files), b.read); err != nil || p == nil {
		t.Error(p, err)
	}
	c, err := proposal.LoadCatalog(proposal.Layout{}, nil, b.read)
	p, err2 := proposal.LoadPolicy(proposal.Layout{}, nil, b.read)
	if c != nil || p != nil || err != nil || err2 != nil {
		t.Error("a layout that names neither has one", c, p, err, err2)
	}
	if _, err := proposal.LoadLayout(nil, b.read); change.KindOf(err) != change.KindNotFound {
		t.Error(err)
	}
	for _, path := range []string{"catalog/p.yaml", "governance/policy.yaml"} {
		without := map[string]string{}
		for k, v := range files {
			if k != path {
				without[k] = v
			}
		}
		_, err1 := proposal.LoadCatalog(l, b.tree(without), b.read)
		_, err2 := proposal.LoadPolicy(l, b.tree(without), b.read)
		if err1 == nil && err2 == nil {
			t.Errorf("%s is not there, and nobody says so", path)
		}
	}
	hidden := func(proposal.Entry) ([]byte, error) { return nil, change.NotFound("not shown yet") }
	if _, err := proposal.LoadLayout(tree(proposal.LayoutFile+"=1"), hidden); change.KindOf(err) != change.KindUnavailable {
		t.Errorf("a layout that is not shown yet was taken for none: %v", err)
	}
}

func FuzzValidate(f *testing.F) {
	for i, text := range []string{goodChange, book("a", "group:dba"), systemsFile, goodPolicy, goodLayout, "* @bob", bomb()} {
		f.Add(uint8(i), []byte(text))
	}
	paths := []string{"changes/a.yaml", "runbooks/a.yaml", "catalog/a.yaml", "governance/policy.yaml", proposal.LayoutFile, "CODEOWNERS"}
	f.Fuzz(func(t *testing.T, at uint8, text []byte) {
		path := paths[int(at)%len(paths)]
		e := proposal.Entry{Path: path, Mode: "100644", Blob: "1", Size: int64(len(text))}
		altered := []proposal.Altered{{Path: path, New: &e}}
		got, err := proposal.Validate(proposal.Proposed{Layout: layout, Altered: altered, Merged: []proposal.Entry{e}, Read: func(proposal.Entry) ([]byte, error) { return text, nil }})
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range got.Annotations {
			if a.Line < 1 || a.Message == "" || a.Path == "" {
				t.Errorf("%+v", a)
			}
		}
		if path == paths[1] && got.Annotations == nil && (len(got.Runbooks) != 1 || got.Runbooks[0].Runbook.Metadata.Name != "a") {
			t.Errorf("%+v", got)
		}
	})
}
