package ghfake

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// CommitOptions say more about a commit.
type CommitOptions struct {
	// Pusher pushes it; the repository's owner when nil.
	Pusher *User
	// Author and Committer are who the commit says they are; the pusher when nil. They
	// need not be accounts: &User{Name: ..., Email: ...}.
	Author, Committer *User
	Message           string
	// From is what the commit builds on, any name of a commit: the branch when empty,
	// the default branch when there is no such branch yet. Anything else than the
	// branch makes a forced push of it.
	From       string
	Delete     []string
	Executable []string          // of the files that are written
	Links      map[string]string // symbolic links: path to target
	Submodules map[string]string // path to commit
	// Quiet leaves out Sync: the commit is there and GitHub has not noticed. For many
	// commits in a row, or for the moment between push and event.
	Quiet bool
}

// Commit makes a commit on a branch, pushes it, and returns its name.
func (r *Repo) Commit(branch string, files map[string]string, o CommitOptions) (string, error) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	sha, err := r.commit(branch, files, o)
	if err != nil {
		return "", fmt.Errorf("commit to %s: %w", branch, err)
	}
	if o.Quiet {
		return sha, nil
	}
	return sha, r.sync(r.pusher(o.Pusher), "")
}

// DirectPush commits to the default branch, past all pull requests.
func (r *Repo) DirectPush(files map[string]string, by *User) (string, error) {
	return r.Commit(r.DefaultBranch, files, CommitOptions{Pusher: by, Message: "Push directly"})
}

// ForcePush replaces the last commit of a branch by another and pushes it by force.
func (r *Repo) ForcePush(branch string, files map[string]string, by *User) (string, error) {
	return r.Commit(branch, files, CommitOptions{Pusher: by, Message: "Rewrite", From: "refs/heads/" + branch + "~1"})
}

// Point puts a branch onto a commit and pushes it, forced where it must be. Empty
// deletes the branch.
func (r *Repo) Point(branch, commit string, pusher *User) error {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	if err := r.point(branch, commit); err != nil {
		return err
	}
	return r.sync(r.pusher(pusher), "")
}

func (r *Repo) point(branch, commit string) error {
	args := []string{"update-ref", "refs/heads/" + branch, commit}
	if commit == "" {
		args = []string{"update-ref", "-d", "refs/heads/" + branch}
	}
	if _, err := r.git(args...); err != nil {
		return fmt.Errorf("move the branch %s: %w", branch, err)
	}
	return nil
}

func (r *Repo) pusher(u *User) *User {
	if u == nil {
		return r.Owner
	}
	return u
}

func (r *Repo) commit(branch string, files map[string]string, o CommitOptions) (string, error) {
	stream, err := r.stream(branch, files, o)
	if err != nil {
		return "", err
	}
	if _, err := output(r.command("fast-import", "--quiet", "--force", "--date-format=raw"), stream); err != nil {
		return "", err
	}
	return r.git("rev-parse", "refs/heads/"+branch)
}

// stream writes the commit in the language of git fast-import.
func (r *Repo) stream(branch string, files map[string]string, o CommitOptions) (*bytes.Buffer, error) {
	var b bytes.Buffer
	author, committer := o.Author, o.Committer
	if author == nil {
		author = r.pusher(o.Pusher)
	}
	if committer == nil {
		committer = author
	}
	message := o.Message
	if message == "" {
		message = "Change " + strings.Join(slices.Sorted(maps.Keys(files)), ", ")
	}
	at := r.s.now().Unix()
	fmt.Fprintf(&b, "commit refs/heads/%s\nauthor %s <%s> %d +0000\ncommitter %s <%s> %d +0000\n",
		branch, author.Name, author.Email, at, committer.Name, committer.Email, at)
	fmt.Fprintf(&b, "data %d\n%s\n", len(message), message)
	from, err := r.from(branch, o.From)
	if err != nil {
		return nil, err
	}
	if from != "" {
		fmt.Fprintf(&b, "from %s\n", from)
	}
	o.entries(&b, files)
	return &b, nil
}

// from finds what a commit builds on; empty for the first of the repository.
func (r *Repo) from(branch, wanted string) (string, error) {
	if wanted != "" {
		sha, err := r.git("rev-parse", "--verify", "--end-of-options", wanted+"^{commit}")
		if err != nil {
			return "", errors.New("there is no commit " + wanted)
		}
		return sha, nil
	}
	for _, ref := range []string{branch, r.DefaultBranch} {
		if sha, err := r.git("rev-parse", "--verify", "--quiet", "refs/heads/"+ref); err == nil {
			return sha, nil
		}
	}
	return "", nil
}

func (o CommitOptions) entries(b *bytes.Buffer, files map[string]string) {
	for _, path := range o.Delete {
		fmt.Fprintf(b, "D %s\n", pathWord(path))
	}
	inline := func(mode, path, text string) {
		fmt.Fprintf(b, "M %s inline %s\ndata %d\n%s\n", mode, pathWord(path), len(text), text)
	}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		mode := "100644"
		if slices.Contains(o.Executable, path) {
			mode = "100755"
		}
		inline(mode, path, files[path])
	}
	for _, path := range slices.Sorted(maps.Keys(o.Links)) {
		inline("120000", path, o.Links[path])
	}
	for _, path := range slices.Sorted(maps.Keys(o.Submodules)) {
		fmt.Fprintf(b, "M 160000 %s %s\n", o.Submodules[path], pathWord(path))
	}
}

// pathWord quotes a path as git does.
func pathWord(path string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(path) + `"`
}
