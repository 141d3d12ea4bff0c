package ghfake

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
)

const zeroSHA = "0000000000000000000000000000000000000000"

var fullSHA = regexp.MustCompile(`^[0-9a-f]{40}$`)

// command prepares git in the repository, free of the machine's own settings.
func (r *Repo) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(r.s.ctx, "git", args...)
	cmd.Dir = r.path
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "GIT_") })
	cmd.Env = append(cmd.Env, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "LC_ALL=C", "GIT_DIR="+r.path)
	return cmd
}

// git runs a command in the repository and returns what it wrote, without the line end.
func (r *Repo) git(args ...string) (string, error) {
	return output(r.command(args...), nil)
}

func output(cmd *exec.Cmd, in io.Reader) (string, error) {
	var errs bytes.Buffer
	cmd.Stdin, cmd.Stderr = in, &errs
	out, err := cmd.Output()
	if err != nil {
		return string(out), fmt.Errorf("run git %s: %w: %s", strings.Join(cmd.Args[1:], " "), err, strings.TrimSpace(errs.String()))
	}
	return strings.TrimSuffix(string(out), "\n"), nil
}

// fixed runs a command whose answer never changes, since it names only objects, and
// remembers the answer.
func (r *Repo) fixed(args ...string) (string, error) {
	key := strings.Join(args, "\x00")
	if known, ok := r.memory[key]; ok {
		return known, nil
	}
	out, err := r.git(args...)
	if err == nil {
		r.memory[key] = out
	}
	return out, err
}

// ancestor reports whether one commit is in the history of another.
func (r *Repo) ancestor(old, young string) bool {
	base, err := r.fixed("merge-base", old, young)
	return err == nil && base == old
}

// revisions lists the commits of a range, oldest first.
func (r *Repo) revisions(span ...string) ([]string, error) {
	out, err := r.fixed(append([]string{"rev-list", "--topo-order", "--reverse"}, span...)...)
	if err != nil || out == "" {
		return nil, err
	}
	return strings.Split(out, "\n"), nil
}

// resolve finds the commit that a name means: a branch, a tag, or (part of) an
// object's name. It is empty when there is none.
func (r *Repo) resolve(name string) string {
	for _, ref := range []string{"refs/heads/" + name, "refs/tags/" + name, name, "refs/" + name} {
		if sha := r.refs[ref]; sha != "" {
			return r.peel(sha)
		}
	}
	if !regexp.MustCompile(`^[0-9a-f]{7,40}$`).MatchString(name) {
		return ""
	}
	return r.peel(name)
}

// peel returns the commit that an object's name stands for, empty when it is none.
func (r *Repo) peel(name string) string {
	sha, err := r.fixed("rev-parse", "--verify", "--quiet", "--end-of-options", name+"^{commit}")
	if err != nil {
		return ""
	}
	return sha
}
