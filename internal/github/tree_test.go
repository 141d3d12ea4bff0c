package github_test

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
	"github.com/changectl/changectl/internal/proposal"
)

func blobID(content string) string {
	return fmt.Sprintf("%x", sha1.Sum(fmt.Appendf(nil, "blob %d\x00%s", len(content), content)))
}

func blobJSON(content string) string { return blobSays(content, len(content)) }

// blobSays is the answer with a file, which announces a size. As at GitHub, the
// base64 has line breaks.
func blobSays(content string, size int) string {
	coded := base64.StdEncoding.EncodeToString([]byte(content))
	var lines strings.Builder
	for len(coded) > 60 {
		lines.WriteString(coded[:60] + `\n`)
		coded = coded[60:]
	}
	lines.WriteString(coded + `\n`)
	return fmt.Sprintf(`{"sha":"x","size":%d,"encoding":"base64","content":"%s"}`, size, lines.String())
}

func TestTreeGivesTheFilesByPathAndAsksOnce(t *testing.T) {
	w := newWorld(t)
	w.answer("GET /repos/acme/changes/git/trees/"+sha, `{"sha":"x","truncated":false,"tree":[
		{"path":"z.yaml","mode":"100644","type":"blob","sha":"b1","size":12},
		{"path":"dir","mode":"040000","type":"tree","sha":"t1"},
		{"path":"dir/link","mode":"120000","type":"blob","sha":"b2","size":3},
		{"path":"dir/run.sh","mode":"100755","type":"blob","sha":"b3","size":0},
		{"path":"module","mode":"160000","type":"commit","sha":"c1"}]}`)
	c := w.client(t)
	want := []proposal.Entry{
		{Path: "dir/link", Mode: "120000", Blob: "b2", Size: 3},
		{Path: "dir/run.sh", Mode: "100755", Blob: "b3"},
		{Path: "module", Mode: "160000", Blob: "c1"},
		{Path: "z.yaml", Mode: "100644", Blob: "b1", Size: 12},
	}
	for range 3 {
		got, err := c.Tree(t.Context(), repo, sha)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		got[0].Path = "altered by the caller"
	}
	asked := w.all("GET /repos/acme/changes/git/trees/" + sha)
	if len(asked) != 1 || asked[0].Query != "recursive=1" {
		t.Errorf("asked %v, want once, recursively", asked)
	}
}

func TestTreeThatGitHubCutsOffIsInvalid(t *testing.T) {
	w := newWorld(t)
	w.tagged("GET /repos/acme/changes/git/trees/"+sha, func() string {
		return `{"sha":"x","truncated":true,"tree":[{"path":"a","mode":"100644","type":"blob","sha":"b1"}]}`
	})
	c := w.client(t)
	for range 2 {
		_, err := c.Tree(t.Context(), repo, sha)
		wantKind(t, err, change.KindInvalid)
	}
	asked := w.all("GET /repos/acme/changes/git/trees/" + sha)
	if len(asked) != 2 || asked[1].Header.Get("If-None-Match") != "" {
		t.Errorf("asked %v; want twice, since neither the files nor the answer are kept", asked)
	}
}

func TestBlob(t *testing.T) {
	largest, larger := strings.Repeat("x", document.MaxBytes), strings.Repeat("x", document.MaxBytes+1)
	for name, tc := range map[string]struct {
		id, answer, want string
		kind             change.Kind
	}{
		"a file":                           {blobID("a: 1\n"), blobJSON("a: 1\n"), "a: 1\n", ""},
		"an empty file":                    {blobID(""), blobJSON(""), "", ""},
		"plain text":                       {blobID("a"), `{"size":1,"encoding":"utf-8","content":"a"}`, "a", ""},
		"the largest":                      {blobID(largest), blobJSON(largest), largest, ""},
		"one byte more":                    {blobID(larger), blobJSON(larger), "", change.KindInvalid},
		"more than it announces":           {blobID(larger), blobSays(larger, 10), "", change.KindInvalid},
		"less than it announces":           {blobID("a"), blobSays("a", document.MaxBytes+1), "", change.KindInvalid},
		"an answer that is far too large":  {blobID("a"), blobSays(strings.Repeat("x", 1<<20), 10), "", change.KindInvalid},
		"another file than was asked for":  {blobID("a: 1\n"), blobJSON("a: 2\n"), "", change.KindUnavailable},
		"a file that is not what it seems": {sha, blobJSON("a: 1\n"), "", change.KindUnavailable},
		"no base64":                        {blobID("a"), `{"size":1,"encoding":"base64","content":"!"}`, "", change.KindUnavailable},
	} {
		w := newWorld(t)
		w.answer("GET /repos/acme/changes/git/blobs/"+tc.id, tc.answer)
		c := w.client(t)
		for range 2 { // the second time it may come from what is kept
			got, err := c.Blob(t.Context(), repo, tc.id)
			if change.KindOf(err) != tc.kind || string(got) != tc.want {
				t.Errorf("%s: got %d bytes, %v; want %d and kind %q", name, len(got), err, len(tc.want), tc.kind)
			}
		}
		if asked, wrong := len(w.requests()), tc.kind != ""; (asked == 1) == wrong {
			t.Errorf("%s: asked %d times", name, asked)
		}
	}
}

// A name of a branch could be moved between two reads; nothing is asked for.
func TestOnlyObjectIDsAreReadAsObjects(t *testing.T) {
	w := newWorld(t)
	c, ctx := w.client(t), t.Context()
	for _, id := range []string{"", "main", "HEAD", sha[:39], sha + "1", strings.ToUpper("a" + sha[1:]), "../../../user", sha[:37] + "..."} {
		_, err := c.Tree(ctx, repo, id)
		wantKind(t, err, change.KindInvalid)
		_, err = c.Blob(ctx, repo, id)
		wantKind(t, err, change.KindInvalid)
		_, err = c.Commit(ctx, repo, id)
		wantKind(t, err, change.KindInvalid)
		_, err = c.Compare(ctx, repo, sha, id)
		wantKind(t, err, change.KindInvalid)
		_, err = c.Checks(ctx, repo, id)
		wantKind(t, err, change.KindInvalid)
		_, err = c.PullsOf(ctx, repo, id)
		wantKind(t, err, change.KindInvalid)
	}
	if got := w.requests(); len(got) != 0 {
		t.Errorf("asked %v", got)
	}
}

func TestObjectsAreKeptForEachRepository(t *testing.T) {
	w := newWorld(t)
	w.reach[10] += `,{"id":2,"name":"other","full_name":"acme/other","owner":{"login":"acme"}}`
	w.answer("GET /repos/acme/changes/git/blobs/"+blobID("a"), blobJSON("a"))
	w.refuse("GET /repos/acme/other/git/blobs/"+blobID("a"), http.StatusNotFound, nil, `{"message":"Not Found"}`)
	c := w.client(t)
	if _, err := c.Blob(t.Context(), repo, blobID("a")); err != nil {
		t.Fatal(err)
	}
	_, err := c.Blob(t.Context(), proposal.Repository{ID: 2, Owner: "acme", Name: "other"}, blobID("a"))
	wantKind(t, err, change.KindNotFound)
}
