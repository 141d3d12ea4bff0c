package sessions_test

import (
	"io/fs"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/changectl/changectl/test/ghfake"
)

// gitHub DIR starts a small GitHub for the session, with a repository acme/changes whose
// branch main holds the files of a folder. The session's person is there as alice.
func gitHub(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, "DIR")
	s := stateOf(ts)
	server, err := ghfake.New(s.ctx, ghfake.Options{})
	ts.Check(err)
	ts.Defer(func() {
		ts.Check(server.Close())
		for _, v := range server.Violations() {
			ts.Logf("GitHub's description says otherwise: %s", v)
		}
	})
	s.repo, err = server.CreateRepo("acme", "changes", ghfake.RepoOptions{Private: true})
	ts.Check(err)
	alice := server.User("alice")
	s.repo.Collaborate(alice, "write")
	_, err = s.repo.Commit("main", filesIn(ts, args[0]), ghfake.CommitOptions{})
	ts.Check(err)
	ts.Setenv("GITHUB_API_URL", server.URL())
	ts.Setenv("GH_TOKEN", server.PersonalToken(alice))
}

// pull BRANCH DIR opens a pull request of alice's with the files of a folder.
func pull(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, "BRANCH DIR")
	repo := stateOf(ts).repo
	if repo == nil {
		ts.Fatalf("there is no GitHub; github starts one")
	}
	_, err := repo.Commit(args[0], filesIn(ts, args[1]), ghfake.CommitOptions{From: "main"})
	ts.Check(err)
	_, err = repo.OpenPull(repo.Owner, ghfake.PullOptions{Head: args[0], Title: "Do " + args[0]})
	ts.Check(err)
}

// filesIn reads a folder of the session, in which variables are filled in.
func filesIn(ts *testscript.TestScript, dir string) map[string]string {
	root, files := ts.MkAbs(dir), map[string]string{}
	ts.Check(filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		files[filepath.ToSlash(name)] = os.Expand(string(b), ts.Getenv)
		return err
	}))
	return files
}
