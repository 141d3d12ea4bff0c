package runbook

import (
	"strings"

	"github.com/changectl/changectl/internal/change"
)

// The bounds of what is kept of a step's output, in bytes.
const (
	DefaultOutput = 64 << 10
	MaxOutput     = 1 << 20
)

// Command runs a program on the worker's machine.
type Command struct {
	// Argv is the program and its arguments; no shell sees them.
	Argv []string `yaml:"argv" json:"argv,omitempty"`
	// Shell is a script for /bin/sh -c, in place of Argv. It holds no
	// expressions: values reach it through Env.
	Shell string            `yaml:"shell" json:"shell,omitempty"`
	Env   map[string]string `yaml:"env" json:"env,omitempty"`
	Dir   string            `yaml:"dir" json:"dir,omitempty"`
	// OutputLimit is how many bytes of standard output and error are kept, each.
	OutputLimit int `yaml:"output-limit" json:"output-limit,omitempty"`
	// Expect is CEL over exit (int), stdout, stderr (text) and json (what stdout
	// holds when that is JSON, else null).
	Expect string `yaml:"expect" json:"expect,omitempty"`
	// System is the one that it works on, for people to see.
	System change.Ref `yaml:"system" json:"system,omitempty"`
}

// Systems implements Kind.
func (c *Command) Systems() []change.Ref { return refsOf(c.System) }

// Resumable implements Kind: nobody knows what a program did before it was lost.
func (c *Command) Resumable() bool { return false }

func (c *Command) expectation() string { return c.Expect }

func (c *Command) complete(fail func(string, string, ...any)) {
	if (len(c.Argv) == 0) == (c.Shell == "") {
		fail("", "expected exactly one of argv (a list: the program and its arguments) and shell (a script for /bin/sh)")
	}
	if len(c.Argv) > 0 && c.Argv[0] == "" {
		fail("argv", "starts with an empty text; expected the program to run")
	}
	if strings.Contains(c.Shell, opening) {
		fail("shell", "holds an expression; give the value as env and write \"$NAME\" in the script, so that the shell cannot take it for code")
	}
	if c.Expect == "" {
		c.Expect = "exit == 0"
	}
	checkOutput(&c.OutputLimit, fail)
	checkRef(&c.System, "system", fail)
}

func checkOutput(limit *int, fail func(string, string, ...any)) {
	if *limit == 0 {
		*limit = DefaultOutput
	}
	if *limit < 0 || *limit > MaxOutput {
		fail("output-limit", "is %d bytes; expected 1 to %d", *limit, MaxOutput)
	}
}
