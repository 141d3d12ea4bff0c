package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/report"
)

type runbookOptions struct {
	env    *Env
	name   string
	source bool
}

func newRunbook(env *Env) *cobra.Command {
	cmd := &cobra.Command{Use: "runbook", Short: "Show the runbooks that changes can name", Args: cobra.ArbitraryArgs, RunE: group}
	cmd.AddCommand(newRunbookList(env, runRunbookList), newRunbookShow(env, runRunbookShow))
	return cmd
}

func newRunbookList(env *Env, run func(context.Context, *runbookOptions) error) *cobra.Command {
	o := &runbookOptions{env: env}
	return &cobra.Command{
		Use: "list", Short: "List the runbooks", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), o) },
	}
}

func newRunbookShow(env *Env, run func(context.Context, *runbookOptions) error) *cobra.Command {
	o := &runbookOptions{env: env}
	cmd := &cobra.Command{
		Use: "show NAME", Short: "Show a runbook: parameters and steps", Args: exactly("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.name = args[0]
			return run(cmd.Context(), o)
		},
	}
	cmd.Flags().BoolVar(&o.source, "source", false, "print its YAML instead")
	return cmd
}

func runRunbookList(ctx context.Context, o *runbookOptions) error {
	c, _, err := o.env.client()
	if err != nil {
		return err
	}
	list, err := c.Runbooks(ctx)
	if err != nil {
		return err
	}
	t := report.Table{Head: []string{"NAME", "TITLE", "OWNER", "STEPS", "PARAMETERS"}}
	names := make([]string, len(list))
	for i, r := range list {
		names[i] = r.Name
		t.Rows = append(t.Rows, []string{r.Name, r.Title, string(r.Owner), strconv.Itoa(len(r.Steps)), parameterNames(r)})
	}
	return o.env.print(view{data: list, text: func() string { return o.env.table(t) }, names: func() []string { return names }})
}

func parameterNames(r httpapi.RunbookInfo) string {
	names := make([]string, len(r.Parameters))
	for i, p := range r.Parameters {
		names[i] = p.Name
		if !p.Required {
			names[i] = "[" + p.Name + "]"
		}
	}
	return strings.Join(names, " ")
}

func runRunbookShow(ctx context.Context, o *runbookOptions) error {
	c, _, err := o.env.client()
	if err != nil {
		return err
	}
	r, err := c.Runbook(ctx, o.name)
	if err != nil {
		return err
	}
	return o.env.print(view{data: r, text: func() string {
		if o.source {
			return strings.TrimRight(r.YAML, "\n") + "\n"
		}
		return o.text(r)
	}, names: func() []string { return []string{r.Name} }})
}

func (o *runbookOptions) text(r httpapi.RunbookInfo) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\nOwner   %s\nPath    %s\nDigest  %s\n", r.Name, report.OneLine(r.Title), r.Owner, r.Path, r.Digest)
	params := report.Table{Head: []string{"PARAMETER", "TYPE", "REQUIRED", "DEFAULT", "TITLE"}}
	for _, p := range r.Parameters {
		required, standard := "no", ""
		if p.Required {
			required = "yes"
		}
		if p.Default != nil {
			standard = fmt.Sprint(p.Default)
		}
		params.Rows = append(params.Rows, []string{p.Name, p.Type, required, standard, p.Title})
	}
	steps := report.Table{Head: []string{"#", "PHASE", "STEP", "USES", "TITLE"}}
	for i, s := range r.Steps {
		steps.Rows = append(steps.Rows, []string{strconv.Itoa(i + 1), string(s.Phase), s.Name, s.Uses, s.Title})
	}
	return b.String() + "\n" + o.env.table(params) + "\n" + o.env.table(steps)
}
