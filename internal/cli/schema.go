package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/changectl/changectl/internal/runbook"
)

func newSchema(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of what people write, for editors",
		Args:  cobra.ArbitraryArgs,
		RunE:  group,
	}
	for _, s := range []struct {
		name  string
		short string
		bytes func() ([]byte, error)
	}{
		{"runbook", "Print the JSON Schema of runbooks", runbook.Schema},
		{"change", "Print the JSON Schema of change files", runbook.ChangeSchema},
	} {
		cmd.AddCommand(&cobra.Command{
			Use: s.name, Short: s.short, Args: cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error { return runSchema(env, s.bytes) },
		})
	}
	return cmd
}

func runSchema(env *Env, schema func() ([]byte, error)) error {
	b, err := schema()
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(env.Out, "%s\n", b); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return nil
}
