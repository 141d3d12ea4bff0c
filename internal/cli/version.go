package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

// versionInfo is what version prints.
type versionInfo struct {
	Version string `json:"version"`
	Go      string `json:"go"`
	System  string `json:"system"`
}

func newVersion(env *Env) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			v := versionInfo{Version: Version, Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH}
			return env.print(view{
				data:  v,
				text:  func() string { return fmt.Sprintf("changectl %s (%s, %s)\n", v.Version, v.Go, v.System) },
				names: func() []string { return []string{v.Version} },
			})
		},
	}
}
