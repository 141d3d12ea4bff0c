package proposal_test

import (
	"math/rand"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/document"
	"github.com/changectl/changectl/internal/proposal"
)

func entry(path, blob string) proposal.Entry {
	return proposal.Entry{Path: path, Mode: "100644", Blob: blob, Size: 10}
}

// tree makes entries out of path=blob.
func tree(files ...string) []proposal.Entry {
	var all []proposal.Entry
	for _, f := range files {
		path, blob, _ := strings.Cut(f, "=")
		all = append(all, entry(path, blob))
	}
	return all
}

// lines shows what is altered as path:old>new.
func lines(all []proposal.Altered) []string {
	var out []string
	for _, a := range all {
		s := a.Path + ":"
		if a.Old != nil {
			s += a.Old.Blob
		}
		s += ">"
		if a.New != nil {
			s += a.New.Blob
		}
		out = append(out, s)
	}
	return out
}

func TestWhatIsAltered(t *testing.T) {
	executable := proposal.Entry{Path: "x", Mode: "100755", Blob: "1"}
	tests := map[string]struct {
		base, head []proposal.Entry
		want       []string
	}{
		"nothing":           {tree("a=1", "b=2"), tree("b=2", "a=1"), nil},
		"one edited":        {tree("a=1", "b=2"), tree("a=1", "b=3"), []string{"b:2>3"}},
		"a rename is both":  {tree("runbooks/a.yaml=1"), tree("runbooks/b.yaml=1"), []string{"runbooks/a.yaml:1>", "runbooks/b.yaml:>1"}},
		"the mode":          {tree("x=1"), []proposal.Entry{executable}, []string{"x:1>1"}},
		"added and removed": {tree("a=1"), tree("b=1"), []string{"a:1>", "b:>1"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, lines(proposal.Compare(tt.base, tt.head))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheTreeAfterTheMerge(t *testing.T) {
	mergeBase := tree("a=1", "b=1", "c=1")
	altered := proposal.Compare(mergeBase, tree("a=2", "c=1", "d=1"))
	tip := tree("a=1", "b=1", "c=9", "e=1")
	if diff := cmp.Diff(tree("a=2", "c=9", "d=1", "e=1"), proposal.Merged(tip, altered)); diff != "" {
		t.Error(diff)
	}
	if stale := proposal.Stale(mergeBase, tip, altered); stale != nil {
		t.Errorf("%v is behind", stale)
	}
	moved := tree("a=7", "c=1", "d=5", "e=1")
	if diff := cmp.Diff([]string{"a", "b", "d"}, proposal.Stale(mergeBase, moved, altered)); diff != "" {
		t.Error(diff)
	}
}

func TestTheDigestIsOfExactlyTheContent(t *testing.T) {
	content := func(edit ...proposal.Entry) []proposal.Entry {
		return append(tree("changes/a.yaml=1", "runbooks/b.yaml=2"), edit...)
	}
	base := proposal.Digest(content(), "p1")
	others := map[string]string{
		"another policy":          proposal.Digest(content(), "p2"),
		"nothing":                 proposal.Digest(nil, "p1"),
		"one more":                proposal.Digest(content(entry("c", "3")), "p1"),
		"one that is gone":        proposal.Digest(content(proposal.Entry{Path: "c"}), "p1"),
		"another blob":            proposal.Digest(tree("changes/a.yaml=1", "runbooks/b.yaml=3"), "p1"),
		"another path":            proposal.Digest(tree("changes/a.yaml=1", "runbooks/c.yaml=2"), "p1"),
		"blobs swapped":           proposal.Digest(tree("changes/a.yaml=2", "runbooks/b.yaml=1"), "p1"),
		"another mode":            proposal.Digest([]proposal.Entry{entry("changes/a.yaml", "1"), {Path: "runbooks/b.yaml", Mode: "100755", Blob: "2"}}, "p1"),
		"a line in the path":      proposal.Digest(tree("changes/a.yaml=1", "runbooks/b.yaml 6:100644 1:2 \nx=2"), "p1"),
		"the same in one":         proposal.Digest([]proposal.Entry{{Path: "changes/a.yaml", Mode: "100644", Blob: "1 15:runbooks/b.yaml"}}, "p1"),
		"an invalid path":         proposal.Digest(content(entry("\xff", "1")), "p1"),
		"another invalid path":    proposal.Digest(content(entry("\xfe", "1")), "p1"),
		"the replacement instead": proposal.Digest(content(entry("\ufffd", "1")), "p1"),
		"policy into entries":     proposal.Digest(content(entry("p1", "")), ""),
	}
	seen := map[string]string{base: "the content"}
	for name, d := range others {
		if first, twice := seen[d]; twice {
			t.Errorf("%s has the digest of %s", name, first)
		}
		seen[d] = name
	}
	if !strings.HasPrefix(base, "sha256:") || len(base) != 71 {
		t.Errorf("%q is no digest", base)
	}
	t.Logf("%d attempts to give other content the same digest, %d successes", len(others), len(others)+1-len(seen))
}

func TestTheDigestDoesNotDependOnTheOrder(t *testing.T) {
	all := tree("a=1", "b=2", "c=3", "d=4")
	want := proposal.Digest(all, "p")
	for range 20 {
		rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		if got := proposal.Digest(append(slices.Clone(all), all[0]), "p"); got != want {
			t.Fatalf("%v: %s, want %s", all, got, want)
		}
	}
}

func FuzzTheDigestTellsEntriesApart(f *testing.F) {
	f.Add("a", "100644", "1", "b", "100644", "1")
	f.Add("a 1:1 ", "", "", "a", "1", "")
	f.Add("a b", "c", "d", "a", "b c", "d")
	f.Fuzz(func(t *testing.T, p1, m1, b1, p2, m2, b2 string) {
		x, y := proposal.Entry{Path: p1, Mode: m1, Blob: b1}, proposal.Entry{Path: p2, Mode: m2, Blob: b2}
		one, other, both := proposal.Digest([]proposal.Entry{x}, ""), proposal.Digest([]proposal.Entry{y}, ""), proposal.Digest([]proposal.Entry{x, y}, "")
		if same := x == y; (one == other) != same || (both == one) != same {
			t.Errorf("%v and %v: %s %s %s", x, y, one, other, both)
		}
	})
}

func TestContentHoldsTheRunbooksThatChangesName(t *testing.T) {
	mergeBase := tree("changes/a.yaml=1", "runbooks/web.yaml=5", "runbooks/other.yaml=6", "README.md=1")
	altered := proposal.Compare(mergeBase, tree("changes/a.yaml=2", "runbooks/web.yaml=5", "runbooks/other.yaml=6", "README.md=2", "changes/b.yaml=1"))
	digest := func(tree []proposal.Entry) string {
		return proposal.Digest(proposal.Content(altered, tree, []string{"web"}, layout), "p")
	}
	before := proposal.Merged(mergeBase, altered)
	want := tree("changes/a.yaml=2", "changes/b.yaml=1", "runbooks/web.yaml=5")
	if diff := cmp.Diff(want, proposal.Content(altered, before, []string{"web"}, layout)); diff != "" {
		t.Error(diff)
	}
	replaced := map[string][]proposal.Entry{
		"the runbook is replaced":            tree("changes/a.yaml=2", "changes/b.yaml=1", "runbooks/web.yaml=666"),
		"the runbook is taken away":          tree("changes/a.yaml=2", "changes/b.yaml=1"),
		"another of its name is put besides": tree("changes/a.yaml=2", "changes/b.yaml=1", "runbooks/web.yaml=5", "network/books/web.yml=7"),
		"it is put elsewhere":                tree("changes/a.yaml=2", "changes/b.yaml=1", "runbooks/x/web.yaml=5"),
		"the change is merged otherwise":     tree("changes/a.yaml=3", "changes/b.yaml=1", "runbooks/web.yaml=5"),
		"one change was left out":            tree("changes/a.yaml=2", "runbooks/web.yaml=5"),
	}
	successes := 0
	for name, after := range replaced {
		if digest(after) == digest(before) {
			t.Errorf("%s, and the digest stays", name)
			successes++
		}
	}
	if same := tree("changes/a.yaml=2", "changes/b.yaml=1", "runbooks/web.yaml=5", "runbooks/other.yaml=9", "README.md=3"); digest(same) != digest(before) {
		t.Error("what is none of its content changes the digest")
	}
	t.Logf("%d attempts to replace what was approved, %d successes", len(replaced), successes)
}

func TestARunbookThatIsNotThereYetIsPartOfTheContent(t *testing.T) {
	altered := proposal.Compare(nil, tree("changes/a.yaml=1"))
	without := proposal.Content(altered, tree("changes/a.yaml=1"), []string{"web"}, layout)
	if diff := cmp.Diff([]proposal.Entry{entry("changes/a.yaml", "1"), {Path: "runbooks/web.yaml"}}, without); diff != "" {
		t.Error(diff)
	}
	for _, path := range []string{"runbooks/web.yaml", "runbooks/x/web.yaml", "network/books/web.yml"} {
		with := proposal.Content(altered, tree("changes/a.yaml=1", path+"=666"), []string{"web"}, layout)
		if proposal.Digest(with, "p") == proposal.Digest(without, "p") {
			t.Errorf("%s came to be, and the digest stays", path)
		}
	}
}

func TestWhatAProposedLayoutGovernsIsContent(t *testing.T) {
	after := layout
	after.Runbooks = append(slices.Clone(after.Runbooks), "more")
	altered := proposal.Compare(nil, tree(".changectl.yaml=1", "more/evil.yaml=1", "README.md=1"))
	got := proposal.Content(altered, tree(".changectl.yaml=1", "more/evil.yaml=1"), nil, layout, after)
	if diff := cmp.Diff(tree(".changectl.yaml=1", "more/evil.yaml=1"), got); diff != "" {
		t.Error(diff)
	}
}

func TestFilesThatAreNotWhatTheyLookLikeAreRefused(t *testing.T) {
	ok := func(path string) proposal.Entry { return entry(path, "1") }
	mode := func(path, mode string) proposal.Entry { return proposal.Entry{Path: path, Mode: mode, Blob: "1"} }
	large := ok("runbooks/a.yaml")
	large.Size = document.MaxBytes + 1
	refused := map[string]proposal.Entry{
		"a link":                        mode("runbooks/a.yaml", "120000"),
		"a submodule":                   mode("runbooks/a.yaml", "160000"),
		"a folder's mode":               mode("runbooks/a.yaml", "040000"),
		"a mode of old":                 mode("runbooks/a.yaml", "100664"),
		"no mode":                       mode("runbooks/a.yaml", ""),
		"the layout as a link":          mode(".changectl.yaml", "120000"),
		"CODEOWNERS as a link":          mode(".github/CODEOWNERS", "120000"),
		"the policy as a link":          mode("governance/policy.yaml", "120000"),
		"no blob":                       {Path: "runbooks/a.yaml", Mode: "100644"},
		"too large":                     large,
		"a link in place of the folder": mode("runbooks", "120000"),
		"a submodule in place of one":   mode("changes", "160000"),
		"a file in place of one above":  ok("network"),
		"a link above the policy":       mode("governance", "120000"),
		"a line break":                  ok("runbooks/a\n.yaml"),
		"NUL":                           ok("runbooks/a\x00.yaml"),
		"escape":                        ok("runbooks/\x1b[2Ka.yaml"),
		"right to left":                 ok("runbooks/\u202elmay.a.yaml"),
		"an isolate":                    ok("runbooks/a\u2066.yaml"),
		"no width":                      ok("runbooks/a\u200b.yaml"),
		"a joiner":                      ok("runbooks/a\u200d.yaml"),
		"a byte order mark":             ok("runbooks/\ufeffa.yaml"),
		"a filler":                      ok("runbooks/\u3164a.yaml"),
		"a blank of Braille":            ok("runbooks/\u2800a.yaml"),
		"a space that does not break":   ok("runbooks/a\u00a0.yaml"),
		"a soft hyphen":                 ok("runbooks/a\u00ad.yaml"),
		"a tag":                         ok("runbooks/a\U000e0041.yaml"),
		"a variation":                   ok("runbooks/a\ufe0f.yaml"),
		"a backslash":                   ok(`runbooks/..\a.yaml`),
		"invalid UTF-8":                 ok("runbooks/\xff.yaml"),
		"invisible, and no YAML":        ok("runbooks/a.yaml\u200b"),
		"steps up":                      ok("runbooks/../runbooks/a.yaml"),
		"two slashes":                   ok("runbooks//a.yaml"),
		"a very long path":              ok("runbooks/" + strings.Repeat("a", 2000) + ".yaml"),
	}
	successes := 0
	for name, e := range refused {
		got := proposal.Refused([]proposal.Altered{{Path: e.Path, New: &e}}, layout)
		if len(got) != 1 || got[0].Path != e.Path || got[0].Message == "" || got[0].Line != 1 {
			t.Errorf("%s: %+v", name, got)
			successes++
		}
	}
	for _, e := range []proposal.Entry{
		ok("runbooks/a.yaml"), mode("changes/a b.yaml", "100755"), ok("changes/Änderung-ß.yaml"), ok("changes/変更.yaml"), mode("assets/x", "120000"), ok("src/\u202e.go"), ok("runbooks/README.md"),
	} {
		if got := proposal.Refused([]proposal.Altered{{Path: e.Path, New: &e}}, layout); got != nil {
			t.Errorf("%q was refused: %v", e.Path, got)
		}
	}
	link := mode("runbooks/a.yaml", "120000")
	if got := proposal.Refused([]proposal.Altered{{Path: link.Path, New: &link}}, layout); len(got) != 1 || !strings.Contains(got[0].Message, "symbolic link") {
		t.Errorf("a link: %v", got)
	}
	if got := proposal.Refused([]proposal.Altered{{Path: link.Path, Old: &link}}, layout); got != nil {
		t.Errorf("taking a link away was refused: %v", got)
	}
	t.Logf("%d attempts to bring in something else, %d successes", len(refused), successes)
}
