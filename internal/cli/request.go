package cli

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/report"
	"github.com/changectl/changectl/internal/request"
)

// requestOptions are the two ways to write a request: a file or flags.
type requestOptions struct {
	file  string
	flags request.Flags
}

var requestFlags = []string{"title", "type", "reason", "runbook", "param", "start", "end", "duration", "zone", "controller", "exception"}

func (o *requestOptions) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&o.file, "file", "f", "", "file of kind Change; - is standard input")
	f.StringVar(&o.flags.Title, "title", "", "what is done, in a few words")
	f.StringVar(&o.flags.Type, "type", "", "standard, normal or emergency (default normal)")
	f.StringVar(&o.flags.Reason, "reason", "", "why it is done")
	f.StringVar(&o.flags.Runbook, "runbook", "", "name of the runbook")
	f.StringArrayVar(&o.flags.Params, "param", nil, "parameter of the runbook as NAME=VALUE; once for each")
	f.StringVar(&o.flags.Start, "start", "", "start of the window: 2027-03-06T23:00 in --zone, or with an offset")
	f.StringVar(&o.flags.End, "end", "", "end of the window")
	f.StringVar(&o.flags.Duration, "duration", "", "length of the window instead of its end, such as 90m")
	f.StringVar(&o.flags.Zone, "zone", "", "IANA zone of start and end, such as Europe/Berlin")
	f.StringVar(&o.flags.Controller, "controller", "", "with --type emergency: the one person in charge, such as user:dave")
	f.StringSliceVar(&o.flags.Exceptions, "exception", nil, "ask to be let through this freeze (FRZ-3); may be repeated")
	completes(cmd, "type", change.Types)
}

// completes offers the choices of a flag to the shell.
func completes[T ~string](cmd *cobra.Command, flag string, choices []T) {
	names := make([]string, len(choices))
	for i, c := range choices {
		names[i] = string(c)
	}
	// It fails for a flag that does not exist, which the commands' tests would see.
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
}

// read returns the request and, when it came from a file, its document.
func (o *requestOptions) read(env *Env, cmd *cobra.Command, may request.Missing) (change.Request, *document.Document, error) {
	if o.file == "" {
		req, err := request.FromFlagsWithout(o.flags, may)
		return req, nil, err
	}
	if err := besidesFile(cmd, requestFlags); err != nil {
		return change.Request{}, nil, err
	}
	b, err := readInput(env, o.file)
	if err != nil {
		return change.Request{}, nil, err
	}
	return request.ParseWithout(inputName(o.file), b, may)
}

// besidesFile refuses flags that would say what the file says.
func besidesFile(cmd *cobra.Command, flags []string) error {
	for _, name := range flags {
		if cmd != nil && cmd.Flags().Changed(name) {
			return change.Invalid("cannot go with --file; write it into the file").At("--" + name)
		}
	}
	return nil
}

func inputName(file string) string {
	if file == "-" {
		return "standard input"
	}
	return file
}

// readInput reads a file, or standard input for -, up to what documents may hold
// and a byte more, so that too much is noticed.
func readInput(env *Env, file string) ([]byte, error) { return readUpTo(env, file, document.MaxBytes) }

func readUpTo(env *Env, file string, most int64) ([]byte, error) {
	in := env.In
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, change.NotFound("open file: %w", err)
		}
		defer f.Close() //nolint:errcheck // only read
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, most+1))
	if err != nil {
		return nil, change.FailedTo("read %s: %w", inputName(file), err)
	}
	return b, nil
}

// preview asks the server what submitting would come to, and prints it.
func preview(ctx context.Context, env *Env, req change.Request, doc *document.Document) error {
	c, _, err := env.client()
	if err != nil {
		return err
	}
	p, err := c.Preview(ctx, req)
	if err != nil {
		return request.Locate(doc, err)
	}
	if err := env.print(view{data: p, text: func() string { return previewText(p) }}); err != nil {
		return err
	}
	if v := (change.Verdict{Findings: p.Findings}); v.Blocked() {
		hint := "choose another window or other systems"
		if w, ok := report.NextSlot(p.Findings); ok {
			hint = "the next free slot is " + report.Window(w) + ": submit with --next-slot takes it"
		}
		return change.Conflict("submitted like this, it would be refused").WithHint("%s", hint)
	}
	return nil
}

func previewText(p httpapi.Preview) string {
	s := report.Plan(p.Plan, p.Digest)
	if len(p.Findings) > 0 {
		s += "\nFindings\n" + report.Findings(p.Findings)
	}
	return s
}

// newNonce returns what makes a request that is sent twice happen once.
func newNonce() string { return rand.Text() }

// say writes a line for the person, not for scripts.
func (e *Env) say(format string, args ...any) {
	fmt.Fprintf(e.Err, format+"\n", args...)
}

func (e *Env) prompt(format string, args ...any) { fmt.Fprintf(e.Err, format, args...) }
