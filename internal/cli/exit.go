package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
)

// The exit codes.
const (
	ExitOK        = 0
	ExitFailed    = 1
	ExitUsage     = 2
	ExitConflict  = 3
	ExitDenied    = 4
	ExitAwaiting  = 5
	ExitBackedOut = 6
)

const exitCodes = `  0  done as asked; a change that was submitted and now awaits approval is done
  1  failed: not found, server not reachable, a file with problems in validate or
     catalog check, a log that does not verify, a change that expired or was cancelled
  2  usage: a flag, an argument or a request that is malformed
  3  conflict or blocked: the change is refused, or it does not stand where this can be done
  4  not allowed: this person, token or key; a change that was rejected
  5  awaiting approval: what was asked cannot be done before others have approved
  6  validation failed or backed out: the change ended as backed-out or failed
`

// codedError is an error with an exit code of its own. An empty error says
// nothing more: all has been told.
type codedError struct {
	code int
	err  error
}

// Error returns the message.
func (e *codedError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

// Unwrap returns the cause.
func (e *codedError) Unwrap() error { return e.err }

// exitCode is the one place where errors become exit codes.
func exitCode(err error) int {
	if err == nil {
		return ExitOK
	}
	var coded *codedError
	if errors.As(err, &coded) {
		return coded.code
	}
	switch change.KindOf(err) {
	case change.KindInvalid:
		return ExitUsage
	case change.KindConflict:
		return ExitConflict
	case change.KindDenied:
		return ExitDenied
	case change.KindAwaiting:
		return ExitAwaiting
	case change.KindNotFound, change.KindUnavailable, change.KindFailed:
		return ExitFailed
	}
	if len(document.Problems(err)) > 0 {
		return ExitUsage
	}
	return ExitFailed
}

// result is the outcome of a change as an error with its exit code; nil for a
// change that did what it should, and for one that has not ended.
func result(r change.Record) error {
	switch r.Status {
	case change.Completed, change.Closed, change.ReviewDue:
		return nil
	case change.BackedOut, change.Failed:
		return ended(r, ExitBackedOut)
	case change.Refused:
		return ended(r, ExitConflict)
	case change.Rejected:
		return ended(r, ExitDenied)
	case change.Expired, change.Cancelled:
		return ended(r, ExitFailed)
	case change.Submitted, change.AwaitingApproval, change.Scheduled, change.Waiting,
		change.Running, change.Held, change.BackingOut:
	}
	return nil
}

func ended(r change.Record, code int) error {
	text := fmt.Sprintf("%s ended as %s", r.ID, r.Status)
	if r.Note != "" {
		text += ": " + r.Note
	}
	return &codedError{code, errors.New(text)}
}

// complain writes an error for a person: each problem on a line, with what to do.
func complain(env *Env, err error) {
	if err == nil || err.Error() == "" {
		return
	}
	if problems := document.Problems(err); len(problems) > 0 {
		for _, p := range problems {
			fmt.Fprintln(env.Err, p.Error())
		}
		return
	}
	for _, e := range parts(err) {
		writeError(env.Err, e)
	}
}

func parts(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

func writeError(w io.Writer, err error) {
	text := err.Error()
	var e *change.Error
	hint := ""
	if errors.As(err, &e) && e.Hint != "" {
		hint = e.Hint
		text = strings.Replace(text, "; "+hint, "", 1)
	}
	fmt.Fprintf(w, "changectl: %s\n", text)
	if hint != "" {
		fmt.Fprintf(w, "  %s\n", hint)
	}
}
