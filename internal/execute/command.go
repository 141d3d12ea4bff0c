package execute

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/runbook"
)

// command runs a program and leaves exit, stdout, stderr and json.
func command(ctx context.Context, t *task, with *runbook.Command) (seen, error) {
	if info, err := os.Stat(cmp.Or(with.Dir, ".")); err != nil || !info.IsDir() {
		return seen{}, change.FailedTo("there is no directory %s on this worker", with.Dir)
	}
	all, stdout, stderr := newBounded(with.OutputLimit), newBounded(with.OutputLimit), newBounded(with.OutputLimit)
	p := &process{
		cmd:    t.program(with),
		stdout: io.MultiWriter(stdout, all),
		stderr: io.MultiWriter(stderr, all),
		grace:  t.grace(),
	}
	err := p.run(ctx)
	out := seen{output: all.text(&t.mask)}
	if errors.Is(err, errLeftOpen) {
		out.output += "\n[" + errLeftOpen.Error() + "]\n"
		err = nil
	}
	exit, err := exitOf(p.cmd, err)
	if err != nil {
		return out, err
	}
	out.vars = map[string]any{"exit": exit, "stdout": stdout.raw(), "stderr": stderr.raw(), "json": nil}
	out.keep = []string{"exit", "stdout", "json"}
	if stdout.cut() == 0 {
		out.vars["json"] = parsed(stdout.raw())
	}
	out.message = fmt.Sprintf("exit %d", exit)
	if last := lastLine(stderr.raw()); exit != 0 && last != "" {
		out.message += ": " + last
	}
	return out, nil
}

// program prepares the command with an environment that holds nothing of the
// worker's but the way to programs, home and language.
func (t *task) program(with *runbook.Command) *exec.Cmd {
	argv := with.Argv
	if with.Shell != "" {
		argv = []string{"/bin/sh", "-c", with.Shell}
	}
	cmd := exec.Command(argv[0], argv[1:]...) //nolint:noctx // the process group is ended by process.run
	cmd.Dir = with.Dir
	env := map[string]string{
		"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME": "/", "LANG": "C.UTF-8",
	}
	for k := range env {
		if v := os.Getenv(k); v != "" {
			env[k] = v
		}
	}
	for k, v := range with.Env {
		env[k] = v
	}
	env["CHANGECTL_CHANGE"], env["CHANGECTL_STEP"] = string(t.run.Change), t.step.Name
	cmd.Env = make([]string, 0, len(env))
	for k, v := range env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	slices.Sort(cmd.Env)
	return cmd
}

// exitOf returns the exit status; a program that a signal ended has none.
func exitOf(cmd *exec.Cmd, err error) (int, error) {
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() >= 0:
		return exit.ExitCode(), nil
	case errors.As(err, &exit):
		return 0, change.FailedTo("%s was ended by a %s", cmd.Path, exit.ProcessState)
	case errors.Is(err, errNotStarted):
		return 0, change.FailedTo("%w", err).WithHint("check that the program is installed on this worker and may be executed")
	case err != nil:
		return 0, err
	}
	return 0, nil
}

// parsed returns s as JSON, or nil where it is none.
func parsed(s string) any {
	d := json.NewDecoder(strings.NewReader(s))
	var v any
	if d.Decode(&v) != nil {
		return nil
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil
	}
	return v
}

// lastLine returns the last line of s that holds anything, cut for a message.
func lastLine(s string) string {
	s = strings.TrimSpace(s)
	if i := strings.LastIndexByte(s, '\n'); i >= 0 {
		s = s[i+1:]
	}
	const enough = 300
	if len(s) > enough {
		s = strings.ToValidUTF8(s[:enough], "") + "..."
	}
	return strings.TrimSpace(s)
}
