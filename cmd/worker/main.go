// Command worker is the service of an installation: Temporal worker and HTTP
// API, against a Temporal cluster and a ledger given by its configuration. Any
// number of them may run.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // zones must not depend on the machine

	"github.com/spf13/pflag"

	"github.com/changectl/changectl/internal/app"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "worker:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := pflag.NewFlagSet("worker", pflag.ContinueOnError)
	file := flags.String("config", os.Getenv("CHANGECTL_CONFIG"), "configuration file (YAML, TOML or JSON)")
	app.Flags(flags)
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, pflag.ErrHelp) {
			return nil
		}
		return err
	}
	config, err := app.Load(flags, *file)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	return app.Run(ctx, config, os.Stderr, nil)
}
