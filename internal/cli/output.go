package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/report"
)

var outputs = []string{"table", "json", "yaml", "name"}

func checkOutput(o string) error {
	if o == "csv" || slices.Contains(outputs, o) { // csv is for the log alone, which says so
		return nil
	}
	return change.Invalid("%q is not an output; expected one of %s", o, strings.Join(outputs, ", ")).At("--output")
}

// view is a result in every form it can be printed in. Names are what scripts
// pass on.
type view struct {
	data  any
	text  func() string
	names func() []string
}

func (e *Env) print(v view) error {
	var out string
	var err error
	switch e.output {
	case "json":
		out, err = asJSON(v.data)
	case "yaml":
		out, err = asYAML(v.data)
	case "name":
		if v.names == nil {
			return change.Invalid("this has no names to print; expected table, json or yaml").At("--output")
		}
		out = strings.Join(v.names(), "\n")
		if out != "" {
			out += "\n"
		}
	case "csv":
		return change.Invalid("only changectl log prints csv; expected one of %s", strings.Join(outputs, ", ")).At("--output")
	default:
		out = v.text()
	}
	if err != nil {
		return err
	}
	if _, err := fmt.Fprint(e.Out, out); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return nil
}

func asJSON(v any) (string, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return "", fmt.Errorf("encode output: %w", err)
	}
	return b.String(), nil
}

// asYAML goes through JSON, so that both have the same keys in the same order.
func asYAML(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("encode output: %w", err)
	}
	var n yaml.Node
	if err := yaml.Unmarshal(b, &n); err != nil {
		return "", fmt.Errorf("encode output: %w", err)
	}
	plain(&n)
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := enc.Encode(&n); err != nil {
		return "", fmt.Errorf("encode output: %w", err)
	}
	return out.String(), nil
}

func plain(n *yaml.Node) {
	n.Style = 0
	for _, c := range n.Content {
		plain(c)
	}
}

// table writes a table, with its head and the statuses in it coloured on a terminal.
func (e *Env) table(t report.Table) string {
	if !e.colour(e.Out) {
		return t.Text()
	}
	return t.Painted(paint)
}

const (
	bold   = "\x1b[1m"
	dim    = "\x1b[2m"
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	blue   = "\x1b[34m"
	plainC = "\x1b[0m"
)

func paint(row, _ int, cell, padded string) string {
	if row < 0 {
		return bold + padded + plainC
	}
	if c := colourOf(strings.TrimSuffix(cell, " (claimed)")); c != "" {
		return c + padded + plainC
	}
	return padded
}

// colourOf is the colour of a status or of the state of a step.
func colourOf(state string) string {
	switch state {
	case "completed", "passed", "closed":
		return green
	case "running", "scheduled":
		return blue
	case "held", "waiting", "awaiting-approval", "backing-out", "backing out", "needs person", "review-due", "unknown":
		return yellow
	case "failed", "refused", "rejected", "backed-out", "backout failed", "backout unknown":
		return red
	case "skipped", "expired", "cancelled", "backed out":
		return dim
	}
	return ""
}

// listing is how a list is shown.
type listing[T any] struct {
	none string // said where there is nothing to show
	text func() string
	name func(T) string
}

// listed prints a list in the form that is asked for.
func listed[T any](e *Env, list []T, l listing[T]) error {
	if len(list) == 0 && e.output == "table" {
		e.say("%s", l.none)
		return nil
	}
	return e.print(view{data: list, text: l.text, names: func() []string {
		names := make([]string, len(list))
		for i, one := range list {
			names[i] = l.name(one)
		}
		return names
	}})
}
