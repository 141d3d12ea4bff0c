// Command render shows the texts that reviewers read at GitHub as they look there: it
// renders the golden files of package proposal to a page, and takes pictures for the
// documentation where there is a Chromium.
//
// The look is an own imitation. It asks nobody: no network, no GitHub.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// options are the flags.
type options struct {
	golden   string // directory of the golden files
	out      string // directory that the pages are written to
	pictures string // directory that the pictures are written to, empty for none
	chromium string
	comments string // situations of the first picture
	checks   string // situation of the second
}

func main() {
	var o options
	flag.StringVar(&o.golden, "golden", "internal/proposal/testdata/text", "directory of the golden `files`")
	flag.StringVar(&o.out, "out", filepath.Join(os.TempDir(), "changectl-render"), "`directory` for the pages")
	flag.StringVar(&o.pictures, "pictures", "", "`directory` for github-comment.png and github-checks.png; empty takes none")
	flag.StringVar(&o.chromium, "chromium", "chromium", "the `program` that takes the pictures")
	flag.StringVar(&o.comments, "comments", "waiting,held", "`situations` whose comments are in the picture")
	flag.StringVar(&o.checks, "checks", "conflict", "`situation` whose checks are in the picture")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "render:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	if err := os.MkdirAll(o.out, 0o750); err != nil {
		return err
	}
	everything, err := allOf(o.golden)
	if err != nil {
		return err
	}
	comments := ""
	for name := range strings.SplitSeq(o.comments, ",") {
		text, err := file(o.golden, name)
		if err != nil {
			return err
		}
		comments += text
	}
	checks, err := file(o.golden, o.checks+".checks")
	if err != nil {
		return err
	}
	for name, body := range map[string]string{"all": everything, "github-comment": comments, "github-checks": checks} {
		if err := os.WriteFile(filepath.Join(o.out, name+".html"), []byte(document(body)), 0o600); err != nil {
			return err
		}
	}
	fmt.Println(filepath.Join(o.out, "all.html"))
	if o.pictures == "" {
		return nil
	}
	for _, name := range []string{"github-comment", "github-checks"} {
		if err := picture(o, filepath.Join(o.out, name+".html"), filepath.Join(o.pictures, name+".png")); err != nil {
			return err
		}
	}
	return nil
}
