package hostile_test

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/changectl/changectl/test/ghfake"
)

// misread is what a text for people must not hold.
var misread = regexp.MustCompile(`%!|<nil>|0001-01-01|goroutine|runtime error|rpc error|map\[|&\{|0x[0-9a-f]{6,}|sql:|context (?:canceled|deadline)|127\.0\.0\.1:\d+/repos`)

// readsWell looks at all that was written in the campaign: no conclusion that lets
// through without saying yes, never two comments of ours, and no text that is not for people.
func (f *field) readsWell(t *testing.T) {
	t.Helper()
	var all strings.Builder
	texts, checks := 0, 0
	look := func(where, text string) {
		texts++
		fmt.Fprintf(&all, "==== %s\n%s\n", where, text)
		if m := misread.FindString(text); m != "" {
			t.Errorf("%s holds %q:\n%s", where, m, text)
		}
	}
	for _, repo := range append(f.plots, f.Repo) {
		cmd := exec.CommandContext(t.Context(), "git", "rev-list", "--all")
		cmd.Dir = repo.Path()
		out, err := cmd.Output()
		must(t, err)
		for _, sha := range strings.Fields(string(out)) {
			for _, r := range repo.Checks(sha) {
				checks++
				if r.Conclusion == "neutral" || r.Conclusion == "skipped" {
					t.Errorf("%s on %s of %s is %s", r.Name, sha, repo.FullName(), r.Conclusion)
				}
				look(repo.FullName()+" "+r.Name+" "+r.Conclusion, r.Title+"\n"+r.Summary+"\n"+r.Text)
			}
		}
		f.conversations(t, repo, look)
	}
	t.Logf("%d checks and %d texts in all", checks, texts)
	if file := os.Getenv("CHANGECTL_HOSTILE_TEXTS"); file != "" {
		must(t, os.WriteFile(file, []byte(all.String()), 0o600))
	}
}

func (f *field) conversations(t *testing.T, repo *ghfake.Repo, look func(where, text string)) {
	t.Helper()
	for n := 1; repo.Pull(n) != nil; n++ {
		ours := 0
		for _, c := range repo.Pull(n).Comments() {
			if strings.HasPrefix(c.Body(), "<!-- changectl") {
				ours++
				look(fmt.Sprintf("%s#%d comment", repo.FullName(), n), c.Body())
			}
		}
		if ours > 1 {
			t.Errorf("there are %d comments of ours on %s#%d", ours, repo.FullName(), n)
		}
	}
}
