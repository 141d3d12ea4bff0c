// Command lab builds a PostgreSQL pair to try maintenance on, writes to it while
// keeping count, and runs the patch and the mistake by hand.
//
// It is a shell around the package lab and decides nothing itself.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/sirupsen/logrus"
)

// command is one word after lab.
type command struct {
	name, text string
	run        func(ctx context.Context, log logrus.FieldLogger, args []string) error
}

var commands = []command{
	{"fetch", "download and unpack two builds of PostgreSQL 15 and PgBouncer", fetch},
	{"start", "start a fresh pair and keep it until a signal", start},
	{"stop", "stop a pair that a process left behind", stop},
	{"write", "write to a running pair, then look every row up", write},
	{"baseline", "patch a fresh pair with a plain shell script, under load", baseline},
	{"naive", "promote and repoint without pause or fence, under load", naive},
}

func main() {
	log := logrus.New()
	log.SetOutput(os.Stderr)
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	err := dispatch(ctx, log, os.Args[1:])
	switch {
	case err == nil:
	case errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		fmt.Fprintln(os.Stderr, "lab:", err)
		cancel()
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "lab:", err)
		cancel()
		os.Exit(1)
	}
}

var errUsage = errors.New("wrong usage")

func dispatch(ctx context.Context, log logrus.FieldLogger, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("%w: name a command\n%s", errUsage, usage())
	}
	i := slices.IndexFunc(commands, func(c command) bool { return c.name == args[0] })
	if i < 0 {
		return fmt.Errorf("%w: unknown command %q\n%s", errUsage, args[0], usage())
	}
	return commands[i].run(ctx, log, args[1:])
}

func usage() string {
	var b strings.Builder
	for _, c := range commands {
		fmt.Fprintf(&b, "  lab %-9s %s\n", c.name, c.text)
	}
	return strings.TrimRight(b.String(), "\n")
}

// parse reads the flags and refuses words that follow them.
func parse(f *flag.FlagSet, args []string) error {
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if f.NArg() > 0 {
		return fmt.Errorf("%w: lab %s takes no argument %q", errUsage, f.Name(), f.Arg(0))
	}
	return nil
}
