// Command changectl is the command line of the product.
package main

import (
	"os"
	_ "time/tzdata" // zones, also where the machine has none

	"github.com/spf13/cobra"

	"github.com/changectl/changectl/internal/app"
	"github.com/changectl/changectl/internal/cli"
)

func main() {
	cli.Version = app.Version
	os.Exit(cli.Main(func(env *cli.Env) *cobra.Command { return app.DevCommand(env.StateDir, env.Err) }))
}
