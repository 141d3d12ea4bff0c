package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/charmbracelet/x/term"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/identity"
)

// Version is the version of the product; the program sets it.
var Version = "dev"

// Env is the world as commands see it.
type Env struct {
	In     io.Reader
	Out    io.Writer
	Err    io.Writer
	Getenv func(string) string
	Now    func() time.Time
	// IsTerminal reports whether a reader or writer is a terminal.
	IsTerminal func(any) bool
	// Local is the zone in which times are shown that belong to no window.
	Local *time.Location
	// HTTP calls the API; nil is the default client.
	HTTP *http.Client
	// Sign signs statements.
	Sign func(context.Context, change.Statement, identity.SignerOptions) (change.SignedStatement, error)
	// Program runs another program and returns what it prints; nil runs it on this machine.
	Program func(ctx context.Context, name string, args ...string) (string, error)

	settings settings
	output   string
	noColor  bool
}

// NewEnv returns the world of this process.
func NewEnv() *Env {
	return &Env{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv, Now: time.Now,
		IsTerminal: isTerminal, Local: time.Local, Sign: identity.Sign,
	}
}

func isTerminal(v any) bool {
	f, ok := v.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(f.Fd())
}

// program runs another program and returns what it prints, without the spaces around it.
func (e *Env) program(ctx context.Context, name string, args ...string) (string, error) {
	run := e.Program
	if run == nil {
		run = func(ctx context.Context, name string, args ...string) (string, error) {
			out, err := exec.CommandContext(ctx, name, args...).Output()
			return string(out), err
		}
	}
	out, err := run(ctx, name, args...)
	if err != nil {
		return "", fmt.Errorf("run %s: %w", name, err)
	}
	return strings.TrimSpace(out), nil
}

// StateDir returns the directory for what is remembered between commands:
// $CHANGECTL_STATE_DIR, or changectl in the XDG state directory.
func (e *Env) StateDir() string {
	if dir := e.Getenv("CHANGECTL_STATE_DIR"); dir != "" {
		return dir
	}
	return filepath.Join(e.xdg("XDG_STATE_HOME", ".local/state"), "changectl")
}

func (e *Env) configDir() string {
	return filepath.Join(e.xdg("XDG_CONFIG_HOME", ".config"), "changectl")
}

// xdg follows the XDG base directory specification: a relative path there does
// not count.
func (e *Env) xdg(variable, otherwise string) string {
	if dir := e.Getenv(variable); filepath.IsAbs(dir) {
		return dir
	}
	return filepath.Join(e.Getenv("HOME"), otherwise)
}

// colour reports whether what goes to w may be coloured.
func (e *Env) colour(w io.Writer) bool {
	return !e.noColor && e.Getenv("NO_COLOR") == "" && e.Getenv("TERM") != "dumb" && e.IsTerminal(w)
}
