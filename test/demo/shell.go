package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/charmbracelet/x/term"

	"github.com/changectl/changectl/internal/change"
)

// shell runs changectl as a user would, and shows what was typed and answered.
type shell struct {
	out io.Writer
	bin string
	env []string
}

// act writes a heading and why what follows is shown.
func (s *shell) act(title, why string, args ...any) {
	fmt.Fprintf(s.out, "\n== %s\n%s\n", title, wrap(fmt.Sprintf(why, args...), 96))
}

// say writes a sentence between commands.
func (s *shell) say(format string, args ...any) {
	fmt.Fprintf(s.out, "\n%s\n", wrap(fmt.Sprintf(format, args...), 96))
}

// call is one command line and what is expected of it.
type call struct {
	args []string
	exit int     // the exit code that it must end with
	keep keeping // which lines are shown; nil is all
	what string  // what the others are
	live bool    // it may have the terminal to itself, where there is one
}

func changectl(line string, args ...any) call {
	return call{args: strings.Fields(fmt.Sprintf(line, args...))}
}

func (c call) ends(code int) call  { c.exit = code; return c }
func (c call) onTheTerminal() call { c.live = true; return c }

// without leaves lines out, and says what they are.
func (c call) without(what string, keep keeping) call {
	c.keep, c.what = keep, what
	return c
}

// because adds a reason, which has spaces in it.
func (c call) because(reason string) call {
	c.args = append(c.args, "--reason", reason)
	return c
}

// String is the command line as somebody would type it.
func (c call) String() string {
	s := "changectl"
	for _, a := range c.args {
		if strings.Contains(a, " ") {
			a = "'" + a + "'"
		}
		s += " " + a
	}
	return s
}

func (s *shell) command(ctx context.Context, c call) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, "changectl"), c.args...)
	cmd.Env = s.env
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// run runs a command and returns what was printed. Another exit code than the one
// expected is an error.
func (s *shell) run(ctx context.Context, c call) (string, error) {
	fmt.Fprintf(s.out, "\n$ %s\n", c)
	cmd := s.command(ctx, c)
	var text string
	var err error
	if c.live && terminal() {
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
		err = cmd.Run()
	} else {
		text, err = s.lines(cmd, c)
	}
	code, err := exitCode(err)
	if err != nil {
		return text, fmt.Errorf("run %s: %w", c, err)
	}
	if code != 0 {
		fmt.Fprintf(s.out, "    [exit code %d]\n", code)
	}
	if code != c.exit {
		return text, fmt.Errorf("%s ended with exit code %d; expected %d", c, code, c.exit)
	}
	return text, nil
}

// lines shows what a command prints while it prints it.
func (s *shell) lines(cmd *exec.Cmd, c call) (string, error) {
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	cmd.Stderr = cmd.Stdout // in the order in which it was written
	if err := cmd.Start(); err != nil {
		return "", err
	}
	var all strings.Builder
	in := bufio.NewScanner(pipe)
	in.Buffer(nil, 1<<20)
	cut := &cutter{out: s.out, keep: c.keep, what: c.what}
	for in.Scan() {
		all.WriteString(in.Text() + "\n")
		cut.line(in.Text())
	}
	cut.end()
	return all.String(), errors.Join(in.Err(), cmd.Wait())
}

// record reads a change, without showing it.
func (s *shell) record(ctx context.Context, id string) (change.Record, error) {
	var rec change.Record
	out, err := s.command(ctx, changectl("show %s -o json", id)).Output()
	if err == nil {
		err = json.Unmarshal(out, &rec)
	}
	if err != nil {
		return rec, fmt.Errorf("read %s: %w", id, err)
	}
	return rec, nil
}

func exitCode(err error) (int, error) {
	var ended *exec.ExitError
	if errors.As(err, &ended) && ended.Exited() {
		return ended.ExitCode(), nil
	}
	return 0, err
}

func terminal() bool { return term.IsTerminal(os.Stdin.Fd()) && term.IsTerminal(os.Stdout.Fd()) }
